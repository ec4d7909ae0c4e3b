"""How high the live views stand in a window that nobody has arranged yet. Knows docks only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

LEAST, MOST, SHARE = 170, 320, 0.33  # pixels, and of the window's height: the canvas comes first in a small one


class ViewsHeight:
    """Gives a row of docks their share of the window's height, until somebody draws the line elsewhere."""

    def __init__(self, window: QMainWindow, docks: Sequence[QDockWidget]) -> None:
        self._window, self._docks = window, tuple(docks)
        self._height: int | None = 0  # as it was shared out last; None once somebody has arranged the window
        self._measured: QDockWidget | None = None  # of this dock
        self._settle = QTimer(window, singleShot=True, interval=0)  # Qt gives docks their new size a moment later
        self._settle.timeout.connect(self._settled)

    def arranged(self) -> None:
        """Somebody has arranged the window: leave it alone from now on."""
        self._height = None

    def share(self) -> None:
        """The window has another size."""
        docks = self._standing()
        if self._height is None or not docks:
            return
        same = self._measured is docks[0] and not self._settle.isActive()
        if self._height and same and abs(docks[0].height() - self._height) > 2:
            self.arranged()
            return
        wanted = min(MOST, max(LEAST, round(SHARE * self._window.height())))
        self._window.resizeDocks(docks, [wanted] * len(docks), Qt.Orientation.Vertical)
        self._settle.start()

    def _standing(self) -> list[QDockWidget]:
        """Those that do not float; where there are such, only those that are as high as the row, without tabs below."""
        docks = [dock for dock in self._docks if not dock.isFloating() and dock.isVisible()]
        return [dock for dock in docks if not self._window.tabifiedDockWidgets(dock)] or docks

    def _settled(self) -> None:
        docks = self._standing()
        if self._height is not None and docks:
            self._measured, self._height = docks[0], docks[0].height()
