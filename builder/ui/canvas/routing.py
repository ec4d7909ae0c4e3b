"""The way around cards: how high a long wire arches, and where one that turns back runs. Knows no items."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from builder.ui.canvas.wires import turning_level

Boxes = NDArray[np.float64]
"""Left, top, right and bottom of every card, as rows."""


def boxes(cards: Iterable[QRectF]) -> Boxes:
    """The cards as they are taken here."""
    return np.array([card.getCoords() for card in cards], np.float64)


def level(start: QPointF, end: QPointF, cards: Callable[[], Boxes]) -> float | None:
    """The height that a wire takes to lead around what stands between its ends; None where it can take the usual way.

    Args:
        cards: gives `boxes`; asked only where something may stand between.
    """
    if end.x() - start.x() >= 120 and abs(end.y() - start.y()) <= 90:
        return _arch(start, end, cards())
    return _corridor(start, end, cards()) if end.x() < start.x() else None


def _arch(start: QPointF, end: QPointF, boxes: Boxes) -> float | None:
    """How high a wire must rise to pass over the cards between its ends; None when it can go straight."""
    # The cards at its ends reach less far between them than the 14 pixels left out.
    low, high = min(start.y(), end.y()) - 10, max(start.y(), end.y()) + 10
    left, right = start.x() + 14, end.x() - 14
    between = boxes[(boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < high) & (boxes[:, 3] > low)]
    if not len(between):
        return None
    # Longer wires arch higher, so that nested skips stay apart.
    return float(between[:, 1].min()) - 18 - min(len(between), 12) * 4


def _corridor(start: QPointF, end: QPointF, boxes: Boxes) -> float | None:
    """At what height a wire that turns back runs clear of the cards; None where the usual one will do, or none is."""
    usual, low, high = turning_level(start, end), min(start.y(), end.y()), max(start.y(), end.y())
    beside = boxes[(boxes[:, 0] < start.x()) & (boxes[:, 2] > end.x())]
    if not np.any((beside[:, 1] < usual + 6) & (beside[:, 3] > usual - 6)):
        return None
    free, top = list[tuple[float, float]](), low
    for box in beside[np.argsort(beside[:, 1])]:
        if box[3] > low and box[1] < high:
            if box[1] - top >= 16:
                free.append((top, float(box[1])))
            top = max(top, float(box[3]))
    if high - top >= 16:
        free.append((top, high))
    return min(((a + b) / 2 for a, b in free), key=lambda at: abs(at - usual), default=None)
