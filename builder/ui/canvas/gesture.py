"""What a mouse gesture is: an object that moves, is released or cancelled.

A gesture previews in the items and commits once, on release; cancelling leaves everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

from builder.ui.canvas.scene import CanvasScene

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

SNAP = 4.0  # pixels of the canvas


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is: on the canvas and in the view, with what keys are held."""

    place: QPointF
    spot: QPoint
    keys: Qt.KeyboardModifier

    @property
    def adds(self) -> bool:
        """Whether a click adds to the selection instead of replacing it."""
        return bool(self.keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))


class Gesture:
    """Something that the mouse is doing from press to release.

    Attributes:
        cursor: shape of the pointer meanwhile.
    """

    cursor: Qt.CursorShape | None = None

    def __init__(self, view: CanvasView, at: Pointer) -> None:
        self.view = view
        self.scene: CanvasScene = view.canvas
        self.start = at

    @property
    def gone(self) -> bool:
        """Whether what the mouse holds was taken away meanwhile, by a key or an undo."""
        return False

    def move(self, at: Pointer) -> None:
        """The mouse was moved with the button held; only called once it is far enough away to be no click."""

    def release(self, at: Pointer) -> None:
        """The button was let go after moving: commit."""

    def click(self, at: Pointer) -> None:
        """The button was let go where it was pressed."""

    def cancel(self) -> None:
        """Escape, or the view went away: put everything back."""
