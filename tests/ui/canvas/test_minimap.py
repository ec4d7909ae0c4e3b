"""The network in the corner: what a click and a drag on it do to the view."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from builder.graph.model import Graph, Node
from builder.ui.canvas.view import CanvasView
from tests.ui.canvas.hand import chain

MakeCanvas = Callable[[Graph], CanvasView]

NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


@pytest.fixture
def wide(make_canvas: MakeCanvas) -> CanvasView:
    """A view of the middle of a row that is far longer than the view."""
    layers = [Node(f"conv{number}", "Conv2d", {"padding": 1}) for number in range(20)]
    view = make_canvas(chain(Node("input", "Input"), *layers))
    view.zoom_to(1.0)
    view.centerOn(view.canvas.network_rect().center())
    view.minimap.grab()  # it measures the network as it is painted
    return view


def middle(view: CanvasView) -> QPointF:
    return view.visible_area().center()


def drag(view: CanvasView, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(view.minimap, LEFT, NONE, start)
    QTest.mouseMove(view.minimap, end)
    QTest.mouseRelease(view.minimap, LEFT, NONE, end)


def test_a_click_brings_the_view_there(wide: CanvasView) -> None:
    QTest.mouseClick(wide.minimap, LEFT, NONE, QPoint(12, wide.minimap.height() // 2))
    left = wide.canvas.network_rect().left()
    assert left <= middle(wide).x() < left + wide.visible_area().width()


def test_the_frame_is_dragged_from_where_it_is_touched(wide: CanvasView) -> None:
    before, held = middle(wide), wide.minimap.rect().center() + QPoint(10, 0)
    QTest.mousePress(wide.minimap, LEFT, NONE, held)
    assert (middle(wide) - before).manhattanLength() < 4
    QTest.mouseRelease(wide.minimap, LEFT, NONE, held)
    drag(wide, held, held + QPoint(30, 0))
    along = wide.canvas.network_rect().width() / (wide.minimap.width() - 16) * 30
    assert middle(wide).x() - before.x() == pytest.approx(along, rel=0.1)
    assert middle(wide).y() == pytest.approx(before.y(), abs=4)


@pytest.mark.parametrize("far", [QPoint(-900, -700), QPoint(900, 700)])
def test_a_drag_does_not_lead_off_the_network(wide: CanvasView, far: QPoint) -> None:
    drag(wide, wide.minimap.rect().center(), far)
    assert wide.canvas.network_rect().adjusted(-2, -2, 2, 2).contains(middle(wide))


def test_other_buttons_leave_the_view_alone(wide: CanvasView) -> None:
    before = middle(wide)
    QTest.mouseClick(wide.minimap, Qt.MouseButton.RightButton, NONE, QPoint(12, 30))
    assert middle(wide) == before
