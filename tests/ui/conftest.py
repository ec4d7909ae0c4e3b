"""The real window, ready to train, and closed in good order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from builder.project.document import Project
from builder.project.edits import set_setting
from builder.train.messages import State
from builder.ui import style
from builder.ui.files import Answer
from builder.ui.theme import theme
from builder.ui.window import MainWindow

PATIENCE = 30_000  # milliseconds: a bound for a busy machine, not a measurement

MakeWindow = Callable[[Project | None], MainWindow]


def quick(project: Project, epochs: int = 2) -> Project:
    """The same project on few samples and for few epochs."""
    return set_setting(set_setting(project, "data.limit", 256), "training.epochs", epochs)


@pytest.fixture(scope="session", autouse=True)
def _application(qapp: object) -> None:
    """Fonts cannot be measured before there is an application: Qt ends the process.

    A test that needs nothing else of Qt may be the first of a worker when tests run in parallel.
    """


@pytest.fixture
def make_window(qtbot: QtBot, qapp: object, tmp_path: Path) -> Iterator[MakeWindow]:
    """Makes windows that stand on an unseen screen, their trainers begun; all are closed afterwards."""
    made: list[MainWindow] = []
    style.apply(qapp)  # type: ignore[arg-type]
    theme().choose("dark")
    count = iter(range(1000))

    def make(project: Project | None = None) -> MainWindow:
        window = MainWindow(runs=lambda: tmp_path / f"run{next(count)}")
        made.append(window)
        if project is not None:
            window.document.open(project, None)
        window.resize(1500, 940)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.canvas.fit()
        window.live.begin()
        return window

    yield make
    for window in made:
        window.files.ask_unsaved = lambda: Answer.DISCARD
        window.close()
        window.deleteLater()


def until_parked(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the network on the canvas is built and waits for Run."""
    qtbot.waitUntil(
        lambda: window.live.state is State.PAUSED and window.live.prepared is not None and not window.live.stepped,
        timeout=PATIENCE,
    )
