"""A line for the path of a file, with a button that chooses one and another that clears it."""

from __future__ import annotations

import html
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from builder.ui import choosers
from builder.ui.icons import dress
from builder.ui.theme import font
from builder.ui.widgets.number import Entry


class FileEdit(Entry):
    """The path of a file as text. Relative paths count from `folder`, and what is chosen below it becomes relative.

    Attributes:
        edited: (path, gesture) another one was typed, chosen or cleared; never part of a gesture.
        folder: where relative paths begin; None where there is no such place yet, and they are never made then.
        ask: chooses a file, from a place on; empty when the user gives up. A test may answer instead.
        choose_action, clear_action: the buttons.
    """

    edited = Signal(object, bool)

    def __init__(self, kinds: str, parent: QWidget | None = None) -> None:
        """`kinds` are the names that the files have, as in `parameter`."""
        super().__init__(parent)
        self.folder: Path | None = None
        self._kinds = kinds
        self.ask = self._ask
        self.setFont(font())
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)
        trailing = QLineEdit.ActionPosition.TrailingPosition
        self.choose_action = self._button("open", "Choose a file…", trailing)
        self.choose_action.triggered.connect(lambda: self.choose())
        self.clear_action = self._button("close", "None", trailing)
        self.clear_action.triggered.connect(lambda: self._want(""))
        self.clear_action.setVisible(False)
        self._help = ""
        self.textChanged.connect(self._changed)
        self.entered.connect(lambda text: self.edited.emit(text.strip(), False))

    def _button(self, name: str, tip: str, place: QLineEdit.ActionPosition) -> QAction:
        action = QAction(tip, self)
        action.setToolTip(tip)
        dress(action, name, "muted")
        self.addAction(action, place)
        return action

    def setToolTip(self, text: str) -> None:
        self._help = text
        self._changed(self.text())

    def _changed(self, path: str) -> None:
        self.clear_action.setVisible(bool(path))
        # The line is often too short for the whole path.
        super().setToolTip(f"<p>{html.escape(path)}</p>{self._help}" if path else self._help)

    def set_value(self, value: object) -> None:
        """Show a path without telling anybody."""
        text = "" if value is None else str(value)
        other = text != self.text()
        self.show_text(text)
        if other:
            self._show_end()

    def choose(self, begin: Path | None = None) -> None:
        """Let the user choose a file, from a place on: that of the present one, unless another is named."""
        if begin is None:
            now = Path(self.text()).expanduser()
            begin = (self.folder or Path()) / now if self.text() else self.folder or choosers.last()
        if chosen := self.ask(begin):
            self.take(chosen)

    def take(self, path: Path) -> None:
        """Take a file, or a folder, as if it were chosen here."""
        self._want(self.short(path))

    def short(self, path: Path) -> str:
        """How a path is written here."""
        if self.folder is not None and path.is_relative_to(self.folder):
            return path.relative_to(self.folder).as_posix()
        return str(path)

    def _want(self, text: str) -> None:
        self.setText(text)
        self._show_end()
        self.edited.emit(text, False)

    def _show_end(self) -> None:
        """The name of the file says more than the beginning of its path."""
        self.setCursorPosition(len(self.text()))

    def _ask(self, begin: Path) -> Path | None:
        return choosers.open_file(self, "Choose a file", self._kinds, begin)
