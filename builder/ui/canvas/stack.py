"""What stands on a card before anything has run: the size of its output, drawn as papers draw it.

Feature maps are a stack of sheets, the more the more channels, the larger the larger the maps; numbers are a column of
cells. Sizes are on a logarithmic scale, so that 3×224×224 and 512×7×7 both have a place on a card.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF

from builder.graph.model import Shape

_SHEETS = 7  # at most: further ones could not be told apart
_STEP = 4.0  # pixels from one sheet to the next, sideways and upwards
_SMALLEST, _LARGEST = 1, 256  # maps beyond these sizes look like these
_LEAST_SIDE = 10.0
_CELLS = 12
_CELL = 5.0


def sheets(shape: Shape, area: QRectF) -> list[QRectF]:
    """Where to draw the output of a layer in an area, from the hindmost part to the foremost.

    Args:
        shape: (channels, height, width), or anything else for a column of cells.
    """
    if len(shape) == 3 and shape[1:] != (1, 1):
        return _stack(shape, area)
    return _column(math.prod(shape), area)


def _stack(shape: Shape, area: QRectF) -> list[QRectF]:
    channels, height, width = shape
    count = min(_SHEETS, 1 + round(math.log2(max(channels, 1))))
    room = min(area.width(), area.height()) - (_SHEETS - 1) * _STEP - 1  # edges are as wide as a pixel
    high, wide = _side(height, room), _side(width, room)
    left, bottom = area.left() + 0.5, area.bottom() - 0.5
    return [
        QRectF(left + number * _STEP, bottom - high - number * _STEP, wide, high) for number in range(count - 1, -1, -1)
    ]


def _side(size: int, room: float) -> float:
    share = math.log2(min(max(size, _SMALLEST), _LARGEST)) / math.log2(_LARGEST)
    return _LEAST_SIDE + share * (room - _LEAST_SIDE)


def _column(numbers: int, area: QRectF) -> list[QRectF]:
    count = min(_CELLS, max(1, round(1.5 * math.log2(max(numbers, 1)) if numbers > 4 else numbers)))
    top = area.bottom() - 0.5 - count * _CELL
    return [QRectF(area.left() + 0.5, top + number * _CELL, 2 * _CELL, _CELL) for number in range(count)]
