"""The whole network in the corner, with a frame around what is visible; dragging the frame moves the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from builder.ui.canvas.scene import covered
from builder.ui.theme import theme

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

SIZE = QSize(150, 64)
_INSET = 8.0


class Minimap(QWidget):
    """A small picture of the network, painted anew only when the network changes."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._drawn: QPixmap | None = None
        self._boxes: list[QRectF] = []
        self._comments: list[QRectF] = []
        self._stale = True
        self._world = QRectF()
        self._grip = QPointF()  # from the middle of the frame to where the mouse has hold of it
        self.setFixedSize(SIZE)
        self.setToolTip("The whole network; click to go there, drag to move along")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def renew(self) -> None:
        """The network is another one now."""
        self._stale = True
        self.update()

    def recolour(self) -> None:
        """The colours are others now."""
        self._drawn = None
        self.update()

    def _scale(self) -> tuple[float, QPointF]:
        """Pixels for a pixel of the canvas, and where the canvas' origin is."""
        world = self._world
        wide, high = self.width() - 2 * _INSET, self.height() - 2 * _INSET
        scale = min(wide / max(world.width(), 1), high / max(world.height(), 1), 0.2)
        left = (self.width() - world.width() * scale) / 2 - world.x() * scale
        top = (self.height() - world.height() * scale) / 2 - world.y() * scale
        return scale, QPointF(left, top)

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap(self.size() * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        boxes = self._boxes
        self._world = covered([*boxes, *self._comments])
        scale, origin = self._scale()
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color("line"))
        painter.setBrush(theme().color("panel", 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)

        def small(boxes: list[QRectF]) -> list[QRectF]:
            return [
                QRectF(
                    origin.x() + box.x() * scale,
                    origin.y() + box.y() * scale,
                    max(box.width() * scale, 1.5),
                    max(box.height() * scale, 1.5),
                )
                for box in boxes
            ]

        painter.setBrush(theme().color("wire", 0.35))
        painter.drawRects(small(self._comments))
        painter.setBrush(theme().color("wire"))
        rects = small(boxes)
        if len(rects) > 60:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.drawRects(rects)
        else:
            for rect in rects:
                painter.drawRoundedRect(rect, 2, 2)
        painter.end()
        return made

    def paintEvent(self, event: QPaintEvent) -> None:
        boxes, comments = self._boxes, self._comments
        if self._stale:
            boxes = self._view.canvas.overview.boxes()
            comments = [item.box() for item in self._view.canvas.comments.values()]
        self._stale = False
        sharp = self._drawn is not None and self._drawn.devicePixelRatio() == self.devicePixelRatioF()
        if self._drawn is None or not sharp or (boxes, comments) != (self._boxes, self._comments):
            self._boxes, self._comments = boxes, comments
            self._drawn = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        if self._view.visible_area().contains(self._world):
            return
        frame = self._frame().intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(theme().color("accent"))
        painter.setBrush(theme().color("accent", 0.12))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(frame, 3, 3)

    def _frame(self) -> QRectF:
        """What is visible, as it lies here."""
        seen, (scale, origin) = self._view.visible_area(), self._scale()
        return QRectF(seen.topLeft() * scale + origin, seen.size() * scale)

    def _go(self, spot: QPointF) -> None:
        """Bring the middle of the view here, but not off the network: there one would look for it."""
        (scale, origin), world = self._scale(), self._world
        place = (spot - origin) / scale
        across = min(max(place.x(), world.left()), world.right())
        self._view.centerOn(across, min(max(place.y(), world.top()), world.bottom()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        spot, frame = event.position(), self._frame()
        # The frame is taken where it is touched; elsewhere it comes to the mouse.
        self._grip = spot - frame.center() if frame.contains(spot) else QPointF()
        self._go(spot - self._grip)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()  # the canvas, which would get it else, knows of no press
