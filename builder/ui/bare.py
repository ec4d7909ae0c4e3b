"""Only the canvas, as large as the window: for a projector. Knows docks only."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QByteArray, QEvent, QObject, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow


class Bare(QObject):
    """Puts all docks of a window away, and back to where they stood.

    Attributes:
        changed: whether they are away now.
    """

    changed = Signal(bool)

    def __init__(self, window: QMainWindow, docks: Iterable[QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._docks = window, tuple(docks)
        self._stood: QByteArray | None = None
        window.installEventFilter(self)

    @property
    def bare(self) -> bool:
        """Whether the docks are away."""
        return self._stood is not None

    def toggle(self) -> None:
        """Leave nothing but the canvas, or bring back what stood around it."""
        if self._stood is None:
            self._stood = self._window.saveState()
            for dock in self._docks:
                dock.hide()
        else:
            self._window.restoreState(self._stood)
            self._stood = None
        self.changed.emit(self.bare)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The layout is remembered at the end, and nobody wants to begin with panels that have vanished.
        if event.type() == QEvent.Type.Close and self.bare:
            self.toggle()
        return super().eventFilter(watched, event)
