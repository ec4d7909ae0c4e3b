"""What an empty panel says: a picture, a line, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from builder.ui import icons
from builder.ui.theme import theme
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import label


class Empty(QWidget):
    """A friendly empty state.

    Attributes:
        asked: the action's button was pressed.
    """

    asked = Signal()

    def __init__(
        self, icon: str, text: str, hint: str = "", action: str = "", role: str = "wire", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon, self._role = icon, role
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(6)
        column.addStretch(1)
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._picture)
        column.addSpacing(4)
        for words, kind in ((text, "heading"), (hint, "note")):
            if words:
                line = label(words, kind, wrap=True)
                line.setAlignment(Qt.AlignmentFlag.AlignCenter)
                column.addWidget(line)
        self.button: QPushButton | None = None
        if action:
            self.button = PushButton(action)
            self.button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            self.button.clicked.connect(self.asked)
            column.addSpacing(6)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
        theme().changed.connect(self._recolour)
        self._recolour()

    def _recolour(self) -> None:
        self._picture.setPixmap(icons.icon(self._icon, self._role).pixmap(QSize(32, 32), self.devicePixelRatioF()))
