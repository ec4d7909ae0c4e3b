"""What lies behind the network: the grid of dots, and on an empty canvas, how to begin."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QPushButton, QWidget

from builder.ui.canvas.ink import Ink
from builder.ui.theme import font

_SPACING = 24.0


def paint_dots(painter: QPainter, area: QRectF, zoom: float, ink: Ink) -> None:
    """The canvas colour and its dots, so wide apart that there are never more than a few thousand."""
    painter.fillRect(area, ink.canvas)
    smooth = painter.testRenderHint(QPainter.RenderHint.Antialiasing)
    spacing = _SPACING
    while spacing * zoom < 18:
        spacing *= 2
    left, top = math.floor(area.left() / spacing), math.floor(area.top() / spacing)
    right, bottom = math.ceil(area.right() / spacing), math.ceil(area.bottom() / spacing)
    pen = QPen(ink.dot, 2)
    pen.setCosmetic(True)
    painter.setPen(pen)
    # Smooth points would cost more than the whole network.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.translate(left * spacing, top * spacing)
    painter.drawPoints(_grid(right - left + 1, bottom - top + 1, spacing))
    painter.translate(-left * spacing, -top * spacing)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)


@lru_cache(maxsize=16)
def _grid(columns: int, rows: int, spacing: float) -> QPolygonF:
    # While one pans, only a few counts of columns and rows come up.
    return QPolygonF([QPointF(x * spacing, y * spacing) for y in range(rows) for x in range(columns)])


class Invitation(QPushButton):
    """How to begin, in the middle of an empty canvas: the words are painted, the button offers ready networks."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__("Choose a network…", canvas)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    def place(self, area: QRect, *, empty: bool) -> None:
        """Stand below the words where the canvas covers `area`; be gone unless it is `empty`."""
        self.setVisible(empty)
        size = self.sizeHint()
        box = _invitation(area)
        self.setGeometry(round(box.center().x()) - size.width() // 2, round(box.bottom()) - 46, *size.toTuple())


def _invitation(area: QRect) -> QRectF:
    middle = QPointF(area.center())
    box = QRectF(middle.x() - 150, middle.y() - 80, 300, 160)
    return box.intersected(QRectF(area).adjusted(8, 8, -8, -8))


def paint_invitation(widget: QWidget, ink: Ink) -> None:
    """The words on an empty canvas, with room for the button below them."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = _invitation(widget.rect())
    painter.setPen(ink.dashed)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 10, 10)
    lines = (
        (font(14, bold=True), ink.text, "An empty canvas"),
        (font(12), ink.muted, "Drag an Input here from the list of layers,"),
        (font(12), ink.muted, "or press Tab and type a layer's name."),
    )
    y = box.y() + 30
    for face, colour, text in lines:
        painter.setFont(face)
        painter.setPen(colour)
        painter.drawText(QRectF(box.x(), y - 10, box.width(), 24), Qt.AlignmentFlag.AlignCenter, text)
        y += 26
    painter.end()
