"""Where the panels of the window stand: side by side, behind each other or put away, and the layout remembered.

Knows of a panel only how it is made. Those that nobody sees at first are made when somebody looks, or one by one once
the window has been painted: the start of the program does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from builder.ui.docks import FIRST_WIDTH, add_dock, fill_dock
from builder.ui.placement import fill_small_screen
from builder.ui.tabs import TabNames, fit_in, share_width, stand_behind, unknown
from builder.ui.views_height import ViewsHeight

VERSION = 1  # of remembered layouts
Content = tuple[QWidget, QWidget | None]  # a panel and what to drag it by, as `add_dock` takes them


@dataclass(frozen=True)
class Panel:
    """A panel of the window.

    Attributes:
        key: stable name, under which its place is remembered.
        title: in the View menu, and of the floating window.
        make: makes it; called once.
        short: the title on a tab that has no room for the whole; "" where it is short enough.
        least: the same for the smallest of windows.
        behind: key of the panel before that it stands behind as a tab until somebody arranges the window; "" for none.
        without_room: key of the panel that it stands behind where it has no room beside all others; "" for none.
        away: it is put away at first.
        asked: the same, and it can be sent away where it stands.
        whole_row: it gets a row of its own, as wide as the window.
        width: pixels at first; 0 for what the layout gives.
    """

    key: str
    title: str
    area: Qt.DockWidgetArea
    make: Callable[[], Content]
    short: str = ""
    least: str = ""
    behind: str = ""
    without_room: str = ""
    away: bool = False
    asked: bool = False
    whole_row: bool = False
    width: int = 0


class Arrangement(QObject):
    """The docks of a window.

    Attributes:
        docks: by key, in the order of the panels.
        filled: every panel has been made, once the window was painted.
        stirred: what can be seen may be another thing now.
    """

    filled = Signal()
    stirred = Signal()

    def __init__(self, window: QMainWindow, panels: Iterable[Panel], row: Sequence[str]) -> None:
        """Give each panel its dock. Those with the keys in `row` share the window's lower edge."""
        super().__init__(window)
        self._window = window
        self.docks: dict[str, QDockWidget] = {}
        self._later: dict[str, Panel] = {}  # those that are still to be made
        window.setDockNestingEnabled(True)
        area = Qt.DockWidgetArea
        window.setCorner(Qt.Corner.BottomLeftCorner, area.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, area.BottomDockWidgetArea)
        every = tuple(panels)
        self._behind = {panel.key: panel.behind for panel in every if panel.behind}
        self._without_room = {panel.key: panel.without_room for panel in every if panel.without_room}
        for panel in every:
            if not panel.asked:
                self._add(panel)
        stand_behind(window, self.docks, self._behind)
        for panel in every:
            if panel.asked:
                self._add(panel)
        wide = [panel for panel in every if panel.width]
        docks = [self.docks[panel.key] for panel in wide]
        window.resizeDocks(docks, [panel.width for panel in wide], Qt.Orientation.Horizontal)
        for dock, panel in zip(docks, wide, strict=True):
            dock.setProperty(FIRST_WIDTH, panel.width)
        share_width(window, (self.docks[key] for key in row if key not in self._behind))
        TabNames(window, {self.docks[panel.key]: (panel.short, panel.least) for panel in every})
        below = [self.docks[panel.key] for panel in every if panel.whole_row]
        self._height = ViewsHeight(window, [self.docks[key] for key in row], below)
        self._first = window.saveState(VERSION)

    def _add(self, panel: Panel) -> None:
        late = bool(panel.behind) or panel.away or panel.asked
        content, head = (QWidget(), None) if late else panel.make()
        dock = add_dock(self._window, panel.key, panel.title, content, panel.area, head, asked=panel.asked)
        self.docks[panel.key] = dock
        dock.visibilityChanged.connect(lambda _visible: self.stirred.emit())
        if late:
            self._later[panel.key] = panel
            dock.visibilityChanged.connect(lambda visible: self.fill(panel.key) if visible else None)
        if panel.whole_row:
            self._window.addDockWidget(panel.area, dock, Qt.Orientation.Vertical)
        if panel.away or panel.asked:
            dock.hide()

    # Panels that are made later -------------------------------------------------------------------------------------

    def fill(self, key: str) -> None:
        """Make the panel of this key, if it was not yet."""
        panel = self._later.pop(key, None)
        if panel is not None:
            fill_dock(self.docks[key], *panel.make(), asked=panel.asked)

    def fill_all(self) -> None:
        """Make all panels."""
        for key in tuple(self._later):
            self.fill(key)

    def go_on(self) -> None:
        """Make all panels, one at a time: the window answers in between."""
        if not self._later:
            self.filled.emit()
            return
        self.fill(next(iter(self._later)))
        QTimer.singleShot(0, self, self.go_on)

    # The layout -----------------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Stand where the last session stood."""
        settings = QSettings()
        geometry, state = settings.value("geometry"), settings.value("layout")
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        else:
            fill_small_screen(self._window)
        if isinstance(state, QByteArray) and self._window.restoreState(state, VERSION):
            stand_behind(self._window, self.docks, unknown(state, self.docks, self._behind))
            for key in self._without_room:
                self.fit_in(key)
            self._height.arranged()

    def remember(self) -> None:
        """Let the next session stand as this one stands."""
        settings = QSettings()
        settings.setValue("geometry", self._window.saveGeometry())
        settings.setValue("layout", self._window.saveState(VERSION))

    def reset(self) -> None:
        """Put every dock back where it stood at first."""
        self._window.restoreState(self._first, VERSION)

    def show(self, key: str) -> None:
        """Bring a panel to the front."""
        self.fill(key)
        self.fit_in(key)
        self.docks[key].show()
        self.docks[key].raise_()

    def fit_in(self, key: str) -> None:
        """Put a panel behind another as a tab where it is to stand so without room, and has none."""
        if key in self._without_room:
            if not self.docks[key].isHidden():
                self.fill(key)  # what it needs is known only then
            fit_in(self._window, self.docks[key], self.docks[self._without_room[key]])

    def share_height(self) -> None:
        """The window has another size."""
        self._height.share()
