"""The samples of the data that were chosen are seen at once: while a run is under way, and where nothing fits them."""

from __future__ import annotations

from threading import Event

import pytest
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.project.edits import set_setting
from builder.train.messages import State
from builder.ui import first_look
from builder.ui.first_look import FirstLook
from builder.ui.inspector.data_panel import DataPanel
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def choose(window: MainWindow, dataset: str) -> None:
    window.document.commit("Data", set_setting(window.document.value, "data.dataset", dataset))


def data_panel(window: MainWindow) -> DataPanel:
    window.inspector.setCurrentWidget(window.inspector.data)
    return window.inspector.data


def test_samples_of_data_that_do_not_fit_the_network_are_seen_with_the_problem(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    panel = data_panel(window)
    choose(window, "moons")
    assert not panel.samples.isVisible()
    qtbot.waitUntil(panel.samples.isVisible, timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(panel.problems.cards), timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.live.state is State.FINISHED, timeout=PATIENCE)  # nothing could be built with them
    assert panel.samples.isVisible()


def test_samples_of_other_data_are_seen_during_a_run_and_it_is_said_whose_they_are(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    until_parked(qtbot, window)
    panel = data_panel(window)
    assert not panel._changed.isVisible()
    window.live.run()
    qtbot.waitUntil(lambda: window.live.progress.step > 0, timeout=PATIENCE)
    choose(window, "noisy-digits")
    assert panel._changed.isVisible()
    qtbot.waitUntil(panel.samples.isVisible, timeout=PATIENCE)
    assert window.live.training
    choose(window, "digits")
    assert not panel._changed.isVisible()
    qtbot.waitUntil(panel.samples.isVisible, timeout=PATIENCE)
    window.live.stop()


def test_only_the_samples_of_the_last_choice_are_told(
    make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(quick(templates.load("lenet5")))
    told: list[object] = []
    look = FirstLook(window.document, told.append, window)
    loads: list[str] = []
    monkeypatch.setattr(first_look, "_load", lambda settings, _stop, come: (loads.append(settings.dataset), come))
    choose(window, "moons")
    look._look()
    first = look._come
    choose(window, "circles")
    first.append(("samples of moons",))  # type: ignore[arg-type]
    look._look()
    look._come.append(("samples of circles",))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: bool(told), timeout=PATIENCE)
    assert told == [("samples of circles",)]
    choose(window, "circles")
    window.document.commit("Fit", set_setting(window.document.value, "data.fit", "resize"))
    assert not look._settle.isActive()  # the same samples


def test_whoever_stops_the_loading_is_not_loaded_for(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    choose(window, "moons")
    assert window.first_look._settle.isActive()
    window.inspector.cancel_asked.emit()
    assert not window.first_look._settle.isActive()


def test_the_window_waits_for_what_cannot_be_stopped_and_says_when_it_did_not_end(
    make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(quick(templates.load("lenet5")))
    stopped, gate = Event(), Event()

    def load(_settings: object, stop: Event, _come: object) -> None:
        stop.wait(PATIENCE)
        stopped.set()
        gate.wait(PATIENCE)

    monkeypatch.setattr(first_look, "_load", load)
    choose(window, "moons")
    window.first_look._look()
    assert not window.first_look.close(0.0)
    assert stopped.wait(PATIENCE)
    gate.set()
    assert window.first_look.close(PATIENCE)
    window.close()
    assert window.ended
