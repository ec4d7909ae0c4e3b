"""Which gesture a press begins, and the plain ones: shift the view, push a button, stretch a band, pick a wire.

`begin` gives each kind of gesture first refusal on a press, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.ui.canvas.connecting import Connect
from builder.ui.canvas.gesture import Gesture, Pointer
from builder.ui.canvas.moving import Move, Resize
from builder.ui.canvas.scene import CanvasScene
from builder.ui.canvas.wires import WireItem

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView


def begin(view: CanvasView, at: Pointer, button: Qt.MouseButton, *, hand: bool) -> Gesture | None:
    """The gesture that a press starts; None when it means nothing.

    Args:
        hand: whether the space bar is held.
    """
    if button == Qt.MouseButton.MiddleButton or (hand and button == Qt.MouseButton.LeftButton):
        return Pan(view, at)
    if button != Qt.MouseButton.LeftButton:
        return None
    hit = view.canvas.hit(at.place, view.reach())
    if hit.node is not None and hit.port is not None:
        return Connect(view, at, hit.node.name, hit.port)
    if hit.node is not None and hit.part in ("fix", "badge"):
        return Press(view, at, hit.node.name, hit.part)
    if hit.node is not None:
        return Move(view, at, hit.node.name)
    if hit.comment is not None and hit.part == "grip":
        return Resize(view, at, hit.comment.name)
    if hit.wire is not None:
        return PickWire(view, at, hit.wire)
    if hit.comment is not None:
        return Move(view, at, comment=hit.comment.name)
    return RubberBand(view, at)


class Pan(Gesture):
    """Shift the view with the hand."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: CanvasView, at: Pointer) -> None:
        super().__init__(view, at)
        self._from = (view.horizontalScrollBar().value(), view.verticalScrollBar().value())

    def move(self, at: Pointer) -> None:
        way = at.spot - self.start.spot
        self.view.horizontalScrollBar().setValue(self._from[0] - way.x())
        self.view.verticalScrollBar().setValue(self._from[1] - way.y())

    def cancel(self) -> None:
        self.view.horizontalScrollBar().setValue(self._from[0])
        self.view.verticalScrollBar().setValue(self._from[1])


class Press(Gesture):
    """Push the button that offers a fix, or the badge."""

    def __init__(self, view: CanvasView, at: Pointer, name: str, part: str) -> None:
        super().__init__(view, at)
        self._name, self._part = name, part

    @property
    def gone(self) -> bool:
        return self._name not in self.scene.nodes

    def click(self, at: Pointer) -> None:
        if self._part == "fix":
            self.view.take_fix(self._name)
        else:
            self.view.explain(self._name)


class _Band(QGraphicsItem):
    """The rubber band."""

    def __init__(self, scene: CanvasScene) -> None:
        super().__init__()
        self._scene = scene
        self._area = QRectF()
        self.setZValue(9)

    def set_area(self, area: QRectF) -> None:
        """Stretch it."""
        self.prepareGeometryChange()
        self._area = area

    def boundingRect(self) -> QRectF:
        return self._area.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        accent = self._scene.ink.accent
        painter.setPen(accent)
        faint = accent.toRgb()
        faint.setAlphaF(0.12)
        painter.setBrush(faint)
        painter.drawRect(self._area)


class RubberBand(Gesture):
    """Select what a stretched rectangle touches."""

    def __init__(self, view: CanvasView, at: Pointer) -> None:
        super().__init__(view, at)
        document = view.document
        self._before = (document.selection, document.chosen_comments) if at.adds else ((), ())
        self._band: _Band | None = None
        self._names = self._before

    def move(self, at: Pointer) -> None:
        if self._band is None:
            self._band = _Band(self.scene)
            self.scene.addItem(self._band)
        area = QRectF(self.start.place, at.place).normalized()
        self._band.set_area(area)
        nodes, comments = self._before
        self._names = (*nodes, *self.scene.nodes_in(area)), (*comments, *self.scene.comments_in(area))
        self.scene.show_chosen(*self._names)

    def release(self, at: Pointer) -> None:
        self._remove()
        self.scene.choose_wires(())
        self.view.document.select(*self._names)

    def click(self, at: Pointer) -> None:
        if not at.adds:
            self.scene.choose_wires(())
            self.view.document.select(())

    def cancel(self) -> None:
        self._remove()
        self.scene.show_chosen(self.view.document.selection, self.view.document.chosen_comments)

    def _remove(self) -> None:
        if self._band is not None:
            self.scene.removeItem(self._band)
            self._band = None


class PickWire(Gesture):
    """Select a wire."""

    def __init__(self, view: CanvasView, at: Pointer, wire: WireItem) -> None:
        super().__init__(view, at)
        self._edge = wire.edge

    def click(self, at: Pointer) -> None:
        chosen = self.scene.chosen_wires
        if at.adds:
            self.scene.choose_wires(chosen ^ {self._edge})
        else:
            self.view.document.select(())
            self.scene.choose_wires({self._edge})
