"""What a card and a pill say when the network is seen from half-way: less of it, in larger letters.

Made once for a face, and only when it is painted. Knows nothing of items.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QStaticText

from builder.ui.canvas.face import PICTURE_HEIGHT, PICTURE_TOP, Face
from builder.ui.canvas.ink import Ink
from builder.ui.canvas.texts import advance, elided, parts_within, static
from builder.ui.theme import font

_NAMES = (24, 21, 18)  # text sizes: the largest in which the text fits
_WORDS = (20, 18, 16)
_PILLS = (20, 18, 16, 14)
_EDGE = 10.0  # left and right of the text
_LINES = 3
_FLAGS = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True)
class _Line:
    """Text in a size, laid out."""

    text: QStaticText
    size: int
    bold: bool = False

    def paint(self, painter: QPainter, y: float) -> None:
        painter.setFont(_font(self.size, self.bold))
        painter.drawStaticText(QPointF(_EDGE + 2, y), self.text)


class Midway:
    """The texts of one card, or of a pill."""

    def __init__(self, face: Face) -> None:
        room = face.size.width() - 2 * _EDGE
        if face.compact:
            self._pill = next((s for s in _PILLS if advance(face.name, s, True) <= room), _PILLS[-1])
            return
        self._name = _line(face.name, _NAMES, room, bold=True)
        # Below a picture there is room for what the layer is, without a picture for its numbers too.
        self._below = _line(parts_within(face.headline, _WORDS[-1], room), _WORDS, room)
        size = next((s for s in _WORDS if len(_broken(face.headline, s, room)) <= _LINES), _WORDS[-1])
        lines = [elided(line, size, room) for line in _broken(face.headline, size, room)[:_LINES]]
        self._lines = tuple(_Line(static(line), size) for line in lines)

    def paint_card(self, painter: QPainter, ink: Ink, pictured: bool) -> None:
        """Name and headline; the latter below the picture where there is one."""
        painter.setPen(ink.text)
        self._name.paint(painter, 8)
        painter.setPen(ink.muted)
        if pictured:
            self._below.paint(painter, PICTURE_TOP + PICTURE_HEIGHT + 2)
            return
        for number, line in enumerate(self._lines):
            line.paint(painter, PICTURE_TOP + number * (line.size + 8))

    def paint_pill(self, painter: QPainter, ink: Ink, area: QRectF, name: str) -> None:
        """The name, as large as the pill allows."""
        painter.setPen(ink.text)
        painter.setFont(_font(self._pill, True))
        painter.drawText(area, _FLAGS, name)


@lru_cache(maxsize=16)
def _font(size: int, bold: bool) -> QFont:
    return font(size, bold=bold)


def _line(text: str, sizes: tuple[int, ...], room: float, *, bold: bool = False) -> _Line:
    """The text in the largest of these sizes in which it fits; shortened where it fits in none."""
    size = next((size for size in sizes if advance(text, size, bold) <= room), sizes[-1])
    return _Line(static(elided(text, size, room, bold=bold)), size, bold)


def _broken(text: str, size: int, room: float) -> list[str]:
    """The text in lines, broken between words."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and advance(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
