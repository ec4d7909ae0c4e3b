"""A few samples of a data set, painted: pictures by class, or points on a plane. Knows arrays, not data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.ui.theme import font, theme
from builder.ui.views.colour import class_colour

Sample = tuple[NDArray[np.generic], Any]

_TILE, _GAP, _TEXT = 40, 6, 15
_MOST = 60


class Samples(QWidget):
    """Pictures with their class below, sorted by class; for samples of two numbers, a scatter plot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[tuple[QImage, str]] = []
        self._points: list[tuple[float, float, int]] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)
        self.hide()

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Show these: (raw, label); raw is (channels, height, width) or (2,). Others are not drawn."""
        ordered = sorted(samples, key=lambda sample: str(sample[1]))
        names = list(dict.fromkeys(str(label) for _, label in ordered))
        self._pictures = [(image(raw), str(label)) for raw, label in ordered if raw.ndim == 3][:_MOST]
        self._points = [
            (float(raw[0]), float(raw[1]), names.index(str(label)))
            for raw, label in ordered
            if raw.ndim == 1 and len(raw) == 2
        ]
        words = f"{len(self._pictures)} pictures" if self._pictures else f"{len(self._points)} points"
        self.setAccessibleDescription(words)
        self.setVisible(bool(self._pictures or self._points))
        self.updateGeometry()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if self._points:
            return min(width, 240)
        rows = -(-len(self._pictures) // self._columns(width))
        return max(0, rows * (_TILE + _TEXT + _GAP) - _GAP)

    def sizeHint(self) -> QSize:
        width = max(self.width(), 200)
        return QSize(width, self.heightForWidth(width))

    def _columns(self, width: int) -> int:
        return max(1, (width + _GAP) // (_TILE + _GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._points:
            self._paint_points(painter)
        else:
            self._paint_pictures(painter)

    def _paint_pictures(self, painter: QPainter) -> None:
        painter.setFont(font(10))
        columns = self._columns(self.width())
        for index, (image, name) in enumerate(self._pictures):
            x = index % columns * (_TILE + _GAP)
            y = index // columns * (_TILE + _TEXT + _GAP)
            painter.drawImage(QRectF(x, y, _TILE, _TILE), image)
            painter.setPen(theme().color("muted"))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _TILE + _GAP - 2)
            painter.drawText(QRectF(x - 2, y + _TILE, _TILE + 4, _TEXT), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_points(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0.5, 0.5, self.width() - 1, self.height() - 1)
        painter.setPen(QPen(theme().color("line"), 1))
        painter.setBrush(theme().color("raised"))
        painter.drawRoundedRect(box, 8, 8)
        across, up = [p[0] for p in self._points], [p[1] for p in self._points]
        inner = box.adjusted(10, 10, -10, -10)
        # One scale for both axes: a circle stays round.
        span = max(max(across) - min(across), max(up) - min(up)) or 1.0
        scale = min(inner.width(), inner.height()) / span
        middle = QPointF((max(across) + min(across)) / 2, (max(up) + min(up)) / 2)
        painter.setPen(QPen(theme().color("panel"), 0.8))
        for x, y, label in self._points:
            painter.setBrush(class_colour(label))
            place = inner.center() + QPointF((x - middle.x()) * scale, -(y - middle.y()) * scale)
            painter.drawEllipse(place, 3, 3)


def image(raw: NDArray[np.generic]) -> QImage:
    """A picture of shape (channels, height, width); grey for one channel, colour for three. Floats are stretched."""
    values = np.asarray(raw)
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = ((values - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
    channels, height, width = values.shape
    if channels >= 3:
        packed = np.ascontiguousarray(values[:3].transpose(1, 2, 0))
        return QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    packed = np.ascontiguousarray(values[0])
    return QImage(packed.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
