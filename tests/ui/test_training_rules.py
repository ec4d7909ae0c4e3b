"""The window while a schedule changes the learning rate, and when a run stops early."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.train.messages import Finished, Reason
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def with_settings(project: Project, **settings: object) -> Project:
    for name, value in settings.items():
        project = set_setting(project, f"training.{name}", value)
    return project


def test_the_rate_that_a_schedule_gives_is_seen_while_it_trains(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(with_settings(quick(templates.load("lenet5"), epochs=1000), schedule="cosine", warmup=500))
    window.inspector.setCurrentWidget(window.inspector.training)
    until_parked(qtbot, window)
    base = f"SGD {window.document.value.training.optimizer.learning_rate:g}"
    assert window.status._training.text().startswith(f"{base}, momentum")
    window.live.run()
    qtbot.waitUntil(lambda: f"{base} → " in window.status._training.text(), timeout=PATIENCE)
    row = window.inspector.training.form.row("optimizer.learning_rate")
    qtbot.waitUntil(lambda: row.gives.text().endswith("by the schedule"), timeout=PATIENCE)
    assert window.inspector.training.rules.curve.trace
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.stop()
    qtbot.waitUntil(lambda: window.status._training.text().startswith(f"{base}, momentum"), timeout=PATIENCE)


def test_an_early_stop_is_told_with_the_epoch_that_is_kept(make_window: MakeWindow, qtbot: QtBot) -> None:
    project = with_settings(quick(templates.load("lenet5"), epochs=500), patience=2)
    project = set_setting(project, "training.optimizer.learning_rate", 20)
    project = set_setting(project, "training.optimizer.momentum", 0)
    window = make_window(project)
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        window.live.run()
    event = ended.args[0]
    assert isinstance(event, Finished)
    assert event.reason is Reason.EARLY
    assert window.topbar.figures().startswith(f"stopped early, back to epoch {event.best_epoch} · test ")
