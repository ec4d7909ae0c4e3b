"""The whole network from afar: all cards of a colour in one call, all wires in another, comments beneath.

A thousand items that paint themselves cost five times as much as these few calls. Reads the items, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from builder.graph.model import Edge

if TYPE_CHECKING:
    from builder.layers.base import Category
    from builder.ui.canvas.ink import Ink
    from builder.ui.canvas.nodes import NodeItem
    from builder.ui.canvas.scene import CanvasScene

_BAR, _INSET, _FRAME, _BADGE = 18.0, 4.0, 10.0, 24.0


class _Card(NamedTuple):
    """A card as it is seen from afar: its box, the part in the colour of its category, and a spot for a problem."""

    box: QRectF
    category: Category
    colour: QRectF
    role: str
    badge: QRectF


def _card_of(item: NodeItem) -> _Card:
    face, box = item.face, item.rect.translated(item.pos())
    role = item.badge_role if face.problem is not None else ""
    if face.compact:  # too small for a spot: all of it tells
        colour = box.adjusted(_INSET, _INSET, -_INSET, -_INSET)
        return _Card(box, face.category, colour, role, box.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME))
    badge = QRectF(box.right() - _BADGE - 10, box.y() + 10, _BADGE, _BADGE)
    return _Card(box, face.category, QRectF(box.x(), box.y(), _BAR, box.height()), role, badge)


class _Layer:
    """Cards and wires that are painted together."""

    def __init__(self) -> None:
        self.boxes: list[QRectF] = []
        self.groups: list[tuple[Category, list[QRectF]]] = []
        self.badges: list[tuple[str, QRectF]] = []
        self.lines: list[QLineF] = []
        self.curve = QPainterPath()

    def set_cards(self, cards: Iterable[_Card]) -> None:
        """Hold these cards."""
        by_colour = sorted(cards, key=lambda card: card.category.value)
        grouped = groupby(by_colour, key=lambda card: card.category)
        self.boxes = [card.box for card in by_colour]
        self.groups = [(category, [card.colour for card in group]) for category, group in grouped]
        self.badges = [(card.role, card.badge) for card in by_colour if card.role]

    def set_wires(self, lines: Iterable[QLineF], curves: Iterable[QPainterPath]) -> None:
        """Hold these wires."""
        self.lines = list(lines)
        self.curve = QPainterPath()
        for path in curves:
            self.curve.addPath(path)

    def paint_wires(self, painter: QPainter) -> None:
        """Paint the wires with the pen that is set."""
        painter.drawLines(self.lines)
        painter.drawPath(self.curve)

    def paint_cards(self, painter: QPainter, ink: Ink) -> None:
        """Paint the cards, above all wires."""
        painter.setBrush(ink.card_brush)
        painter.drawRects(self.boxes)
        for category, boxes in self.groups:
            painter.setBrush(ink.categories[category])
            painter.drawRects(boxes)
        for role, box in self.badges:
            painter.fillRect(box, ink.roles[role])


class Overview:
    """What is painted from afar: made from the items and kept until they change.

    What is being dragged is a layer of its own, which is shifted as it is.
    """

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._cards: dict[str, _Card] = {}
        self._lines: dict[Edge, QLineF] = {}
        self._curves: dict[Edge, QPainterPath] = {}
        self._ground, self._lifted = _Layer(), _Layer()
        self._above: tuple[frozenset[str], frozenset[Edge]] = (frozenset(), frozenset())
        # Whether the layers hold what the cards and the wires are now.
        self._cards_whole = self._wires_whole = False

    def forget(self, names: Iterable[str], edges: Iterable[Edge] = ()) -> None:
        """These cards and wires look different now, stand elsewhere, or are gone."""
        for name in names:
            self._cards.pop(name, None)
            self._cards_whole = False
        for edge in edges:
            self._lines.pop(edge, None)
            self._curves.pop(edge, None)
            self._wires_whole = False

    def renew(self, names: Iterable[str]) -> bool:
        """Look at these cards again; whether one looks different from afar, or stands elsewhere."""
        nodes, known = self._scene.nodes, self._cards
        different = [name for name in names if name not in known or known[name] != _card_of(nodes[name])]
        self.forget(different)
        return bool(different)

    def lift(self, names: frozenset[str] = frozenset(), edges: frozenset[Edge] = frozenset()) -> None:
        """These are dragged from now on, and nothing else."""
        self._above = (names, edges)
        self._cards_whole = self._wires_whole = False

    def boxes(self) -> list[QRectF]:
        """Where the cards are."""
        self._gather_cards()
        return [card.box for card in self._cards.values()]

    def _gather(self) -> None:
        self._gather_cards()
        if not self._wires_whole:
            self._wires_whole = True
            self._gather_wires()

    def _gather_cards(self) -> None:
        if self._cards_whole:
            return
        self._cards_whole = True
        cards, above = self._cards, self._above[0]
        for name, item in self._scene.nodes.items():
            if name in cards:
                continue
            cards[name] = _card_of(item)
        self._ground.set_cards(card for name, card in cards.items() if name not in above)
        self._lifted.set_cards(card for name, card in cards.items() if name in above)

    def _gather_wires(self) -> None:
        lines, curves, above = self._lines, self._curves, self._above[1]
        for edge, wire in self._scene.wires.items():
            if edge in lines or edge in curves or not wire.isVisible():
                continue
            if wire.straight:
                lines[edge] = QLineF(*wire.ends)
            else:
                curves[edge] = wire.path
        for layer, lifted in ((self._ground, False), (self._lifted, True)):
            layer.set_wires(
                (line for edge, line in lines.items() if (edge in above) == lifted),
                (path for edge, path in curves.items() if (edge in above) == lifted),
            )

    def paint(self, painter: QPainter) -> None:
        """Paint the network in the coordinates of the scene, without smoothing, which nobody would see."""
        self._gather()
        scene, ink = self._scene, self._scene.ink
        for comment in scene.comments.values():
            painter.translate(comment.pos())
            comment.draw(painter, painter.worldTransform().m11())
            painter.translate(-comment.pos())
        shift = scene.lifted.pos() if scene.lifted is not None else QPointF()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ink.wire_far)
        self._ground.paint_wires(painter)
        painter.translate(shift)
        self._lifted.paint_wires(painter)
        painter.translate(-shift)
        painter.setPen(ink.wire_selected)
        for wire in scene.wires.values():
            if wire.chosen or wire.marked:
                painter.drawPath(wire.mapToScene(wire.path))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.accent)
        chosen = [item.box() for item in scene.nodes.values() if item.chosen]
        painter.drawRects([box.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME) for box in chosen])
        self._ground.paint_cards(painter, ink)
        painter.translate(shift)
        self._lifted.paint_cards(painter, ink)
        painter.translate(-shift)
