"""Which way a step has just gone through the network, told in a corner of the canvas: values forward, gradients back.

Shown while one goes phase by phase. Knows words and colours; the cards and wires are drawn by the scene.
"""

from __future__ import annotations

import math
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
_HIGH, _LOW = 60, 42  # with the sentence, and without
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
        self._needed = False
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

    def tell(self, way: Way | None, words: str = "", *, needed: bool = False) -> None:
        """Tell of this way; nothing for None.

        Args:
            words: in place of what the cards show.
            needed: they must be read, also where that hides a card.
        """
        words = words or (_TOLD[way].words if way is not None else "")
        if (way, words) == (self._way, self._words):
            return
        appears = self._way is None
        self._way, self._words, self._needed = way, words, needed
        self.setAccessibleName(f"{_TOLD[way].head}. {words}" if way is not None else "")
        self.setVisible(way is not None)
        if way is not None:
            self._place(anew=appears)
        self.update()

    def sizeHint(self) -> QSize:
        if self._way is None:
            return QSize(0, 0)
        wide = max(self._head() + 24 + self._legend(), _wide(self._words, _WORDS))
        return QSize(math.ceil(wide) + 2 * _PAD + 2, _HIGH)

    def _head(self) -> float:
        assert self._way is not None
        return _ARROW + 10 + _wide(_TOLD[self._way].head, _HEAD, bold=True)

    def _legend(self) -> float:
        assert self._way is not None
        return _BAR + sum(_wide(end, _END) + 6 for end in _TOLD[self._way].ends)

    def _place(self, *, anew: bool) -> None:
        """Stand where no card is, with the head alone where there is no room for more; once there, stay near."""
        room = self._view.rect().adjusted(_AWAY, _AWAY, -_AWAY, -_AWAY)
        whole = self.sizeHint().boundedTo(room.size())
        head = QSize(math.ceil(self._head()) + 2 * _PAD + 2, _LOW).boundedTo(room.size())
        found: list[tuple[float, QRect]] = []
        for size in (whole,) if self._needed else (whole, head):
            spots = _spots(room, size)
            if not anew:
                spots.sort(key=lambda spot: (spot.center() - self.geometry().center()).manhattanLength())
            found += [(self._covered(spot), spot) for spot in spots]
        self.setGeometry(min(found, key=lambda each: each[0])[1])  # the first of equal ones

    def _covered(self, place: QRect) -> float:
        """How much of what is on the canvas would be hidden there, in its pixels."""
        below = self._view.mapToScene(place).boundingRect()
        hidden = (box.intersected(below) for box in self._view.canvas.taken())
        area = sum(each.width() * each.height() for each in hidden)
        minimap = self._view.minimap
        return area + (1e9 if minimap.isVisible() and minimap.geometry().intersects(place) else 0.0)

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
        if self._head() + 12 + self._legend() <= self.width() - 2 * _PAD:
            self._paint_legend(painter, told)
        if self.height() <= _LOW:
            return
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
        painter.drawImage(bar, pixels_to_image(told.table.pixels[None, :256]))
        painter.setPen(QPen(theme().color("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)


def _spots(room: QRect, size: QSize) -> list[QRect]:
    """Places of this size along the lower and the upper edge, the best first."""
    left, right = room.left(), room.right() + 1 - size.width()
    columns, rows = (left, (left + right) // 2, right), (room.bottom() + 1 - size.height(), room.top())
    return [QRect(x, y, size.width(), size.height()) for y in rows for x in columns]


def _wide(text: str, size: int, *, bold: bool = False) -> float:
    return QFontMetricsF(font(size, bold=bold)).horizontalAdvance(text)
