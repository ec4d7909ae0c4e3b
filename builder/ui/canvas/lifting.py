"""What the mouse has taken up: one item that carries nodes and the wires among them, so that a step moves one thing.

A thousand items that are moved one by one cost several frames; those on a carrier keep their own places, and the scene
shifts them all at once. They stand where they are seen when they are put down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

if TYPE_CHECKING:
    from builder.ui.canvas.scene import CanvasScene


class Lifted(QGraphicsItem):
    """Nodes in the hand. Wires that lead from them to others are led anew at each step.

    Attributes:
        names: the nodes; inner: the wires among them.
    """

    def __init__(self, scene: CanvasScene, names: Iterable[str]) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setZValue(2)
        self._canvas = scene
        self.names = frozenset(names)
        edges = scene.edges_of(self.names)
        self.inner = frozenset(e for e in edges if e.source in self.names and e.target in self.names)
        self._outer = edges - self.inner
        self._nodes = [scene.nodes[name] for name in self.names if name in scene.nodes]
        self._wires = [scene.wires[edge] for edge in self.inner if edge in scene.wires]
        scene.addItem(self)
        for item in (*self._nodes, *self._wires):
            item.setParentItem(self)

    def shift(self, dx: float, dy: float) -> None:
        """Hold them so far right and down of where they stood."""
        self.setPos(dx, dy)
        self._canvas.route(self._outer)

    def put_down(self) -> None:
        """Let them stand where they are now, and be no more. What was removed meanwhile stays away."""
        by = self.pos()
        for item in self._nodes:
            if item.parentItem() is self:
                item.setParentItem(None)  # type: ignore[arg-type]
                item.setPos(item.pos() + by)
        for wire in self._wires:
            if wire.parentItem() is self:
                wire.setParentItem(None)  # type: ignore[arg-type]
                wire.shift(by)
        self._canvas.removeItem(self)

    def boundingRect(self) -> QRectF:
        return QRectF()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        pass
