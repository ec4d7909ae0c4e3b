"""The commands of the Edit menu that concern the canvas, as the window offers them."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction, QKeySequence
from pytestqt.qtbot import QtBot

from builder.ui.window import MainWindow


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    """A window in which nothing trains: editing needs none of it."""
    made = MainWindow(runs=lambda: None)
    qtbot.addWidget(made, before_close_func=lambda _window: made.document.undo.setClean())
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def command(window: MainWindow, words: str) -> QAction:
    return next(action for action in window.menus.actions if action.text() == words)


def test_what_is_selected_is_lined_up_and_spread(window: MainWindow) -> None:
    names = ("conv1", "pool1", "conv3")
    window.document.select(names)
    command(window, "Left edges").trigger()
    assert len({window.canvas.canvas.graph.positions[name].x for name in names}) == 1
    command(window, "Top edges").trigger()
    assert len({window.canvas.canvas.graph.positions[name].y for name in names}) == 1
    window.document.undo.undo()
    assert len({window.canvas.canvas.graph.positions[name].y for name in names}) > 1


def test_a_layer_is_found_from_the_menu_by_its_key(window: MainWindow, qtbot: QtBot) -> None:
    find = command(window, "Find a layer…")
    assert find.shortcut() == QKeySequence(QKeySequence.StandardKey.Find)
    find.trigger()
    qtbot.keyClicks(window.canvas.find_bar.field, "fc2")
    assert window.document.selection == ("fc2",)
