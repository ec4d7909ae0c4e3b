"""The matrix of confusions as a heat map with the classes' names. Knows counts and names, no run.

The share of the row's class gives the colour, the count stands in the cell where it fits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.inspect.scores import Counts, Shares, row_shares
from builder.ui.theme import font, theme
from builder.ui.views.colour import ACTIVATION, Pixels, pixels_to_image
from builder.ui.views.paint import paint_note
from builder.ui.views.scale import Scale

SCALE = Scale(ACTIVATION, 0.0, 1.0, root=True)  # with many classes, mistakes of a few per cent are what is looked for
Place = tuple[int, int]
"""A cell: true class, said class."""

_WIDE = 3.2  # a cell is at most so many times as wide as high, and never higher than wide
_LARGEST = 180.0  # pixels that a cell is wide at most
_LONG = 44  # characters of a note in one line
_SIZES = (20, 15, 13, 11, 10, 9)  # of figures, the largest first
_LARGE_SIZES = (32, 24)  # likewise, where all is enlarged


@dataclass(frozen=True, eq=False)
class Confusions:
    """Counts with the names of the classes, and where they come from: "validation, epoch 3".

    Attributes:
        top5: the share of samples of which the true class has one of the five highest scores; None where there are
            hardly more classes than that.
    """

    counts: Counts
    names: tuple[str, ...]
    origin: str
    top5: float | None = None

    @cached_property
    def shares(self) -> Shares:
        """The counts as shares of their row; NaN in a row without samples."""
        return row_shares(self.counts)

    def words(self, place: Place) -> str:
        """What a cell tells: "is 4, said 9: 3 of 41"."""
        true, said = place
        total = int(self.counts[true].sum())
        if not total:
            return f"is {self.names[true]}: no samples"
        count = f"{int(self.counts[place]):,} of {total:,}"
        line = f"is {self.names[true]}, said {self.names[said]}: {count}"
        return line if len(line) <= _LONG else f"is {self.names[true]}\nsaid {self.names[said]}\n{count}"

    def pixels(self) -> Pixels:
        """The colour of each cell."""
        found: Pixels = SCALE.pixels(np.nan_to_num(self.shares, nan=0.0).astype(np.float32)[None])[0]
        found[self.counts.sum(axis=1) == 0] = theme().color("raised").rgba()
        return found


@dataclass(frozen=True)
class Layout:
    """Where the parts of a matrix stand.

    Attributes:
        left, top: of the cells; width, height: of one cell.
        upright: the names above the columns run upwards; step: one name for so many columns.
        row_step: one name for so many rows.
        zoom: how many times the usual size the names are.
    """

    left: float
    top: float
    width: float
    height: float
    count: int
    upright: bool
    step: int
    row_step: int
    zoom: float = 1.0

    @property
    def cells(self) -> QRectF:
        """All cells."""
        return QRectF(self.left, self.top, self.width * self.count, self.height * self.count)

    def cell(self, place: Place) -> QRectF:
        """One cell."""
        row, column = place
        return QRectF(self.left + column * self.width, self.top + row * self.height, self.width, self.height)

    def place_at(self, at: QPointF) -> Place | None:
        """The cell at a point; None outside."""
        row, column = (at.y() - self.top) / self.height, (at.x() - self.left) / self.width
        inside = 0 <= row < self.count and 0 <= column < self.count
        return (int(row), int(column)) if inside else None


def lay_out(names: Sequence[str], box: QRectF, zoom: float = 1.0) -> Layout:
    """The layout that makes the cells as large as the box allows, and leaves the names what they need of it."""
    metrics = QFontMetricsF(_names_font(zoom))
    line, count = metrics.height(), len(names)
    longest = max(metrics.horizontalAdvance(name) for name in names)
    left = max(metrics.horizontalAdvance(_IS), min(longest, 0.3 * box.width())) + 6

    edge = line / 2 if count * line > box.height() else 0.0  # the last name may be wider than its cell

    def cells(head: float) -> tuple[float, float]:
        across = max(1.0, box.width() - left - edge) / count
        down = max(1.0, box.height() - head - edge) / count
        wide = min(across, _WIDE * down, _LARGEST)
        high = min(down, wide)
        return (math.floor(wide) if wide > 6 else wide), (math.floor(high) if high > 6 else high)

    flat = 2 * line + 4
    width, height = cells(flat)
    step = math.ceil((longest + 4) / width)
    upright = step > 1 and longest > 2 * line
    if upright:
        flat = line + min(longest, 0.3 * box.height()) + 8
        width, height = cells(flat)
        step = math.ceil(line / width)
    return Layout(
        box.left() + left, box.top() + flat, width, height, count, upright, step, math.ceil(line / height), zoom
    )


def paint_matrix(painter: QPainter, layout: Layout, shown: Confusions, marked: Place | None = None) -> None:
    """The matrix with its names; those of the marked cell are emphasised."""
    painter.save()
    pixels = shown.pixels()
    painter.drawImage(layout.cells, pixels_to_image(pixels))
    if min(layout.width, layout.height) >= 7:
        painter.setPen(QPen(theme().color("panel"), 1))
        cells = layout.cells
        for number in range(1, layout.count):
            x, y = cells.left() + number * layout.width, cells.top() + number * layout.height
            painter.drawLine(QPointF(x, cells.top()), QPointF(x, cells.bottom()))
            painter.drawLine(QPointF(cells.left(), y), QPointF(cells.right(), y))
    _paint_counts(painter, layout, shown, pixels)
    _paint_names(painter, layout, shown, marked)
    painter.restore()


_IS, _SAYS = "is ↓", "says →"


def _names_font(zoom: float) -> QFont:
    return font(round(11 * zoom))


def _paint_counts(painter: QPainter, layout: Layout, shown: Confusions, pixels: Pixels) -> None:
    if layout.height < _SIZES[-1] + 1 or layout.width < _SIZES[-1]:
        return
    widest = f"{int(shown.counts.max()):,}"
    sizes = _SIZES if layout.zoom == 1.0 else (*_LARGE_SIZES, *_SIZES)
    for size in sizes:  # one size for all, and where the largest count fits in none, the others may
        face = font(size, mono=True)
        metrics = QFontMetricsF(face)
        if metrics.horizontalAdvance(widest) + 4 <= layout.width and min(size + 8, 1.4 * size) <= layout.height:
            break
    painter.setFont(face)
    for row, column in np.argwhere(shown.counts).tolist():
        text = f"{int(shown.counts[row, column]):,}"
        if metrics.horizontalAdvance(text) + 2 <= layout.width:
            bright = QColor.fromRgba(int(pixels[row, column])).lightnessF() > 0.55
            painter.setPen(QColor("#000000" if bright else "#ffffff"))
            painter.drawText(layout.cell((row, column)), Qt.AlignmentFlag.AlignCenter, text)


def _paint_names(painter: QPainter, layout: Layout, shown: Confusions, marked: Place | None) -> None:
    face = _names_font(layout.zoom)
    metrics = QFontMetricsF(face)
    line = metrics.height()
    cells = layout.cells
    right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
    painter.setFont(face)
    painter.setPen(theme().color("muted"))
    room = layout.left - 5
    top = cells.top() - line - 2
    painter.drawText(QRectF(0, top, room, line), right | middle, _IS)
    painter.drawText(QRectF(cells.left(), 0, 80 * layout.zoom, line), Qt.AlignmentFlag.AlignLeft | middle, _SAYS)
    for number in _named(layout.count, layout.row_step, marked[0] if marked else None):
        painter.setPen(theme().color("text" if marked and number == marked[0] else "muted"))
        text = metrics.elidedText(shown.names[number], Qt.TextElideMode.ElideRight, room)
        y = cells.top() + (number + 0.5) * layout.height
        painter.drawText(QRectF(0, y - line / 2, room, line), right | middle, text)
    for number in _named(layout.count, layout.step, marked[1] if marked else None):
        painter.setPen(theme().color("text" if marked and number == marked[1] else "muted"))
        x = cells.left() + (number + 0.5) * layout.width
        if layout.upright:
            space = cells.top() - line - 7
            text = metrics.elidedText(shown.names[number], Qt.TextElideMode.ElideRight, space)
            painter.save()
            painter.translate(x, cells.top() - 4)
            painter.rotate(-90)
            painter.drawText(QRectF(0, -line / 2, space + 1, line), Qt.AlignmentFlag.AlignLeft | middle, text)
            painter.restore()
        else:
            wide = layout.step * layout.width + 2 * line
            box = QRectF(x - wide / 2, cells.top() - line - 2, wide, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown.names[number])


def _named(count: int, step: int, marked: int | None) -> Iterator[int]:
    """The classes whose names are written: every so many, and the marked one in place of its neighbours."""
    for number in range(0, count, step):
        if marked is None or number == marked or abs(number - marked) >= step:
            yield number
    if marked is not None and marked % step:
        yield marked


class Matrix(QWidget):
    """Shows `Confusions`, says what is under the pointer, and lets a cell be chosen.

    Attributes:
        hovered: the cell under the pointer or the keys, or None.
        chosen: a cell was clicked, or Enter pressed on it.
    """

    hovered = Signal(object)
    chosen = Signal(object)

    def __init__(self, zoom: float = 1.0) -> None:
        """Show nothing yet, and words `zoom` times the usual size."""
        super().__init__()
        self._zoom = zoom
        self._shown: Confusions | None = None
        self._place: Place | None = None
        self._pointer = QPointF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(260, 240)

    def show_confusions(self, shown: Confusions) -> None:
        """Show this from the next repaint on."""
        if self._shown is not None and len(self._shown.names) != len(shown.names):
            self._mark(None)
        self._shown = shown
        self.update()

    def layout_now(self) -> Layout | None:
        """Where everything stands at this size."""
        return lay_out(self._shown.names, QRectF(self.rect()), self._zoom) if self._shown is not None else None

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self.layout_now()
        if self._shown is None or layout is None:
            return
        painter = QPainter(self)
        paint_matrix(painter, layout, self._shown, self._place)
        if self._place is not None:
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRect(layout.cell(self._place).adjusted(1, 1, -1, -1))
            words = self._shown.words(self._place)
            paint_note(painter, QRectF(self.rect()), self._pointer, words, size=round(11 * self._zoom))

    def wrong(self, place: Place) -> bool:
        """Whether some sample is taken for another there."""
        return self._shown is not None and place[0] != place[1] and bool(self._shown.counts[place])

    def _mark(self, place: Place | None) -> None:
        if place is not None or self._place is not None:
            self._place = place
            hand = place is not None and self.wrong(place)
            self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            self.hovered.emit(place)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        layout = self.layout_now()
        self._pointer = event.position()
        self._mark(layout.place_at(self._pointer) if layout is not None else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._mark(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._mark(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        layout = self.layout_now()
        place = layout.place_at(event.position()) if layout is not None else None
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        layout = self.layout_now()
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(event.key())
        if layout is not None and key in steps:
            last = layout.count - 1
            row, column = (a + b for a, b in zip(self._place or (0, 0), steps[key], strict=True))
            place = min(max(row, 0), last), min(max(column, 0), last)
            self._pointer = layout.cell(place).center()
            self._mark(place)
            if self._shown is not None:
                self.setAccessibleDescription(self._shown.words(place))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._place is not None:
            self.chosen.emit(self._place)
        else:
            super().keyPressEvent(event)
