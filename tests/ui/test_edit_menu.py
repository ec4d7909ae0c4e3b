"""The commands of the Edit menu that concern the canvas, as the window offers them."""

from __future__ import annotations

from PySide6.QtGui import QAction, QKeySequence
from pytestqt.qtbot import QtBot

from builder.ui.window import MainWindow
from tests.ui.conftest import MakeWindow


def command(window: MainWindow, words: str) -> QAction:
    return next(action for action in window.menus.actions if action.text() == words)


def test_what_is_selected_is_lined_up_and_spread(make_window: MakeWindow) -> None:
    window = make_window()
    names = ("conv1", "pool1", "conv3")
    window.document.select(names)
    command(window, "Left edges").trigger()
    assert len({window.canvas.canvas.graph.positions[name].x for name in names}) == 1
    command(window, "Top edges").trigger()
    assert len({window.canvas.canvas.graph.positions[name].y for name in names}) == 1
    window.document.undo.undo()
    assert len({window.canvas.canvas.graph.positions[name].y for name in names}) > 1


def test_a_layer_is_found_from_the_menu_by_its_key(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    find = command(window, "Find a layer…")
    assert find.shortcut() == QKeySequence(QKeySequence.StandardKey.Find)
    find.trigger()
    qtbot.keyClicks(window.canvas.find_bar.field, "fc2")
    assert window.document.selection == ("fc2",)
