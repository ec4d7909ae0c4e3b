"""The note beside the pointer, over what stands around a small picture that has no room for it. Knows no picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from builder.ui.views.paint import note_place, note_size, paint_note


class Note(QWidget):
    """Lies over the window of the part that it belongs to, and lets the mouse through.

    Attributes:
        words: what it says.
    """

    def __init__(self, owner: QWidget, size: int) -> None:
        """Words in letters of this size."""
        super().__init__(owner.window())
        self._owner, self._size = owner, size
        self.words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def tell(self, at: QPointF, words: str) -> None:
        """Say this beside a point of the owner."""
        window = self._owner.window()
        if self.parentWidget() is not window:  # a dock that floats has a window of its own
            self.setParent(window)
        self.words = words
        point = QPointF(self._owner.mapTo(window, at.toPoint()))
        size = note_size(words, self._size).boundedTo(QSizeF(window.size()))
        self.setGeometry(note_place(QRectF(window.rect()), point, size).toAlignedRect())
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_note(QPainter(self), QRectF(self.rect()), QPointF(), self.words, size=self._size)
