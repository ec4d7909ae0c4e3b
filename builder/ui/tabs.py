"""Docks that stand behind others as tabs: where, in a window that nobody has arranged, and by which name.

Knows docks only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar

from builder.ui.docks import in_sight
from builder.ui.theme import font

_AROUND = 18  # pixels beside the name of a tab, as the style sheet has it

_LEAST = 2  # the place of the shortest of a dock's names


def stand_behind(window: QMainWindow, docks: Mapping[str, QDockWidget], behind: Mapping[str, str]) -> None:
    """Put docks behind others as tabs, which stay in front: `behind` has the key of the other for each."""
    for key, front in behind.items():
        window.tabifyDockWidget(docks[front], docks[key])
        if not docks[front].isFloating():
            docks[front].raise_()
    layout = window.layout()
    if layout is not None:
        layout.activate()  # behind a third tab, Qt goes on for a while holding the window as wide as before


def share_width(window: QMainWindow, docks: Iterable[QDockWidget]) -> None:
    """Share a row's width among docks as their own contents want it; Qt would give more to those with many tabs."""
    row = list(docks)
    widths = [content.sizeHint().width() if (content := dock.widget()) is not None else 0 for dock in row]
    window.resizeDocks(row, widths, Qt.Orientation.Horizontal)


def fit_in(window: QMainWindow, dock: QDockWidget, front: QDockWidget) -> None:
    """Put a dock that is open, or about to be, behind another as a tab, where it has no room beside the others.

    Qt would make the window wider, maybe beyond the edge of the screen.
    """
    if dock.isFloating() or front.isFloating() or front.isHidden() or window.tabifiedDockWidgets(dock):
        return
    more = dock.minimumSizeHint().width() if dock.isHidden() else 0
    if window.minimumSizeHint().width() + more > window.width():
        window.tabifyDockWidget(front, dock)


def unknown(state: QByteArray, docks: Mapping[str, QDockWidget], behind: Mapping[str, str]) -> dict[str, str]:
    """Those of `behind` of which a remembered layout knows nothing: Qt would squeeze them in beside all others."""
    written = bytes(state.data())  # names stand in it as a data stream writes them
    return {key: front for key, front in behind.items() if docks[key].objectName().encode("utf-16-be") not in written}


def level(widths: Sequence[int], needs: Sequence[int]) -> list[int]:
    """Widths with which all have what they need, taken from those that have most to spare; as before where that is too
    little."""
    spare = [width - need for width, need in zip(widths, needs, strict=True)]
    lack = -sum(each for each in spare if each < 0)
    if lack == 0 or sum(spare) < 0:
        return list(widths)
    left = [max(0, each) for each in spare]
    for _ in range(lack):  # pixels, a few dozen
        left[left.index(max(left))] -= 1
    return [need + each for need, each in zip(needs, left, strict=True)]


class TabNames(QObject):
    """Lets the docks of a window go by shorter names where their tabs have no room for the whole ones.

    Where there is none for the shorter ones either, docks with tabs beside them give up some of their width; but not
    while somebody draws the line between them. Where that is not enough, the shortest names stand there; and where even
    they are too long, the tabs scroll: a word that is cut says nothing.
    """

    def __init__(self, window: QMainWindow, short: Mapping[QDockWidget, Sequence[str]]) -> None:
        """`short` has the shorter names of each dock that has some, from long to short."""
        super().__init__(window)
        self._window = window
        self._names = {dock: _three([dock.windowTitle(), *words]) for dock, words in short.items()}
        self._asked: list[int] = []  # the widths that were shared out last
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self._name)
        for dock in self._names:
            dock.installEventFilter(self)
            dock.visibilityChanged.connect(self._soon.start)
            dock.topLevelChanged.connect(self._soon.start)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._soon.start()
        return super().eventFilter(watched, event)

    def _name(self) -> None:
        titled = {dock.windowTitle(): dock for dock in self._names}
        tier = dict.fromkeys(self._names, 0)
        needs: dict[QDockWidget, tuple[int, ...]] = {}
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            docks = [titled[bar.tabText(place)] for place in range(bar.count()) if bar.tabText(place) in titled]
            each = self._needs(docks)
            fitting = next((place for place, need in enumerate(each) if need <= bar.width()), None)
            tier.update(dict.fromkeys(docks, _LEAST if fitting is None else fitting))
            mode = Qt.TextElideMode.ElideNone if fitting is None else Qt.TextElideMode.ElideRight
            if bar.elideMode() != mode:
                bar.setElideMode(mode)
            front = next((dock for dock in docks if in_sight(dock)), None)
            if front is not None and bar.isVisible():
                least = front.minimumSizeHint().width()
                needs[front] = tuple(max(need, least) for need in each)
        for dock, names in self._names.items():
            name = names[0] if dock.isFloating() else names[tier[dock]]
            if dock.windowTitle() != name:
                dock.setWindowTitle(name)
        if not any(dock.width() < need[1] for dock, need in needs.items()):
            self._asked = []
        elif not QGuiApplication.mouseButtons().value:
            self._share(needs)

    def _needs(self, docks: Sequence[QDockWidget]) -> tuple[int, ...]:
        """What tabs need for the whole names, for the shorter ones and for the shortest."""
        face = QFontMetrics(font(12, bold=True))  # as the tab in front has it: another one may come there
        return tuple(
            sum(face.horizontalAdvance(self._names[dock][tier]) + _AROUND for dock in docks)
            for tier in range(_LEAST + 1)
        )

    def _share(self, needs: Mapping[QDockWidget, tuple[int, ...]]) -> None:
        """Give each its need, row by row."""
        tops = {dock.geometry().top() for dock in needs}
        for row in ([dock for dock in needs if dock.geometry().top() == top] for top in tops):
            widths = [dock.width() for dock in row]
            wanted = level(widths, [needs[dock][1] for dock in row])
            if wanted == widths:  # there is not enough for all, or nothing lacks
                wanted = level(widths, [needs[dock][_LEAST] for dock in row])
            if wanted != widths and wanted != self._asked:  # asked once: Qt may have its own mind
                self._asked = wanted
                self._window.resizeDocks(row, wanted, Qt.Orientation.Horizontal)


def _three(names: Sequence[str]) -> tuple[str, ...]:
    """Whole, shorter and shortest: where there is no shorter name, the one before."""
    known = [name for name in names if name]
    return tuple((*known, *known[-1:] * _LEAST)[: _LEAST + 1])
