"""The way around cards: how high a long wire arches, and where one that turns back runs. Knows no items."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRectF

from builder.ui.canvas.wires import turning_level

Box = tuple[float, float, float, float]  # left, top, right and bottom of a card


class Cards:
    """The cards as they are taken here, found by where they stand: a wire has few of many in its way."""

    def __init__(self, cards: Iterable[QRectF]) -> None:
        self._boxes: list[Box] = sorted([(card.left(), card.top(), card.right(), card.bottom()) for card in cards])
        self._widest = max((box[2] - box[0] for box in self._boxes), default=0.0)

    def between(self, left: float, right: float) -> list[Box]:
        """Those that reach in between, left to right."""
        first = bisect_right(self._boxes, (left - self._widest,))
        end = bisect_left(self._boxes, (right,))
        return [box for box in self._boxes[first:end] if box[2] > left]


def leads_round(start: QPointF, end: QPointF) -> bool:
    """Whether a wire between these points leads around what stands in between."""
    return _arches(start, end) or end.x() < start.x()


def _arches(start: QPointF, end: QPointF) -> bool:
    return end.x() - start.x() >= 120 and abs(end.y() - start.y()) <= 90


def level(start: QPointF, end: QPointF, cards: Callable[[], Cards]) -> float | None:
    """The height that a wire takes to lead around what stands between its ends; None where it can take the usual way.

    Args:
        cards: asked only where something may stand between.
    """
    if _arches(start, end):
        return _arch(start, end, cards())
    return _corridor(start, end, cards()) if end.x() < start.x() else None


def _arch(start: QPointF, end: QPointF, cards: Cards) -> float | None:
    """How high a wire must rise to pass over the cards between its ends; None when it can go straight."""
    # The cards at its ends reach less far between them than the 14 pixels left out.
    low, high = min(start.y(), end.y()) - 10, max(start.y(), end.y()) + 10
    left, right = start.x() + 14, end.x() - 14
    tops = [box[1] for box in cards.between(left, right) if box[1] < high and box[3] > low]
    if not tops:
        return None
    # Longer wires arch higher, so that nested skips stay apart.
    return min(tops) - 18 - min(len(tops), 12) * 4


def _corridor(start: QPointF, end: QPointF, cards: Cards) -> float | None:
    """At what height a wire that turns back runs clear of the cards; None where the usual one will do, or none is."""
    usual, low, high = turning_level(start, end), min(start.y(), end.y()), max(start.y(), end.y())
    right, left = start.x(), end.x()
    least, most = min(low, usual - 6), max(high, usual + 6)
    beside = [(box[1], box[3]) for box in cards.between(left, right) if box[3] > least and box[1] < most]
    if not any(top < usual + 6 and bottom > usual - 6 for top, bottom in beside):
        return None
    beside.sort()
    free, reached = list[tuple[float, float]](), low
    for top, bottom in beside:
        if bottom > low and top < high:
            if top - reached >= 16:
                free.append((reached, top))
            reached = max(reached, bottom)
    if high - reached >= 16:
        free.append((reached, high))
    return min(((a + b) / 2 for a, b in free), key=lambda at: abs(at - usual), default=None)
