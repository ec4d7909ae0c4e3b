"""Which way a step has just gone through the network, told in a corner of the canvas: values forward, gradients back.

Shown while one goes phase by phase. Knows words and colours; the cards and wires are drawn by the scene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from builder.train.messages import Way
from builder.ui.theme import font, theme
from builder.ui.views.colour import ACTIVATION, WEIGHT, Table, pixels_to_image

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

_PAD, _AWAY = 12, 12  # pixels within, and from the edges of the canvas
_ARROW, _BAR = 30.0, 110.0
_HEAD, _WORDS, _END = 17, 12, 11  # text sizes


class _Told(NamedTuple):
    head: str
    words: str
    table: Table
    ends: tuple[str, str]


_TOLD = {
    Way.FORWARD: _Told(
        "Forward: values", "Each card shows what its layer gives for the pinned input.", ACTIVATION, ("least", "most")
    ),
    Way.BACKWARD: _Told(
        "Backward: gradients",
        "Each card shows how the loss changes with what its layer gives.",
        WEIGHT,
        ("lowers the loss", "raises it"),
    ),
}


class Passing(QWidget):
    """An arrow, what goes that way, and what its colours mean. The mouse goes through to what lies below."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._way: Way | None = None
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.installEventFilter(self)
        theme().changed.connect(self.update)
        self.hide()

    @property
    def way(self) -> Way | None:
        """Which way is told of; None while nothing is."""
        return self._way

    @property
    def words(self) -> str:
        """The sentence below the head."""
        return self._words

    def tell(self, way: Way | None, words: str = "") -> None:
        """Tell of this way; nothing for None.

        Args:
            words: in place of what the cards show.
        """
        words = words or (_TOLD[way].words if way is not None else "")
        if (way, words) == (self._way, self._words):
            return
        appears = self._way is None
        self._way, self._words = way, words
        self.setAccessibleName(f"{_TOLD[way].head}. {words}" if way is not None else "")
        self.setVisible(way is not None)
        if way is not None:
            self._place(anew=appears)
        self.update()

    def sizeHint(self) -> QSize:
        if self._way is None:
            return QSize(0, 0)
        told = _TOLD[self._way]
        head = _ARROW + 10 + _wide(told.head, _HEAD, bold=True) + 24 + self._legend()
        return QSize(round(max(head, _wide(self._words, _WORDS)) + 2 * _PAD), 60)

    def _legend(self) -> float:
        assert self._way is not None
        return _BAR + sum(_wide(end, _END) + 6 for end in _TOLD[self._way].ends)

    def _place(self, *, anew: bool) -> None:
        """Stand in a corner where no card is, as far as there is one; once there, stay."""
        room = self._view.size()
        size = self.sizeHint().boundedTo(QSize(room.width() - 2 * _AWAY, room.height()))
        left, right = _AWAY, room.width() - size.width() - _AWAY
        top, bottom = _AWAY, room.height() - size.height() - _AWAY
        corners = [QRect(x, y, *size.toTuple()) for x, y in ((left, bottom), (left, top), (right, top))]
        if not anew:
            corners.sort(key=lambda corner: (corner.center() - self.geometry().center()).manhattanLength())
        free = (corner for corner in corners if not self._covers(corner))
        self.setGeometry(next(free, corners[0]))

    def _covers(self, place: QRect) -> bool:
        below = self._view.mapToScene(place).boundingRect()
        return bool(self._view.canvas.nodes_in(below) or self._view.canvas.comments_in(below))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._way is not None:
            self._place(anew=True)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._way is None:
            return
        told = _TOLD[self._way]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color("line"))
        painter.setBrush(theme().color("panel", 0.96))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        self._paint_arrow(painter, 21.0)
        painter.setPen(theme().color("text"))
        painter.setFont(font(_HEAD, bold=True))
        left = _PAD + _ARROW + 10
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(left, 8, self.width() - left, 26), flags, told.head)
        if left + _wide(told.head, _HEAD, bold=True) + 12 + self._legend() <= self.width() - _PAD:
            self._paint_legend(painter, told)
        painter.setFont(font(_WORDS))
        painter.setPen(theme().color("muted"))
        line = QRectF(_PAD, 34, self.width() - 2 * _PAD, 18)
        metrics = QFontMetricsF(font(_WORDS))
        painter.drawText(line, flags, metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, line.width()))

    def _paint_arrow(self, painter: QPainter, y: float) -> None:
        tip, end = (_PAD, _PAD + _ARROW) if self._way is Way.BACKWARD else (_PAD + _ARROW, _PAD)
        back = 10.0 if self._way is Way.BACKWARD else -10.0
        painter.setPen(QPen(theme().color("accent"), 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(tip + back * 0.8, y), QPointF(end, y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        painter.drawPolygon(QPolygonF([QPointF(tip, y), QPointF(tip + back, y - 7), QPointF(tip + back, y + 7)]))

    def _paint_legend(self, painter: QPainter, told: _Told) -> None:
        first, last = told.ends
        flags = Qt.AlignmentFlag.AlignVCenter
        right = self.width() - _PAD
        bar = QRectF(right - _wide(last, _END) - 6 - _BAR, 17, _BAR, 9)
        painter.setFont(font(_END))
        painter.setPen(theme().color("muted"))
        painter.drawText(QRectF(bar.left() - 206, 8, 200, 26), flags | Qt.AlignmentFlag.AlignRight, first)
        painter.drawText(QRectF(bar.right() + 6, 8, 200, 26), flags | Qt.AlignmentFlag.AlignLeft, last)
        painter.drawImage(bar, pixels_to_image(told.table[None, :256]))
        painter.setPen(QPen(theme().color("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)


def _wide(text: str, size: int, *, bold: bool = False) -> float:
    return QFontMetricsF(font(size, bold=bold)).horizontalAdvance(text)
