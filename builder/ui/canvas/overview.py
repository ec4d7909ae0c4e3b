"""The whole network from afar: all cards of a colour in one call, all wires in another.

A thousand items that paint themselves cost ten times as much as these few calls. Reads the items, changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

if TYPE_CHECKING:
    from builder.layers.base import Category
    from builder.ui.canvas.scene import CanvasScene

_BAR, _INSET, _FRAME, _BADGE = 18.0, 4.0, 10.0, 24.0


class Overview:
    """What is painted from afar, gathered from the items and kept until they change."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._known = False
        self._cards: list[QRectF] = []
        self._colours: dict[Category, list[QRectF]] = {}
        self._frames: list[QRectF] = []
        self._badges: dict[str, list[QRectF]] = {}
        self._lines: tuple[list[QLineF], list[QLineF]] = ([], [])
        self._curves = (QPainterPath(), QPainterPath())

    def forget(self) -> None:
        """Some item looks different now, or stands elsewhere."""
        self._known = False

    def boxes(self) -> list[QRectF]:
        """Where the cards are; a list of its own for each state of the network."""
        self._gather()
        return self._cards

    def _gather(self) -> None:
        if self._known:
            return
        self._known = True
        self._cards, self._frames = [], []
        colours: defaultdict[Category, list[QRectF]] = defaultdict(list)
        badges: defaultdict[str, list[QRectF]] = defaultdict(list)
        for item in self._scene.nodes.values():
            face, x, y = item.face, item.x(), item.y()
            wide, high = face.size.width(), face.size.height()
            box = QRectF(x, y, wide, high)
            self._cards.append(box)
            if item.chosen:
                self._frames.append(box.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME))
            if face.compact:
                colours[face.category].append(box.adjusted(_INSET, _INSET, -_INSET, -_INSET))
                continue
            colours[face.category].append(QRectF(x, y, _BAR, high))
            if face.problem is not None:
                badges[item.badge_role].append(QRectF(x + wide - _BADGE - 10, y + 10, _BADGE, _BADGE))
        self._colours, self._badges = dict(colours), dict(badges)
        self._lines, self._curves = ([], []), (QPainterPath(), QPainterPath())
        for wire in self._scene.wires.values():
            if not wire.isVisible():
                continue
            marked = wire.chosen or wire.marked
            if wire.straight:
                self._lines[marked].append(QLineF(*wire.ends))
            else:
                self._curves[marked].addPath(wire.path)

    def paint(self, painter: QPainter) -> None:
        """Paint the network in the coordinates of the scene; painting smoothly is for the caller to switch off."""
        self._gather()
        ink = self._scene.ink
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, lines, curve in zip((ink.wire_far, ink.wire_selected), self._lines, self._curves, strict=True):
            painter.setPen(pen)
            painter.drawLines(lines)
            painter.drawPath(curve)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, boxes in (
            (ink.accent, self._frames),
            (ink.card_brush, self._cards),
            *((ink.categories[category], boxes) for category, boxes in self._colours.items()),
            *((ink.roles[role], boxes) for role, boxes in self._badges.items()),
        ):
            painter.setBrush(colour)
            painter.drawRects(boxes)
