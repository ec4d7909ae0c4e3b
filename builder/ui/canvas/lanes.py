"""Which lane each node of a branched network runs in: the vertical half of Sugiyama's layered layout.

Order by barycentres, then places by pulling every node towards the mean of its neighbours. igraph has the same, but
importing it brings in matplotlib and stops the window for one to two seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

_SWEEPS = 8

Cell = tuple[str, int]
"""A node in its column; or a long wire (by its index as text) in a column that it passes."""


def lanes_of(columns: list[list[str]], wires: Iterable[tuple[str, str]]) -> dict[str, float]:
    """The lane of every node, in steps of a half; 0 is where most of them are, and negative is above.

    Args:
        columns: names from left to right; every wire runs to a later column.
        wires: source and target; a wire that passes columns takes a lane there, as a node does.
    """
    depth = {name: index for index, column in enumerate(columns) for name in column}
    cells: list[list[Cell]] = [[(name, index) for name in column] for index, column in enumerate(columns)]
    left: dict[Cell, list[Cell]] = {}
    right: dict[Cell, list[Cell]] = {}
    for number, (source, target) in enumerate(wires):
        way = [(source, depth[source])]
        for index in range(depth[source] + 1, depth[target]):
            way.append((f"#{number}", index))
            cells[index].append(way[-1])
        way.append((target, depth[target]))
        for one, other in pairwise(way):
            right.setdefault(one, []).append(other)
            left.setdefault(other, []).append(one)
    _order(cells, left, right)
    at = _pull(cells, left, right)
    places = {name: at[name, index] for name, index in depth.items()}
    values = list(places.values())
    middle = max(sorted(set(values)), key=values.count)
    return {name: place - middle for name, place in places.items()}


Near = Mapping[Cell, list[Cell]]


def _order(cells: list[list[Cell]], left: Near, right: Near) -> None:
    """Sort every column so that wires cross little."""
    rank = {cell: float(row) for column in cells for row, cell in enumerate(column)}
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for column in cells if forwards else reversed(cells):
            near = left if forwards else right
            pull = {cell: _mean([rank[other] for other in near.get(cell, ())], rank[cell]) for cell in column}
            column.sort(key=pull.__getitem__)
            rank.update((cell, float(row)) for row, cell in enumerate(column))


def _pull(cells: list[list[Cell]], left: Near, right: Near) -> dict[Cell, float]:
    """Bring every cell as near to the mean of its neighbours as its column allows, in steps of a half."""
    at = {cell: row - (len(column) - 1) / 2 for column in cells for row, cell in enumerate(column)}
    for sweep in range(2 * _SWEEPS):
        for column in cells if sweep % 2 == 0 else reversed(cells):
            wish = [
                _mean([at[other] for other in (*left.get(cell, ()), *right.get(cell, ()))], at[cell]) for cell in column
            ]
            at.update(zip(column, _apart(wish), strict=True))
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
