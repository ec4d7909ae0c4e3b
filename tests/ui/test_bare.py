"""Only the canvas, for a projector."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QSettings

from builder.project import templates
from builder.ui.arrangement import VERSION
from builder.ui.window import MainWindow
from tests.ui.conftest import MakeWindow


def standing(window: MainWindow) -> set[str]:
    return {key for key, dock in window.docks.items() if not dock.isHidden()}


def test_one_key_leaves_only_the_canvas_and_brings_all_back(make_window: MakeWindow) -> None:
    window = make_window(templates.load("lenet5"))
    only = {action.text(): action for action in window.menus.actions}["Only the canvas"]
    before, state, width = standing(window), window.saveState(VERSION), window.canvas.width()
    only.trigger()
    assert standing(window) == set()
    assert only.isChecked()
    window.show_dock("loss")  # a lesson brings a view up
    only.trigger()
    assert standing(window) == before
    assert not only.isChecked()
    assert window.saveState(VERSION) == state
    assert window.canvas.width() <= width + 1


def test_the_next_session_does_not_begin_without_panels(make_window: MakeWindow) -> None:
    window = make_window(templates.load("lenet5"))
    before = standing(window)
    {action.text(): action for action in window.menus.actions}["Only the canvas"].trigger()
    window.close()
    later = make_window(templates.load("lenet5"))
    assert QSettings().value("layout") is not None
    later.arrangement.restore()
    assert standing(later) == before


def test_no_key_is_given_to_two_commands(make_window: MakeWindow) -> None:
    window = make_window(None)
    keys = [key.toString() for action in window.menus.actions for key in action.shortcuts()]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
