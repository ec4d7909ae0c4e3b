"""Automatic layout: where each node goes when nobody has put it anywhere. Pure functions over a `Graph` and sizes.

Knows no items. Nodes are put into columns from left to right (Sugiyama's method); a long network is broken
into rows where a single wire crosses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSizeF

from builder.graph.edits import fragment
from builder.graph.frozen import FrozenDict
from builder.graph.model import Graph, Point
from builder.graph.order import topological_order
from builder.ui.canvas.lanes import lanes_of

GAP, NARROW = 84.0, 44.0  # behind a card, whose wire carries a new shape; behind a pill
LANE = 40.0  # between nodes of one column
ROW = 60.0  # between rows
WIDTH = 1240.0  # a row ends where it would grow wider than this, except in a large network

_SCREEN = 1.8  # width to height
_MUCH = 2.0  # a part that stays together is broken all the same when it is wider than so many rows
_SLACK = 1.25  # a little more than the widest part may stand in a row: no last card goes alone into the next
_FEW = 3  # nodes without a place that are put one by one

Sizes = Mapping[str, QSizeF]
_DEFAULT = QSizeF(140, 148)
_PILL = 60.0  # what is lower than this is a pill


def auto_layout(graph: Graph, sizes: Sizes, width: float = WIDTH) -> dict[str, Point]:
    """The top left corner of every node, on a 4-pixel grid; the first stands at (0, 0).

    Args:
        sizes: of the nodes, in canvas pixels; a node without one counts as a card.
        width: how wide a row may grow before it is broken.
    """
    if not graph.nodes:
        return {}
    columns = _columns(graph)
    # A large network is laid out about as wide as a screen is, not as a mile of short rows.
    high = (148 + ROW) * len(graph.nodes) / len(columns)
    width = max(width, math.sqrt(_SCREEN * high * _row_width(columns, sizes)))
    may_break, widest = _breaks(graph, columns, sizes, width)
    width = max(width, _SLACK * widest)
    lanes = _lanes(graph, columns)
    places: dict[str, Point] = {}
    top = 0.0
    for row in _balanced(columns, sizes, width, may_break):
        names = [name for column in row for name in column]
        middles = _middles(row, lanes, sizes)
        highest = min(middles[name] - _size(sizes, name).height() / 2 for name in names)
        left = 0.0
        for index, column in enumerate(row):
            if index:
                left += _gap(row[index - 1], sizes)
            wide = max(_size(sizes, name).width() for name in column)
            for name in column:
                size = _size(sizes, name)
                x, y = left + (wide - size.width()) / 2, top + middles[name] - highest - size.height() / 2
                places[name] = Point(_snap(x), _snap(y))
            left += wide
        lowest = max(middles[name] + _size(sizes, name).height() / 2 for name in names)
        top += lowest - highest + ROW
    return places


def place_missing(graph: Graph, sizes: Sizes, width: float = WIDTH) -> Graph:
    """The graph with a place for every node: all laid out when none has one.

    Else a few stand behind what feeds them or before what they feed, and many in rows below the others.
    """
    missing = [name for name in graph.nodes if name not in graph.positions]
    if not missing:
        return graph
    if len(missing) == len(graph.nodes):
        return _placed(graph, auto_layout(graph, sizes, width))
    places: dict[str, Point] = dict(graph.positions)
    if len(missing) > _FEW:
        bottom = max(place.y + _size(sizes, name).height() for name, place in places.items())
        left = min(place.x for place in places.values())
        block = auto_layout(fragment(graph, missing), sizes, width)
        places |= {name: Point(place.x + left, _snap(place.y + bottom + ROW)) for name, place in block.items()}
        return _placed(graph, places)
    order, rest = topological_order(graph)
    for name in (*order, *(n for n in graph.nodes if n in rest)):
        if name in places:
            continue
        size = _size(sizes, name)
        feed = next((e.source for e in graph.incoming[name] if e.source in places), None)
        target = next((e.target for e in graph.outgoing[name] if e.target in places), None)
        if feed is not None:
            at = beside(places[feed], _size(sizes, feed), size)
        elif target is not None:
            there, middle = places[target], _size(sizes, target).height() / 2
            at = Point(_snap(there.x - size.width() - _gap_behind(size)), _snap(there.y + middle - size.height() / 2))
        else:
            bottom = max(p.y + _size(sizes, n).height() for n, p in places.items())
            at = Point(min(p.x for p in places.values()), _snap(bottom + ROW))
        places[name] = _clear_of(places, at, size, sizes)
    return _placed(graph, places)


def _clear_of(places: Mapping[str, Point], at: Point, size: QSizeF, sizes: Sizes) -> Point:
    """The first place from `at` downwards where a node of this size covers no other."""
    boxes = sorted((QRectF(QPointF(*place), _size(sizes, name)) for name, place in places.items()), key=QRectF.top)
    box = QRectF(QPointF(*at), size)
    for other in boxes:
        if box.intersects(other):
            box.moveTop(_snap(other.bottom() + LANE))
    return Point(box.x(), box.y())


def beside(place: Point, size: QSizeF, other: QSizeF) -> Point:
    """Where a node of size `other` goes to stand right of a node, on the same line."""
    return Point(
        _snap(place.x + size.width() + _gap_behind(size)), _snap(place.y + (size.height() - other.height()) / 2)
    )


def settle(old: Graph, new: Graph, sizes: Sizes) -> Graph:
    """`new` with the nodes that `old` lacks put between their neighbours, and what is in their way moved right.

    A new node that has nobody to stand beside keeps its place.
    """
    new = _placed(new, _before(old, new))
    for name in new.nodes:
        if name in old.nodes:
            continue
        feed = next((e.source for e in new.incoming[name] if e.source in new.positions), None)
        target = next((e.target for e in new.outgoing[name] if e.target in new.positions), None)
        size = _size(sizes, name)
        if feed is not None:
            at = beside(new.positions[feed], _size(sizes, feed), size)
        elif target is not None:
            there, wide = new.positions[target], _size(sizes, target)
            at = Point(_snap(there.x), _snap(there.y + (wide.height() - size.height()) / 2))
        else:
            continue
        new = _make_room(_placed(new, {**new.positions, name: at}), name, sizes)
    return new


def unfold(old: Graph, new: Graph, name: str, sizes: Sizes) -> Graph:
    """`new`, in which others stand for the node `name` of `old`, with these where it stood.

    Where they have places of their own they keep them to each other, else they are laid out. What stood right of the
    node or below it makes way.
    """
    fresh = [other for other in new.nodes if other not in old.nodes]
    if name not in old.positions or not fresh:
        return new
    own = {other: new.positions[other] for other in fresh if other in new.positions}
    if len(set(own.values())) < len(fresh):  # the copies of a repeated block lie on each other
        own = auto_layout(fragment(new, fresh), sizes)
    corner, card = old.positions[name], _size(sizes, name)
    box = QRectF()
    for other, place in own.items():
        box |= QRectF(QPointF(*place), _size(sizes, other))
    deep = max(0.0, box.height() - card.height())
    spare = max(0.0, card.height() - box.height()) / 2  # a row of pills runs along the middle of the card
    way = QPointF(corner.x - box.left(), corner.y + spare - box.top())
    places = {other: Point(_snap(place.x + way.x()), _snap(place.y + way.y())) for other, place in own.items()}
    bottom = corner.y + card.height()
    line = {
        other: place
        for other, place in old.positions.items()
        if other != name
        and place.x > corner.x
        and place.y < bottom
        and place.y + _size(sizes, other).height() > corner.y
    }
    wide = max(0.0, box.width() - card.width())
    for other, place in old.positions.items():
        if other in line:
            places[other] = Point(_snap(place.x + wide), place.y)
        elif other != name:
            places[other] = Point(place.x, _snap(place.y + deep)) if place.y >= bottom else place
    return _placed(new, places)


def _before(old: Graph, new: Graph) -> dict[str, Point]:
    """The places in `new`, those of old nodes as they were: a rough shift is undone before a measured one."""
    return {name: old.positions.get(name, place) for name, place in new.positions.items()}


def _make_room(graph: Graph, name: str, sizes: Sizes) -> Graph:
    """Move what overlaps a node, and all that stands right of it on its line, so far right that it is free."""
    at, size = graph.positions[name], _size(sizes, name)
    middle = at.y + size.height() / 2
    line = {
        other: place
        for other, place in graph.positions.items()
        if other != name and abs(place.y + _size(sizes, other).height() / 2 - middle) < 80
    }
    right = {other: place for other, place in line.items() if place.x + _size(sizes, other).width() / 2 > at.x}
    if not right:
        return graph
    first = min(place.x for place in right.values())
    shift = at.x + size.width() + _gap_behind(size) - first
    if shift <= 0:
        return graph
    return _placed(graph, {**graph.positions, **{n: Point(_snap(p.x + shift), p.y) for n, p in right.items()}})


def _placed(graph: Graph, places: Mapping[str, Point]) -> Graph:
    return replace(graph, positions=FrozenDict(places))


def _columns(graph: Graph) -> list[list[str]]:
    """The nodes by their distance from the start: the longest way counts, so that wires run to the right."""
    order, rest = topological_order(graph)
    depth: dict[str, int] = {}
    for name in (*order, *(n for n in graph.nodes if n in rest)):
        depth[name] = max((depth[e.source] + 1 for e in graph.incoming[name] if e.source in depth), default=0)
    # A node that nothing feeds (a second branch that starts late) stands right before what it feeds.
    for name in reversed(order):
        if not graph.incoming[name] and graph.outgoing[name]:
            depth[name] = max(0, min(depth[e.target] for e in graph.outgoing[name]) - 1)
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in graph.nodes:
        columns[depth[name]].append(name)
    return [column for column in columns if column]


def _lanes(graph: Graph, columns: list[list[str]]) -> dict[str, float]:
    """How far each node stands above or below the middle line, in lanes."""
    if all(len(column) == 1 for column in columns):
        return dict.fromkeys(graph.nodes, 0.0)
    depth = {name: index for index, column in enumerate(columns) for name in column}
    main = _main(graph, columns)
    # A wire that skips over a chain is drawn as an arch; it must not push the chain out of line.
    wires = [(e.source, e.target) for e in graph.edges if depth[e.source] < depth[e.target] and e.target in main]
    kept = [[name for name in column if name in main] for column in columns]
    lanes = lanes_of([column for column in kept if column], [wire for wire in wires if not _skips(graph, wire, depth)])
    _put_below(graph, columns, depth, lanes)
    return lanes


def _main(graph: Graph, columns: list[list[str]]) -> set[str]:
    """The nodes that lead to the last one, and that one: what else there is ends by itself, as auxiliary heads do."""
    todo = [columns[-1][0]]
    main = set(todo)
    while todo:
        fresh = {edge.source for edge in graph.incoming[todo.pop()]} - main
        main |= fresh
        todo += fresh
    return main


def _put_below(graph: Graph, columns: list[list[str]], depth: Mapping[str, int], lanes: dict[str, float]) -> None:
    """Give each side way, as a whole, the first lane below everything in the columns that it spans."""
    lowest = [max((lanes[name] for name in column if name in lanes), default=-1.0) for column in columns]
    for start in (name for column in columns for name in column):
        if start in lanes:
            continue
        way, todo = {start}, [start]
        while todo:
            name = todo.pop()
            near = {e.target for e in graph.outgoing[name]} | {e.source for e in graph.incoming[name]}
            fresh = {other for other in near if other not in lanes and other not in way}
            way |= fresh
            todo += fresh
        inner = [[name for name in column if name in way] for column in columns]
        wires = [(e.source, e.target) for e in graph.edges if {e.source, e.target} <= way]
        own = lanes_of([c for c in inner if c], [wire for wire in wires if depth[wire[0]] < depth[wire[1]]])
        span = range(min(depth[name] for name in way), max(depth[name] for name in way) + 1)
        top = max(lowest[index] for index in span) + 1 - min(own.values())
        for name, lane in own.items():
            lanes[name] = lane + top
            lowest[depth[name]] = max(lowest[depth[name]], lane + top)


def _skips(graph: Graph, wire: tuple[str, str], depth: Mapping[str, int]) -> bool:
    """Whether a longer way leads from the wire's source to its target."""
    source, target = wire
    if depth[target] - depth[source] < 2:
        return False
    todo, seen = [e.target for e in graph.outgoing[source] if e.target != target], set[str]()
    while todo:
        name = todo.pop()
        if name == target:
            return True
        if name not in seen and depth[name] < depth[target]:
            seen.add(name)
            todo.extend(e.target for e in graph.outgoing[name])
    return False


def _balanced(columns: list[list[str]], sizes: Sizes, width: float, may_break: list[bool]) -> list[list[list[str]]]:
    """`_rows` of about equal width: no more rows than `width` needs, and no short one at the end."""
    widths = [max(_size(sizes, name).width() for name in column) for column in columns]
    gaps = [_gap(column, sizes) for column in columns]
    rows = _rows(widths, gaps, may_break, width)
    low, high = 0.0, width
    while len(rows) > 1 and high - low > GAP:
        middle = (low + high) / 2
        tried = _rows(widths, gaps, may_break, middle)
        if len(tried) <= len(rows):
            high, rows = middle, tried
        else:
            low = middle
    return [[columns[index] for index in row] for row in rows]


def _breaks(graph: Graph, columns: list[list[str]], sizes: Sizes, width: float) -> tuple[list[bool], float]:
    """Behind which columns a row may break, and how wide the widest part is that stays together.

    That is where a single wire crosses, and not before an activation, which belongs to the layer that it follows. What
    stays together then, and is much wider than a row, may also break where several wires of one source cross.
    """
    depth = {name: index for index, column in enumerate(columns) for name in column}
    crossing: list[list[str]] = [[] for _ in columns]
    for edge in graph.edges:
        for index in range(depth[edge.source], depth[edge.target]):
            crossing[index].append(edge.source)
    before_pill = [all(_size(sizes, name).height() < _PILL for name in column) for column in columns[1:]] + [False]
    single = [len(wires) <= 1 and not pill for wires, pill in zip(crossing, before_pill, strict=True)]
    allowed, widest, start = list(single), 0.0, 0
    for index in range(len(columns)):
        if not single[index] and index + 1 < len(columns):
            continue
        part = range(start, index + 1)
        wide = _row_width([columns[i] for i in part], sizes)
        if wide > _MUCH * width:
            for i in part:
                allowed[i] = len(set(crossing[i])) <= 1 and not before_pill[i]
        else:
            widest = max(widest, wide)
        start = index + 1
    return allowed, widest


def _rows(widths: list[float], gaps: list[float], may_break: list[bool], width: float) -> list[range]:
    """The columns by number, broken into rows no wider than `width`, but only where they may be broken."""
    rows: list[range] = []
    start, cut = 0, 0  # of the row in work: its first column, and the last place where it may break
    used = 0.0
    for index, wide in enumerate(widths):
        step = wide + (gaps[index - 1] if index > start else 0)
        if index > start and used + step > width and cut > start:
            rows.append(range(start, cut))
            start = cut
            used = sum(widths[start : index + 1]) + sum(gaps[start:index])
        else:
            used += step
        if may_break[index]:
            cut = index + 1
    return [*rows, range(start, len(widths))]


def _row_width(row: list[list[str]], sizes: Sizes) -> float:
    widths = [max(_size(sizes, name).width() for name in column) for column in row]
    return sum(widths) + sum(_gap(column, sizes) for column in row[:-1])


def _middles(row: list[list[str]], lanes: Mapping[str, float], sizes: Sizes) -> dict[str, float]:
    """Height of each node's centre, the middle line being 0."""
    branched = [name for column in row if len(column) > 1 for name in column]
    tallest = max((_size(sizes, name).height() for name in branched), default=0.0)
    base = min((lanes[name] for column in row for name in column), key=abs)
    return {name: (lanes[name] - base) * (tallest + LANE) for column in row for name in column}


def _gap(column: list[str], sizes: Sizes) -> float:
    return max(_gap_behind(_size(sizes, name)) for name in column)


def _gap_behind(size: QSizeF) -> float:
    return NARROW if size.height() < _PILL else GAP


def _size(sizes: Sizes, name: str) -> QSizeF:
    return sizes.get(name, _DEFAULT)


def _snap(value: float) -> float:
    return round(value / 4) * 4.0
