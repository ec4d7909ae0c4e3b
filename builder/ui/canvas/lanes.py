"""Which lane each node of a branched network runs in: the vertical half of Sugiyama's layered layout.

Order by barycentres, then places by pulling every node towards the mean of its neighbours. igraph has the same, but
importing it brings in matplotlib and stops the window for one to two seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

_SWEEPS = 8

# A cell is a node, or a wire in a column that it passes; cells are numbered, the nodes first.


def lanes_of(columns: list[list[str]], wires: Iterable[tuple[str, str]]) -> dict[str, float]:
    """The lane of every node, in steps of a half; 0 is where most of them are, and negative is above.

    Args:
        columns: names from left to right; every wire runs to a later column.
        wires: source and target; a wire that passes columns takes a lane there, as a node does.
    """
    depth = {name: index for index, column in enumerate(columns) for name in column}
    cell_of = {name: number for number, name in enumerate(depth)}
    cells: list[list[int]] = [[cell_of[name] for name in column] for column in columns]
    left: list[list[int]] = [[] for _ in cell_of]
    right: list[list[int]] = [[] for _ in cell_of]
    for source, target in wires:
        way = [cell_of[source]]
        for index in range(depth[source] + 1, depth[target]):
            way.append(len(left))
            left.append([])
            right.append([])
            cells[index].append(way[-1])
        way.append(cell_of[target])
        for one, other in pairwise(way):
            right[one].append(other)
            left[other].append(one)
    _order(cells, left, right)
    at = _pull(cells, left, right)
    places = {name: at[cell] for name, cell in cell_of.items()}
    values = list(places.values())
    middle = max(sorted(set(values)), key=values.count)
    return {name: place - middle for name, place in places.items()}


def _order(cells: list[list[int]], left: list[list[int]], right: list[list[int]]) -> None:
    """Sort every column so that wires cross little."""
    rank = [0.0] * len(left)
    for column in cells:
        for row, cell in enumerate(column):
            rank[cell] = float(row)
    wide = [column for column in cells if len(column) > 1]  # in the others there is nothing to sort
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        near = left if forwards else right
        for column in wide if forwards else reversed(wide):
            pull = {cell: _mean([rank[other] for other in near[cell]], rank[cell]) for cell in column}
            column.sort(key=pull.__getitem__)
            for row, cell in enumerate(column):
                rank[cell] = float(row)


def _pull(cells: list[list[int]], left: list[list[int]], right: list[list[int]]) -> list[float]:
    """Bring every cell as near to the mean of its neighbours as its column allows, in steps of a half."""
    at = [0.0] * len(left)
    for column in cells:
        for row, cell in enumerate(column):
            at[cell] = row - (len(column) - 1) / 2
    near = [[*one, *other] for one, other in zip(left, right, strict=True)]
    for sweep in range(2 * _SWEEPS):
        moved = False
        for column in cells if sweep % 2 == 0 else reversed(cells):
            wish = [_mean([at[other] for other in near[cell]], at[cell]) for cell in column]
            if len(wish) > 1:
                wish = _apart(wish)
            for cell, place in zip(column, wish, strict=True):
                if at[cell] != place:
                    at[cell], moved = place, True
        if not moved:
            break
    for column in cells:
        last = float("-inf")
        for cell in column:
            last = at[cell] = max(round(2 * at[cell]) / 2, last + 1)
    return at


def _apart(wish: list[float]) -> list[float]:
    """The wishes, in their order and at least 1 apart: half way between pushing all down and pushing all up."""
    down, up = list(wish), list(wish)
    for row in range(1, len(wish)):
        down[row] = max(down[row], down[row - 1] + 1)
    for row in range(len(wish) - 2, -1, -1):
        up[row] = min(up[row], up[row + 1] - 1)
    return [(one + other) / 2 for one, other in zip(down, up, strict=True)]


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
