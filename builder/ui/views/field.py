"""What one value of a feature map sees of the input: a frame over the picture. Painting only."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from builder.inspect.response import Box
from builder.ui.theme import theme


@dataclass(frozen=True)
class Field:
    """Frames a part of a picture and darkens what lies outside. An overlay of a mosaic.

    Attributes:
        box: what is seen; it may reach into the padding, where there is no picture.
        size: height and width of the picture, in pixels of the input.
        ratio: pixels of the screen for one of the window.
    """

    box: Box
    size: tuple[int, int]
    ratio: float = 1.0

    def frame(self, size: QSize) -> QRectF:
        """Where the part that lies in the picture stands, in a picture drawn at this size."""
        down, across = size.height() / self.size[0], size.width() / self.size[1]
        top, left = max(0, self.box[0]), max(0, self.box[1])
        bottom, right = min(self.size[0], self.box[2]), min(self.size[1], self.box[3])
        return QRectF(left * across, top * down, max(0, right - left) * across, max(0, bottom - top) * down)

    def __call__(self, size: QSize) -> QImage:
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor(0, 0, 0, 120))
        frame = self.frame(size)
        painter = QPainter(image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.fillRect(frame, Qt.GlobalColor.transparent)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        pen = QPen(theme().color("accent"), 2 * self.ratio)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(frame.adjusted(self.ratio, self.ratio, -self.ratio, -self.ratio))
        painter.end()
        return image
