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

_BESIDE = 160.0  # pixels between two labels of a value that runs twice at a height, of which one is enough
_EVERYWHERE = QRectF(-5e5, -5e5, 1e6, 1e6)  # so that it is painted whenever a wire is


class Labels(QGraphicsItem):
    """Stands between the wires and the cards, and paints the labels of the wires that were painted right before it.

    So nothing is searched, and a label costs what it does when its wire paints it. One value that goes two ways side by
    side is labelled once.
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
        rows: dict[int, list[WireItem]] = {}  # what is written, by height: only neighbours can be in the way
        for wire in sorted(due, key=lambda wire: not (wire.chosen or wire.marked)):
            row = int(wire.chip.center().y() // wire.chip.height())
            near = (other for level in (row - 1, row, row + 1) for other in rows.get(level, ()))
            if not any(_is_enough(other, wire) for other in near):
                rows.setdefault(row, []).append(wire)
                wire.paint_label(painter)


def _is_enough(written: WireItem, wire: WireItem) -> bool:
    """Whether what one wire says stands for another: it lies over its place, or tells the same value beside it."""
    if written.chip.intersects(wire.chip):
        return True
    one, other = written.edge, wire.edge
    beside = written.chip.adjusted(-_BESIDE, 0, _BESIDE, 0).intersects(wire.chip)
    return beside and (one.source, one.source_port) == (other.source, other.source_port)
