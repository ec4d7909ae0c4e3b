"""Asks whether a network may run the Python file that parts of it come from. Nothing of the file runs before that.

The answer holds until the program ends, for that very content (see `compile.own_code`).
"""

from __future__ import annotations

import html
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from builder.compile import own_code
from builder.graph.problems import Problem, ProblemError, Severity
from builder.ui import choosers
from builder.ui.banner import Banner, Offer
from builder.ui.document import Document

SUBJECT = "own-code"
WARNING = "This file will be run, with all that it does. Run only a file that you trust."


class OwnCode(QObject):
    """The consent to the files of one window's document.

    Attributes:
        ask_file: finds a file that is not beside the project. A test may answer instead.
        ask_run: whether a file may be run; likewise.
    """

    allowed = Signal()  # all that the network needs may be run now
    said = Signal(object)  # Problem: what came of it, where that is not what was wished

    def __init__(self, document: Document, banner: Banner, parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self._banner, self._window = document, banner, parent
        self.ask_file = self._ask_file
        self.ask_run = self._ask_run

    @property
    def needed(self) -> tuple[own_code.Needed, ...]:
        """The files that the network would run and may not."""
        found = own_code.used_by(self._document.flat.graph.nodes)
        return tuple(needed for needed in found if not own_code.is_allowed(needed.digest))

    def speak(self) -> None:
        """Say of a network with such files that they wait, and offer to allow them."""
        names = " and ".join(f"<b>{html.escape(name)}</b>" for name in dict.fromkeys(n.file for n in self.needed))
        if names:
            text = f"Parts of this network run code from {names}. It is not run without your consent."
            self._banner.offer(SUBJECT, text, "warn", (Offer("Allow it…", self.ask),))

    def ask(self) -> None:
        """Ask for each file that the network needs. Where one is not allowed, the offer stays."""
        waiting = self.needed
        if not waiting:
            self.said.emit(_note("this network runs no code that would need your consent."))
            return
        if not all(self._allow(needed) for needed in waiting):
            self.speak()
            return
        self._banner.withdraw(SUBJECT)
        self.allowed.emit()

    def _allow(self, needed: own_code.Needed) -> bool:
        path = self._find(needed.file)
        if path is None or not self.ask_run(path):
            return False
        try:
            digest = own_code.allow(path)
        except ProblemError as error:
            self.said.emit(error.problems[0])
            return False
        if digest != needed.digest:
            own_code.disallow(digest)
            message = f"{path} is not the file that this network was imported from, or it was changed since."
            self.said.emit(_note(message, "Import the network again."))
        return digest == needed.digest

    def _find(self, name: str) -> Path | None:
        path = self._document.path
        beside = path.parent / name if path is not None else None
        return beside if beside is not None and beside.is_file() else self.ask_file(name)

    def _ask_file(self, name: str) -> Path | None:
        return choosers.open_file(self._window, f"Where is {name}?", "Python (*.py)")

    def _ask_run(self, path: Path) -> bool:
        return ask_run(self._window, path, f"Let this network run {path.name}?")


def ask_run(parent: QWidget, path: Path, question: str) -> bool:
    """Ask the user whether a Python file may be run; it is not without a clear yes."""
    box = QMessageBox(parent)
    box.setWindowTitle("Run this file?")
    box.setText(question)
    box.setInformativeText(f"{path.resolve()}\n\n{WARNING}")
    run = box.addButton("Run it", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is run


def _note(message: str, hint: str = "") -> Problem:
    return Problem("own-code", message, hint=hint, severity=Severity.WARNING)
