"""Names at the ends of lines: where they stand so that none covers another. Painting alone; knows no plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from builder.ui.theme import font, theme

HEIGHT = 14  # pixels of a name in the usual text
TEXT = 11
GAP = 6  # between the end of a line and its name


@dataclass(frozen=True)
class End:
    """The end of a line.

    Attributes:
        name: of the line.
        role: of the theme: its colour.
        at: where the line ends, in pixels.
    """

    name: str
    role: str
    at: QPointF


def places(ends: Sequence[End], widths: Sequence[int], area: QRectF, tall: float = HEIGHT) -> list[QRectF]:
    """A box for each name, within `area`: right of the end where there is room, otherwise above the line.

    Names that would cover each other are moved apart, as little as is needed and in the order of their lines.

    Args:
        tall: height of a name in pixels.
    """
    boxes = []
    for end, width in zip(ends, widths, strict=True):
        beside = end.at.x() + GAP + width <= area.right()
        left = end.at.x() + GAP if beside else max(area.left(), area.right() - width - 2)
        top = end.at.y() - tall / 2 if beside else end.at.y() - tall - 2
        boxes.append(QRectF(left, min(max(top, area.top()), area.bottom() - tall), width, tall))
    order = sorted(range(len(boxes)), key=lambda index: boxes[index].top())
    for place, index in enumerate(order):  # downwards, out of the way of those above
        for other in order[:place]:
            if boxes[index].intersects(boxes[other]):
                boxes[index].moveTop(boxes[other].bottom())
    floor = area.bottom()
    for index in sorted(order, key=lambda index: -boxes[index].top()):  # and up again from the floor
        if boxes[index].bottom() <= floor:
            break
        boxes[index].moveBottom(floor)
        floor = boxes[index].top()
    return boxes


def paint(painter: QPainter, ends: Sequence[End], area: QRectF, size: int = TEXT) -> None:
    """Write the names, each in the colour of its line and on a little of the panel's colour."""
    metrics = QFontMetrics(font(size, bold=True))
    most = int(area.width() * 0.6)
    words = [metrics.elidedText(end.name, Qt.TextElideMode.ElideMiddle, most) for end in ends]
    painter.setFont(font(size, bold=True))
    widths = [metrics.horizontalAdvance(name) + 4 for name in words]
    for end, name, box in zip(ends, words, places(ends, widths, area, HEIGHT * size / TEXT), strict=True):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("panel", 0.78))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme().color(end.role))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
