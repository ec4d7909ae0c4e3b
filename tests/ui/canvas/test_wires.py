"""Wires: the shape on a wire stays legible whatever else runs there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from builder.graph import edits
from builder.graph.model import Edge, Graph, Node, Point
from builder.project import templates
from builder.ui.canvas.export import picture
from builder.ui.canvas.view import CanvasView
from builder.ui.canvas.wires import WireItem
from builder.ui.theme import theme
from tests.ui.canvas.hand import Hand

MakeCanvas = Callable[[Graph], CanvasView]


@pytest.fixture(params=["dark", "light"])
def _look(request: pytest.FixtureRequest) -> Iterator[None]:
    before = "dark" if theme().dark else "light"
    theme().choose(request.param)
    yield
    theme().choose(before)


def shortcut_into_the_next_row() -> Graph:
    """Two wires that turn back from one layer at about the same height, on each other's label."""
    nodes = [
        Node("input", "Input", {"shape": [1, 16, 16]}),
        Node("conv1", "Conv2d", {"filters": 8, "padding": 1}),
        Node("conv2", "Conv2d", {"filters": 8, "padding": 1}),
        Node("add1", "Add"),
        Node("fc1", "Flatten"),
        Node("output", "Output"),
    ]
    wires = [("input", "conv1"), ("conv1", "conv2"), ("conv2", "add1"), ("add1", "fc1"), ("fc1", "output")]
    edges = [*(Edge(*ends) for ends in wires), Edge("conv1", "add1", 0, 1)]
    places = {
        "input": Point(0, 0), "conv1": Point(640, 0), "conv2": Point(0, 208), "add1": Point(240, 268),
        "fc1": Point(420, 268), "output": Point(560, 208),
    }  # fmt: skip
    return Graph.of(nodes, edges, places)


def label(view: CanvasView, wire: WireItem) -> QImage:
    area = view.mapFromScene(wire.chip.adjusted(4, 2, -4, -2)).boundingRect()
    return view.viewport().grab(area).toImage()


@pytest.mark.usefixtures("_look")
def test_no_wire_runs_through_the_label_of_another(make_canvas: MakeCanvas) -> None:
    view = make_canvas(shortcut_into_the_next_row())
    view.zoom_to(1.0)
    back = [view.canvas.wires[Edge("conv1", "conv2")], view.canvas.wires[Edge("conv1", "add1", 0, 1)]]
    assert all(not wire.chip.isEmpty() for wire in back)
    assert any(one.path.intersects(other.chip) for one in back for other in back if one is not other)
    seen = {}
    for wire in back:  # one label is enough for both: it is written on the one that is selected
        view.canvas.choose_wires([wire.edge])
        seen[wire] = label(view, wire)
    for wire, other in (back, back[::-1]):
        view.canvas.choose_wires([wire.edge])
        other.setVisible(False)
        assert label(view, wire) == seen[wire]
        other.setVisible(True)


def test_the_labels_are_in_pictures_too(make_canvas: MakeCanvas) -> None:
    view = make_canvas(shortcut_into_the_next_row())
    drawn = picture(view.canvas, "svg")
    for wire in view.canvas.wires.values():
        wire.route(*wire.ends, "")
    assert len(picture(view.canvas, "svg")) < len(drawn)


def test_a_label_does_not_take_the_mouse_from_what_lies_beneath(make_canvas: MakeCanvas) -> None:
    view = make_canvas(shortcut_into_the_next_row())
    wire = view.canvas.wires[Edge("conv1", "add1", 0, 1)]
    assert view.canvas.wire_at(wire.chip.center()) in view.canvas.wires.values()
    assert view.canvas.labels not in view.canvas.items(wire.chip.center())


def written(view: CanvasView, monkeypatch: pytest.MonkeyPatch) -> list[WireItem]:
    """The wires whose label is written when all is painted."""
    found: list[WireItem] = []
    paint = WireItem.paint_label

    def watched(wire: WireItem, painter: QPainter) -> None:
        found.append(wire)
        paint(wire, painter)

    monkeypatch.setattr(WireItem, "paint_label", watched)
    view.viewport().grab()
    return found


def test_of_two_labels_over_each_other_one_is_written(make_canvas: MakeCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    view = make_canvas(templates.load("alexnet-columns").graph)
    ways = [wire for edge, wire in view.canvas.wires.items() if edge.source == "concat1"]
    assert len(ways) == 2
    assert ways[0].chip.intersects(ways[1].chip)
    view.zoom_to(1.0)
    view.centerOn(ways[0].chip.center())
    assert len([wire for wire in written(view, monkeypatch) if wire in ways]) == 1
    view.canvas.choose_wires([ways[1].edge])
    assert ways[1] in written(view, monkeypatch), "the one that is selected"


def test_a_value_that_goes_two_ways_side_by_side_is_labelled_once(
    make_canvas: MakeCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = shortcut_into_the_next_row()
    graph = replace(graph, positions=graph.positions.update({"add1": Point(240, 212)}))
    view = make_canvas(graph)
    view.zoom_to(1.0)
    back = [view.canvas.wires[Edge("conv1", "conv2")], view.canvas.wires[Edge("conv1", "add1", 0, 1)]]
    assert abs(back[0].chip.y() - back[1].chip.y()) < 18
    view.centerOn(back[0].chip.center())
    assert len([wire for wire in written(view, monkeypatch) if wire in back]) == 1


def runs_through(wire: WireItem, area: QRectF) -> bool:
    return any(area.contains(wire.path.pointAtPercent(share / 200)) for share in range(201))


def test_a_wire_leads_around_a_card_that_was_moved_into_its_way(make_canvas: MakeCanvas) -> None:
    nodes = [
        Node("input", "Input", {"shape": [1, 16, 16]}),
        *(Node(f"conv{number}", "Conv2d", {"filters": 8, "padding": 1}) for number in (1, 2, 3)),
        Node("add1", "Add"),
    ]
    chain = [Edge(before.name, after.name) for before, after in pairwise(nodes)]
    skip = Edge("conv1", "add1", 0, 1)
    places = {node.name: Point(260 * place, 0) for place, node in enumerate(nodes)}
    view = make_canvas(Graph.of(nodes, [*chain, skip], places))
    wire, card = view.canvas.wires[skip], view.canvas.nodes["conv2"]
    height = wire.path.boundingRect().top()
    assert not runs_through(wire, card.box())

    document = view.document
    document.commit_graph("Move", edits.move(document.graph, {"conv2": Point(520, -120)}))
    assert not runs_through(wire, card.box())
    document.undo.undo()
    assert wire.path.boundingRect().top() == height

    hand = Hand(view)  # and by mouse, where the cards stand there before the edit does
    middle = card.box().center()
    hand.drag(middle, middle - QPointF(0, 120))
    assert card.box().center().y() < middle.y() - 60
    assert not runs_through(wire, card.box())
