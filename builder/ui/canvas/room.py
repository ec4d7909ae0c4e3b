"""Finding room: where something can stand without covering anything. Pure functions over rectangles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF

from builder.graph.model import Comment, Point

GAP = 24.0  # between what is put down and what stands there already
_NEAR = 160.0  # a comment that stands farther than this from every card belongs to none
_SNAP = 4.0

# Directions, as steps to the right and down.
DOWN, RIGHT, UP, LEFT = (0, 1), (1, 0), (0, -1), (-1, 0)
AROUND = (DOWN, RIGHT, UP, LEFT)


def way_to_room(
    area: QRectF, taken: Sequence[QRectF], ways: Sequence[tuple[int, int]] = AROUND, gap: float = GAP
) -> QPointF:
    """The shortest shift, in one of some directions, after which an area covers nothing and keeps a gap to everything.

    It is on the 4-pixel grid; nothing, where the area is free already.
    """
    return min((_slid(area, taken, way, gap) for way in ways), key=lambda by: by.manhattanLength())


def _slid(area: QRectF, taken: Sequence[QRectF], way: tuple[int, int], gap: float) -> QPointF:
    across, down = way
    by = QPointF()
    while True:
        # Half a pixel less, so that what keeps just the gap is free.
        wide = area.translated(by).adjusted(0.5 - gap, 0.5 - gap, gap - 0.5, gap - 0.5)
        met = [box for box in taken if box.intersects(wide)]
        if not met:
            return by
        if across:
            edge = (
                max(box.right() for box in met) - area.left()
                if across > 0
                else (area.right() - min(box.left() for box in met))
            )
            by = QPointF(across * _up(edge + gap), 0)
        else:
            edge = (
                max(box.bottom() for box in met) - area.top()
                if down > 0
                else (area.bottom() - min(box.top() for box in met))
            )
            by = QPointF(0, down * _up(edge + gap))


def _up(length: float) -> float:
    return math.ceil(length / _SNAP) * _SNAP


def carried_along(
    comments: Mapping[str, Comment], before: Mapping[str, QRectF], after: Mapping[str, QRectF]
) -> dict[str, Point]:
    """Where comments go when cards are moved for somebody: each with the card that it stands beside.

    One that was clear of all cards is so afterwards too. Those that stay are left out.

    Args:
        before, after: the cards, by name.
    """
    places: dict[str, Point] = {}
    moved = {name for name, box in after.items() if name in before and before[name].topLeft() != box.topLeft()}
    if not moved:
        return places
    taken = list(after.values())
    for name, comment in comments.items():
        box = QRectF(*comment.at, comment.width, comment.height)
        near = min(before, key=lambda other: _apart(before[other], box), default=None)
        by = QPointF()
        if near in after and near is not None and _apart(before[near], box) <= _NEAR:
            by = after[near].topLeft() - before[near].topLeft()
        if not any(box.intersects(card) for card in before.values()):
            by += way_to_room(box.translated(by), taken, gap=8.0) if _covers(box.translated(by), taken) else QPointF()
        taken.append(box.translated(by))
        if not by.isNull():
            places[name] = Point(comment.at.x + by.x(), comment.at.y + by.y())
    return places


def _covers(box: QRectF, taken: Iterable[QRectF]) -> bool:
    return any(box.intersects(other) for other in taken)


def _apart(one: QRectF, other: QRectF) -> float:
    """How far two rectangles are from each other; 0 where they meet."""
    across = max(one.left() - other.right(), other.left() - one.right(), 0.0)
    down = max(one.top() - other.bottom(), other.top() - one.bottom(), 0.0)
    return math.hypot(across, down)
