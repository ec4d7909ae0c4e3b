"""How a gradient is drawn on a card, which way the arrows on the wires point, and where it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from builder.graph import edits
from builder.graph.model import Point
from builder.inspect.backward import Backward
from builder.train.messages import Way
from builder.ui.canvas.passing import Passing
from builder.ui.canvas.thumbnails import ImageThumbnail, thumbnail_of
from builder.ui.canvas.view import CanvasView
from builder.ui.theme import theme
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.test_cards import classifier, picture_of


def test_a_gradient_is_drawn_around_zero_in_place_of_the_value(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    values = np.zeros((6, 10, 10), np.float32)
    values[0], values[5] = -1.0, 0.5
    gradients = {"conv1": values, "input": values[:1], "fc1": np.array([0.25, -0.5], np.float32)}
    picture = replace(picture_of(view), backward=Backward(gradients=gradients))

    def drawn(name: str) -> QImage:
        thumbnail = thumbnail_of(name, view.canvas.nodes[name].face, picture, ())
        assert isinstance(thumbnail, ImageThumbnail)
        return thumbnail.image

    image = drawn("conv1")
    assert image.pixelColor(2, 2).name() == "#053061"
    assert image.pixelColor(image.width() // 2, 2).name() in ("#fffefe", "#ffffff", "#fefefe", "#fffefd")
    red = image.pixelColor(image.width() - 3, image.height() - 3)
    assert red.red() > red.blue() + 50
    assert drawn("input").pixelColor(2, 2).name() == "#053061"
    assert drawn("fc1").pixelColor(2, 2).red() > drawn("fc1").pixelColor(2, 2).blue()
    theme().choose("light")  # white on white is edged
    view.set_thumbnails(replace(picture, backward=Backward(gradients={"conv1": values * 0})))
    item = view.canvas.nodes["conv1"]
    place = view.mapFromScene(item.mapRectToScene(item.face.picture_area)).boundingRect()
    shot = view.grab().toImage().copy(place)
    assert len({shot.pixel(x, y) for x in range(shot.width()) for y in range(shot.height())}) > 1
    theme().choose("dark")


@pytest.mark.parametrize("way", Way)
def test_arrows_point_the_way(make_canvas: MakeCanvas, way: Way) -> None:
    view = make_canvas(classifier())
    (edge,) = (edge for edge in view.canvas.wires if edge.source == "conv1")
    wire = view.canvas.wires[edge]

    def around(end: int) -> QImage:
        spot = view.mapFromScene(wire.mapToScene(wire.ends[end]))
        return view.grab().toImage().copy(QRect(spot.x() + (-16 if end else 6), spot.y() - 5, 10, 3))  # off the line

    before = around(0), around(1)
    view.canvas.show_way(way)
    pointed = 1 if way is Way.FORWARD else 0
    assert around(pointed) != before[pointed]
    assert around(1 - pointed) == before[1 - pointed]
    view.canvas.show_way(way, frozenset({"conv1"}))
    assert (around(0), around(1)) == before
    view.canvas.show_way(None)
    assert (around(0), around(1)) == before


def test_it_stands_where_no_card_is_and_lets_the_mouse_through(make_canvas: MakeCanvas) -> None:
    view = make_canvas(classifier())
    told = Passing(view)
    told.tell(Way.BACKWARD)
    assert told.isVisible()
    assert view.rect().contains(told.geometry())
    assert told.width() == told.sizeHint().width()
    assert not covered(view, told)
    bottom = told.geometry()
    view.centerOn(view.mapToScene(0, view.height() - bottom.bottom()))
    lower = view.mapToScene(bottom.center())
    view.document.commit_graph("", edits.move(view.document.graph, {"fc1": Point(lower.x(), lower.y())}))
    told.tell(None)
    assert not told.isVisible()
    told.tell(Way.FORWARD)
    assert not covered(view, told)
    view.resize(420, 300)
    told.tell(Way.BACKWARD)
    assert view.rect().contains(told.geometry())
    assert view.childAt(told.geometry().center()) is not told


def covered(view: CanvasView, told: Passing) -> bool:
    return bool(view.canvas.nodes_in(view.mapToScene(told.geometry()).boundingRect()))
