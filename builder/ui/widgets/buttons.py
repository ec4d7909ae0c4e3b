"""Buttons: those with words, which Enter presses, and quiet ones that are an icon alone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton, QWidget

from builder.ui.icons import dress


class PushButton(QPushButton):
    """A button that Enter presses where it has the focus, in a window as Qt has it in dialogs only."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAutoDefault(True)


def small_button(icon: str, tip: str, pressed: Callable[[], object]) -> QToolButton:
    """A quiet button with an icon alone; `tip` also is its name for a screen reader."""
    button = QToolButton()
    button.setProperty("kind", "quiet")
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    button.setFixedSize(22, 22)
    button.setIconSize(QSize(14, 14))
    button.setAutoRaise(True)
    dress(button, icon, "muted")
    button.clicked.connect(lambda _checked: pressed())
    return button


def menu_button(tip: str, make: Callable[[], QMenu]) -> QToolButton:
    """A quiet button with three dots that opens a menu made at that moment."""

    def open_menu() -> None:
        make().popup(button.mapToGlobal(button.rect().bottomLeft()))

    button = small_button("more", tip, open_menu)
    return button
