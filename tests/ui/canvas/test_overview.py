"""The network from afar, where cards and wires do not paint themselves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath

from builder.graph import edits
from builder.graph.model import Graph, Point
from builder.ui.canvas.face import FAR
from builder.ui.canvas.view import CanvasView
from builder.ui.large import bottlenecks
from builder.ui.theme import theme
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.hand import Hand, small


@pytest.fixture
def far(make_canvas: MakeCanvas) -> CanvasView:
    view = make_canvas(small())
    view.zoom_to(0.2)
    assert view.canvas.detail == FAR
    return view


def colour_at(view: CanvasView, place: QPointF) -> str:
    spot = view.mapFromScene(place)
    return view.viewport().grab().toImage().pixelColor(spot).name()


def bar_of(view: CanvasView, name: str) -> QPointF:
    """The middle of the bar in the colour of a card's category."""
    box = view.canvas.nodes[name].box()
    return QPointF(box.left() + 8, box.center().y())


def bar_colour(view: CanvasView, name: str) -> str:
    return theme().category(view.canvas.nodes[name].face.category).name()


def test_a_card_shows_the_colour_of_its_category(far: CanvasView) -> None:
    for name in ("conv1", "fc1"):
        assert colour_at(far, bar_of(far, name)) == bar_colour(far, name)
        assert colour_at(far, far.canvas.nodes[name].box().center()) == far.canvas.ink.card.name()


def test_a_wire_is_seen(far: CanvasView) -> None:
    start, end = far.canvas.wires[far.document.graph.edges[0]].ends
    middle = (start + end) / 2
    assert theme().hex("wire") in {colour_at(far, middle + QPointF(0, 5 * row)) for row in (-1, 0, 1)}


def test_what_is_selected_is_framed(far: CanvasView) -> None:
    edge = far.canvas.nodes["conv1"].box().topLeft() - QPointF(6, -40)
    assert colour_at(far, edge) != theme().hex("accent")
    far.document.select(["conv1"])
    assert colour_at(far, edge) == theme().hex("accent")


def test_a_problem_is_marked(far: CanvasView) -> None:
    box = far.canvas.nodes["fc1"].box()
    assert colour_at(far, box.topRight() + QPointF(-22, 22)) == theme().hex("bad")
    far.take_fix("fc1")
    box = far.canvas.nodes["fc1"].box()
    assert colour_at(far, box.topRight() + QPointF(-22, 22)) == far.canvas.ink.card.name()


def test_it_follows_a_drag_and_takes_it_back(far: CanvasView) -> None:
    hand = Hand(far)
    before = bar_of(far, "conv1")
    assert colour_at(far, before) == bar_colour(far, "conv1")
    grip = far.canvas.nodes["conv1"].box().center()
    hand.press(grip)
    hand.move(grip + QPointF(0, 300))
    hand.move(grip + QPointF(0, 600))
    assert colour_at(far, bar_of(far, "conv1")) == bar_colour(far, "conv1")
    assert colour_at(far, before) != bar_colour(far, "conv1")
    far.cancel_gesture()
    assert colour_at(far, before) == bar_colour(far, "conv1")


def test_what_is_removed_is_gone(far: CanvasView) -> None:
    place = bar_of(far, "conv1")
    far.document.commit_graph("Delete", edits.remove_nodes(far.canvas.graph, ["conv1"]))
    assert colour_at(far, place) != far.canvas.ink.card.name()


def test_a_rubber_band_is_seen(far: CanvasView) -> None:
    hand = Hand(far)
    corner = far.canvas.network_rect().topLeft() - QPointF(200, 300)
    plain = colour_at(far, corner + QPointF(150, 100))
    hand.press(corner)
    hand.move(corner + QPointF(150, 150))
    hand.move(corner + QPointF(300, 200))
    assert colour_at(far, corner + QPointF(150, 100)) != plain
    far.cancel_gesture()
    assert colour_at(far, corner + QPointF(150, 100)) == plain


def test_the_other_theme_has_other_colours(far: CanvasView) -> None:
    middle = far.canvas.nodes["conv1"].box().center()
    before = colour_at(far, middle)
    wish = theme().wish
    try:
        theme().choose("light" if theme().dark else "dark")
        assert colour_at(far, middle) == far.canvas.ink.card.name() != before
    finally:
        theme().choose(wish)


def test_wires_among_what_is_dragged_move_along(make_canvas: MakeCanvas) -> None:
    view = make_canvas(bottlenecks(1, 1, shape=(3, 32, 32)))
    hand, canvas = Hand(view), view.canvas
    before = {edge: QPainterPath(wire.path) for edge, wire in canvas.wires.items()}
    view.select_all()
    grip = canvas.nodes["conv2d1"].box().center()
    hand.press(grip)
    hand.move(grip + QPointF(40, 0), keys=Qt.KeyboardModifier.AltModifier)
    hand.move(grip + QPointF(80, 40), keys=Qt.KeyboardModifier.AltModifier)
    for edge, path in before.items():
        wire = canvas.wires[edge]
        assert wire.mapToScene(wire.path) == path.translated(80, 40)
        assert wire.mapToScene(wire.ends[0]) == canvas.nodes[edge.source].port_place("out", edge.source_port)
        assert all(wire.boundingRect().contains(end) for end in wire.ends)
    hand.release(grip + QPointF(80, 40), keys=Qt.KeyboardModifier.AltModifier)
    assert all(canvas.wires[edge].path == path.translated(80, 40) for edge, path in before.items())


def test_a_changed_layer_leaves_a_network_without_places_where_it_was_put(make_canvas: MakeCanvas) -> None:
    view = make_canvas(bottlenecks(1, 1, shape=(3, 32, 32)))
    before = view.canvas.positions(view.canvas.nodes)
    graph = view.document.graph
    assert not graph.positions
    changed = edits.set_params(graph, "conv2d1", {**graph.nodes["conv2d1"].params, "filters": 4096})
    view.document.commit_graph("Change conv2d1", changed)
    assert view.canvas.positions(view.canvas.nodes) == before
    assert view.canvas.graph.nodes["conv2d1"].params["filters"] == 4096
    view.document.commit_graph("Move", edits.move(view.canvas.graph, {"conv2d1": Point(-400.0, 40.0)}))
    assert view.canvas.nodes["conv2d1"].x() == -400.0
    view.document.undo.undo()
    assert view.canvas.positions(view.canvas.nodes) == before


def test_an_empty_canvas_covers_nothing(make_canvas: MakeCanvas) -> None:
    view = make_canvas(small())
    view.select_all()
    view.delete_selection()
    assert view.canvas.network_rect().isEmpty()
    view.document.commit_graph("Nothing", Graph())
    assert not view.canvas.nodes
