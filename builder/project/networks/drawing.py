"""From a list of items to a graph: names, wires, and a place for everything.

The row runs from left to right and is broken like text; ways that part are stacked around it, and shortcuts lie above.
Knows the sizes of cards only roughly (no fonts here), which is enough to keep them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from builder.graph.blocks import BLOCK
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node, Point
from builder.graph.problems import ProblemError
from builder.layers.registry import find, make
from builder.project.networks.notation import GLOBAL_AVERAGE, NEW_ROW, Branches, Break, Item, Items, Part, Side

CARD, PILL = 148.0, 28.0  # heights
GAP, NARROW = 84.0, 44.0  # behind a card, whose wire carries a new shape; behind a pill
LANE, ROW = 40.0, 60.0  # between ways that lie side by side; between rows
WIDTH = 1240.0  # a row is broken where it would grow wider than this, except in a large network
_SCREEN = 1.8  # width to height of a large network
_ARCH = 28.0  # room that a bare wire takes above what it leads around
_PICTURE, _LEAST, _MOST = 146.0, 92.0, 158.0  # widths of what stands on a card
_MARGIN = 28.0  # of a card, left and right together


def network(items: Items, *blocks: Block) -> Network:
    """The network that these items make, with the blocks that they refer to."""
    return Network(draw(items), FrozenDict({block.name: block for block in blocks}))


def definition(name: str, help: str, parameters: Iterable[BlockParameter], items: Items) -> Block:
    """A block: its items begin with INPUT and end with OUTPUT. It is drawn in one row, as the papers have it."""
    return Block(name, draw(items, wrap=False), tuple(parameters), help)


def draw(items: Items, *, wrap: bool = True) -> Graph:
    """The graph of these items, each wired to the one before, all of them placed; the first stands at the left.

    Args:
        wrap: break the row where it grows too wide and the items say nothing of rows.
    """
    sheet = _Sheet()
    last: str | None = None
    top = 0.0
    for row in _rows(items) if wrap else (items,):
        extent = _along(row)
        last = sheet.way(row, 0.0, top + extent.above, last)
        top += extent.above + extent.below + ROW
    return Graph.of(sheet.nodes.values(), sheet.edges, sheet.places)


class _Extent(NamedTuple):
    """How wide something is, and how far it reaches above and below its line."""

    width: float
    above: float
    below: float


@dataclass
class _Stack:
    """The ways of branches, one above the other.

    Attributes:
        lines: how far below the line of the whole each way's own line lies.
    """

    extent: _Extent
    lines: list[float]


class _Sheet:
    """The graph while it is drawn."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.places: dict[str, Point] = {}

    def way(self, items: Items, x: float, line: float, source: str | None) -> str | None:
        """Put items in a row that begins at `x`. The name of the node that the value comes from in the end."""
        for item in items:
            if isinstance(item, Break):
                continue
            if isinstance(item, Side):
                self.way(item.way, x, line + _drop(item), source)
                continue
            if isinstance(item, Part):
                source = self._part(item, x, line, (source,) if source else ())
            else:
                source = self._branches(item, x, line, source)
            x += _extent(item).width + _gap(item)
        return source

    def _branches(self, item: Branches, x: float, line: float, source: str | None) -> str:
        stack = _stack(item)
        ends = []
        for way, offset in zip(item.ways, stack.lines, strict=True):
            left = x + (stack.extent.width - _along(way).width) / 2
            ends.append(self.way(way, left, line + offset, source))
        x += stack.extent.width + max(_gap(way[-1]) for way in item.ways if way)
        return self._part(
            item.join,
            x,
            line,
            [end for end in ends if end],
        )

    def _part(self, part: Part, x: float, line: float, sources: Iterable[str]) -> str:
        name = part.name or self._free(part.kind)
        self.nodes[name] = Node(name, part.kind, freeze(part.params))
        self.places[name] = Point(_snap(x), _snap(line - _extent(part).above))
        self.edges += [Edge(source, name, 0, port) for port, source in enumerate(sources)]
        return name

    def _free(self, kind: str) -> str:
        stem = _stem(kind)
        number = 1
        while f"{stem}{number}" in self.nodes:
            number += 1
        return f"{stem}{number}"


def _rows(items: Items) -> Iterator[Items]:
    """The items row by row, as they are written; where nothing is said of rows, broken like text."""
    if not any(isinstance(item, Break) for item in items):
        yield from _wrapped(items)
        return
    row: list[Item] = []
    for item in (*items, NEW_ROW):
        if not isinstance(item, Break):
            row.append(item)
        elif row:
            yield row
            row = []


def _wrapped(items: Items) -> Iterator[Items]:
    """The items in rows of about equal width."""
    ends = list(accumulate(_extent(item).width + _gap(item) for item in items))
    total = ends[-1] - _gap(items[-1])
    tall = max(_extent(item).above + _extent(item).below for item in items)
    count = math.ceil(total / max(WIDTH, math.sqrt(_SCREEN * (tall + ROW) * total)))
    row: list[Item] = []
    number = 1
    for item, end in zip(items, ends, strict=True):
        width = _extent(item).width
        if row and number < count and end - width / 2 > total * number / count and not isinstance(row[-1], Side):
            yield row
            row, number = [], number + 1
        row.append(item)
    yield row


def _along(items: Items) -> _Extent:
    """The extent of items in a row."""
    if not items:
        return _Extent(0.0, 0.0, 0.0)
    extents = [_extent(item) for item in items]
    width = sum(extent.width for extent in extents) + sum(_gap(item) for item in items[:-1])
    return _Extent(width, max(extent.above for extent in extents), max(extent.below for extent in extents))


def _extent(item: Item) -> _Extent:
    if isinstance(item, Break):
        return _Extent(0.0, 0.0, 0.0)
    if isinstance(item, Side):  # it lies below the row and takes no room in it
        way = _along(item.way)
        return _Extent(0.0, 0.0, _drop(item) + way.below)
    if isinstance(item, Branches):
        ways = _stack(item).extent
        gap = max(_gap(way[-1]) for way in item.ways if way)
        return _Extent(ways.width + gap + _extent(item.join).width, ways.above, ways.below)
    height = PILL if _is_pill(item) else CARD
    return _Extent(_width(item), height / 2, height / 2)


def _stack(item: Branches) -> _Stack:
    extents = [_along(way) for way in item.ways]
    tops: list[float] = []
    bottom = -LANE
    for way, extent in zip(item.ways, extents, strict=True):
        tops.append(bottom + LANE)
        if way:
            bottom += LANE + extent.above + extent.below
    lines = [top + extent.above for top, extent in zip(tops, extents, strict=True)]
    middle = bottom / 2 if item.straight is None else lines[item.straight]
    arch = 0.0 if all(item.ways) else _ARCH
    width = max(extent.width for extent in extents)
    return _Stack(_Extent(width, middle + arch, bottom - middle), [line - middle for line in lines])


def _drop(side: Side) -> float:
    """How far below the row the line of a side way lies."""
    return CARD / 2 + LANE + _along(side.way).above


def _gap(item: Item) -> float:
    if isinstance(item, (Side, Break)):
        return 0.0
    return NARROW if _is_pill(item.join if isinstance(item, Branches) else item) else GAP


def _is_pill(part: Part) -> bool:
    kind = find(part.kind)
    return kind is not None and kind.compact


def _stem(kind: str) -> str:
    layer = find(kind)
    return layer.stem if layer is not None else kind.lower()


def _width(part: Part) -> float:
    """About as wide as the card is on the canvas."""
    name = part.name or f"{_stem(part.kind)}1"
    if _is_pill(part):
        return 40.0 + 6.0 * len(name)
    if part.kind == BLOCK:
        return _MARGIN + _MOST
    text = max(7.2 * len(name), 5.1 * len(_headline(part)))
    return _MARGIN + min(max(text, _LEAST if _is_narrow(part) else _PICTURE), _MOST)


def _is_narrow(part: Part) -> bool:
    """Whether a card shows no row of feature maps."""
    if part.kind == "Input":
        return "shape" in part.params  # that of a block shows what comes from outside
    return part.kind in ("Linear", "Output") or part == GLOBAL_AVERAGE


def _headline(part: Part) -> str:
    try:
        return make(part.kind, freeze(part.params)).headline()
    except ProblemError:  # a block, or a value that only the block's parameters tell
        return ""


def _snap(value: float) -> float:
    return round(value / 4) * 4.0
