"""A pad to draw on with the mouse, and the picture that a data set would have made of the drawing.

Knows ink and pixels, no network. What is drawn is kept as lines, not as pixels: brought to the size of the data's own
ink, however large or small it was drawn, it is drawn anew with the pen that suits the data. Or it stays where it was
drawn, for whoever asks what a shift does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.data.ink import Bytes, Ink, coarse, place
from builder.ui.theme import font, theme

FINE, FINEST = 16, 448  # a pixel is drawn as so many each way, and the picture never with more than this
USUAL = 0.7  # of the pad is what people fill with a digit
RUBBER = 2.5  # times as wide as the pen
FRAME = 33  # milliseconds between two pictures of a stroke that goes on
TIP = (
    "Draw with the left button; rub out with the right one, or with Shift. Delete clears the pad, Esc returns to the "
    "data. The small picture is what the network gets."
)
GOT = "as the network gets it"


@dataclass
class Stroke:
    """Where the pen went while the button was down, in pixels of the data's pictures."""

    rubs: bool
    points: list[QPointF] = field(default_factory=list)


class Inset(QWidget):
    """A small picture, and beside it what it is, where there is room for words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(GOT)
        theme().changed.connect(self.update)

    def show_image(self, image: QImage) -> None:
        """Show this."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        space = QSizeF(min(self.width(), self.height() * 2) - 2, self.height() - 2)
        size = QSizeF(self._image.size()).scaled(space, Qt.AspectRatioMode.KeepAspectRatio)
        at = QRectF(QPointF(1, 1), size)
        painter.drawImage(at, self._image)
        painter.setPen(QPen(theme().color("accent"), 1))
        painter.drawRect(at.adjusted(-0.5, -0.5, 0.5, 0.5))
        words = QRectF(self.rect()).adjusted(at.right() + 8, 0, 0, 0)
        if words.width() > 60:
            painter.setFont(font(11))
            painter.setPen(theme().color("muted"))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, GOT)


class Pad(QWidget):
    """The pad.

    Attributes:
        inset: the picture as the network gets it; stands in a corner of the pad while nobody draws there, or wherever
            it is put.
        ink: how the data's pictures hold theirs; None while there is nothing to draw for.
        as_drawn: leave the drawing at its place and in its size, though the data's own always stand elsewhere.
        changed: there is more or less on it, at most once in `FRAME`.
        left: the user has done with drawing.
    """

    changed = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ink: Ink | None = None
        self.as_drawn = False
        self._strokes: list[Stroke] = []
        self._drawing = False
        self.inset = Inset(self)
        self._pace = QTimer(self, singleShot=True, interval=FRAME)
        self._pace.timeout.connect(self.changed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setToolTip(TIP)
        self.setAccessibleName("A pad to draw on")
        theme().changed.connect(self.update)

    @property
    def empty(self) -> bool:
        """Whether nothing was drawn since it was cleared."""
        return not self._strokes

    def clear(self) -> None:
        """Take a fresh sheet."""
        self._strokes = []
        self._drawing = False
        self._tell()

    def paper(self) -> QRectF:
        """Where one can draw."""
        ink = self.ink
        if ink is None:
            return QRectF()
        scale = min(self.width() / ink.width, self.height() / ink.height)
        return QRectF(0, 0, scale * ink.width, scale * ink.height)

    def picture(self) -> Bytes:
        """The drawing as a picture (height, width) like those of the data: its ink stands where theirs does.

        With `as_drawn`, it stands where it was drawn.
        """
        ink = self.ink
        if ink is None:
            return np.zeros((1, 1), np.uint8)
        factor = max(1, min(FINE, FINEST // max(ink.height, ink.width)))
        pen = self._pen(ink) * factor
        drawn = self._drawn(ink, factor, QTransform.fromScale(factor, factor), pen, RUBBER * pen)
        if self.as_drawn:
            return coarse(drawn, ink.height, ink.width)
        placing = place(drawn, ink, pen)
        if placing is None:
            return np.zeros((ink.height, ink.width), np.uint8)
        scale, down, right = placing.scale * factor, placing.shift[0] * factor, placing.shift[1] * factor
        placed = QTransform(scale * factor, 0, 0, scale * factor, right, down)
        fine = self._drawn(ink, factor, placed, ink.pen * factor, RUBBER * pen * scale)
        return coarse(fine, ink.height, ink.width)

    @staticmethod
    def _pen(ink: Ink) -> float:
        """How wide the pen is on the pad, in pixels of the data's pictures."""
        return ink.pen / ink.extent * USUAL * max(ink.height, ink.width)

    def _drawn(self, ink: Ink, factor: int, placed: QTransform, pen: float, rubber: float) -> Bytes:
        image = QImage(ink.width * factor, ink.height * factor, QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QPainter(image)
        _paint(painter, self._strokes, placed, pen, rubber)
        painter.end()
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : image.width()].copy()

    # Mouse and keys -------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        right = event.button() == Qt.MouseButton.RightButton
        if self.ink is None or self._drawing or not (right or event.button() == Qt.MouseButton.LeftButton):
            return
        self._drawing = True
        self._strokes.append(Stroke(right or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)))
        self._go_on(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self._go_on(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing and not event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton):
            self._drawing = False
            self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)  # two dots, made quickly

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() != QContextMenuEvent.Reason.Mouse:  # the right button rubs out
            super().contextMenuEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def _go_on(self, at: QPointF) -> None:
        paper, ink = self.paper(), self.ink
        if ink is None or paper.isEmpty():
            return
        self._fold()
        self._strokes[-1].points.append(at * (ink.width / paper.width()))
        if not self._pace.isActive():
            self._pace.start()
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._fold()

    def leaveEvent(self, event: QEvent) -> None:
        if self.inset.parentWidget() is self:
            self.inset.show()

    def _fold(self) -> None:
        """Clear the corner for the hand that draws."""
        if self.inset.parentWidget() is self:
            self.inset.hide()

    def _tell(self) -> None:
        self._pace.stop()
        self.update()
        self.changed.emit()

    # Painting -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        paper, ink = self.paper(), self.ink
        if ink is None:
            return
        painter = QPainter(self)
        painter.fillRect(paper, Qt.GlobalColor.black)  # the data's dark ground, in either theme
        painter.setClipRect(paper)
        if self.empty:
            painter.setFont(font(12))
            painter.setPen(QColor(150, 150, 150))
            painter.drawText(paper, Qt.AlignmentFlag.AlignCenter, "Draw here")
        scale = paper.width() / ink.width
        pen = self._pen(ink) * scale
        _paint(painter, self._strokes, QTransform.fromScale(scale, scale), pen, RUBBER * pen)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(paper.adjusted(0, 0, -1, -1))


def _paint(painter: QPainter, strokes: Iterable[Stroke], placed: QTransform, pen: float, rubber: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for stroke in strokes:
        colour = Qt.GlobalColor.black if stroke.rubs else Qt.GlobalColor.white
        width = rubber if stroke.rubs else pen
        painter.setPen(QPen(colour, width, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        points = [placed.map(point) for point in stroke.points]
        if len(points) > 1:
            painter.drawPolyline(points)
        else:
            painter.drawPoints(points)
