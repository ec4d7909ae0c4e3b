"""A run that is slowed down, so that a class sees each batch."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.train.messages import State
from builder.ui.pace import PACES
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

SLOW = 1800.0  # seconds: no test waits for a second step


def until_first_step(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the first step is shown and the second is not due."""
    qtbot.waitUntil(lambda: window.live.state is State.RUNNING and window.live.progress.step == 1, timeout=PATIENCE)
    loss = window.views["loss"]
    qtbot.waitUntil(lambda: loss.training.count == 1, timeout=PATIENCE)  # type: ignore[attr-defined]


def test_a_pace_holds_for_this_run_and_the_next(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("perceptron")))
    window.live.pace = SLOW
    until_parked(qtbot, window)
    window.live.reset()
    window.live.run()
    until_first_step(qtbot, window)
    window.live.reset()
    until_parked(qtbot, window)
    window.live.run()
    until_first_step(qtbot, window)
    assert "left" in window.topbar.figures()
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.set_pace(0.0)


@pytest.mark.parametrize("number", range(len(PACES)))
def test_bar_and_menu_agree_on_the_pace(make_window: MakeWindow, number: int) -> None:
    window = make_window(None)
    seconds, words = list(PACES.items())[number]
    entries = {action.text().lower(): action for action in window.menus.actions if action.property("group") == "Speed"}
    assert list(entries) == list(PACES.values())
    window.topbar.pace.choose(number)
    assert window.live.pace == seconds
    assert [name for name, action in entries.items() if action.isChecked()] == [words]
    entries[PACES[0.0]].trigger()
    assert window.live.pace == 0.0
    assert window.topbar.pace.value == 0
    entries[words].trigger()
    assert window.topbar.pace.words == words
