"""The values of a map, written into its cells where these are large: to work them out by hand. Painting only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from builder.inspect.picture import Floats
from builder.ui.theme import font
from builder.ui.views.colour import Pixels

_INK, _PAPER = QColor(20, 22, 28), QColor(255, 255, 255)
_SIZES = (32, 26, 20, 17, 15, 13, 11)
_AIR = 0.5  # left and right of a figure together, as a share of its size
_MOST_DIGITS = 4  # behind the point; smaller values are told by pointing at them


def paint_digits(painter: QPainter, places: Sequence[QRectF], values: Floats, pixels: Pixels) -> None:
    """Write values (tiles, height, width) over their coloured cells, which fill the places of the tiles.

    All are equally large; where one has no room, or is too small for so few digits, its tile has none.
    """
    _, height, width = values.shape
    across, down = places[0].width() / width, places[0].height() / height
    if across < 2 * _SIZES[-1]:  # no figure is narrower than that, and most maps have such cells
        return
    texts = [_texts(tile) for tile in values]
    longest = max((text for tile in texts for row in tile for text in row), key=len, default="")
    for size in _SIZES:
        metrics = QFontMetricsF(font(size, mono=True))
        if metrics.horizontalAdvance(longest) + _AIR * size <= across and metrics.height() <= down:
            break
    else:
        return
    painter.setFont(font(size, mono=True))
    for place, tile, colours in zip(places, texts, pixels, strict=True):
        for row, line in enumerate(tile):
            for column, text in enumerate(line):
                painter.setPen(_INK if _bright(int(colours[row, column])) else _PAPER)
                corner = QPointF(place.left() + column * across, place.top() + row * down)
                painter.drawText(QRectF(corner.x(), corner.y(), across, down), Qt.AlignmentFlag.AlignCenter, text)


def _texts(values: Floats) -> list[list[str]]:
    """The figures of one tile, row by row; none where its values are too small for that."""
    digits = digits_for(values)
    return [] if digits is None else [[_words(float(value), digits) for value in row] for row in values]


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
