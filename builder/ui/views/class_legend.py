"""The marks of classes with their names, in rows: a click chooses one. Painting and hands; knows no view."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from builder.ui.theme import font, theme
from builder.ui.views.colour import class_colour
from builder.ui.views.scatter import paint_point
from builder.ui.words import sentence

ROW = 18.0  # pixels
_MARK, _GAP, _LONGEST = 14.0, 10.0, 110.0
RING = "wrong: in a ring of the answer’s colour"


class ClassLegend(QWidget):
    """One entry for each class, and one for the ring of wrong answers.

    Attributes:
        names: of the classes; chosen: the number of one, None for all.
        row: pixels from one to the next where they stand one below the other, without what the ring means; 0 where
            they stand side by side.
    """

    picked = Signal(object)  # the number of a class, or None for all

    def __init__(self, zoom: float = 1.0) -> None:
        """`zoom` times the usual size."""
        super().__init__()
        self._zoom = zoom
        self.names: tuple[str, ...] = ()
        self.chosen: int | None = None
        self.row = 0.0
        self._ring = False
        self._at = 0  # where the keys are
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Classes: a click lights one up")
        self.setToolTip(f"A click lights one class up, another click all of them\n{sentence(RING)}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().changed.connect(self.update)

    def show_classes(self, names: Sequence[str], chosen: int | None, *, ring: bool) -> None:
        """Show these; with `ring`, what it means too."""
        if (tuple(names), chosen, ring) != (self.names, self.chosen, self._ring):
            self.names, self.chosen, self._ring = tuple(names), chosen, ring
            self._at = min(self._at, max(0, len(self.names) - 1))
            self.update()

    def entries(self, width: float) -> list[tuple[QRectF, str]]:
        """Where each entry stands in so much width, and its words."""
        metrics, found, x, y = self._metrics(), [], 0.0, 0.0
        mark, line = _MARK * self._zoom, ROW * self._zoom
        if self.row:
            room = width - mark - 4
            cuts = [metrics.elidedText(text, Qt.TextElideMode.ElideRight, room) for text in self.names]
            return [(QRectF(0, number * self.row, width, self.row), cut) for number, cut in enumerate(cuts)]
        for text in (*self.names, *((RING,) if self._ring else ())):
            cut = text if text == RING else metrics.elidedText(text, Qt.TextElideMode.ElideRight, _LONGEST * self._zoom)
            wide = mark + metrics.horizontalAdvance(cut) + 4
            if x and x + wide > width:
                x, y = 0.0, y + line
            found.append((QRectF(x, y, wide, line), cut))
            x += wide + _GAP * self._zoom
        return found

    def height_for(self, width: float) -> float:
        """Pixels that all rows take."""
        entries = self.entries(width)
        return entries[-1][0].bottom() if entries else 0.0

    def column_width(self) -> float:
        """Pixels that the longest name takes in a column."""
        metrics = self._metrics()
        return max((metrics.horizontalAdvance(text) for text in self.names), default=0.0) + _MARK * self._zoom + 5

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(font(round(11 * self._zoom)))

    def sizeHint(self) -> QSize:
        return QSize(300, round(self.height_for(300)))

    def paint(self, painter: QPainter, width: float) -> None:
        """Paint all of it at the painter's origin."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(round(11 * self._zoom)))
        for number, (box, text) in enumerate(self.entries(width)):
            ring = number >= len(self.names)
            painter.setOpacity(1.0 if ring or self.chosen in (None, number) else 0.4)
            middle = QPointF(box.left() + 6 * self._zoom, box.center().y())
            if ring:
                paint_point(painter, middle, 2.4 * self._zoom, 0, theme().color("muted"), theme().color("text"))
            else:
                paint_point(painter, middle, 4.0 * self._zoom, number, class_colour(number))
            painter.setPen(theme().color("text" if self.chosen == number else "muted"))
            painter.drawText(box.adjusted(_MARK * self._zoom, 0, 4, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setOpacity(1.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint(painter, self.width())
        if self.hasFocus() and self.names:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 1))
            box = self.entries(self.width())[self._at][0]
            painter.drawRoundedRect(box.adjusted(-1.5, 0.5, 0.5, -0.5).intersected(QRectF(self.rect())), 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for number, (box, _) in enumerate(self.entries(self.width())):
            if box.contains(event.position()) and number < len(self.names):
                self._at = number
                self._pick(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if by is not None and self.names:
            self._at = (self._at + by) % len(self.names)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.names:
            self._pick(self._at)
        else:
            event.ignore()

    def _pick(self, number: int) -> None:
        self.picked.emit(None if self.chosen == number else number)
