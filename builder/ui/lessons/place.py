"""Where the panel of lessons stands: as high as the window, in front of the palette. Knows docks only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from builder.ui.docks import in_sight

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
        self._before: QDockWidget | None = None  # what it came in front of
        dock.hide()
        dock.toggleViewAction().toggled.connect(self._toggled)
        dock.dockLocationChanged.connect(lambda _area: self._arrange())
        dock.topLevelChanged.connect(lambda _floating: self._arrange())

    @property
    def in_front(self) -> bool:
        """Whether it can be seen: it may also stand behind the tab of another."""
        return in_sight(self._dock)

    def toggle(self) -> None:
        """Bring it to the front; put it away if it is there, and what was there before comes back."""
        if self.in_front:
            self._dock.close()
        else:
            self.show()

    def show(self) -> None:
        """Bring it to the front."""
        docks = [dock for dock in self._window.findChildren(QDockWidget) if dock is not self._dock]
        before = {dock: dock.width() for dock in docks if not dock.isHidden()}
        seen = {dock for dock in docks if in_sight(dock)}
        self._dock.show()
        self._dock.raise_()
        beside = [dock for dock in self._window.tabifiedDockWidgets(self._dock) if dock in before]
        self._before = next((dock for dock in beside if dock in seen), self._before)
        if not self._shown and not self._dock.isFloating():
            self._shown = True
            width = min(WIDTH, round(SHARE * self._window.width()))
            if self._dock.width() < width:
                if beside:
                    self._widened = beside[0], before[beside[0]], width
                self._window.resizeDocks([self._dock], [width], Qt.Orientation.Horizontal)
                layout = self._window.layout()
                if layout is not None:
                    layout.activate()  # else it has another width for a moment, as if somebody had chosen that

    def _toggled(self, shown: bool) -> None:
        self._arrange()
        if shown:
            return
        self._shown = False
        if self._before is not None and not self._before.isHidden():
            self._before.raise_()
        if self._widened is None:
            return
        beside, before, since = self._widened
        self._widened = None
        if abs(self._dock.width() - since) <= _SLACK and not beside.isFloating():  # nobody chose another width
            self._window.resizeDocks([beside], [before], Qt.Orientation.Horizontal)

    def _arrange(self) -> None:
        area = Qt.DockWidgetArea
        there = not self._dock.isHidden() and not self._dock.isFloating()
        high = there and self._window.dockWidgetArea(self._dock) == area.LeftDockWidgetArea
        wanted = area.LeftDockWidgetArea if high else area.BottomDockWidgetArea
        if self._window.corner(Qt.Corner.BottomLeftCorner) != wanted:
            self._window.setCorner(Qt.Corner.BottomLeftCorner, wanted)
