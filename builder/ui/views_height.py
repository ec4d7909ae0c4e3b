"""How high the live views stand in a window that nobody has arranged yet. Knows docks only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

LEAST, MOST, SHARE = 170, 320, 0.33  # pixels, and of the window's height: the canvas comes first in a small one


class ViewsHeight(QObject):
    """Gives a row of docks their share of the window's height, until somebody draws the line elsewhere.

    What another dock below took, of the row and of what stands above it, both get back when that is put away: Qt would
    give all of it to the row.
    """

    def __init__(self, window: QMainWindow, docks: Sequence[QDockWidget], below: Iterable[QDockWidget] = ()) -> None:
        super().__init__(window)
        self._window, self._docks, self._below = window, tuple(docks), tuple(below)
        self._alone = 0  # height of the row when nothing stood below it
        for dock in self._docks:
            dock.installEventFilter(self)
        for dock in self._below:
            dock.toggleViewAction().toggled.connect(self._shared)
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and all(dock.isHidden() for dock in self._below):
            docks = self._standing()
            if watched in docks[:1]:
                self._alone = docks[0].height()
        return super().eventFilter(watched, event)

    def _shared(self, shown: bool) -> None:
        if not shown and self._alone and self._window.isVisible() and all(dock.isHidden() for dock in self._below):
            height = self._alone  # before the row takes all that has become free
            QTimer.singleShot(0, self, lambda: self._give_back(height))

    def _give_back(self, height: int) -> None:
        docks = self._standing()
        self._window.resizeDocks(docks, [height] * len(docks), Qt.Orientation.Vertical)

    def _standing(self) -> list[QDockWidget]:
        """Those that do not float; where there are such, only those that are as high as the row, without tabs below."""
        docks = [dock for dock in self._docks if not dock.isFloating() and dock.isVisible()]
        return [dock for dock in docks if not self._window.tabifiedDockWidgets(dock)] or docks

    def _settled(self) -> None:
        docks = self._standing()
        if self._height is not None and docks:
            self._measured, self._height = docks[0], docks[0].height()
