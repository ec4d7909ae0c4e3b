"""A strip above the canvas that says one thing and offers what to do about it. Never modal, never in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from builder.ui.icons import icon
from builder.ui.theme import theme


@dataclass(frozen=True)
class Offer:
    """A button on the banner."""

    text: str
    act: Callable[[], object]


class Banner(QWidget):
    """One message at a time, with its offers; the newest replaces the one before.

    Attributes:
        subject: what the present message is about ("failed", "stale", ...); empty when nothing is shown.
    """

    closed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.subject = ""
        self._role = "accent"
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._buttons = QHBoxLayout()
        self._shown: list[QPushButton] = []
        self._close = QToolButton()
        self._close.setProperty("kind", "quiet")
        self._close.setToolTip("Close")
        self._close.setAccessibleName("Close this message")
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addLayout(self._buttons)
        row.addWidget(self._close)
        theme().changed.connect(self._recolour)
        self.hide()

    def show_message(self, subject: str, text: str, role: str = "accent", offers: tuple[Offer, ...] = ()) -> None:
        """Say something: `role` is "accent" (a note), "warn" or "bad"."""
        self.subject, self._role = subject, role
        self._text.setText(text)
        self._clear_buttons()
        for offer in offers:
            button = QPushButton(offer.text)
            button.clicked.connect(lambda _checked=False, act=offer.act: self._take(act))
            self._buttons.addWidget(button)
            self._shown.append(button)
        self._recolour()
        self.show()

    def dismiss(self, subject: str | bool = False) -> None:
        """Hide the message; with a subject, only when it is about that."""
        if isinstance(subject, str) and subject and subject != self.subject:
            return
        was, self.subject = self.subject, ""
        self.hide()
        if was:
            self.closed.emit(was)

    @property
    def text(self) -> str:
        """What it says now; empty when hidden."""
        return self._text.text() if self.subject else ""

    def buttons(self) -> list[QPushButton]:
        """The offers as they stand."""
        return list(self._shown)

    def _take(self, act: Callable[[], object]) -> None:
        self.dismiss()
        act()

    def _clear_buttons(self) -> None:
        for button in self._shown:
            self._buttons.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._shown.clear()

    def _recolour(self) -> None:
        name = {"accent": "info", "warn": "warning", "bad": "error"}[self._role]
        self._icon.setPixmap(icon(name, self._role).pixmap(QSize(16, 16)))
        self._close.setIcon(icon("close", "muted"))
        edge, ground = theme().hex(self._role), theme().hex("raised")
        self.setStyleSheet(f"#banner {{ background: {ground}; border: 0; border-left: 3px solid {edge}; }}")
