"""Where the panel of lessons stands: as high as the window, in front of the palette. Knows docks only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

WIDTH, SHARE = 380, 0.26  # pixels, and of the window's width at most
_SLACK = 4  # pixels that a layout may differ from what was asked of it


class LessonsPlace:
    """Shows and hides the dock of the lessons.

    While it stands at the left, the left side reaches down to the window's lower edge: a text wants height, and the
    live views have width to spare. What it took of their width it gives back when it is closed.
    """

    def __init__(self, window: QMainWindow, dock: QDockWidget) -> None:
        """Manage `dock`, hidden at first."""
        self._window, self._dock = window, dock
        self._shown = False
        self._widened: tuple[QDockWidget, int, int] | None = None  # its neighbour, how wide that was, and became
        dock.hide()
        dock.toggleViewAction().toggled.connect(self._toggled)
        dock.dockLocationChanged.connect(lambda _area: self._arrange())
        dock.topLevelChanged.connect(lambda _floating: self._arrange())

    def show(self) -> None:
        """Bring it to the front."""
        before = {dock: dock.width() for dock in self._window.findChildren(QDockWidget) if not dock.isHidden()}
        self._dock.show()
        self._dock.raise_()
        if not self._shown and not self._dock.isFloating():
            self._shown = True
            width = min(WIDTH, round(SHARE * self._window.width()))
            if self._dock.width() < width:
                beside = [each for each in self._window.tabifiedDockWidgets(self._dock) if each in before]
                if beside:
                    self._widened = beside[0], before[beside[0]], width
                self._window.resizeDocks([self._dock], [width], Qt.Orientation.Horizontal)

    def _toggled(self, shown: bool) -> None:
        self._arrange()
        if shown or self._widened is None:
            return
        beside, before, since = self._widened
        self._shown, self._widened = False, None
        if abs(self._dock.width() - since) <= _SLACK and not beside.isFloating():  # nobody chose another width
            self._window.resizeDocks([beside], [before], Qt.Orientation.Horizontal)

    def _arrange(self) -> None:
        area = Qt.DockWidgetArea
        there = not self._dock.isHidden() and not self._dock.isFloating()
        high = there and self._window.dockWidgetArea(self._dock) == area.LeftDockWidgetArea
        wanted = area.LeftDockWidgetArea if high else area.BottomDockWidgetArea
        if self._window.corner(Qt.Corner.BottomLeftCorner) != wanted:
            self._window.setCorner(Qt.Corner.BottomLeftCorner, wanted)
