"""Pictures and tables out of the window: to a file, or to the clipboard. Knows images and text only."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from builder.graph.problems import ProblemError
from builder.ui import choosers
from builder.writing import write

Ask = Callable[[QWidget, str, str], str]


def ask_path(parent: QWidget, name: str, kinds: str) -> str:
    """Ask where to save; "" when the user thinks better of it."""
    return str(choosers.save_file(parent, "Save", name, kinds) or "")


def file_name(title: str, suffix: str) -> str:
    """A plain file name for something with this title."""
    return (re.sub(r"[^A-Za-z0-9_]+", "-", title).strip("-").lower() or "picture") + suffix


def save_picture(parent: QWidget, image: QImage, title: str, ask: Ask = ask_path) -> str:
    """Ask for a place and write a PNG there. Returns a sentence about what became of it; "" when nothing was to be."""
    path = ask(parent, file_name(title, ".png"), "Pictures (*.png)")
    if not path:
        return ""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    kind = Path(path).suffix[1:].upper()
    if not image.save(buffer, kind):  # type: ignore[call-overload]
        return f"Pictures are not written as {kind}: end the name with .png."
    return _written(path, bytes(data.data()))


def save_text(parent: QWidget, text: str, title: str, ask: Ask = ask_path) -> str:
    """Ask for a place and write a table of comma-separated values there. Returns a sentence as `save_picture` does."""
    path = ask(parent, file_name(title, ".csv"), "Tables (*.csv)")
    if not path:
        return ""
    return _written(path, text.encode("utf-8"))


def copy_picture(image: QImage) -> str:
    """Put a picture onto the clipboard. Returns a sentence that says so."""
    QGuiApplication.clipboard().setImage(image)
    return "The picture is on the clipboard."


def _written(path: str, data: bytes) -> str:
    try:
        write(Path(path), data)
    except ProblemError as error:
        return str(error)
    return f"Saved {path}."
