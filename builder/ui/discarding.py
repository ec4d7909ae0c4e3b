"""Asks before runs are deleted, and moves them to the trash; for good only where that cannot be, after asking again.

Which folders may go at all is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QFile
from PySide6.QtWidgets import QMessageBox, QWidget

from builder.compile.limits import size
from builder.graph.problems import ProblemError
from builder.project.discarding import bytes_of, delete, reason_against

_NAMED = 6  # folders that a question names; of more it tells the number


class Discarding:
    """Deletes runs of one folder.

    Attributes:
        ask: puts a question with what stands below it and the word on its button; a test puts its own here.
        trash: moves a folder to the trash, where the system has one; a test puts its own here.
    """

    def __init__(self, base: Path, use_of: Callable[[Path], str], window: QWidget) -> None:
        """Delete runs in `base`; `use_of` tells what one is needed for now, "" for nothing."""
        self._base, self._use_of, self._window = base, use_of, window
        self.ask: Callable[[str, str, str], bool] = self._ask
        self.trash: Callable[[Path], object] = lambda folder: QFile.moveToTrash(str(folder))

    def discard(self, folders: Sequence[Path]) -> str:
        """Ask, and delete those of these that may be. Returns a sentence about what became of it; "" for nothing."""
        reasons = {folder: self._use_of(folder) or reason_against(folder, self._base) for folder in folders}
        staying = [f"{folder.name} stays: {reason}." for folder, reason in reasons.items() if reason]
        going = {folder: bytes_of(folder) for folder, reason in reasons.items() if not reason}
        if not going:
            return " ".join(staying)
        question = f"Move {_count(going)} to the trash?"
        if not self.ask(question, "\n\n".join([self._listed(going), *staying]), "Move to the trash"):
            return ""
        for folder in going:
            if not reason_against(folder, self._base):  # the question may have stood for long
                self.trash(folder)
        left = {folder: number for folder, number in going.items() if folder.exists()}
        moved = {folder: number for folder, number in going.items() if folder not in left}
        said = [f"Moved {_count(moved)} to the trash ({size(sum(moved.values()))})."] if moved else []
        if left:
            said.append(self._delete_for_good(left))
        return " ".join([*said, *staying]).strip()

    def _delete_for_good(self, left: dict[Path, int]) -> str:
        question = f"The trash cannot take {_count(left)}. Delete for good?"
        if not self.ask(question, f"{self._listed(left)}\n\nThis cannot be undone.", "Delete for good"):
            return ""
        troubles = []
        for folder in left:
            try:
                delete(folder, self._base)
            except ProblemError as error:
                troubles.append(f"{folder.name}: {error.problems[0].message}")
        gone = {folder: number for folder, number in left.items() if not folder.exists()}
        said = [f"Deleted {_count(gone)} for good ({size(sum(gone.values()))})."] if gone else []
        return " ".join([*said, *troubles])

    def _listed(self, folders: dict[Path, int]) -> str:
        """The folders with the room they take, and all together."""
        where = {folder.parent for folder in folders}
        lines = [f"In {where.pop()}:" if len(where) == 1 else f"Below {self._base}:"]
        lines += [f"• {folder.name}, {size(number)}" for folder, number in list(folders.items())[:_NAMED]]
        if len(folders) > _NAMED:
            lines.append(f"• and {len(folders) - _NAMED} more")
        if len(folders) > 1:
            lines.append(f"Together {size(sum(folders.values()))}.")
        return "\n".join(lines)

    def _ask(self, question: str, words: str, act: str) -> bool:
        box = QMessageBox(self._window)
        box.setWindowTitle("Delete runs")
        box.setText(question)
        box.setInformativeText(words)
        button = box.addButton(act, QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        box.exec()
        chosen = box.clickedButton() is button
        box.deleteLater()
        return chosen


def _count(folders: Sequence[Path] | dict[Path, int]) -> str:
    return "one run" if len(folders) == 1 else f"{len(folders)} runs"
