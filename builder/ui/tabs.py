"""Docks that stand behind others as tabs, in a window that nobody has arranged. Knows docks only."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QDockWidget, QMainWindow


def stand_behind(window: QMainWindow, docks: Mapping[str, QDockWidget], behind: Mapping[str, str]) -> None:
    """Put docks behind others as tabs, which stay in front: `behind` has the key of the other for each."""
    for key, front in behind.items():
        window.tabifyDockWidget(docks[front], docks[key])
        if not docks[front].isFloating():
            docks[front].raise_()


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
