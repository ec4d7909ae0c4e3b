"""What cards say from half-way: larger letters, whole parts of the headline, nothing beside the card."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builder.graph.model import Graph, Node
from builder.ui.canvas.face import MIDDLE, face_of
from builder.ui.canvas.midway import Midway, _broken
from builder.ui.canvas.texts import metrics, parts_within
from builder.ui.canvas.view import CanvasView
from tests.ui.canvas.hand import chain

MakeCanvas = Callable[[Graph], CanvasView]


def test_a_headline_that_is_too_long_loses_whole_parts(make_canvas: MakeCanvas) -> None:
    make_canvas(Graph())
    text = "Conv 7×7, 64, stride 2, pad 3"

    def room(words: str) -> float:
        return metrics(11).horizontalAdvance(words)

    assert parts_within(text, 11, room(text)) == text
    assert parts_within(text, 11, room(text) - 1) == "Conv 7×7, 64, stride 2 …"
    assert parts_within(text, 11, room("Conv 7×7, 64 …")) == "Conv 7×7, 64 …"
    assert parts_within(text, 11, 5) == "Conv 7×7 …"


@pytest.mark.parametrize("room", [20.0, 90.0, 400.0])
def test_lines_hold_every_word_once(room: float, make_canvas: MakeCanvas) -> None:
    make_canvas(Graph())
    text = "Conv 7×7, 64 in 2 groups, stride 2"
    lines = _broken(text, 18, room)
    assert " ".join(lines) == text
    assert all(" " not in line or metrics(18).horizontalAdvance(line) <= room for line in lines)


@pytest.mark.parametrize("name", ["x", "a_very_long_name_of_a_layer"])
@pytest.mark.parametrize("kind", ["Conv2d", "Linear", "ReLU", "Input"])
def test_the_texts_stay_on_the_card(name: str, kind: str, make_canvas: MakeCanvas) -> None:
    make_canvas(Graph())
    face = face_of(Node(name, kind), None, 0)
    midway = Midway(face)
    if face.compact:
        assert metrics(midway._pill, True).horizontalAdvance(name) <= face.size.width()
        return
    for line in (midway._name, midway._below, *midway._lines):
        assert metrics(line.size, line.bold).horizontalAdvance(line.text.text()) <= face.size.width()


def test_it_is_painted_from_half_way_only(make_canvas: MakeCanvas) -> None:
    view = make_canvas(
        chain(Node("input", "Input", {"shape": [1, 12, 12]}), Node("conv1", "Conv2d"), Node("r", "ReLU"))
    )
    view.zoom_to(1.0)
    view.grab()
    assert view.canvas.nodes["conv1"]._midway is None
    view.zoom_to(0.5)
    view.grab()
    assert view.canvas.detail == MIDDLE
    assert view.canvas.nodes["conv1"]._midway is not None


def test_shapes_stand_on_wires_from_half_way_too_as_large_as_the_other_words(make_canvas: MakeCanvas) -> None:
    view = make_canvas(chain(Node("input", "Input", {"shape": [1, 12, 12]}), Node("conv1", "Conv2d")))
    (wire,) = view.canvas.wires.values()
    view.zoom_to(1.0)
    near = wire.chip
    view.zoom_to(0.5)
    assert view.canvas.detail == MIDDLE
    assert wire.chip.height() * 0.5 > 0.8 * near.height()
    assert wire.boundingRect().contains(wire.chip)
    chip = view.mapFromScene(wire.chip.adjusted(8, 4, -8, -4)).boundingRect()
    image = view.viewport().grab(chip).toImage()
    shades = {image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height())}
    assert max(shades) - min(shades) > 60  # something is written there
