"""Where the window stands on the screen. Knows no part of the window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget

FRAME = QSize(16, 48)  # what a desktop may draw around a window


def fill_small_screen(window: QWidget) -> None:
    """Maximise a window that its screen has no room for; for when it was never placed by hand."""
    room = window.screen().availableGeometry().size()
    if room != room.expandedTo(window.size() + FRAME):
        window.resize(window.size().boundedTo(room - FRAME))  # what it comes back to when it is maximised no longer
        window.setWindowState(Qt.WindowState.WindowMaximized)


def resize_within_screen(window: QWidget, width: int, height: int) -> None:
    """Make a window this large, or as large as its screen allows."""
    window.resize(QSize(width, height).boundedTo(window.screen().availableGeometry().size() - FRAME))


def keep_on_screen(window: QWidget) -> None:
    """Shrink and move a window until it is all on its screen: a remembered size may be of a larger one.

    For when the desktop's frame around it is known, behind the first paint.
    """
    if window.isMaximized() or window.isFullScreen():
        return
    room, frame = window.screen().availableGeometry(), window.frameGeometry()
    if room.contains(frame):
        return
    window.resize(window.size().boundedTo(room.size() - (frame.size() - window.size())))
    frame = window.frameGeometry()
    left = max(room.left(), min(frame.left(), room.right() + 1 - frame.width()))
    top = max(room.top(), min(frame.top(), room.bottom() + 1 - frame.height()))
    window.move(left, top)
