"""The values of a map, written into its cells where these are large: to work them out by hand. Painting only."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from builder.inspect.picture import Floats
from builder.ui.theme import font
from builder.ui.views.colour import Pixels

_INK, _PAPER = QColor(20, 22, 28), QColor(255, 255, 255)
_SIZES = (32, 26, 20, 17, 15, 13, 11)
_MOST_DIGITS = 4  # behind the point; smaller values are told by pointing at them


def paint_digits(painter: QPainter, tile: QRectF, values: Floats, pixels: Pixels) -> None:
    """Write values (height, width) over their coloured cells, which fill the tile; all alike, or none."""
    height, width = values.shape
    across, down = tile.width() / width, tile.height() / height
    digits = digits_for(values)
    if digits is None or across < 2 * _SIZES[-1]:  # no figure is narrower than that, and most maps have such cells
        return
    texts = [[_words(float(value), digits) for value in row] for row in values]
    longest = max((text for row in texts for text in row), key=len)
    for size in _SIZES:
        metrics = QFontMetricsF(font(size, mono=True))
        if metrics.horizontalAdvance(longest) + 4 <= across and metrics.height() <= down:
            break
    else:
        return
    painter.setFont(font(size, mono=True))
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            painter.setPen(_INK if _bright(int(pixels[row, column])) else _PAPER)
            corner = QPointF(tile.left() + column * across, tile.top() + row * down)
            painter.drawText(QRectF(corner.x(), corner.y(), across, down), Qt.AlignmentFlag.AlignCenter, text)


def digits_for(values: Floats) -> int | None:
    """How many digits behind the point the values of a map have: two or three of the largest count.

    None where they are too small to be written so, or are no numbers.
    """
    if not np.isfinite(values).all():
        return None
    largest = float(np.abs(values).max(initial=0.0))
    if (values == np.rint(values)).all():
        return 0
    digits = max(0, 1 - math.floor(math.log10(largest))) if largest < 1 else 2 if largest < 10 else 1
    return digits if digits <= _MOST_DIGITS else None


def _words(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    if not float(text):
        return "0"
    return text.replace("-", "−")


def _bright(pixel: int) -> bool:
    red, green, blue = pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140
