"""The whole network from afar: all cards of a colour in one call, all wires in another, comments beneath.

A thousand items that paint themselves cost five times as much as these few calls. Reads the items, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from builder.graph.model import Edge

if TYPE_CHECKING:
    from builder.layers.base import Category
    from builder.ui.canvas.scene import CanvasScene

_BAR, _INSET, _FRAME, _BADGE = 18.0, 4.0, 10.0, 24.0


class _Card(NamedTuple):
    """A card as it is seen from afar: its box, the part in the colour of its category, and a spot for a problem."""

    box: QRectF
    category: Category
    colour: QRectF
    role: str
    badge: QRectF


class Overview:
    """What is painted from afar: made from the items and kept until they change."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._cards: dict[str, _Card] = {}
        self._lines: dict[Edge, QLineF] = {}
        self._curves: dict[Edge, QPainterPath] = {}
        self._groups: list[tuple[Category, list[QRectF]]] = []
        self._badges: list[tuple[str, QRectF]] = []
        self._curve = QPainterPath()
        self._whole = False  # whether the groups and the curve hold what the cards and wires are now

    def forget(self, names: Iterable[str], edges: Iterable[Edge]) -> None:
        """These cards and wires look different now, stand elsewhere, or are gone."""
        for name in names:
            self._cards.pop(name, None)
        for edge in edges:
            self._lines.pop(edge, None)
            self._curves.pop(edge, None)
        self._whole = False

    def boxes(self) -> list[QRectF]:
        """Where the cards are."""
        self._gather()
        return [card.box for card in self._cards.values()]

    def _gather(self) -> None:
        if self._whole:
            return
        self._whole = True
        cards, lines, curves = self._cards, self._lines, self._curves
        for name, item in self._scene.nodes.items():
            if name in cards:
                continue
            face, box = item.face, item.box()
            if face.compact:
                colour, role = box.adjusted(_INSET, _INSET, -_INSET, -_INSET), ""
            else:
                colour, role = QRectF(box.x(), box.y(), _BAR, box.height()), item.badge_role
            badge = QRectF(box.right() - _BADGE - 10, box.y() + 10, _BADGE, _BADGE)
            cards[name] = _Card(box, face.category, colour, role if face.problem is not None else "", badge)
        for edge, wire in self._scene.wires.items():
            if edge in lines or edge in curves or not wire.isVisible():
                continue
            if wire.straight:
                lines[edge] = QLineF(*wire.ends)
            else:
                curves[edge] = wire.path
        by_colour = sorted(cards.values(), key=lambda card: card.category.value)
        grouped = groupby(by_colour, key=lambda card: card.category)
        self._groups = [(category, [card.colour for card in group]) for category, group in grouped]
        self._badges = [(card.role, card.badge) for card in by_colour if card.role]
        self._curve = QPainterPath()
        for path in curves.values():
            self._curve.addPath(path)

    def paint(self, painter: QPainter) -> None:
        """Paint the network in the coordinates of the scene, without smoothing, which nobody would see."""
        self._gather()
        scene, ink = self._scene, self._scene.ink
        for comment in scene.comments.values():
            painter.translate(comment.pos())
            comment.draw(painter, painter.worldTransform().m11())
            painter.translate(-comment.pos())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ink.wire_far)
        painter.drawLines(list(self._lines.values()))
        painter.drawPath(self._curve)
        painter.setPen(ink.wire_selected)
        for wire in scene.wires.values():
            if wire.chosen or wire.marked:
                painter.drawPath(wire.path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.accent)
        for item in scene.nodes.values():
            if item.chosen:
                painter.drawRect(item.box().adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME))
        painter.setBrush(ink.card_brush)
        painter.drawRects([card.box for card in self._cards.values()])
        for category, boxes in self._groups:
            painter.setBrush(ink.categories[category])
            painter.drawRects(boxes)
        for role, box in self._badges:
            painter.fillRect(box, ink.roles[role])
