"""A plot of one figure over the steps of a run: raw and smoothed training curve, validation points, and behind them
the curves of other runs, to compare. Knows no trainer.

Imports pyqtgraph, which takes an eighth of a second: import this file behind the first paint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)

from builder.ui.theme import font, theme
from builder.ui.views import ends
from builder.ui.views.others import OtherCurves, few
from builder.ui.views.paint import figure, paint_note
from builder.ui.views.series import Doubles, Other, Series, even_ticks, log_ticks, window

AXIS = 46  # pixels for the figures at the left, with the usual text
FOOT = 18  # pixels for the steps below, likewise
TEXT, LARGE = 10, 16  # pixels of the usual text, and of one that is read from the back row
MOST_DOTS = 80  # validation points that are drawn with dots
SETTLED = 250  # milliseconds without another point until points too close to be seen apart are drawn
NEAR = 14  # pixels between two changes of the learning rate that are marked one by one


@dataclass(frozen=True)
class Measure:
    """What is plotted.

    Attributes:
        show: the figure for a reader: 0.42, or 97.3 %.
        low, high: values that are never exceeded; None where there is no such bound.
    """

    show: Callable[[float], str]
    low: float | None = None
    high: float | None = None


class CurvePlot(pg.GraphicsView):  # type: ignore[misc]
    """Draws series in a bare view box, which unlike a plot item brings no menus and axes that nobody uses.

    Wheel or + and - zoom along the steps, dragging or arrows move, double-click or 0 shows all.

    Attributes:
        log: the vertical axis is logarithmic.
        box: where the curves are drawn.
        text: size of axes and words in pixels; lines and margins go with it.
        span: first and last step shown; None to follow the run.
    """

    def __init__(
        self,
        measure: Measure,
        training: Series,
        validation: Series,
        others: Callable[[], Sequence[Other]] = tuple,
        notes: Sequence[tuple[int, str]] = (),
        name: Callable[[], str] = str,
        text: int = TEXT,
    ) -> None:
        """Draw two series, behind them those of other runs, and what happened at which step.

        Args:
            others: asked for at every drawing.
            notes: steps, and what happened behind each.
            name: that of the run itself, beside its curve where others stand there too; asked for likewise.
        """
        super().__init__(background=None)
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.scene().addItem(self.box)
        self.log = False
        self.text = text
        self._axis, self._foot = round(AXIS * text / TEXT), round(FOOT * text / TEXT)
        self.span: tuple[float, float] | None = None
        self._measure, self._training, self._validation = measure, training, validation
        self._notes, self._name = notes, name
        self._others = OtherCurves(self.box, others)
        self._drawn = 0.0  # the newest step of the training curve when the plot was drawn last
        self._moment: int | None = None
        self._pointer: QPointF | None = None
        self._drag: tuple[float, tuple[float, float]] | None = None
        self._settled = QTimer(self, singleShot=True, interval=SETTLED)
        self._settled.timeout.connect(self.refresh)
        self._raw, self._mean, self._line = (pg.PlotCurveItem() for _ in range(3))
        self._dots, self._first = (pg.ScatterPlotItem(pxMode=True, size=text / 2) for _ in range(2))
        for depth, item in enumerate((self._raw, self._mean, self._line, self._dots, self._first)):
            item.setZValue(depth)
            self.box.addItem(item)
        for curve in (self._raw, self._mean, self._line):
            curve.setSegmentedLineMode("off")
        # All that changes is painted together, when `refresh` says so; left to the scene, some of it is painted twice.
        self.setViewportUpdateMode(pg.QtWidgets.QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.setMinimumSize(80, 60)
        self._dress()
        theme().changed.connect(self._dress)

    def sizeHint(self) -> QSize:
        return QSize(340, 240)

    def _dress(self) -> None:
        training, validation = theme().color("training"), theme().color("validation")
        self.setBackground(theme().color("panel"))
        faint = 0.38 if self._measure.high is None else 0.24
        thick = self.text / TEXT
        self._raw.setPen(pg.mkPen(theme().color("training", faint), width=thick))
        self._mean.setPen(pg.mkPen(training, width=1.8 * thick))
        self._line.setPen(pg.mkPen(validation, width=1.8 * thick))
        for dots, colour in ((self._dots, validation), (self._first, training)):
            dots.setPen(None)
            dots.setBrush(colour)
        for curve in (self._mean, self._line):
            curve.opts["antialias"] = True
        self._others.dress()
        self.resetCachedContent()
        self.viewport().update()

    # Data -----------------------------------------------------------------------------------------------------------

    def extent(self) -> tuple[float, float]:
        """First and last step that there are: of this run, and of those that are kept by name."""
        lasts = [series.last[0] for series in (self._training, self._validation) if series.last is not None]
        return 0.0, max([1.0, self._others.last(), *lasts])

    def show_moment(self, step: int | None) -> None:
        """Mark the step that the other views show; None for none."""
        self._moment = step
        self.viewport().update()

    def follow(self) -> None:
        """Draw again if the newest training points would move anything by half a pixel: late in a run few do.

        When no more come (a pause), the last ones are drawn all the same, and the figure below is the last step.
        """
        first, last = self.span or self.extent()
        if self._newest() == self._drawn or (self.span is not None and self._drawn >= last):
            return
        if self._newest() - self._drawn >= 0.5 * (last - first) / self.area().width():
            self.refresh()
        else:
            self._settled.start()

    def _newest(self) -> float:
        # Of training alone: the point of a validation may be drawn before the steps that led to it have arrived.
        return self._training.last[0] if self._training.last is not None else 0.0

    def refresh(self) -> None:
        """Draw the series as they stand now."""
        self._settled.stop()
        self._drawn = self._newest()
        self.box.setGeometry(self.area())
        first, last = self.span or self.extent()
        bounded = self._measure.low is not None and self._measure.high is not None
        columns = max(16, self.width() - self._axis)
        training = self._training.between(first, last, columns)
        validation = self._validation.between(first, last, columns)
        raw = self._placed(training.y)
        mean, line = self._placed(training.mean), self._placed(validation.mean)
        # Shares of a batch jump between a few values: where there are many, they would hide the curves behind hatching.
        hatched = bounded and len(raw) > columns / 2
        self._raw.setData([] if hatched else training.x, [] if hatched else raw)
        ends = few(len(mean))
        self._mean.setData(training.at[ends], mean[ends])
        self._line.setData(validation.at, line)
        before = self._others.draw(first, last, columns, self._placed)
        single = len(mean) == 1  # no line yet
        self._first.setData(training.at if single else [], mean if single else [])
        dotted = len(line) <= MOST_DOTS
        self._dots.setData(validation.at if dotted else [], line if dotted else [])
        low, high = self._range(mean, raw, line, before)
        self.box.setRange(xRange=(first, last), yRange=(low, high), padding=0.0)
        self.box.updateMatrix()  # left to the painting, this would ask for another one
        self.resetCachedContent()  # ticks and labels are painted behind the curves, where the view keeps a copy
        self.viewport().update()

    def _placed(self, values: Doubles) -> Doubles:
        """Where values stand on the vertical axis."""
        if not self.log:
            return values
        placed = np.full(len(values), np.nan)
        np.log10(values, out=placed, where=values > 0)
        return placed

    def _value(self, place: float) -> float:
        return float(10.0**place) if self.log else place

    def _range(
        self, mean: Doubles, raw: Doubles, line: Doubles, before: list[tuple[Doubles, Doubles]]
    ) -> tuple[float, float]:
        """Both ends of the vertical axis."""
        bottom, top = self._measure.low, self._measure.high
        if bottom is not None and top is not None:
            low, high = window(mean, line, bottom, top)
            curves = [(mean, line), *before]
            every = [window(*both, bottom, top) for both in curves if len(both[0]) or len(both[1])]
            return min([end[0] for end in every], default=low), max([end[1] for end in every], default=high)
        others = [values for both in before for values in both]
        if not self.log and (len(raw) or len(line)):  # another run that went astray must not press this one flat
            most = 2 * max([*raw, *line])
            others = [values[values <= most] for values in others]
        return self._reach(raw, line, *others)

    def _reach(self, *placed: Doubles) -> tuple[float, float]:
        every = np.concatenate(placed)
        every = every[np.isfinite(every)]
        low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
        room = max((high - low) * 0.05, (self._least(high) - (high - low)) / 2)
        low, high = low - room, high + room
        if not self.log and self._measure.low is not None:
            low = max(low, self._measure.low)
        return (low, high) if high > low else (low - 0.5, low + 0.5)

    def _least(self, high: float) -> float:
        """The least span of the vertical axis: below it, neighbouring ticks would read alike."""
        return 0.05 if self.log else 0.06 * abs(high) or 1e-9

    # Painting -------------------------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """The part of the widget that the curves fill."""
        wide, high = self.width() - self._axis - 12, self.height() - self.text - self._foot
        return QRectF(self._axis, self.text, max(8, wide), max(8, high))

    def _x(self, step: float, area: QRectF) -> float:
        (first, last), _ = self.box.viewRange()
        return area.left() + float(step - first) / max(float(last - first), 1e-12) * area.width()

    def _y(self, place: float, area: QRectF) -> float:
        _, (low, high) = self.box.viewRange()
        return area.bottom() - float(place - low) / max(float(high - low), 1e-12) * area.height()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawBackground(painter, rect)
        painter.save()
        painter.resetTransform()
        area = self.area()
        (first, last), (low, high) = self.box.viewRange()
        most = max(2, int(area.height() / (3.6 * self.text)))
        ticks = (log_ticks if self.log else even_ticks)(low, high, most)
        painter.setFont(font(self.text, mono=True))
        flags = Qt.AlignmentFlag.AlignVCenter
        for tick in ticks:
            y = round(self._y(tick, area)) + 0.5
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme().color("muted"))
            label = self._measure.show(self._value(tick))
            painter.drawText(
                QRectF(0, y - self.text, area.left() - 6, 2 * self.text), flags | Qt.AlignmentFlag.AlignRight, label
            )
        foot = QRectF(area.left(), area.bottom() + 2, area.width(), self._foot - 2)
        painter.setPen(theme().color("muted"))
        painter.drawText(foot, flags | Qt.AlignmentFlag.AlignLeft, f"{first:,.0f}")
        painter.drawText(foot, flags | Qt.AlignmentFlag.AlignRight, f"step {last:,.0f}")
        newest = self._training.last
        if newest is not None and first <= newest[0] <= last:
            pen = QPen(theme().color("wire"), 1, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            x = min(self._x(newest[0], area), area.right() - 1)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        self._paint_marks(painter, area)
        painter.restore()

    def marks(self) -> list[tuple[float, str]]:
        """Where something happened, and what: of rates that a slider set in one go, the last."""
        area = self.area()
        (first, last), _ = self.box.viewRange()
        found: list[tuple[float, str]] = []
        for step, words in sorted(self._notes, key=lambda note: note[0]):
            if first <= step <= last:
                x = self._x(step, area)
                if found and x - found[-1][0] < NEAR * self.text / TEXT:
                    found.pop()
                found.append((x, words))
        return found

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(theme().color("muted"), 1, Qt.PenStyle.DotLine))
        for x, words in self.marks():
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            # Along the line, so that neighbours have room; at the end that a curve which goes well does not come to.
            width = painter.fontMetrics().horizontalAdvance(words)
            end = area.bottom() - 4 if self._measure.high is not None else area.top() + 2 + width
            painter.save()
            painter.translate(x - 3, end)
            painter.rotate(-90)
            painter.drawText(QPointF(0, 0), words)
            painter.restore()

    def line_ends(self) -> list[ends.End]:
        """The names of the runs that are compared, where their lines end."""
        runs = [(other.name, other.role, (other.line, other.training)) for other in self._others.runs]
        if runs and self._name():
            runs.append((self._name(), "validation", (self._validation, self._training)))
        found = (self._end(*run) for run in runs)
        return [end for end in found if end is not None]

    def _end(self, name: str, role: str, curves: Iterable[Series]) -> ends.End | None:
        """Where the first of these curves that reaches into the plot ends, there or at its right edge."""
        area, (first, last) = self.area(), self.box.viewRange()[0]
        for series in curves:
            part = series.between(first, last, max(16, self.width() - self._axis))
            if len(part.at) and part.at[0] <= last:
                step = min(float(part.at[-1]), last)
                place = float(np.interp(step, part.at, self._placed(part.mean)))
                if np.isfinite(place):
                    y = min(max(self._y(place, area), area.top()), area.bottom())
                    return ends.End(name, role, QPointF(self._x(step, area), y))
        return None

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        area = self.area()
        if self._others.runs:
            painter.save()
            painter.resetTransform()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ends.paint(painter, self.line_ends(), area, self.text + 1)
            painter.restore()
        first, last = self.span or self.extent()
        if self._moment is not None and first <= self._moment <= last:
            painter.save()
            painter.resetTransform()
            painter.setPen(QPen(theme().color("accent"), 1.5))
            x = self._x(self._moment, area)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.restore()
        if self._pointer is None or not area.contains(self._pointer):
            return
        words = self.words_at(self._pointer.x())
        painter.save()
        painter.resetTransform()
        painter.setPen(QPen(theme().color("muted"), 1, Qt.PenStyle.DotLine))
        x = round(self._pointer.x()) + 0.5
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if words:
            paint_note(painter, QRectF(self.viewport().rect()), self._pointer, words, size=self.text + 1)
        painter.restore()

    def drawn_to(self) -> float:
        """The step at which the training curve on screen ends."""
        x, _ = self._raw.getData()
        return float(x[-1]) if x is not None and len(x) else 0.0

    def words_at(self, x: float) -> str:
        """What the curves say at a pixel column of the widget."""
        area = self.area()
        (first, last), _ = self.box.viewRange()
        step = first + (x - area.left()) / max(area.width(), 1.0) * (last - first)
        lines = []
        training, validation = self._training.near(step), self._validation.near(step)
        others = [(other, other.line.near(step)) for other in self._others.runs]
        found = training or validation or next((near for _, near in others if near is not None), None)
        if found is None:
            return ""
        lines.append(f"step {round(found[0]):,}")
        show = self._measure.show
        if training is not None:
            spread = "" if training[2] == training[3] else f" ({show(training[2])} to {show(training[3])})"
            lines.append(f"training {show(training[1])}{spread}")
        if validation is not None:
            lines.append(f"validation {show(validation[1])}, step {round(validation[0]):,}")
        for other, near in others:
            end = other.line.last
            if near is not None and end is not None and step <= end[0]:
                lines.append(f"{other.name} {show(near[1])}")
        return "\n".join(lines)

    # Hands ----------------------------------------------------------------------------------------------------------

    def zoom(self, factor: float, around: float | None = None) -> None:
        """Show `factor` times as many steps, with the step `around` (default: the middle) staying where it is."""
        whole = self.extent()
        first, last = self.span or whole
        centre = (first + last) / 2 if around is None else around
        low, high = centre - (centre - first) * factor, centre + (last - centre) * factor
        least = min(8.0, whole[1])
        if high - low < least:
            low, high = centre - least / 2, centre + least / 2
        self._set_span(low, high)

    def move(self, steps: float) -> None:
        """Show later (or earlier) steps."""
        first, last = self.span or self.extent()
        whole = self.extent()
        steps = max(whole[0] - first, min(steps, whole[1] - last))
        self._set_span(first + steps, last + steps)

    def reset(self) -> None:
        """Show all, and follow the run."""
        self.span = None
        self.refresh()

    def _set_span(self, low: float, high: float) -> None:
        whole = self.extent()
        low, high = max(whole[0], low), min(whole[1], high)
        self.span = None if (low, high) == whole else (low, high)
        self.refresh()

    def _step_at(self, x: float) -> float:
        area = self.area()
        first, last = self.span or self.extent()
        return first + (x - area.left()) / max(area.width(), 1.0) * (last - first)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        self.zoom(0.999**turn, self._step_at(event.position().x()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position().x(), self.span or self.extent()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._drag is not None and self.span is not None:
            start, (first, last) = self._drag
            by = (start - event.position().x()) / max(self.area().width(), 1.0) * (last - first)
            by = max(-first, min(by, self.extent()[1] - last))
            self._set_span(first + by, last + by)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        first, last = self.span or self.extent()
        acts: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Plus: lambda: self.zoom(0.7),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / 0.7),
            Qt.Key.Key_0: self.reset,
            Qt.Key.Key_Left: lambda: self.move(-(last - first) / 8),
            Qt.Key.Key_Right: lambda: self.move((last - first) / 8),
        }
        act = acts.get(event.key())
        if act is None:
            event.ignore()
        else:
            act()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_dots"):  # pyqtgraph resizes before our part is built
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()


def loss_figure(value: float) -> str:
    """A loss for a reader."""
    return figure(value)


def per_cent(value: float) -> str:
    """A share for a reader: 97.3 %."""
    return f"{value * 100:.4g} %"
