"""Automatic layout: no two cards overlap, wires run to the right, long networks become rows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF

from builder.graph.model import Edge, Graph, Node, Point
from builder.ui.canvas.layout import WIDTH, auto_layout, place_missing, settle

CARD, PILL = QSizeF(140, 148), QSizeF(70, 28)


def network(*wires: str) -> Graph:
    """A graph from "a>b" words."""
    pairs = [wire.split(">") for wire in wires]
    names = dict.fromkeys(name for pair in pairs for name in pair)
    ports: dict[str, int] = {}
    edges = []
    for source, target in pairs:
        ports[target] = ports.get(target, -1) + 1
        edges.append(Edge(source, target, 0, ports[target]))
    return Graph.of([Node(name, "Tanh") for name in names], edges)


def boxes(graph: Graph, places: dict[str, Point], sizes: dict[str, QSizeF]) -> dict[str, QRectF]:
    return {n: QRectF(places[n].x, places[n].y, sizes[n].width(), sizes[n].height()) for n in graph.nodes}


LINE = [f"n{i}" for i in range(25)]
LONG = network(*(f"{a}>{b}" for a, b in pairwise(LINE)))
SKIPS = network("a>b", "b>c", "c>d", "a>d", "d>e", "e>f", "d>f")
FORK_WIRES = ("a>b", "a>c", "a>d", "b>e", "c>e", "d>e", "e>f")
FORK = network(*FORK_WIRES)
APART = network("a>b", "c>d")


@pytest.mark.parametrize("graph", [LONG, SKIPS, FORK, APART, Graph.of([Node("a", "Tanh")])])
@pytest.mark.parametrize("width", [300.0, WIDTH])
def test_cards_do_not_overlap_and_every_one_has_a_place(graph: Graph, width: float) -> None:
    sizes = {name: PILL if index % 3 == 1 else CARD for index, name in enumerate(graph.nodes)}
    places = auto_layout(graph, sizes, width)
    assert places.keys() == graph.nodes.keys()
    found = list(boxes(graph, places, sizes).values())
    assert not any(a.intersects(b) for i, a in enumerate(found) for b in found[i + 1 :])
    assert all(x % 4 == 0 and y % 4 == 0 for x, y in places.values())


def test_a_long_chain_is_broken_into_rows_of_about_equal_width() -> None:
    sizes = dict.fromkeys(LONG.nodes, CARD)
    places = auto_layout(LONG, sizes)
    rows: dict[float, list[float]] = {}
    for x, y in places.values():
        rows.setdefault(y, []).append(x)
    assert len(rows) > 2
    assert all(max(row) + 140 <= WIDTH for row in rows.values())
    counts = [len(row) for row in rows.values()]
    assert max(counts) - min(counts) <= 1 + len(counts)
    assert all(min(row) == 0 for row in rows.values())


def test_within_a_row_wires_run_to_the_right() -> None:
    sizes = dict.fromkeys(FORK.nodes, CARD)
    places = auto_layout(FORK, sizes)
    assert all(places[e.source].x + 140 < places[e.target].x for e in FORK.edges)


def test_branches_stay_in_one_row_with_what_they_part_from_and_meet_in() -> None:
    before, after = (tuple(f"{way}{i}>{way}{i + 1}" for i in range(14)) for way in "st")
    graph = network(*before, "s14>a", *FORK_WIRES, "f>t0", *after)
    places = auto_layout(graph, dict.fromkeys(graph.nodes, CARD), 700)
    order = [places[name].x for name in "abe"]
    assert order == sorted(set(order))
    assert abs(places["a"].y - places["e"].y) < 4
    assert len({places[f"s{i}"].y for i in range(14)}) > 1


def test_very_long_branches_may_stand_below_what_they_part_from() -> None:
    ways = [f"{way}{i}>{way}{i + 1}" for way in "xy" for i in range(12)]
    graph = network("a>x0", "a>y0", *ways, "x12>e", "y12>e")
    places = auto_layout(graph, dict.fromkeys(graph.nodes, CARD), 700)
    assert places["x0"].y > places["a"].y + 148
    assert places["y0"].y > places["x0"].y + 148


def test_a_way_that_ends_by_itself_hangs_below_the_row() -> None:
    graph = network("a>b", "b>h", "h>o", "b>c", "c>d", "d>e", "d>k", "k>l")
    places = auto_layout(graph, dict.fromkeys(graph.nodes, CARD), 2000)
    assert {places[name].y for name in "abcde"} == {0} or {places[name].y for name in "abcdkl"} == {0}
    assert places["h"].y == places["o"].y >= 148 + 40


def test_a_row_does_not_begin_with_an_activation() -> None:
    graph = network(*(f"{a}>{b}" for a, b in pairwise(LINE)))
    sizes = {name: PILL if index % 2 else CARD for index, name in enumerate(LINE)}
    places = auto_layout(graph, sizes, 500)
    first = [name for name, place in places.items() if place.x == 0]
    assert len(first) > 3
    assert all(sizes[name] == CARD for name in first)


def test_a_skip_does_not_push_the_chain_out_of_line() -> None:
    places = auto_layout(SKIPS, dict.fromkeys(SKIPS.nodes, CARD), 2000)
    assert {place.y for place in places.values()} == {0}


def test_a_pill_stands_on_the_line_of_the_cards() -> None:
    graph = network("a>b", "b>c")
    places = auto_layout(graph, {"a": CARD, "b": PILL, "c": CARD})
    assert places["b"].y + 14 == places["a"].y + 74 == places["c"].y + 74


def test_nodes_without_a_place_join_those_that_have_one() -> None:
    graph = network("a>b", "b>c")
    placed = Graph(graph.nodes, graph.edges, graph.positions.set("a", Point(40, 80)))
    full = place_missing(placed, dict.fromkeys("abc", CARD))
    assert full.positions["a"] == Point(40, 80)
    assert full.positions["b"].x > 180
    assert full.positions["b"].y == full.positions["c"].y == 80
    assert place_missing(full, {}) is full


def test_what_feeds_others_and_has_no_place_stands_before_them_on_their_line() -> None:
    graph = network("in>a", "a>b", "b>out")
    placed = Graph(graph.nodes, graph.edges, graph.positions.update({"a": Point(0, 80), "b": Point(224, 80)}))
    full = place_missing(placed, dict.fromkeys(graph.nodes, CARD))
    assert full.positions["in"].x + CARD.width() < 0
    assert full.positions["out"].x > 224 + CARD.width()
    assert {place.y for place in full.positions.values()} == {80}


def test_a_new_node_settles_between_its_neighbours_and_they_make_way() -> None:
    old = network("a>b", "b>c")
    old = Graph(old.nodes, old.edges, old.positions.update({n: Point(220.0 * i, 0) for i, n in enumerate("abc")}))
    new = Graph(
        old.nodes.set("new", Node("new", "Tanh")),
        (Edge("a", "new"), Edge("new", "b"), Edge("b", "c")),
        old.positions.set("new", Point(0, 0)),
    )
    sizes = dict.fromkeys(("a", "b", "c", "new"), CARD)
    placed = settle(old, new, sizes)
    found = list(boxes(placed, dict(placed.positions), sizes).values())
    assert not any(a.intersects(b) for i, a in enumerate(found) for b in found[i + 1 :])
    order = sorted(placed.nodes, key=lambda name: placed.positions[name].x)
    assert order == ["a", "new", "b", "c"]
    assert placed.positions["a"] == old.positions["a"]


def test_what_an_edit_moved_roughly_is_no_measure_for_where_a_new_node_goes() -> None:
    """A fix makes room step by step; a low card close to the one that is mended is moved by that, too."""
    old = network("a>b", "b>c")
    old = Graph(
        old.nodes, old.edges, old.positions.update({"a": Point(0, 0), "b": Point(112, -60), "c": Point(376, -60)})
    )
    moved = {"a": Point(180, 0), "b": Point(292, -60), "c": Point(556, -60), "new": Point(112, -60)}
    new = Graph(
        old.nodes.set("new", Node("new", "Flatten")),
        (Edge("a", "new"), Edge("new", "b"), Edge("b", "c")),
        old.positions.update(moved),
    )
    low, card = QSizeF(66, 28), QSizeF(178, 148)
    placed = settle(old, new, {"a": low, "new": low, "b": card, "c": card})
    assert sorted(placed.nodes, key=lambda name: placed.positions[name].x) == ["a", "new", "b", "c"]
    assert placed.positions["a"] == old.positions["a"]


def test_a_graph_with_a_circle_is_laid_out_too() -> None:
    graph = network("a>b", "b>c", "c>b")
    assert auto_layout(graph, {}).keys() == graph.nodes.keys()


def test_a_node_without_a_place_covers_no_other() -> None:
    nodes = [Node("a", "ReLU"), Node("b", "ReLU"), Node("c", "ReLU"), Node("new", "ReLU")]
    places = {"a": Point(0, 0), "b": Point(200, 0), "c": Point(224, 100)}
    graph = Graph.of(nodes, [Edge("a", "new"), Edge("new", "b"), Edge("b", "c")], places)
    sizes = {name: QSizeF(140, 148) for name in graph.nodes}
    placed = place_missing(graph, sizes)
    assert {name: placed.positions[name] for name in places} == places
    boxes = [QRectF(QPointF(*place), sizes[name]) for name, place in placed.positions.items() if name != "new"]
    new = QRectF(QPointF(*placed.positions["new"]), sizes["new"])
    assert not any(new.intersects(box) for box in boxes)
    assert new.left() > 140
