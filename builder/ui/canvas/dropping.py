"""Dropping a layer from the palette onto the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.ui.canvas.gesture import SNAP
from builder.ui.canvas.scene import CanvasScene
from builder.ui.canvas.wires import WireItem

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView


class DropLayer:
    """A layer dragged from the palette over the canvas: a ghost of its card, and the wire that it would go onto."""

    def __init__(self, view: CanvasView, kind: str) -> None:
        self.kind = kind
        self._view = view
        self._scene = view.canvas
        self._size = view.editing.size_for_kind(kind)
        self._ghost = _Ghost(view.canvas, self._size)
        self._scene.addItem(self._ghost)
        self._may_insert = view.editing.can_insert(kind)
        self._onto: WireItem | None = None

    def move(self, place: QPointF) -> None:
        """The mouse is here."""
        self._onto = self._scene.wire_at(place) if self._may_insert else None
        self._ghost.stand(self._onto.seat(place, self._size) if self._onto is not None else place)
        self._scene.mark(self._onto)

    def drop(self, place: QPointF) -> None:
        """Let go: add the layer, on the wire below if there is one."""
        self.move(place)
        onto = self._onto.edge if self._onto is not None else None
        self.cancel()
        if onto is not None:
            name = self._view.editing.insert(self.kind, onto, place)
        else:
            name = self._view.editing.add(self.kind, place, place)
        self._view.reveal(name)  # it may have found room elsewhere only

    def cancel(self) -> None:
        """The drag left the canvas."""
        self._scene.mark(None)
        self._scene.removeItem(self._ghost)


class _Ghost(QGraphicsItem):
    """The outline of a card that is not there yet."""

    def __init__(self, scene: CanvasScene, size: QSizeF) -> None:
        super().__init__()
        self._scene = scene
        self._rect = QRectF(-size.width() / 2, -size.height() / 2, size.width(), size.height())
        self.setZValue(8)

    def stand(self, place: QPointF) -> None:
        """Stand centred at a point."""
        self.setPos(round(place.x() / SNAP) * SNAP, round(place.y() / SNAP) * SNAP)

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        ink = self._scene.ink
        painter.setOpacity(0.7)
        painter.setBrush(ink.card_brush)
        painter.setPen(ink.pens["accent"])
        radius = min(8.0, self._rect.height() / 2)
        painter.drawRoundedRect(self._rect, radius, radius)
