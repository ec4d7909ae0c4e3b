"""One bar for each layer of a network, side by side, painted in one go. Knows bars, not where they come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QScrollBar, QSizePolicy, QWidget

from builder.ui.theme import font, theme
from builder.ui.views.layer_values import CONSTANT, FROZEN, Bar, Measure, words
from builder.ui.views.paint import figure, paint_note

TEXT, LARGE = 10, 15  # pixels of the usual text, and of one that is read from the back row
HEAD = 20  # pixels above the bars, for a line of words in the usual text
WIDEST = 28.0  # pixels of a bar
TURNED = 12.0  # pixels that a turned name needs, likewise
NARROWEST = 3.0  # pixels for a bar: where there are more of them, they scroll
MOST_DECADES = 40  # of the logarithmic axis: what is smaller than that lies at its bottom


@dataclass(frozen=True)
class Look:
    """What the plot shows.

    Attributes:
        first_step: of the look whose values are marked faintly; None without one.
        selected: names of the layers that are marked.
    """

    measure: Measure
    bars: tuple[Bar, ...]
    first_step: int | None = None
    selected: frozenset[str] = frozenset()


class LayerPlot(QWidget):
    """The bars of a `Look`. A click chooses a layer; the arrow keys and Enter do the same.

    Attributes:
        look: what is shown; None before the first.
        pointed: number of the bar under the pointer.
        text: size of axis and words in pixels.
        slider: there while the bars do not fit side by side.
    """

    chosen = Signal(str)  # the name of a layer

    def __init__(self, text: int = TEXT) -> None:
        super().__init__()
        self.text = text
        self.look: Look | None = None
        self.pointed: int | None = None
        self._at = QPointF()
        self.slider = QScrollBar(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("The layers that are shown")
        self.slider.valueChanged.connect(self._scrolled)
        self.slider.hide()
        self.setAccessibleName("One bar for each layer")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 240)

    def show_look(self, look: Look) -> None:
        """Draw this."""
        if look != self.look:
            before = self.look.selected if self.look is not None else frozenset()
            self.look = look
            self._arrange()
            if look.selected != before:
                self._reveal([n for n, bar in enumerate(look.bars) if bar.layer.name in look.selected])
            if self.pointed is not None and self.pointed >= len(look.bars):
                self.pointed = None
            self.update()

    def frame(self) -> Frame | None:
        """Where things stand."""
        if self.look is None or not self.look.bars:
            return None
        return Frame(self.look, self._room(), self._shown(), self.text)

    def _room(self) -> QRectF:
        low = self.slider.height() if not self.slider.isHidden() else 0
        return QRectF(self.rect().adjusted(0, 0, 0, -low))

    def _shown(self) -> range:
        """The numbers of the bars that are shown."""
        count = len(self.look.bars) if self.look is not None else 0
        first = self.slider.value() if not self.slider.isHidden() else 0
        return range(first, count if self.slider.isHidden() else min(count, first + self.slider.pageStep()))

    def _arrange(self) -> None:
        """Let the bars scroll where they would become too narrow."""
        count = len(self.look.bars) if self.look is not None else 0
        fit = 1
        if self.look and count:
            whole = Frame(self.look, QRectF(self.rect()), text=self.text)
            fit = max(1, int(whole.area.width() / NARROWEST))
        self.slider.setVisible(count > fit)
        self.slider.setPageStep(fit)
        self.slider.setSingleStep(max(1, fit // 10))
        self.slider.setRange(0, max(0, count - fit))
        height = self.slider.sizeHint().height()
        self.slider.setGeometry(0, self.height() - height, self.width(), height)

    def _scrolled(self, _value: int) -> None:
        self.pointed = None
        self.update()

    def _reveal(self, numbers: Sequence[int]) -> None:
        """Scroll to the first of these bars, unless one of them is in sight."""
        shown = self._shown()
        if numbers and not any(number in shown for number in numbers):
            self.slider.setValue(numbers[0] - len(shown) // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.slider.isHidden():
            event.ignore()
        else:
            self.slider.wheelEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self.frame()
        if frame is None or self.look is None:
            return
        painter = QPainter(self)
        frame.paint(painter, self.pointed)
        if self.pointed is not None:
            text = words(self.look.measure, self.look.bars[self.pointed], self.look.first_step)
            paint_note(painter, QRectF(self.rect()), self._at, text, size=self.text + 1)

    # Hands ----------------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._at = event.position()
        frame = self.frame()
        self.pointed = frame.bar_at(self._at) if frame is not None else None
        self.setCursor(Qt.CursorShape.ArrowCursor if self.pointed is None else Qt.CursorShape.PointingHandCursor)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.mouseMoveEvent(event)
            self._choose()

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed = None
        self.update()

    focusOutEvent = leaveEvent

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        frame = self.frame()
        if by is not None and frame is not None:
            last = len(frame.look.bars) - 1
            start = (-1 if by > 0 else last + 1) if self.pointed is None else self.pointed
            pointed = max(0, min(last, start + by))
            self._reveal([pointed])
            self.pointed, frame = pointed, self.frame() or frame
            self._at = QPointF(frame.middle(self.pointed), frame.area.top() + 12)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pointed is not None:
            self._choose()
        else:
            event.ignore()

    def _choose(self) -> None:
        if self.look is not None and self.pointed is not None:
            self.chosen.emit(self.look.bars[self.pointed].layer.name)


class Frame:
    """A look laid out in a box: where axes, bars and names stand, and how they are painted.

    Attributes:
        shown: the numbers of the bars that stand there; the axis is that of all.
    """

    def __init__(self, look: Look, box: QRectF, shown: range | None = None, text: int = TEXT) -> None:
        self.look = look
        self.shown = range(len(look.bars)) if shown is None else shown
        self._face, self._figures = font(text), font(text, mono=True)
        self._text, self._head, self._turned = text, HEAD * text / TEXT, TURNED * text / TEXT
        self._metrics = QFontMetricsF(self._face)
        self.low, self.high = _reach(look)
        names = [bar.layer.name.split(".") for bar in look.bars]
        self._groups = [name[0] if len(name) > 1 else "" for name in names]
        self._leaves = [".".join(name[1:]) or name[0] for name in names]
        figures = QFontMetricsF(self._figures)
        ticks = [self._tick(value) for value in (self.low, self.high, *self._decades(99))] if look.measure.log else []
        left = 14 + max((figures.horizontalAdvance(tick) for tick in ticks), default=figures.horizontalAdvance("100 %"))
        wide = max(8.0, box.width() - left - 12)
        self.slot = wide / len(self.shown)
        longest = max(self._metrics.horizontalAdvance(leaf) for leaf in self._leaves) + 8
        self.turned = longest > self.slot
        row = self._metrics.height() + 2
        self._band = row if any(self._groups) else 0.0
        # Where most names are left out, and the blocks are named below, the bars need the height more than the rest.
        share = 0.32 if self.slot >= self._turned else 0.0 if self._band and 3 * self.slot < self._turned else 0.2
        self._names = max(0.0, min(longest, share * box.height(), 9.6 * text)) if self.turned else row
        foot = self._names + self._band + 4
        high = max(8.0, box.height() - self._head - foot)
        self.area = QRectF(box.left() + left, box.top() + self._head, wide, high)

    def middle(self, number: int) -> float:
        """Where the bar of this number stands, in pixels from the left."""
        return self.area.left() + (number - self.shown.start + 0.5) * self.slot

    def bar_at(self, at: QPointF) -> int | None:
        """The number of the bar at a point, its name included; None beside them."""
        number = self.shown.start + math.floor((at.x() - self.area.left()) / self.slot)
        inside = at.y() > self.area.top() - 4 and number in self.shown
        return number if inside else None

    def top(self, value: float) -> float:
        """How high a value stands, in pixels from above; what lies beyond an end, at that end."""
        place = value
        if self.look.measure.log:
            place = math.log10(value) if value > 0 else self.low
        share = (min(self.high, max(self.low, place)) - self.low) / (self.high - self.low)
        return self.area.bottom() - share * self.area.height()

    # Painting -------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, pointed: int | None = None) -> None:
        """Paint all of it; the bar of the number `pointed` is lit."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axis(painter)
        self._paint_words(painter)
        for number, bar in self._bars():
            if number == pointed or bar.layer.name in self.look.selected:
                self._paint_lit(painter, number, chosen=bar.layer.name in self.look.selected)
        for number, bar in self._bars():
            self._paint_bar(painter, number, bar)
        self._paint_names(painter)
        self._paint_groups(painter)
        painter.restore()

    def _bars(self) -> list[tuple[int, Bar]]:
        return [(number, self.look.bars[number]) for number in self.shown]

    def _decades(self, most: int) -> list[float]:
        low, high = math.ceil(self.low), math.floor(self.high)
        step = max(1, -(-(high - low) // max(1, most)))
        return [float(place) for place in range(high, low - 1, -step)]

    def _tick(self, place: float) -> str:
        return figure(10.0**place, 3 if -4 <= place < 6 else 2) if self.look.measure.log else f"{100 * place:.0f} %"

    def _paint_axis(self, painter: QPainter) -> None:
        most = max(1, int(self.area.height() / (2.4 * self._text)))
        linear = [0.0, 0.25, 0.5, 0.75, 1.0] if most >= 4 else [0.0, 0.5, 1.0] if most >= 2 else [0.0, 1.0]
        painter.setFont(self._figures)
        for place in self._decades(most) if self.look.measure.log else linear:
            y = round(self.top(10.0**place if self.look.measure.log else place)) + 0.5
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(self.area.left(), y), QPointF(self.area.right(), y))
            painter.setPen(theme().color("muted"))
            label = QRectF(0, y - self._text, self.area.left() - 6, 2 * self._text)
            painter.drawText(label, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._tick(place))

    def _paint_words(self, painter: QPainter) -> None:
        """What is measured, and what the small marks are: as far as there is room."""
        line = QRectF(self.area.left(), self.area.top() - self._head, self.area.width(), self._head - 4)
        marks = []
        if self.look.first_step is not None:
            marks.append((False, f"at step {self.look.first_step:,}"))
        if self.look.measure.mean:
            marks.append((True, "mean, without its sign"))
        painter.setFont(self._face)
        right = line.right()
        for dot, text in marks:
            width = self._metrics.horizontalAdvance(text) + 2
            if right - width - 16 < line.left():
                break
            painter.setPen(theme().color("muted"))
            flags = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(right - width, line.top(), width, line.height()), flags, text)
            y = line.center().y()
            if dot:
                self._paint_dot(painter, QPointF(right - width - 8, y), 3.0)
            else:
                self._paint_mark(painter, right - width - 9, y, 10.0)
            right -= width + 26
        room = right - line.left()
        title = self._metrics.elidedText(self.look.measure.title, Qt.TextElideMode.ElideRight, room)
        if room > 60:
            painter.setPen(theme().color("muted"))
            painter.drawText(QRectF(line.left(), line.top(), room, line.height()), Qt.AlignmentFlag.AlignVCenter, title)

    def _paint_lit(self, painter: QPainter, number: int, *, chosen: bool) -> None:
        width = max(3.0, self.slot)
        column = QRectF(self.middle(number) - width / 2, self.area.top(), width, self.area.height())
        painter.fillRect(column, theme().color("accent" if chosen else "muted", 0.22 if chosen else 0.15))
        if chosen:
            painter.fillRect(QRectF(column.left(), column.bottom() + 0.5, width, 2), theme().color("accent"))

    def _paint_bar(self, painter: QPainter, number: int, bar: Bar) -> None:
        middle, bottom = self.middle(number), self.area.bottom()
        width = min(WIDEST, self.slot if self.slot < 3 else 0.68 * self.slot)
        colour = theme().category(bar.layer.category)
        if bar.value is not None and not bar.note:
            top = min(self.top(bar.value), bottom - 1.5)
            painter.fillRect(QRectF(middle - width / 2, top, width, bottom - top), colour)
        if bar.first is not None and math.isfinite(bar.first) and not (self.look.measure.log and bar.first <= 0):
            self._paint_mark(painter, middle, self.top(bar.first), max(width, min(self.slot, width + 6)))
        if bar.note:
            self._paint_note(painter, middle, bar, width)
        if bar.mean is not None and 10.0**self.low <= abs(bar.mean) < math.inf:
            self._paint_dot(painter, QPointF(middle, self.top(abs(bar.mean))), min(3.0, max(1.0, width / 2)))

    def _paint_mark(self, painter: QPainter, middle: float, y: float, width: float) -> None:
        """A line across a bar, of whatever colour that is."""
        for role, thick in (("panel", 3.5), ("muted", 1.5)):
            painter.setPen(QPen(theme().color(role), thick))
            painter.drawLine(QPointF(middle - width / 2, y), QPointF(middle + width / 2, y))

    def _paint_dot(self, painter: QPainter, at: QPointF, radius: float) -> None:
        painter.setPen(QPen(theme().color("panel"), 1.5) if radius > 2 else Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("text"))
        painter.drawEllipse(at, radius, radius)

    def _paint_note(self, painter: QPainter, middle: float, bar: Bar, width: float) -> None:
        """No bar, but a cross at the edge where it would end, and why, where that fits."""
        wild = bar.value is not None and not math.isfinite(bar.value)
        colour = theme().color("muted" if bar.note in (FROZEN, CONSTANT) else "bad")
        bottom, size = self.area.bottom(), min(4.0, max(1.0, width / 2))
        if wild:
            painter.fillRect(QRectF(middle - width / 2, self.area.top(), width, self.area.height()), _faint(colour))
        y = self.area.top() + 6 if wild else bottom - 6
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(QPointF(middle - size, y - size), QPointF(middle + size, y + size))
        painter.drawLine(QPointF(middle - size, y + size), QPointF(middle + size, y - size))
        length = self._metrics.horizontalAdvance(bar.note)
        if self.slot >= self._turned and length + 24 < self.area.height():
            place = QRectF(middle - self._turned / 2, bottom - 16 - length, self._turned, length + 4)
            painter.fillRect(place, theme().color("panel", 0.8))  # over the mark of the first look
            painter.setFont(self._face)
            self._turn(painter, bar.note, middle, bottom - 14, length + 2, left=True)

    def _paint_names(self, painter: QPainter) -> None:
        painter.setFont(self._face)
        top = self.area.bottom() + 4
        every = 1 if not self.turned else max(1, math.ceil(self._turned / self.slot))
        if self.turned and self._names < 16:
            return
        marked = [n for n, bar in self._bars() if bar.layer.name in self.look.selected]
        for number, bar in self._bars():
            chosen = bar.layer.name in self.look.selected
            # Of many names every third or so; near one that is selected, that one.
            if not chosen and (number % every or any(abs(number - other) < every for other in marked)):
                continue
            painter.setPen(theme().color("text" if chosen else "muted"))
            name = self._leaves[number]
            if self.turned:
                cut = self._metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, self._names)
                self._turn(painter, cut, self.middle(number), top + self._names, self._names, left=False)
            else:
                box = QRectF(self.middle(number) - self.slot / 2, top, self.slot, self._names)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _turn(self, painter: QPainter, text: str, middle: float, bottom: float, length: float, *, left: bool) -> None:
        """Text that reads upwards from `bottom`; at the lower end of its place (`left`) or at the upper one."""
        painter.save()
        painter.translate(middle, bottom)
        painter.rotate(-90)
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(0, -self._text, length, 2 * self._text), Qt.AlignmentFlag.AlignVCenter | side, text)
        painter.restore()

    def _paint_groups(self, painter: QPainter) -> None:
        """The blocks that layers stand in, as a line below their names."""
        top = self.area.bottom() + 4 + self._names
        for group, members in groupby(((n, self._groups[n]) for n in self.shown), key=lambda entry: entry[1]):
            numbers = [number for number, _ in members]
            if not group:
                continue
            left = self.middle(numbers[0]) - self.slot / 2 + 1
            right = self.middle(numbers[-1]) + self.slot / 2 - 1
            painter.setPen(QPen(theme().color("wire"), 1))
            painter.drawLine(QPointF(left, top + 1), QPointF(right, top + 1))
            painter.setPen(theme().color("muted"))
            cut = self._metrics.elidedText(group, Qt.TextElideMode.ElideMiddle, right - left)
            if len(cut) > 2 or cut == group:
                painter.drawText(QRectF(left, top + 1, right - left, self._band), Qt.AlignmentFlag.AlignCenter, cut)


def _reach(look: Look) -> tuple[float, float]:
    """Both ends of the axis; of a logarithmic one, as powers of ten."""
    if not look.measure.log:
        return 0.0, 1.0
    values = [value for bar in look.bars for value in (bar.value, bar.first)]
    places = [math.log10(value) for value in values if value is not None and math.isfinite(value) and value > 0]
    if not places:
        return -3.0, 0.0
    high = math.ceil(max(places))
    low = max(math.floor(min(places) - 0.15), high - MOST_DECADES)  # the smallest bar has some height, too
    return float(min(low, high - 2)), float(high)


def _faint(colour: QColor) -> QColor:
    made = QColor(colour)
    made.setAlphaF(0.25)
    return made
