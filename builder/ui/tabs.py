"""Docks that stand as a tab behind another one. Knows docks only."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QDockWidget, QMainWindow


class Tabs:
    """Puts docks behind others, at first and where a remembered layout is older than they are."""

    def __init__(self, window: QMainWindow, docks: Mapping[str, QDockWidget], places: Mapping[str, str]) -> None:
        """Arrange docks for the first time.

        Args:
            places: key of a dock, and the one behind which it goes.
        """
        self._window, self._docks, self._places = window, docks, places
        for key in places:
            self._go_behind(key)

    def restored(self, state: QByteArray) -> None:
        """A layout has been restored: what that does not know, Qt has put beside the others, and takes their room."""
        for key in self._places:
            if self._docks[key].objectName().encode("utf-16-be") not in state.data():
                self._go_behind(key)

    def _go_behind(self, key: str) -> None:
        front = self._docks[self._places[key]]
        if not front.isFloating():
            self._window.tabifyDockWidget(front, self._docks[key])
            front.raise_()
