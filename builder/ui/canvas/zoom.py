"""A graphics view that zooms and scrolls as a hand expects: wheel, trackpad and pinch. Knows nothing of networks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGestureEvent, QGraphicsView, QPinchGesture, QWidget

LEAST, MOST = 0.05, 4.0  # zoom
_STEP = 1.25


class ZoomView(QGraphicsView):
    """Zooms around the pointer and scrolls without bars.

    Attributes:
        zoomed: the zoom is another now.
        kept_free: height at the lower edge that something else takes now and then; nothing moves when it does.
    """

    zoomed = Signal()
    kept_free: Callable[[], int] = staticmethod(lambda: 0)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)

    def zoom(self) -> float:
        """Pixels of the view for a pixel of the canvas."""
        return self.transform().m11()

    def zoom_to(self, zoom: float, around: QPointF | None = None) -> None:
        """Set the zoom; `around`, a point of the view (its middle by default), stays where it is."""
        zoom = min(max(zoom, LEAST), MOST)
        spot = QPointF(self.viewport().rect().center()) if around is None else around
        before = self.mapToScene(spot.toPoint())
        middle = QPointF(self.viewport().rect().center())
        self.set_zoom(zoom)
        self.centerOn(before + (middle - spot) / zoom)

    def zoom_at_least(self, zoom: float) -> None:
        """Zoom in until what is in the middle can be read, if it cannot already."""
        if self.zoom() < zoom:
            self.zoom_to(zoom)

    def set_zoom(self, zoom: float) -> None:
        """Set the zoom and nothing else: where the view looks then is for the caller to say."""
        self.resetTransform()
        self.scale(zoom, zoom)
        self.zoomed.emit()

    def zoom_in(self) -> None:
        """Show less of the network, larger."""
        self.zoom_to(self.zoom() * _STEP)

    def zoom_out(self) -> None:
        """Show more of the network, smaller."""
        self.zoom_to(self.zoom() / _STEP)

    def zoom_reset(self) -> None:
        """Show everything at its true size."""
        self.zoom_to(1.0)

    def show_area(self, area: QRectF) -> None:
        """Show a part of the scene as a whole, not larger than at its true size."""
        room, free = self.viewport().rect(), self.kept_free()
        zoom = max(LEAST, min(room.width() / area.width(), max(1, room.height() - free) / area.height(), 1.0))
        self.set_zoom(zoom)
        self.centerOn(area.center() + QPointF(0, free / 2 / zoom))

    def visible_area(self) -> QRectF:
        """The part of the canvas that can be seen."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def wheelEvent(self, event: QWheelEvent) -> None:
        by = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 2
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_to(self.zoom() * 1.0025 ** event.angleDelta().y(), event.position())
        else:
            # Shift turns a plain wheel sideways, where the desktop does not already do so.
            sideways = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not by.x()
            across, down = (by.y(), 0) if sideways else (by.x(), by.y())
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - across)
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - down)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                spot = self.viewport().mapFromGlobal(pinch.centerPoint().toPoint())
                self.zoom_to(self.zoom() * pinch.scaleFactor(), QPointF(spot))
                return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.zoom() * (1 + event.value()), event.position())
            return True
        return super().viewportEvent(event)
