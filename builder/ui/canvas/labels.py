"""The shapes on the wires, written above all wires: one that runs at the height of another would strike them through.

Knows nothing of where wires run. What hangs on the mouse writes its own labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

if TYPE_CHECKING:
    from builder.ui.canvas.wires import WireItem

_EVERYWHERE = QRectF(-5e5, -5e5, 1e6, 1e6)  # so that it is painted whenever a wire is


class Labels(QGraphicsItem):
    """Stands between the wires and the cards, and paints the labels of the wires that were painted right before it.

    So nothing is searched, and a label costs what it does when its wire paints it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._due: list[WireItem] = []
        self.setZValue(0.5)

    def add(self, wire: WireItem) -> None:
        """Write the label of a wire as soon as all wires are drawn."""
        self._due.append(wire)

    def boundingRect(self) -> QRectF:
        return _EVERYWHERE

    def shape(self) -> QPainterPath:
        return QPainterPath()  # what lies beneath is what the mouse means

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        due, self._due = self._due, []
        for wire in due:
            wire.paint_label(painter)
