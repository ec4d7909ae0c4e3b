"""The text of a comment, being edited over its card: many lines, in the colours of the card."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QFocusEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from builder.ui.canvas import paper
from builder.ui.theme import font, theme

LEAST_WIDTH, LEAST_HEIGHT = 180, 48  # pixels of the screen, also where the card is smaller
_FRAME = 2


class CommentField(QPlainTextEdit):
    """Enter begins a new line. Escape, Ctrl+Enter and a click elsewhere end it; the text is kept, and can be undone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._above = parent
        self._write: Callable[[str], None] = lambda _text: None
        self._menu_open = False
        self._fill = QColor()
        self._card, self._zoom = QRect(), 1.0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Text of the comment")
        self.setPlaceholderText("Write a comment")
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self.hide()

    def ask(self, text: str, fill: QColor, card: QRect, zoom: float, write: Callable[[str], None]) -> None:
        """Edit a text on a background of this colour; `write` takes the new one. For the rest see `place`."""
        self._write, self._fill = write, fill
        self.setPlainText(text)
        self.place(card, zoom)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.show()
        self.raise_()
        self.setFocus()

    def place(self, card: QRect, zoom: float) -> None:
        """Stand over the card, which has this place in the view at this zoom."""
        self._card, self._zoom = card, zoom
        size = max(11, round(paper.TEXT[0] * zoom))
        self.setFont(font(size))
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {self._fill.name()}; color: {theme().hex('text')};"
            f" font-size: {size}px; border: 2px solid {theme().hex('accent')}; border-radius: 6px; padding: 0; }}"
        )
        self.document().setDocumentMargin(max(4.0, paper.PAD * zoom - _FRAME))
        self.setGeometry(card.x(), card.y(), max(card.width(), LEAST_WIDTH), self.height())
        self._fit()

    def _fit(self) -> None:
        """As high as the text needs, and no higher than there is room for."""
        lines = self.document().size().height()  # of a plain text, it is counted in lines
        margin = self.document().documentMargin() + _FRAME
        needed = lines * self.fontMetrics().lineSpacing() + 2 * margin
        room = self._above.height() - self._card.y() - 8
        high = max(self._card.height(), LEAST_HEIGHT, min(math.ceil(needed) + 1, room))
        self.resize(self.width(), high)
        bar = Qt.ScrollBarPolicy.ScrollBarAsNeeded if needed > high else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(bar)

    def accept(self) -> None:
        """Take the text and close."""
        if self.isVisible():
            had_focus, write = self.hasFocus(), self._write
            self.hide()
            if had_focus:
                self._above.setFocus()
            write(self.toPlainText())

    def give_up(self) -> None:
        """Close and forget the text: what it was for is gone."""
        self._write = lambda _text: None
        self.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape or (enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier):
            self.accept()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._menu_open = True
        menu.aboutToHide.connect(self._menu_closed)
        menu.popup(event.globalPos())

    def _menu_closed(self) -> None:
        self._menu_open = False

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self._menu_open:
            self.accept()
