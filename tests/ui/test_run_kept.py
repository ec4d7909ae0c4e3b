"""A run that has ended stays to be looked at while the document is edited, until another one is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.graph.problems import Severity
from builder.project import templates
from builder.project.edits import set_setting
from builder.train import session
from builder.train.learner import Learner
from builder.train.messages import State
from builder.ui.scout import SETTLE
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

RATE = "training.optimizer.learning_rate"


def ended(make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    """A window in which LeNet-5 was trained to the end, and whose cards show it."""
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    window.document.select(["conv1"])
    until_parked(qtbot, window)
    window.topbar.run.click()
    qtbot.waitUntil(lambda: window.topbar.figures().startswith("done"), timeout=PATIENCE)
    cards = window.canvas.canvas.nodes
    qtbot.waitUntil(lambda: cards["conv1"].thumbnail is not None, timeout=PATIENCE)
    return window


def kept(qtbot: QtBot, window: MainWindow) -> bool:
    """Whether the run is still there when an edit has settled."""
    with qtbot.waitSignal(window.live.cleared, timeout=2 * SETTLE, raising=False) as cleared:
        pass
    return not cleared.signal_triggered and window.live.stepped and not window.views["loss"].frame.empty


def set_rate(window: MainWindow, rate: float) -> None:
    window.document.commit("Rate", set_setting(window.document.value, RATE, rate))


def test_another_setting_leaves_the_ended_run_until_the_next_one(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = ended(make_window, qtbot)
    words = window.topbar.figures()
    set_rate(window, 0.0123)
    assert kept(qtbot, window)
    assert window.live.state is State.FINISHED
    assert window.topbar.figures() == words
    assert window.banner.text.startswith("The training settings have changed")
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE) as saved:
        window.live.save_weights(tmp_path / "kept.safetensors")
    assert saved.args[1] is None
    window.document.undo.undo()
    assert window.banner.text == ""
    assert kept(qtbot, window)
    set_rate(window, 0.0123)
    with qtbot.waitSignal(window.live.cleared, timeout=PATIENCE):
        window.topbar.batch.click()
    qtbot.waitUntil(lambda: window.live.progress.step == 1, timeout=PATIENCE)
    assert window.live.progress.learning_rate == pytest.approx(0.0123)
    assert window.banner.text == ""


def test_a_network_that_cannot_be_trained_does_not_cost_the_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = ended(make_window, qtbot)
    graph = window.document.graph
    window.document.commit_graph("Cut", replace(graph, edges=graph.edges[:-1]))
    qtbot.waitUntil(lambda: any(problem.severity is Severity.ERROR for problem in window.problems_found))
    again = next(button for button in window.banner.buttons() if button.text().startswith("Start again"))
    again.click()
    assert kept(qtbot, window)
    assert window.docks["problems"].isVisible()


def test_a_layer_that_is_another_since_the_run_shows_none_of_it(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = ended(make_window, qtbot)
    document, cards = window.document, window.canvas.canvas.nodes
    graph = document.graph
    params = {**graph.nodes["conv1"].params, "kernel_size": 3, "padding": 1}  # of the same shape as before
    document.commit_graph("Another kernel", edits.set_params(graph, "conv1", params))
    added = window.canvas.add_kind("ReLU")
    assert cards["conv1"].thumbnail is None
    assert cards["input"].thumbnail is not None
    assert kept(qtbot, window)
    window.canvas.fit()
    window._attend_soon()
    assert kept(qtbot, window)
    assert cards["conv1"].thumbnail is None
    assert all(cards[name].thumbnail is None for name in cards.keys() - graph.nodes.keys()), added
    document.undo.undo()
    document.undo.undo()
    assert cards["conv1"].thumbnail is not None
    assert window.banner.text == ""


def test_another_document_or_reset_drops_the_ended_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = ended(make_window, qtbot)
    set_rate(window, 0.0123)
    window.topbar.reset.click()
    until_parked(qtbot, window)
    assert window.views["loss"].frame.empty
    set_rate(window, 0.02)  # never trained: an edit is looked into at once
    with qtbot.waitSignal(window.live.cleared, timeout=PATIENCE):
        pass
    until_parked(qtbot, window)
    window.topbar.run.click()
    qtbot.waitUntil(lambda: window.topbar.figures().startswith("done"), timeout=PATIENCE)
    window.document.open(quick(templates.load("lenet5")), None)
    assert not window.live.stepped
    assert window.views["loss"].frame.empty
    until_parked(qtbot, window)


def test_other_weights_to_begin_with_are_looked_into_at_once_and_leave_the_ended_run(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = ended(make_window, qtbot)
    path = tmp_path / "weights.safetensors"
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE):
        window.live.save_weights(path)
    value = set_setting(window.document.value, "training.weights", str(path))
    with qtbot.waitSignal(window.live.scout.prepared, timeout=PATIENCE) as told:
        window.document.commit("Begin with", value)
    assert told.args[0].carried is not None
    assert kept(qtbot, window)


def test_other_data_are_seen_at_once_and_leave_the_ended_run(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = ended(make_window, qtbot)
    for number in range(10):
        (tmp_path / "pictures" / f"class {number}").mkdir(parents=True)
        for other in range(3):
            picture = Image.new("L", (28, 28), 20 * number + other)
            picture.save(tmp_path / "pictures" / f"class {number}" / f"{other}.png")
    panel = window.inspector.data
    window.inspector.setCurrentWidget(panel)
    words = window.topbar.figures()
    before = panel.samples.accessibleDescription()
    assert panel.samples.isVisible()
    value = set_setting(window.document.value, "data.dataset", f"folder:{tmp_path / 'pictures'}")
    window.document.commit("Other data", value)
    assert not panel.samples.isVisible()
    qtbot.waitUntil(panel.samples.isVisible, timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel._split is not None and panel._split[0] == value.data, timeout=PATIENCE)
    assert kept(qtbot, window)
    assert window.topbar.figures() == words
    assert panel.progress() == ""
    window.document.undo.undo()
    qtbot.waitUntil(panel.samples.isVisible, timeout=PATIENCE)
    assert panel.samples.accessibleDescription() == before
    assert kept(qtbot, window)


def test_a_download_and_its_failure_leave_the_ended_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = ended(make_window, qtbot)
    with qtbot.waitSignal(window.live.scout.prepared, timeout=PATIENCE):
        window.live.prepare()
    assert kept(qtbot, window)
    value = set_setting(window.document.value, "data.dataset", "folder:/nowhere")
    window.document.commit("Other data", value)
    with qtbot.waitSignal(window.live.scout.failed, timeout=PATIENCE):
        window.live.prepare()
    assert window.banner.text
    assert kept(qtbot, window)


def test_an_edit_while_the_data_of_a_run_are_loaded_leaves_the_run_alone(
    make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    loaded, real = Event(), session.make_learner

    def slow(*given: Any) -> Learner:
        assert loaded.wait(PATIENCE / 1000)
        return real(*given)

    monkeypatch.setattr(session, "make_learner", slow)
    set_rate(window, 0.011)
    window.topbar.run.click()
    assert window.live.state is State.PREPARING
    window.document.commit("Batch", set_setting(window.document.value, "training.batch_size", 16))
    with qtbot.waitSignal(window.live.cleared, timeout=2 * SETTLE, raising=False) as cleared:
        pass
    assert not cleared.signal_triggered
    assert window.live.changes == ("training settings",)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        loaded.set()
