"""Where panels stand, and when they are made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.ui.arrangement import VERSION
from builder.ui.views.listing import LISTED
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

IN_FRONT = {key for key, listed in LISTED.items() if not listed.behind}


@pytest.fixture
def window(make_window: MakeWindow) -> Iterator[MainWindow]:
    """One that nobody has seen yet."""
    made = MainWindow(runs=lambda: None)
    yield made
    made.close()
    made.deleteLater()


def show(window: MainWindow, qtbot: QtBot) -> list[set[str]]:
    """Show a window; which views it had when it was first painted."""
    found: list[set[str]] = []
    window.first_painted.connect(lambda: found.append(set(window.viewing.views)))
    with qtbot.waitSignal(window.arrangement.filled, timeout=PATIENCE):
        window.show()
    return found


def test_what_nobody_sees_is_made_behind_the_first_paint(window: MainWindow, qtbot: QtBot) -> None:
    assert set(window.viewing.views) == IN_FRONT
    assert show(window, qtbot) == [IN_FRONT]
    assert list(window.viewing.views) == list(LISTED)
    assert all(window.docks[key].widget() is view for key, view in window.viewing.views.items())
    assert window.docks["lessons"].widget() is window.lessons
    assert window.docks["problems"].widget() is window.problems
    assert window.docks["analysis"].widget() is window.analysis


def test_making_them_takes_neither_place_nor_focus(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1500, 940)
    stood: list[dict[str, object]] = []
    window.first_painted.connect(lambda: stood.append({key: dock.geometry() for key, dock in window.docks.items()}))
    window.canvas.setFocus()
    with qtbot.waitActive(window), qtbot.waitSignal(window.arrangement.filled, timeout=PATIENCE):
        window.show()
        window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.canvas, timeout=PATIENCE)
    seen = IN_FRONT | {"palette", "inspector"}
    assert {key: window.docks[key].geometry() for key in seen} == {key: stood[0][key] for key in seen}


def test_a_tab_that_was_left_in_front_is_there_with_the_window(
    make_window: MakeWindow, window: MainWindow, qtbot: QtBot
) -> None:
    before = make_window(None)
    before.arrangement.show("confusion")
    qtbot.waitUntil(lambda: before.views["confusion"].on_screen, timeout=PATIENCE)
    QSettings().setValue("layout", before.saveState(VERSION))
    window.arrangement.restore()
    assert show(window, qtbot) == [IN_FRONT | {"confusion"}]
    assert window.views["confusion"].on_screen


def test_all_are_made_before_there_is_news_of_a_run(window: MainWindow, qtbot: QtBot) -> None:
    window.document.open(quick(templates.load("lenet5")), None)
    window.live.begin()
    assert list(window.viewing.views) == list(LISTED)
    until_parked(qtbot, window)


def test_what_is_asked_for_early_is_made_then(window: MainWindow) -> None:
    window.show_dock("problems")
    assert window.docks["problems"].widget() is window.problems
    assert "cloud" not in window.viewing.views
    assert window.views["cloud"] is window.docks["cloud"].widget()
