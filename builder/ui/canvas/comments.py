"""One comment on the canvas: a card of paper that paints its text by itself, beneath all wires and cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.graph.model import Comment
from builder.ui.canvas import paper
from builder.ui.canvas.face import NEAR

if TYPE_CHECKING:
    from builder.ui.canvas.scene import CanvasScene

_RADIUS = 6.0
_GRIP = 16.0  # the corner at which it is made larger or smaller


class CommentItem(QGraphicsItem):
    """The card of a comment.

    Attributes:
        name: the key in the graph; comment: what is shown.
        chosen: selected; hovered: under the mouse.
    """

    def __init__(self, name: str, comment: Comment, canvas: CanvasScene) -> None:
        super().__init__()
        self.name = name
        self.chosen = self.hovered = False
        self._canvas = canvas
        self.setZValue(-1)
        self.set_comment(comment)

    def set_comment(self, comment: Comment) -> None:
        """Show another text, place, size or colour."""
        self.prepareGeometryChange()
        self.comment = comment
        self.setPos(*comment.at)
        self.rect = QRectF(0, 0, comment.width, comment.height)
        self.update()

    def box(self) -> QRectF:
        """The card on the canvas."""
        return self.rect.translated(self.pos())

    def holds(self, place: QPointF) -> bool:
        """Whether a point of the canvas lies on it."""
        return self.rect.contains(place - self.pos())

    def grip(self) -> QRectF:
        """On the canvas, the corner at which its size is changed."""
        box = self.box()
        return QRectF(box.right() - _GRIP, box.bottom() - _GRIP, _GRIP, _GRIP)

    @property
    def whole(self) -> bool:
        """Whether all of its text can be seen on the card."""
        return paper.lines_of(self.comment.text, paper.TEXT[0], self.comment.width, self.comment.height)[1]

    def boundingRect(self) -> QRectF:
        return self.rect.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        near = self._canvas.detail == NEAR
        self.draw(painter, 1.0 if near else painter.worldTransform().m11())

    def draw(self, painter: QPainter, zoom: float) -> None:
        """Paint it in its own coordinates, its letters so large that they can be read at this zoom."""
        ink, comment = self._canvas.ink, self.comment
        edge = ink.paper_edges[comment.colour]
        painter.setPen(ink.selected if self.chosen else edge)
        painter.setBrush(ink.papers[comment.colour])
        painter.drawRoundedRect(self.rect, _RADIUS, _RADIUS)
        size = paper.size_for(comment.text, comment.width, comment.height, zoom)
        lines, _ = paper.lines_of(comment.text, size, comment.width, comment.height)
        painter.setPen(ink.text)
        painter.setFont(ink.writing[size])
        step = paper.step(size)
        for number, line in enumerate(lines):
            area = QRectF(paper.PAD, paper.PAD + number * step, self.rect.width(), step)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, line)
        if self.chosen or self.hovered:
            painter.setPen(edge)
            corner = self.rect.bottomRight()
            for far in (5.0, 9.0):
                painter.drawLine(QLineF(corner.x() - far, corner.y() - 3, corner.x() - 3, corner.y() - far))
