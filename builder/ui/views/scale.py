"""The colour bar: which colour stands for which value. Knows colour tables and numbers only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.ui.theme import font, theme
from builder.ui.views.colour import WEIGHT, Pixels, Table, colours, each_colours, pixels_to_image
from builder.ui.views.paint import figure

HEIGHT = 28
_BETWEEN = (0.01, 0.05, 0.1, 0.25, 0.5)  # shares of an uneven scale that are written


@dataclass(frozen=True, eq=False)
class Scale:
    """How values become colours.

    Attributes:
        low, high: values at the ends.
        each: every map has its own ends (its smallest and largest value; for weights, zero stays in the middle), so no
            figures can be given.
        root: colours go by the square root of a value (`low` is 0), so that small ones can be told apart.
    """

    table: Table
    low: float
    high: float
    each: bool = False
    root: bool = False

    def pixels(self, maps: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pixels:
        """Colours of maps (count, height, width)."""
        if self.each:
            return each_colours(maps, self.table)
        if self.root:
            return colours(np.sqrt(maps / np.float32(self.high)), self.table, 0.0, 1.0)
        return colours(maps, self.table, self.low, self.high)

    def place(self, value: float) -> float:
        """Where a value stands from one end to the other: 0 to 1."""
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return share**0.5 if self.root else share

    def strip(self) -> QImage:
        """All colours in a row, one pixel high."""
        return pixels_to_image(self.table.pixels[None, :256])


def paint_scale(painter: QPainter, box: QRectF, scale: Scale, mark: float | None = None) -> None:
    """A bar with the figures of its ends, and zero where it lies between; `mark` is a value to point at."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    bar = QRectF(box.left(), box.top() + 5, box.width(), 7)
    clip = QPainterPath()
    clip.addRoundedRect(bar, 3, 3)
    painter.save()
    painter.setClipPath(clip)
    painter.drawImage(bar, scale.strip())
    painter.restore()
    painter.setPen(QPen(theme().color("line"), 1))
    painter.drawPath(clip)
    face = font(10, mono=True)
    metrics = QFontMetricsF(face)
    painter.setFont(face)
    painter.setPen(theme().color("muted"))
    line = QRectF(box.left(), bar.bottom() + 2, box.width(), metrics.height())
    centred = scale.table is WEIGHT
    ends = ("−most" if centred else "least", "most") if scale.each else (figure(scale.low), figure(scale.high))
    flags = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(line, flags | Qt.AlignmentFlag.AlignLeft, ends[0])
    painter.drawText(line, flags | Qt.AlignmentFlag.AlignRight, ends[1])
    spread = scale.high - scale.low
    if not scale.each and scale.low < 0.0 < scale.high:
        x = bar.left() + bar.width() * -scale.low / spread
        from_left = x - line.left() - metrics.horizontalAdvance(ends[0])
        from_right = line.right() - x - metrics.horizontalAdvance(ends[1])
        if min(from_left, from_right) > 10:
            painter.drawText(QRectF(x - 10, line.top(), 20, line.height()), flags | Qt.AlignmentFlag.AlignHCenter, "0")
    elif scale.root:
        _paint_between(painter, line, bar, scale)
    elif scale.each and line.width() > 210:
        middle = "0 · of each map" if centred else "of each map"
        painter.drawText(line, flags | Qt.AlignmentFlag.AlignHCenter, middle)
    if mark is not None and not scale.each and np.isfinite(mark) and spread > 0:
        x = bar.left() + bar.width() * scale.place(mark)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("text"))
        top = bar.top() - 1
        painter.drawPolygon(QPolygonF([QPointF(x - 4, top - 4), QPointF(x + 4, top - 4), QPointF(x, top + 1)]))
    painter.restore()


def _paint_between(painter: QPainter, line: QRectF, bar: QRectF, scale: Scale) -> None:
    """Figures along a bar that is not even, each below its colour, as far as they have room."""
    metrics = QFontMetricsF(painter.font())
    taken = line.left() + metrics.horizontalAdvance(figure(scale.low))
    most = line.right() - metrics.horizontalAdvance(figure(scale.high))
    for share in _BETWEEN:
        value = scale.high * share
        x, half = bar.left() + bar.width() * scale.place(value), metrics.horizontalAdvance(figure(value)) / 2
        if x - half > taken + 6 and x + half < most - 6:
            painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 3))
            box = QRectF(x - half - 1, line.top(), 2 * half + 2, line.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, figure(value))
            taken = x + half


class ColourBar(QWidget):
    """Shows a `Scale`, as wide as the picture it belongs to."""

    def __init__(self, zoom: float = 1.0) -> None:
        """`zoom` times the usual size."""
        super().__init__()
        self._zoom = zoom
        self._scale: Scale | None = None
        self._span = (0.0, 0.0)
        self._mark: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(round(HEIGHT * zoom))
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(160, self.maximumHeight())

    def set_scale(self, scale: Scale | None) -> None:
        """Show this scale, or nothing."""
        self._scale = scale
        self.update()

    def set_span(self, left: float, width: float) -> None:
        """Stand below the part of the widget above that the picture fills."""
        if (left, width) != self._span:
            self._span = left, width
            self.update()

    def set_mark(self, value: float | None) -> None:
        """Point at the value under the pointer."""
        if value != self._mark:
            self._mark = value
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scale is not None:
            left, width = self._span
            width = min(max(width, 120.0 * self._zoom), self.width() - left - 8)
            painter = QPainter(self)
            painter.scale(self._zoom, self._zoom)
            box = QRectF(left / self._zoom, 0, width / self._zoom, HEIGHT)
            paint_scale(painter, box, self._scale, self._mark)
