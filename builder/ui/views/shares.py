"""What the network answers, in bars and in one line: right or wrong. Knows names and figures only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.ui.icons import icon
from builder.ui.theme import font, theme

ROW = 14  # pixels
LINE = 20  # pixels, of a verdict
_LEAST_BAR = 24  # pixels
_BESIDE = 24  # pixels between a name and its bar, where the ring stands, and behind that
_LONG_NAME = 72  # pixels, no more are asked for
_LINE_BAR = 2.0  # pixels, of a bar below its name
_WRAPPED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


class Bars(QWidget):
    """One bar for each class, with its share in per cent. The largest is in the accent colour, the true one is marked.

    Where not all fit, the largest are shown, and the true one. Where a bar has no room beside its name, it lies below.
    """

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._shares: tuple[float, ...] = ()
        self._truth: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(150, max(1, len(self._names)) * ROW)

    def least_width(self) -> int:
        """Pixels with which names stand beside their figures, each with its bar below; very long ones are cut."""
        return self._width(14)

    def wanted_width(self) -> int:
        """Pixels with which names and bars stand side by side; very long names are cut."""
        return self._width(_BESIDE + _LEAST_BAR)

    def tall(self, width: int) -> int:
        """Pixels of height that rows like to have in so much width."""
        return max(1, len(self._names)) * (ROW if width >= self.wanted_width() else ROW + 2)

    def _width(self, between: int) -> int:
        metrics = QFontMetricsF(font(11))
        longest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        return math.ceil(min(longest, _LONG_NAME) + between + _figures_width())

    def set_shares(self, names: Sequence[str], shares: Sequence[float], truth: int | None) -> None:
        """Show shares from 0 to 1; `truth` is the number of the right one, if it is known."""
        self._names, self._shares, self._truth = tuple(names), tuple(shares), truth
        self.setToolTip("" if truth is None else f"The ring marks the right answer: {names[truth]}")
        self.update()

    def rows(self) -> list[int]:
        """The classes that are shown, from top to bottom."""
        count = len(self._shares)
        most = max(1, self.height() // ROW)
        if count <= most:
            return list(range(count))
        best = sorted(range(count), key=lambda number: -self._shares[number])[:most]
        if self._truth is not None and self._truth not in best:
            best[-1] = self._truth
        return sorted(best) if 2 * most >= count else best  # most of them: in their order, so that rows stay put

    def paintEvent(self, event: QPaintEvent) -> None:
        rows = self.rows()
        if not rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        figures, names = font(11, mono=True), font(11)
        metrics = QFontMetricsF(names)
        longest = max(metrics.horizontalAdvance(self._names[number]) for number in rows)
        value = _figures_width()
        label, room = label_and_bar(longest, self.width() - value)
        left = label + 18
        height = min(self.height() / len(rows), 20.0)
        best = max(range(len(self._shares)), key=lambda number: self._shares[number])
        middle = Qt.AlignmentFlag.AlignVCenter
        line = height if room else height - _LINE_BAR
        side = Qt.AlignmentFlag.AlignRight if room else Qt.AlignmentFlag.AlignLeft  # towards the bar
        for row, number in enumerate(rows):
            top = row * height
            true, chosen = number == self._truth, number == best
            painter.setFont(names)
            painter.setPen(theme().color("text" if true or chosen else "muted"))
            cut = metrics.elidedText(self._names[number], Qt.TextElideMode.ElideRight, label)
            painter.drawText(QRectF(0, top, label + 1, line), middle | side, cut)
            if true:
                painter.setPen(QPen(theme().color("good"), 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QRectF(label + 6, top + line / 2 - 3, 6, 6))
            track = QRectF(left, top + height / 2 - 3, room, 6)
            if not room:
                track = QRectF(0, top + height - _LINE_BAR, self.width(), _LINE_BAR)
            self._paint_bar(painter, track, number, chosen)
            painter.setFont(figures)
            painter.setPen(theme().color("text" if chosen else "muted"))
            place = QRectF(self.width() - value, top, value, line)
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, f"{self._shares[number] * 100:.1f}")

    def _paint_bar(self, painter: QPainter, track: QRectF, number: int, chosen: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("line"))
        half = track.height() / 2
        painter.drawRoundedRect(track, half, half)
        share = min(1.0, max(0.0, self._shares[number]))
        if share > 0.002:
            painter.setBrush(theme().color("accent" if chosen else "wire"))
            wide = max(track.height() / 2, share * track.width())
            painter.drawRoundedRect(QRectF(track.left(), track.top(), wide, track.height()), half, half)


def _figures_width() -> float:
    return QFontMetricsF(font(11, mono=True)).horizontalAdvance("100.0") + 2


def label_and_bar(longest: float, width: float) -> tuple[float, float]:
    """Pixels for the names and for the bars; where no bar would be left, the names take all.

    A bar lies below its name then.
    """
    label = min(longest, width * 0.55)
    room = width - label - _BESIDE
    if room < _LEAST_BAR:
        return min(longest, width - 14), 0.0
    return label, room


class Verdict(QWidget):
    """What the network says and what is right, with an icon besides the colour: one line, or as many as it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._right: bool | None = None
        theme().changed.connect(self.update)

    def set_verdict(self, text: str, right: bool | None) -> None:
        """Show this; `right` is None where the answer is neither right nor wrong."""
        self.text, self._right = text, right
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.update()

    def heightForWidth(self, width: int) -> int:
        return max(LINE, self._words(width).height() + 4)

    def _words(self, width: int) -> QRect:
        """Where the words lie in so many pixels."""
        left = 0 if self._right is None else 20
        room = QRect(left, 2, max(40, width - left), 10_000)
        return QFontMetrics(font(12)).boundingRect(room, _WRAPPED, self.text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        role = "muted"
        if self._right is not None:
            role = "good" if self._right else "bad"
            icon("good" if self._right else "error", role).paint(painter, 0, 2, 16, 16)
        painter.setFont(font(12))
        painter.setPen(theme().color(role))
        left = 0 if self._right is None else 20
        painter.drawText(QRect(left, 2, self.width() - left, self.height()), _WRAPPED, self.text)
