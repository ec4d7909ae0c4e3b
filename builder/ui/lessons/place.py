"""Where the panel of lessons stands: as high as the window, in front of the palette. Knows docks only."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from builder.ui.docks import FIRST_WIDTH, in_sight

WIDTH, SHARE = 380, 0.25  # pixels, and of the window's width at most
_SLACK = 4  # pixels that a layout may differ from what was asked of it


@dataclass(frozen=True)
class _Taken:
    """What the panel took, to be given back.

    Attributes:
        beside: the dock in front of which it came, where it made the left side wider.
        before, since: how wide that was, and became.
        row: the docks below that were seen, with their widths.
    """

    beside: QDockWidget | None
    before: int
    since: int
    row: dict[QDockWidget, int]


class LessonsPlace(QObject):
    """Shows and hides the dock of the lessons.

    While it stands at the left, the left side reaches down to the window's lower edge: a text wants height, and the
    live views have width to spare. What it took of their width it gives back when it is closed, to each of them; but
    where somebody has drawn a line between them since, that stays.
    """

    def __init__(self, window: QMainWindow, dock: QDockWidget) -> None:
        """Manage `dock`, hidden at first."""
        super().__init__(window)
        self._window, self._dock = window, dock
        self._shown = False
        self._taken: _Taken | None = None
        self._pressed: dict[QDockWidget, int] = {}  # the widths when the mouse took hold of a line between docks
        self._before: QDockWidget | None = None  # what it came in front of
        dock.hide()
        dock.toggleViewAction().toggled.connect(self._toggled)
        dock.dockLocationChanged.connect(lambda _area: self._arrange())
        dock.topLevelChanged.connect(lambda _floating: self._arrange())
        window.installEventFilter(self)

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
        row = self._row()
        self._dock.show()
        self._dock.raise_()
        beside = [dock for dock in self._window.tabifiedDockWidgets(self._dock) if dock in before]
        self._before = next((dock for dock in beside if dock in seen), self._before)
        if not self._shown and not self._dock.isFloating():
            self._shown = True
            least = self._dock.minimumSizeHint().width()
            width = max(least, min(WIDTH, round(SHARE * self._window.width())))
            first = next((dock for dock in beside if before[dock] < width), None)
            if self._dock.width() < width:
                self._window.resizeDocks([self._dock], [width], Qt.Orientation.Horizontal)
                self._settle()  # else it has another width for a moment, as if somebody had chosen that
            self._taken = _Taken(first, before[first] if first is not None else 0, width, row)

    def _settle(self) -> None:
        layout = self._window.layout()
        if layout is not None:
            layout.activate()

    def _row(self) -> dict[QDockWidget, int]:
        """The docks below that are seen, and their widths."""
        below, docks = Qt.DockWidgetArea.BottomDockWidgetArea, self._window.findChildren(QDockWidget)
        there = (dock for dock in docks if not dock.isFloating() and self._window.dockWidgetArea(dock) == below)
        return {dock: dock.width() for dock in there if in_sight(dock)}

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note where somebody draws a line: all of the window but these lines is covered by its parts."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = self._row()
        elif event.type() == QEvent.Type.MouseButtonRelease and self._row() != self._pressed:
            self._taken = None
        return super().eventFilter(watched, event)

    def _toggled(self, shown: bool) -> None:
        self._arrange()
        if shown:
            return
        taken, self._taken = self._taken if self._shown else self._taken_before(), None
        self._shown = False
        if self._before is not None and not self._before.isHidden():
            self._before.raise_()
        if taken is None:
            return
        beside = taken.beside
        self._settle()  # else what is hidden now still holds the others as they are
        if beside is not None and abs(self._dock.width() - taken.since) <= _SLACK and not beside.isFloating():
            self._window.resizeDocks([beside], [taken.before], Qt.Orientation.Horizontal)
        self._give_back(taken.row)

    def _give_back(self, row: dict[QDockWidget, int]) -> None:
        """Share the width below as before, where the same docks stand there, whichever of their tabs is in front."""
        now = self._row()
        stacks = [{dock, *self._window.tabifiedDockWidgets(dock)} for dock in row]
        if len(now) != len(row) or not all(any(dock in stack for dock in now) for stack in stacks):
            return
        scale = sum(now.values()) / sum(row.values()) if row else 1.0  # the window may have another size
        widths = [round(scale * width) for width in row.values()]
        self._window.resizeDocks(list(row), widths, Qt.Orientation.Horizontal)

    def _taken_before(self) -> _Taken | None:
        """The same where an earlier session has shown it, as far as can be told."""
        docks = self._window.tabifiedDockWidgets(self._dock)
        first = next(((dock, width) for dock in docks if (width := dock.property(FIRST_WIDTH))), None)
        wide = max(min(WIDTH, round(SHARE * self._window.width())), self._dock.minimumSizeHint().width())
        return _Taken(*first, wide, {}) if first is not None else None

    def _arrange(self) -> None:
        area = Qt.DockWidgetArea
        there = not self._dock.isHidden() and not self._dock.isFloating()
        high = there and self._window.dockWidgetArea(self._dock) == area.LeftDockWidgetArea
        wanted = area.LeftDockWidgetArea if high else area.BottomDockWidgetArea
        if self._window.corner(Qt.Corner.BottomLeftCorner) != wanted:
            self._window.setCorner(Qt.Corner.BottomLeftCorner, wanted)
