"""The figures of a small matrix, written into its cells. Painting only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from builder.inspect.picture import Floats
from builder.ui.theme import font
from builder.ui.views.paint import figure

_INK, _PAPER = QColor(20, 22, 28), QColor(255, 255, 255)
_FULL = 0.55  # of the largest weight: from here on the colours are too dark for dark figures
_SIZES = (15, 13, 11, 9)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Writes each value into its cell, and what its column stands for above it. An overlay of a mosaic.

    Attributes:
        values: (rows, columns).
        heads: names of the columns.
        reach: the value with the darkest colours.
        apart: how many of the last columns are set apart by a line.
        ratio: pixels of the screen for one of the window.
    """

    values: Floats
    heads: tuple[str, ...]
    reach: float
    apart: int = 0
    ratio: float = 1.0

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Numbers)
            and (self.heads, self.reach, self.apart, self.ratio) == (other.heads, other.reach, other.apart, other.ratio)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def size_for(self, width: float, height: float) -> int | None:
        """Size of the figures in cells of this size, in pixels of the window; None where none is small enough.

        In narrow cells, they are rounded further; in low ones, they stand alone: what a column stands for has no room
        above them.
        """
        for short in (False, True):
            for lines in (2, 1):
                for size in _SIZES:
                    if _fits(size, width, short=short) and lines * _line(size) <= height:
                        return size
        return None

    def __call__(self, size: QSize) -> QImage:
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        rows, columns = self.values.shape
        width, height = size.width() / self.ratio / columns, size.height() / self.ratio / rows
        chosen = self.size_for(width, height)
        if chosen is None:
            return image
        headed, short = 2 * _line(chosen) <= height, not _fits(chosen, width, short=False)
        crowded = headed and height < _line(chosen) + 2 * (3 + _line(max(9, chosen - 3)))  # one would touch the other
        painter = QPainter(image)
        painter.scale(self.ratio, self.ratio)
        for row in range(rows):
            for column in range(columns):
                value = float(self.values[row, column])
                cell = QRectF(column * width, row * height, width, height)
                painter.setPen(_PAPER if abs(value) > _FULL * self.reach else _INK)
                painter.setFont(font(chosen, mono=True))
                below = cell.adjusted(0, _line(max(9, chosen - 3)), 0, 0) if row == 0 and crowded else cell
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _short(value) if short else figure(value, 2))
                if row == 0 and headed:
                    painter.setFont(font(max(9, chosen - 3)))
                    above = cell.adjusted(2, 0, -2, 0) if crowded else cell.adjusted(4, 3, -2, 0)
                    painter.drawText(above, Qt.AlignmentFlag.AlignTop, self.heads[column])
        if self.apart:
            painter.setPen(QPen(_INK, 2))
            edge = (columns - self.apart) * width
            painter.drawLine(round(edge), 0, round(edge), round(rows * height))
        painter.end()
        return image


def _line(size: int) -> float:
    return QFontMetricsF(font(size, mono=True)).height()


def _fits(size: int, width: float, *, short: bool) -> bool:
    """Whether any weight is narrow enough, so that the figures do not change their size while they learn."""
    widest, around = ("−.00", 2) if short else ("−0.000", 4)
    return QFontMetricsF(font(size, mono=True)).horizontalAdvance(widest) + around <= width


def _short(value: float) -> str:
    """A number in four characters, without the 0 before the point: "−.25", "8.9", "−13"."""
    if not np.isfinite(value):
        return "–"
    digits = 2 if abs(value) < 0.995 else 1 if abs(value) < 9.95 else 0
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return "0"
    return f"{'−' if value < 0 else ''}{text.removeprefix('0')}"
