"""A command that a run is long in following is said to have been heard."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.train.messages import Command, Pause, Progress, Resume, SetPace, State, Stop
from builder.ui.live import Live
from builder.ui.news import News
from builder.ui.patience import Patience
from builder.ui.topbar import TopBar


class Run(News):
    """What is asked of a run, and what it says, without one."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state
        self.training = state is not State.FINISHED


@pytest.mark.parametrize(
    ("state", "command", "words"),
    [
        (State.PAUSED, Resume(), "starting …"),
        (State.RUNNING, Pause(), "pausing behind this phase …"),
        (State.RUNNING, Stop(), "stopping behind this step …"),
    ],
)
def test_what_is_not_followed_at_once_is_said(qtbot: QtBot, state: State, command: Command, words: str) -> None:
    run, said = Run(state), list[str]()
    Patience(cast("Live", run), said.append)
    run.commanded.emit(command)
    qtbot.waitUntil(lambda: said == [words], timeout=5000)


def test_what_is_followed_or_makes_no_step_is_not(qapp: QApplication) -> None:
    run, said = Run(State.PAUSED), list[str]()
    patience = Patience(cast("Live", run), said.append)
    run.commanded.emit(SetPace(1.0))
    assert not patience._soon.isActive()
    run.commanded.emit(Resume())
    assert patience._soon.isActive()
    run.state = State.RUNNING
    run.state_changed.emit(State.RUNNING)
    assert not patience._soon.isActive()
    run.commanded.emit(Resume())
    assert not patience._soon.isActive()
    assert not said


def test_figures_wait_with_it(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    bar.resize(1600, 40)
    bar.set_state(State.RUNNING, stepped=True)
    bar.wait("stopping behind this step …")
    bar.set_progress(Progress(State.RUNNING, 1, 20, 3, 800, 640.0, 26.0))
    assert bar.figures() == "stopping behind this step …"
    bar.set_state(State.PAUSED, stepped=True)
    bar.set_progress(Progress(State.PAUSED, 1, 20, 3, 800, 0.0, None))
    assert bar.figures() == "epoch 1 of 20 · paused at step 3"
