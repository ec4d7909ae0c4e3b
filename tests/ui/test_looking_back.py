"""Looking back at a run that waits."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.train.messages import State
from builder.ui.views.filters import FiltersView
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def paused(make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    """A window with a run that waits behind four steps."""
    window = make_window(quick(templates.load("lenet5"), epochs=2))
    until_parked(qtbot, window)
    assert window.timeline.isHidden()
    for step in range(1, 5):
        window.live.step_batch()
        qtbot.waitUntil(lambda step=step: window.live.moments.steps[-1:] == (step,), timeout=PATIENCE)
    return window


def test_a_paused_run_is_looked_back_at(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = paused(make_window, qtbot)
    filters = window.views["filters"]
    assert isinstance(filters, FiltersView)
    assert not window.timeline.isHidden()
    assert window.live.moments.steps == (0, 1, 2, 4)
    assert window.timeline.words.text() == "step 4"
    window.timeline.slider.setValue(0)
    assert window.timeline.words.text() == "initial weights"
    qtbot.waitUntil(lambda: filters.picture is not None and filters.picture.step == 0, timeout=PATIENCE)
    qtbot.mouseClick(window.timeline.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: filters.picture is not None and filters.picture.step == 4, timeout=PATIENCE)
    assert window.live.state is State.PAUSED


def test_one_more_batch_is_made_of_the_present(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = paused(make_window, qtbot)
    window.live.moments.look_at(1)
    window.live.step_batch()
    qtbot.waitUntil(lambda: window.live.moments.steps == (0, 1, 2, 4, 5), timeout=PATIENCE)
    assert window.live.moments.step is None
    assert window.timeline.words.text() == "step 5"
    assert not window.timeline.isHidden()


def test_while_it_runs_the_time_line_is_away(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = paused(make_window, qtbot)
    window.live.moments.look_at(1)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
        qtbot.waitUntil(lambda: window.live.state is State.RUNNING, timeout=PATIENCE)
        assert window.timeline.isHidden()
        assert window.live.moments.step is None
    assert not window.timeline.isHidden()


def test_a_pause_inside_a_step_is_one_too(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = paused(make_window, qtbot)
    window.live.step_phase()
    qtbot.waitUntil(lambda: window.live.inside is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.live.moments.steps == (0, 1, 2, 4), timeout=PATIENCE)
    window.live.moments.look_at(0)
    window.live.step_phase()
    qtbot.waitUntil(lambda: window.live.moments.step is None, timeout=PATIENCE)
    assert window.live.state is State.PAUSED


@pytest.mark.parametrize("moved", [False, True])
def test_the_canvas_stands_still_when_the_time_line_comes_and_goes(
    moved: bool, make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=2))
    until_parked(qtbot, window)
    canvas = window.canvas
    if moved:
        canvas.zoom_to(0.8, QPointF(100, 100))
    card = canvas.canvas.nodes["conv1"]

    def place() -> QPoint:
        return canvas.viewport().mapToGlobal(canvas.mapFromScene(card.scenePos()))

    before, height = place(), canvas.height()
    window.live.step_batch()
    qtbot.waitUntil(lambda: canvas.height() < height, timeout=PATIENCE)
    assert window.timeline.isVisible()
    assert place() == before
    window.live.reset()
    qtbot.waitUntil(lambda: canvas.height() == height, timeout=PATIENCE)
    assert place() == before
