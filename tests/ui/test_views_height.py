"""The views keep their share of a window that nobody has arranged."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from builder.ui.views_height import SHARE, ViewsHeight


def window_with_docks(qtbot: QtBot) -> tuple[QMainWindow, list[QDockWidget]]:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QWidget())
    docks = [QDockWidget(name, window) for name in ("first", "second")]
    for dock in docks:
        dock.setWidget(QWidget())
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    return window, docks


def test_a_view_that_floats_leaves_the_others_their_share(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window, docks = window_with_docks(qtbot)
    views = ViewsHeight(window, docks)
    window.resize(800, 600)
    window.show()

    def shared(height: int) -> None:
        window.resize(800, height)
        views.share()
        qtbot.waitUntil(lambda: not views._settle.isActive())
        qtbot.waitUntil(lambda: abs(docks[1].height() - SHARE * height) < 12)

    shared(700)
    docks[0].hide()
    docks[0].resize(300, 450)
    monkeypatch.setattr(docks[0], "isFloating", lambda: True)  # the unseen screen has no windows that could be raised
    for height in (850, 600, 900):
        shared(height)


def test_views_that_all_stand_in_tabs_get_their_share_too(qtbot: QtBot) -> None:
    window, docks = window_with_docks(qtbot)
    window.tabifyDockWidget(*docks)
    views = ViewsHeight(window, docks)
    window.resize(800, 600)
    window.show()
    for height in (700, 900, 600):
        window.resize(800, height)
        views.share()
        qtbot.waitUntil(lambda: not views._settle.isActive())
        qtbot.waitUntil(lambda height=height: abs(docks[1].height() - SHARE * height) < 40)


def test_what_a_panel_below_took_goes_back_to_whom_it_came_from(qtbot: QtBot) -> None:
    window, docks = window_with_docks(qtbot)
    below = QDockWidget("below", window)
    below.setWidget(QWidget(minimumHeight=120))
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, below, Qt.Orientation.Vertical)
    below.hide()
    ViewsHeight(window, docks, [below])
    window.resize(800, 600)
    window.show()
    window.resizeDocks(docks, [260, 260], Qt.Orientation.Vertical)
    qtbot.waitUntil(lambda: abs(docks[0].height() - 260) < 4)
    canvas, row = window.centralWidget().height(), docks[0].height()
    for _ in range(2):
        below.show()
        qtbot.waitUntil(lambda: window.centralWidget().height() + docks[0].height() < canvas + row - 100)
        below.hide()
        qtbot.waitUntil(lambda: abs(docks[0].height() - row) < 4)
        assert abs(window.centralWidget().height() - canvas) < 8
