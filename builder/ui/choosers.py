"""Asks for files and folders. A dialog begins where its caller says, or else where the user was last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QWidget

_LAST = "folder"  # the setting


def open_file(parent: QWidget, title: str, kinds: str, begin: Path | None = None) -> Path | None:
    """A file that is there; None when nobody chose one.

    Args:
        kinds: names that it may have, as Qt takes them: "Python (*.py)".
        begin: a folder, or the file that is chosen at first.
    """
    name, _ = QFileDialog.getOpenFileName(parent, title, str(begin or last()), kinds)
    return _remembered(name)


def save_file(parent: QWidget, title: str, name: str, kinds: str, begin: Path | None = None) -> Path | None:
    """A place for a file that is called `name` at first, in the folder `begin`; None when nobody chose one.

    A name that is typed without an ending gets that of `name`.
    """
    dialog = QFileDialog(parent, title, str(begin or last()), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # Added here, and not by the caller: the dialog asks before a file of that name is replaced.
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.selectFile(name)
    chosen = dialog.selectedFiles() if dialog.exec() else []
    dialog.deleteLater()
    return _remembered(chosen[0] if chosen else "")


def plain_name(title: str) -> str:
    """What a file may be called that holds something with this title; without an ending."""
    return "".join(c if c.isalnum() or c in "-_ " else "-" for c in title).strip() or "network"


def folder(parent: QWidget, title: str) -> Path | None:
    """A folder that is there; None when nobody chose one."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(last()))
    return _remembered(chosen)


def last() -> Path:
    """The folder of what was chosen last."""
    kept = Path(str(QSettings().value(_LAST, "")))
    return kept if kept.is_absolute() and kept.is_dir() else Path.home()


def _remembered(chosen: str) -> Path | None:
    if not chosen:
        return None
    path = Path(chosen)
    QSettings().setValue(_LAST, str(path if path.is_dir() else path.parent))
    return path
