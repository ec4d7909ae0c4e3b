"""What the cards show: texts, pictures, badges; and that they follow theme, zoom and selection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPointF
from PySide6.QtGui import QAction, QImage
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.graph.frozen import FrozenDict
from builder.graph.model import Edge, Graph, Node, Point
from builder.graph.problems import Fix, ProblemError, SetParams
from builder.inspect.picture import Attention, Picture, Plane
from builder.layers.base import Role
from builder.layers.registry import kinds
from builder.ui.canvas.face import FAR, NEAR, Badge, face_of
from builder.ui.canvas.menu import context_menu, problem_menu, tip
from builder.ui.canvas.texts import metrics
from builder.ui.canvas.thumbnails import (
    BarsThumbnail,
    ImageThumbnail,
    NumbersThumbnail,
    PointsThumbnail,
    thumbnail_of,
)
from builder.ui.canvas.view import CanvasView
from builder.ui.theme import theme
from tests.ui.canvas.hand import Hand, chain, check_items

MakeCanvas = Callable[[Graph], CanvasView]


def classifier() -> Graph:
    return chain(
        Node("input", "Input", {"shape": [1, 12, 12]}),
        Node("conv1", "Conv2d", {"filters": 6}),
        Node("tanh1", "Tanh"),
        Node("flatten1", "Flatten"),
        Node("fc1", "Linear", {"features": 4}),
        Node("output", "Output"),
        places=False,
    )


def picture_of(view: CanvasView, **changes: object) -> Picture:
    """Random values of the right shapes for every node."""
    random = np.random.default_rng(0)
    values = {
        name: random.normal(size=info.output).astype(np.float32)
        for name, info in view.document.inference.nodes.items()
        if info.output
    }
    sample = values["input"]
    answer = np.array([0.1, 0.7, 0.1, 0.1], np.float32)
    fields: dict[str, object] = {"raw": sample, "fitted": sample, "target": 1, "output": answer, "activations": values}
    return Picture(1, Attention(), **{**fields, **changes})  # type: ignore[arg-type]


def pixels(view: CanvasView) -> QImage:
    return view.grab().toImage()


def test_a_card_tells_kind_numbers_and_parameters(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    face = view.canvas.nodes["conv1"].face
    assert (face.name, face.headline, face.footer) == ("conv1", "Conv 3×3, 6", "60 parameters")
    assert view.canvas.nodes["output"].face.footer == "4 outputs"
    assert view.canvas.nodes["tanh1"].face.compact


def test_a_pill_tells_below_it_that_it_is_frozen(make_canvas: MakeCanvas) -> None:
    nodes = Node("input", "Input", {"shape": [1, 12, 12]}), Node("prelu1", "PReLU"), Node("output", "Output")
    view = make_canvas(chain(*nodes))
    view.zoom_to(1.0)
    item = view.canvas.nodes["prelu1"]
    box, ends = item.box(), [wire.ends for wire in view.canvas.wires.values()]
    area = view.mapFromScene(box.translated(0, box.height() + 1)).boundingRect()
    bare = view.viewport().grab(area).toImage()
    assert item.face.footer == ""
    view.document.commit_graph("", edits.set_params(view.document.graph, "prelu1", {"trainable": False}))
    assert item.face.footer == "1 frozen"
    assert "1 frozen" in tip(view.canvas, box.center() + QPointF(0, 4), 1)
    assert view.viewport().grab(area).toImage() != bare
    assert (item.box(), [wire.ends for wire in view.canvas.wires.values()]) == (box, ends)
    view.document.undo.undo()
    assert view.viewport().grab(area).toImage() == bare


def test_every_fix_can_be_taken_from_the_menus(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = Node("input", "Input", {"shape": [1, 3, 3]}), Node("conv1", "Conv2d", {"kernel_size": 5})
    view = make_canvas(chain(*nodes, Node("output", "Output")))
    titles = ["Set padding to 1", "Remove conv1"]
    shown = context_menu(view, view.canvas.nodes["conv1"].box().center()), problem_menu(view, "conv1")
    for made in shown:
        assert made is not None
        qtbot.addWidget(made)
        assert [action.text() for action in made.actions() if action.text() in titles] == titles
    assert "Offered: Set padding to 1, or Remove conv1" in tip(
        view.canvas, view.canvas.nodes["conv1"].box().center(), 1
    )
    assert shown[1] is not None
    shown[1].actions()[-1].trigger()
    assert list(view.document.graph.nodes) == ["input", "output"]
    assert not view.document.inference.errors


def test_a_badge_of_the_surroundings_offers_what_mends_it(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    view.zoom_to(1.0)
    fixes = Fix("Filter once", (SetParams("conv1", FrozenDict({"filters": 1})),)), Fix("Remove it", ())
    item = view.canvas.nodes["conv1"]
    view.set_badges({"conv1": Badge("does not fit", "bad", "Why 1.5. And then.", fixes)})
    assert "Offered: Filter once, or Remove it" in tip(view.canvas, item.box().center(), 1)
    corner = item.pos() + item.closeup.badge_area.center()
    assert view.canvas.hit(corner).part == "badge"
    for made in (context_menu(view, item.box().center()), problem_menu(view, "conv1")):
        assert made is not None
        qtbot.addWidget(made)
        actions = {action.text(): action for action in made.actions()}
        assert {"Filter once", "Remove it"} <= set(actions)
    assert list(actions)[:2] == ["Why 1.5.", "And then."]
    actions["Filter once"].trigger()
    assert view.document.graph.nodes["conv1"].params["filters"] == 1
    view.set_badges({"conv1": Badge("2 dead", "warn", "Why.")})
    assert problem_menu(view, "conv1") is None
    assert view.canvas.hit(corner).part != "badge"  # a click there selects the card


def test_layers_are_frozen_and_freed_from_the_context_menu(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    said: list[str] = []
    view.hint.connect(said.append)

    def offered(name: str) -> dict[str, QAction]:
        made = context_menu(view, view.canvas.nodes[name].box().center())
        qtbot.addWidget(made)
        return {action.text(): action for action in made.actions() if action.text() in ("Freeze", "Let learn")}

    assert not offered("tanh1")  # it has nothing to learn
    actions = offered("conv1")
    assert list(actions) == ["Freeze"]
    actions["Freeze"].trigger()
    assert view.canvas.nodes["conv1"].face.footer == "60 frozen"
    assert said == ["2,404 of 2,464 parameters learn, the others are frozen."]
    view.select_all()
    assert list(offered("conv1")) == ["Freeze", "Let learn"]
    view.document.select(["conv1"])
    offered("conv1")["Let learn"].trigger()
    assert view.document.graph == classifier()


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_kind_has_a_face_wide_enough_for_its_name(kind: str, qtbot: QtBot) -> None:
    layer = kinds()[kind]
    node = Node(f"{layer.stem}12", kind)
    face = face_of(node, None, 0)
    assert face.size.width() >= metrics(12 if face.compact else 13, not face.compact).horizontalAdvance(node.name)
    assert face.size.height() % 4 == 0
    assert face.outputs == len(layer.ports.outputs)


def test_the_shape_stands_on_the_wire_where_it_changes(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    labelled = {edge.source for edge, wire in view.canvas.wires.items() if not wire.chip.isEmpty()}
    assert labelled == {"input", "conv1", "flatten1", "fc1"}


def test_thumbnails_are_drawn_and_cleared(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    qtbot.waitUntil(lambda: view.wanted_thumbnails() == {"input", "conv1", "fc1", "output"})
    before = pixels(view)
    view.set_thumbnails(picture_of(view))
    kept = {name: item.thumbnail for name, item in view.canvas.nodes.items()}
    assert isinstance(kept["conv1"], ImageThumbnail)
    assert isinstance(kept["output"], BarsThumbnail)
    assert kept["output"].best == 1
    assert kept["tanh1"] is None
    assert pixels(view) != before
    view.set_thumbnails(None)
    assert pixels(view) == before


def test_the_words_are_drawn_anew_where_the_first_picture_moves_them(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    view.zoom_to(0.5)
    qtbot.waitUntil(lambda: "conv1" in view.wanted_thumbnails())
    view.viewport().repaint()
    QCoreApplication.processEvents()  # nothing is left to be painted
    view.set_thumbnails(picture_of(view))
    QCoreApplication.processEvents()
    # Only what was painted anew has changed on the screen; a grab paints all.
    screen = view.screen().grabWindow(view.winId()).toImage()
    item = view.canvas.nodes["input"]
    words = item.rect.adjusted(0, item.face.picture_area.bottom() + 2, 0, 0)
    place = view.mapFromScene(item.mapRectToScene(words)).boundingRect()
    assert screen.copy(place) == view.grab().toImage().copy(place)


def test_a_thumbnail_goes_when_the_shape_changes(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    qtbot.waitUntil(lambda: "conv1" in view.wanted_thumbnails())
    view.set_thumbnails(picture_of(view))
    view.document.commit_graph("", edits.set_params(view.document.graph, "conv1", {"filters": 8}))
    assert view.canvas.nodes["conv1"].thumbnail is None
    assert view.canvas.nodes["input"].thumbnail is not None


def test_the_picture_of_maps_is_magma_with_gaps(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    values = np.stack([np.full((10, 10), k, np.float32) for k in range(6)])
    thumbnail = thumbnail_of(
        "conv1", view.canvas.nodes["conv1"].face, picture_of(view, activations={"conv1": values}), ()
    )
    assert isinstance(thumbnail, ImageThumbnail)
    image = thumbnail.image
    assert image.pixelColor(2, 2).name() == "#000004"  # the lowest of magma
    assert image.pixelColor(image.width() - 3, image.height() - 3).name() == "#fcfdbf"
    assert any(image.pixelColor(x, 3).alpha() == 0 for x in range(image.width()))


def test_answers_that_are_no_probabilities_are_told_as_numbers(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    face = view.canvas.nodes["output"].face
    values = np.array([3, -2, 0.5, 9], np.float32)
    thumbnail = thumbnail_of("output", face, picture_of(view, output=values), ())
    assert isinstance(thumbnail, NumbersThumbnail)
    assert thumbnail.texts == ["3", "-2", "0.5"]


def test_two_dimensional_data_are_shown_as_points(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(
        chain(Node("input", "Input", {"shape": [2]}), Node("fc1", "Linear", {"features": 3}), Node("output", "Output"))
    )
    plane = Plane((-1.0, -1.0), (1.0, 1.0), np.zeros((5, 2), np.float32), np.array([0, 1, 0, 1, 0]))
    maps = {"fc1": np.random.default_rng(0).normal(size=(3, 24, 24)).astype(np.float32)}
    qtbot.waitUntil(lambda: "fc1" in view.wanted_thumbnails())
    view.set_thumbnails(picture_of(view, plane=plane, activations=maps, output=np.zeros(3, np.float32)))
    assert isinstance(view.canvas.nodes["input"].thumbnail, PointsThumbnail)
    assert isinstance(view.canvas.nodes["fc1"].thumbnail, ImageThumbnail)
    pixels(view)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0])
def test_values_that_are_no_numbers_can_be_drawn(value: float, make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    qtbot.waitUntil(lambda: "conv1" in view.wanted_thumbnails())
    good = picture_of(view)
    spoilt = {name: np.full_like(values, value) for name, values in good.activations.items()}
    view.set_thumbnails(
        picture_of(view, activations=spoilt, output=np.full(4, value, np.float32), fitted=spoilt["input"])
    )
    pixels(view)


def test_badges_give_way_to_problems(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    view.set_badges({"conv1": ("2 saturated", "warn", "Why."), "gone": ("?", "bad", "")})
    item = view.canvas.nodes["conv1"]
    assert item.badge == "2 saturated"
    view.document.commit_graph("", edits.set_params(view.document.graph, "conv1", {"kernel_size": 99}))
    assert view.canvas.nodes["conv1"].badge == "does not fit"
    view.document.undo.undo()
    assert view.canvas.nodes["conv1"].badge == "2 saturated"
    view.set_badges({})
    assert view.canvas.nodes["conv1"].badge == ""


def test_a_number_beside_a_badge_is_whole_or_not_there(make_canvas: MakeCanvas) -> None:
    view = make_canvas(edits.set_params(classifier(), "conv1", {"filters": 4800}))
    card = view.canvas.nodes["conv1"]
    seen = set()
    for badge in ("", "dead", "saturated", "no gradient", "a word so long that nothing stands beside it"):
        card.set_health(badge, "bad", "")
        seen.add(card.footer)
    assert {"48,000 parameters", ""} <= seen <= {"48,000 parameters", "48,000", ""}


def test_what_is_not_wired_yet_is_amber_and_what_is_wrong_is_red(make_canvas: MakeCanvas) -> None:
    nodes = [Node("conv1", "Conv2d"), Node("bad1", "Conv2d", {"filters": 0}), Node("warp", "Warp9")]
    view = make_canvas(Graph.of(nodes, (), {node.name: Point(250.0 * i, 0) for i, node in enumerate(nodes)}))
    roles = {name: item.badge_role for name, item in view.canvas.nodes.items()}
    assert roles == {"conv1": "warn", "bad1": "bad", "warp": "bad"}


def test_from_afar_less_is_drawn_and_no_picture_is_wanted(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    qtbot.waitUntil(lambda: bool(view.wanted_thumbnails()))
    with qtbot.waitSignal(view.visible_nodes_changed):
        view.zoom_to(0.2)
    assert view.canvas.detail == FAR
    assert view.wanted_thumbnails() == frozenset()
    with qtbot.waitSignal(view.visible_nodes_changed):
        view.fit()
    assert view.canvas.detail == NEAR
    assert view.wanted_thumbnails()


def test_what_is_scrolled_out_of_sight_is_not_wanted(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(classifier())
    view.zoom_to(2.0)
    view.centerOn(view.canvas.nodes["input"].box().center())
    qtbot.waitUntil(lambda: "input" in view.wanted_thumbnails() and "output" not in view.wanted_thumbnails())


def test_zooming_keeps_the_point_under_the_mouse(view: CanvasView) -> None:
    spot = QPointF(300, 200)
    before = view.mapToScene(spot.toPoint())
    view.zoom_to(2.0, spot)
    after = view.mapToScene(spot.toPoint())
    assert (after - before).manhattanLength() < 2
    assert view.zoom() == 2.0


def test_fit_shows_the_whole_network(view: CanvasView) -> None:
    view.zoom_to(4.0)
    view.fit()
    assert view.visible_area().contains(view.canvas.network_rect())


def test_selection_goes_both_ways(view: CanvasView, hand: Hand) -> None:
    view.document.select(["fc1"])
    assert view.canvas.nodes["fc1"].chosen
    hand.click(hand.body("conv1"))
    assert view.document.selection == ("conv1",)
    check_items(view)


def test_opening_another_document_replaces_the_items(view: CanvasView) -> None:
    from builder.graph.model import Network
    from builder.project.document import Project

    view.document.open(Project(network=Network(classifier())), None)
    check_items(view)
    view.document.open(Project(), None)
    assert not view.canvas.nodes
    pixels(view)


def test_a_skip_rises_over_the_cards_between(make_canvas: MakeCanvas) -> None:
    graph = chain(Node("input", "Input"), Node("conv1", "Conv2d"), Node("conv2", "Conv2d"), Node("add1", "Add"))
    view = make_canvas(edits.connect(graph, Edge("input", "add1", 0, 1)))
    top = view.canvas.wires[Edge("input", "add1", 0, 1)].path.boundingRect().top()
    assert top < view.canvas.nodes["conv1"].box().top()


def test_both_themes_are_drawn_in_their_own_colours(view: CanvasView) -> None:
    try:
        theme().choose("dark")
        dark = pixels(view)
        theme().choose("light")
        light = pixels(view)
    finally:
        theme().choose("dark")
    assert dark.pixelColor(5, 5).lightness() < 60 < 200 < light.pixelColor(5, 5).lightness()


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_the_network_is_saved_as_a_picture(ending: str, view: CanvasView, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    view.render_to(path)
    start = path.read_bytes()[:200]
    assert {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[ending] in start
    if ending == "svg":
        assert "conv1" in path.read_text("utf-8")


def test_a_picture_of_no_known_format_is_refused(view: CanvasView, tmp_path: Path) -> None:
    with pytest.raises(ProblemError):
        view.render_to(tmp_path / "net.doc")


def test_the_output_is_recognised_by_its_role(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    assert view.canvas.nodes["output"].face.role is Role.OUTPUT


def test_a_wire_that_turns_back_runs_clear_of_branches(make_canvas: MakeCanvas) -> None:
    nodes = [Node("source", "Conv2d"), Node("target", "Conv2d"), Node("a", "Conv2d"), Node("b", "Conv2d")]
    places = {"source": Point(800, 0), "target": Point(0, 300), "a": Point(240, 180), "b": Point(500, 180)}
    graph = Graph.of(nodes, [Edge("source", "target")], places)
    canvas = make_canvas(graph).canvas
    wire = canvas.wires[graph.edges[0]]
    assert not any(wire.shape().intersects(canvas.nodes[name].box()) for name in ("a", "b"))
    apart = make_canvas(edits.move(graph, {"a": Point(240, 900), "b": Point(500, 900)})).canvas
    assert apart.wires[graph.edges[0]].shape() != wire.shape()  # where nothing is in its way


def test_what_does_not_fit_is_seen_from_afar_even_where_there_is_no_card(make_canvas: MakeCanvas) -> None:
    nodes = [
        Node("input", "Input", {"shape": [1, 16, 16]}),
        Node("conv1", "Conv2d", {"filters": 8, "stride": 2}),
        Node("add1", "Add"),
    ]
    wires = [Edge("input", "conv1"), Edge("conv1", "add1"), Edge("input", "add1", 0, 1)]
    view = make_canvas(Graph.of(nodes, wires))
    view.zoom_to(0.15)
    assert view.canvas.detail == FAR
    seen = view.viewport().grab().toImage()
    place = view.mapFromScene(view.canvas.nodes["add1"].box().center())
    assert seen.pixelColor(place) == theme().color("bad")
