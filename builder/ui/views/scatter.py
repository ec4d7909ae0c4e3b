"""Samples as points in a plane, in the colours of their classes, painted in one go. Knows points, not where they come
from."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.inspect.cloud import Places, Samples
from builder.ui.theme import font, theme
from builder.ui.views.colour import GREY, class_colour, colours, pixels_to_image, rgb_pixels
from builder.ui.views.paint import figure, paint_note
from builder.ui.views.plane import paint_mark
from builder.ui.views.series import even_ticks

TOLD_APART = 30  # classes: ten colours and three shapes make so many marks
REACH = 14.0  # pixels around a point in which it is meant by the pointer
GLIDE = 0.24  # seconds that points take from one look to the next
FRAME = 30  # milliseconds between two frames of that
RING = 1.85  # the ring around a wrong answer, in radii of a point
_SPARE = 14.0  # pixels around all points
_DIM = 0.16  # how much is left of what is not chosen
_NO_CLASS = -1


@dataclass(frozen=True, eq=False)
class Scatter:
    """What is shown.

    Attributes:
        points: (n, 2); said: the class that the network names for each (n,), or None.
        names: of the classes; empty where there are none.
        chosen: the class that is not dimmed; None for all.
        pinned: where the pinned sample lies.
        axes: what the two axes are, and they have figures then; empty where only distances tell something.
        cross: whether lines through the middle of all are of use.
    """

    points: Places
    samples: Samples
    said: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None
    names: tuple[str, ...] = ()
    chosen: int | None = None
    pinned: tuple[float, float] | None = None
    axes: tuple[str, ...] = ()
    cross: bool = True

    def target(self, number: int) -> int:
        """The class of a point; -1 where there are none."""
        return int(self.samples.targets[number]) if self.samples.targets is not None else _NO_CLASS

    @cached_property
    def wrong(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """For which the network names another class, (n,)."""
        if self.said is None or self.samples.targets is None:
            return np.zeros(len(self.points), np.bool_)
        return np.asarray(self.said != self.samples.targets)

    def name(self, number: int) -> str:
        """The name of a class."""
        return self.names[number] if 0 <= number < len(self.names) else str(number)

    def colour(self, number: int) -> QColor:
        """The colour of a class here: of very many, only the chosen one has its own."""
        if number == _NO_CLASS:
            return theme().color("accent")
        many = len(self.names) > TOLD_APART
        return theme().color("muted") if many and number != self.chosen else class_colour(number)

    def words(self, number: int) -> str:
        """A point for a reader, in two lines."""
        first = f"sample {int(self.samples.positions[number]) + 1}"
        target = self.target(number)
        if target == _NO_CLASS:
            return first
        if self.said is None:
            return f"{first}\n{self.name(target)}"
        if not self.wrong[number]:
            return f"{first}\n{self.name(target)}, and said so"
        return f"{first}\n{self.name(target)}, said to be {self.name(int(self.said[number]))}"

    def picture(self, number: int) -> QImage | None:
        """The sample's small picture; None where it is none."""
        pictures = self.samples.pictures
        if pictures is None:
            return None
        one = pictures[number]
        return pixels_to_image(rgb_pixels(one) if len(one) == 3 else colours(one[0], GREY, 0.0, 255.0))


class Plot(QWidget):
    """The points of a `Scatter`. A click asks for a sample; the arrow keys go from point to point, Enter asks for it.

    Attributes:
        scatter: what is shown; None before the first.
        pointed: number of the point under the pointer.
    """

    asked = Signal(int)  # the number of a point

    def __init__(self, zoom: float = 1.0) -> None:
        """Show nothing yet, and words `zoom` times the usual size."""
        super().__init__()
        self._zoom = zoom
        self.scatter: Scatter | None = None
        self.pointed: int | None = None
        self._marks: dict[object, QPixmap] = {}
        self._places: Places | None = None  # where the points are painted
        self._from: tuple[Places, float] | None = None  # where they came from, and when
        self._glide = QTimer(self, interval=FRAME)
        self._glide.timeout.connect(self._move)
        self.setAccessibleName("Samples as points")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self._dress)

    def sizeHint(self) -> QSize:
        return QSize(360, 240)

    def _dress(self) -> None:
        self._marks.clear()
        self.update()

    def show_scatter(self, scatter: Scatter, frames: int = 8) -> None:
        """Draw this; points of the same samples glide there, in so many frames."""
        before, here = self.scatter, self._places
        self.scatter = scatter
        self._glide.stop()
        count = before.samples.shared(scatter.samples) if before is not None else 0
        same = before is not None and len(before.samples) == count == len(scatter.samples)
        if self.pointed is not None and not same:
            self.pointed = None
        moved = before is None or before.points is not scatter.points
        if same and moved and here is not None and self.isVisible():
            self._from = here, time.monotonic()
            self._glide.start(max(FRAME, round(1000 * GLIDE / frames)))
        elif moved:
            self._from = None
        if not same:
            self._places = None
        self.update()

    def _move(self) -> None:
        if self._from is None or time.monotonic() - self._from[1] >= GLIDE:
            self._from = None
            self._glide.stop()
        self.update()

    @property
    def gliding(self) -> bool:
        """Whether points are on their way."""
        return self._glide.isActive()

    def frame(self) -> Frame | None:
        """Where things stand."""
        if self.scatter is None or not len(self.scatter.points):
            return None
        return Frame(self.scatter, QRectF(self.rect()), self.devicePixelRatioF(), self._marks, self._zoom)

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self.frame()
        if frame is None or self.scatter is None:
            return
        self._places = frame.places
        if self._from is not None:
            share = min(1.0, (time.monotonic() - self._from[1]) / GLIDE)
            eased = share * share * (3 - 2 * share)
            start, count = self._from[0], min(len(self._from[0]), len(frame.places))
            self._places = frame.places.copy()
            self._places[:count] = start[:count] + (frame.places[:count] - start[:count]) * eased
        painter = QPainter(self)
        frame.paint(painter, self._places, self.pointed)
        if self.pointed is not None:
            scatter, at = self.scatter, QPointF(*self._places[self.pointed])
            words, picture, size = scatter.words(self.pointed), scatter.picture(self.pointed), round(11 * self._zoom)
            paint_note(painter, QRectF(self.rect()), at, words, picture, side=72 * self._zoom, size=size)

    # Hands ----------------------------------------------------------------------------------------------------------

    def point_at(self, at: QPointF) -> int | None:
        """The number of the point nearest to a place; None where none is near. Dimmed ones are not meant."""
        frame = self.frame()
        if frame is None:
            return None
        away = np.hypot(*(frame.places[: len(frame.lit)] - [at.x(), at.y()]).T)
        away[~frame.lit] = np.inf
        nearest = int(away.argmin())
        return nearest if away[nearest] <= REACH else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointed = self.point_at(event.position())
        if pointed != self.pointed:
            self.pointed = pointed
            self.setCursor(Qt.CursorShape.ArrowCursor if pointed is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.mouseMoveEvent(event)
            self._ask()

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed = None
        self.update()

    focusOutEvent = leaveEvent

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        way = ways.get(Qt.Key(event.key()))
        frame = self.frame()
        if way is not None and frame is not None:
            self.pointed = frame.neighbour(self.pointed, way)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pointed is not None:
            self._ask()
        else:
            event.ignore()

    def _ask(self) -> None:
        if self.pointed is not None:
            self.asked.emit(self.pointed)


@dataclass
class Frame:
    """A scatter laid out in a box: where points stand, and how they are painted. Both axes have one scale.

    Attributes:
        ratio: pixels of the screen for one of the box.
        zoom: how many times the usual size figures are.
        marks: kept from frame to frame: one small image for all points that look alike.
        places: (n, 2), in pixels of the box, and one more for the pinned sample; lit: which are not dimmed (n,).
    """

    scatter: Scatter
    box: QRectF
    ratio: float = 1.0
    marks: dict[object, QPixmap] = field(default_factory=dict)
    zoom: float = 1.0

    def __post_init__(self) -> None:
        scatter = self.scatter
        self.area = self.box.adjusted(_SPARE, _SPARE, -_SPARE, -_SPARE)
        if scatter.axes:
            self.area.adjust(34 * self.zoom, 0, 0, -18 * self.zoom)
        points = scatter.points
        every = points if scatter.pinned is None else np.vstack([points, scatter.pinned])
        low, high = every.min(0), every.max(0)
        self._middle = (low + high) / 2
        spread = np.maximum(high - low, 1e-12)
        room = np.array([max(8.0, self.area.width()), max(8.0, self.area.height())])
        self._scale = float((room / spread).min()) if float((high - low).max()) > 1e-9 else 1.0
        self.places = self.place(every)
        chosen, targets = scatter.chosen, scatter.samples.targets
        lit = np.ones(len(points), np.bool_) if chosen is None or targets is None else targets == chosen
        self.lit = lit if lit.any() else np.ones(len(points), np.bool_)
        self.radius = float(np.clip(0.16 * np.sqrt(room[0] * room[1] / max(40, len(points))), 2.4, 6.0))

    def place(self, points: Places) -> Places:
        """Where points stand, (n, 2), in pixels."""
        centre = np.array([self.area.center().x(), self.area.center().y()])
        placed: Places = (points - self._middle) * self._scale * np.array([1.0, -1.0]) + centre
        return placed

    def neighbour(self, start: int | None, way: tuple[int, int]) -> int:
        """The next point that way from another; that one itself where there is none. Dimmed ones are left out."""
        lit = np.flatnonzero(self.lit)
        if start is None:
            away = np.hypot(*(self.places[lit] - [self.area.center().x(), self.area.center().y()]).T)
            return int(lit[away.argmin()])
        by = self.places[lit] - self.places[start]
        ahead, aside = by @ np.array(way), np.abs(by @ np.array(way[::-1]))
        cost = np.where((ahead > 0.5) & (ahead >= aside), ahead + 2 * aside, np.inf)
        return int(lit[cost.argmin()]) if np.isfinite(cost).any() else start

    # Painting -------------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, places: Places | None = None, pointed: int | None = None) -> None:
        """Paint all of it, with the points at other places on their way here; the one called `pointed` is larger."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        at = self.places if places is None else places
        for dimmed in (True, False):
            opacity = _DIM if dimmed else 1.0
            painter.setOpacity(opacity)
            for mistaken in (False, True):  # what is wrong lies above what is right
                for number in np.flatnonzero((self.lit != dimmed) & (self.scatter.wrong == mistaken)):
                    mark = self._mark(int(number), mistaken)
                    half = mark.width() / self.ratio / 2
                    painter.drawPixmap(QPointF(at[number, 0] - half, at[number, 1] - half), mark)
        painter.setOpacity(1.0)
        if self.scatter.pinned is not None:
            self._paint_pinned(painter, QPointF(*at[-1]))
        if pointed is not None:
            painter.setPen(QPen(theme().color("text"), 1.5))
            painter.setBrush(self.scatter.colour(self.scatter.target(pointed)))
            paint_mark(painter, max(0, self.scatter.target(pointed)), QPointF(*at[pointed]), 1.7 * self.radius)
        painter.restore()

    def _mark(self, number: int, wrong: bool) -> QPixmap:
        """The small image of a point: the mark of its class, in a ring of the colour of a wrong answer."""
        scatter, target = self.scatter, self.scatter.target(number)
        said = int(scatter.said[number]) if wrong and scatter.said is not None else None
        fill = scatter.colour(target)
        ring = None if said is None else scatter.colour(said)
        key = (target % 3, fill.rgba(), ring.rgba() if ring is not None else None, self.radius, self.ratio)
        if key not in self.marks:
            side = 2 * (self.radius * RING + 2)
            made = QPixmap(round(side * self.ratio), round(side * self.ratio))
            made.setDevicePixelRatio(self.ratio)
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_point(painter, QPointF(side / 2, side / 2), self.radius, target, fill, ring)
            painter.end()
            self.marks[key] = made
        return self.marks[key]

    def _paint_ground(self, painter: QPainter) -> None:
        """A grid with figures where the axes are numbers; else a cross through the middle of all."""
        painter.setPen(QPen(theme().color("line"), 1))
        area = self.area.adjusted(-6, -6, 6, 6)
        if not self.scatter.axes:
            if self.scatter.cross and self.scatter.points.any():
                x, y = self.place(np.zeros((1, 2)))[0]
                if area.left() < x < area.right():
                    painter.drawLine(QPointF(round(x) + 0.5, area.top()), QPointF(round(x) + 0.5, area.bottom()))
                if area.top() < y < area.bottom():
                    painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
            return
        painter.setFont(font(round(10 * self.zoom), mono=True))
        for axis, name in enumerate(self.scatter.axes):
            self._paint_axis(painter, area, axis, name)

    def _paint_axis(self, painter: QPainter, area: QRectF, axis: int, name: str) -> None:
        room = (area.width() if axis == 0 else area.height()) / 2 / self._scale
        low, high = self._middle[axis] - room, self._middle[axis] + room
        wide, high = 64 * self.zoom, 14 * self.zoom  # of a figure
        most = max(2, int((area.width() / wide) if axis == 0 else (area.height() / 32 / self.zoom)))
        for tick in even_ticks(float(low), float(high), most):
            x, y = self.place(np.array([[tick, tick]]))[0]
            painter.setPen(QPen(theme().color("line"), 1))
            if axis == 0:
                painter.drawLine(QPointF(round(x) + 0.5, area.top()), QPointF(round(x) + 0.5, area.bottom()))
                where, side = QRectF(x - wide / 2, area.bottom() + 1, wide, high), Qt.AlignmentFlag.AlignHCenter
            else:
                painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
                where, side = QRectF(0, y - high / 2, area.left() - 4, high), Qt.AlignmentFlag.AlignRight
            painter.setPen(theme().color("muted"))
            painter.drawText(where, side | Qt.AlignmentFlag.AlignVCenter, figure(tick))
        painter.setPen(theme().color("muted"))
        if axis == 0:
            corner = QRectF(area.left(), area.bottom() - high - 2, area.width() - 4, high)
            painter.drawText(corner, Qt.AlignmentFlag.AlignRight, f"{name} →")
        else:
            painter.drawText(QRectF(area.left() + 4, area.top() + 1, area.width(), high), f"↑ {name}")

    def _paint_pinned(self, painter: QPainter, at: QPointF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        reach = self.radius + 5
        for colour, width in ((theme().color("panel"), 5.0), (theme().color("text"), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(at, reach, reach)
            for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                painter.drawLine(QPointF(at.x() + x * reach, at.y() + y * reach),
                                 QPointF(at.x() + x * (reach + 4), at.y() + y * (reach + 4)))  # fmt: skip


def paint_point(
    painter: QPainter, at: QPointF, radius: float, target: int, fill: QColor, ring: QColor | None = None
) -> None:
    """A point: the mark of a class, and around it a ring, where there is one."""
    if ring is not None:
        painter.setPen(QPen(ring, max(1.1, 0.35 * radius)))
        painter.setBrush(theme().color("panel", 0.6))
        painter.drawEllipse(at, RING * radius, RING * radius)
    # Light colours would be lost on a light ground.
    edge = theme().color("panel") if theme().dark else fill.darker(150)
    painter.setPen(QPen(edge, max(0.6, radius / 5)))
    painter.setBrush(fill)
    paint_mark(painter, max(0, target), at, radius)
