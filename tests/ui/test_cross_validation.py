"""Cross-validation in the window: fold after fold, kept by name, and what comes in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from builder.graph.problems import Problem
from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting, set_settings
from builder.train.messages import Finished, Reason, State
from builder.ui import ensembles
from builder.ui.cross_validation import SUBJECT, TOGETHER
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def project(*changes: str, epochs: int = 4) -> Project:
    return set_settings(quick(templates.load("lenet5"), epochs=epochs), changes)


def action(window: MainWindow, text: str) -> Callable[[], None]:
    return next(each for each in window.menus.actions if each.text() == text).trigger


def validated(window: MainWindow, qtbot: QtBot, folds: int) -> list[Finished]:
    """Run so many folds to their end; how each ended."""
    ended: list[Finished] = []
    window.live.finished.connect(ended.append)
    window.folds.ask_folds = lambda: folds
    action(window, "Cross-validate…")()
    qtbot.waitUntil(lambda: not window.folds.folds and bool(ended), timeout=PATIENCE)
    return ended


def documents(ended: list[Finished]) -> list[dict[str, object]]:
    return [json.loads((Path(event.run) / "run.json").read_text("utf-8"))["document"]["data"] for event in ended]


def test_each_fold_is_a_run_kept_by_name_and_their_mean_is_told(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project())
    until_parked(qtbot, window)
    before = window.document.value
    ended = validated(window, qtbot, 3)
    assert [event.reason for event in ended] == [Reason.COMPLETED] * 3
    assert [(data["folds"], data.get("fold", 1)) for data in documents(ended)] == [(3, 1), (3, 2), (3, 3)]
    assert [event.test_loss for event in ended] == [None] * 3
    kept = window.viewing.kept
    assert [run.name for run in kept.named] == ["fold 1", "fold 2"]
    assert kept.current.name == "fold 3"
    assert window.document.value is before
    assert not window.live.stale
    assert window.banner.subject == SUBJECT
    assert "Cross-validation</b> of 3 folds: " in window.banner.text
    assert "; mean ± standard deviation of " in window.banner.text
    assert window.banner.text.count(" % right") == 1
    assert [button.text() for button in window.banner.buttons()] == [TOGETHER]


def test_the_figures_are_those_of_the_command_line(make_window: MakeWindow, qtbot: QtBot) -> None:
    from builder.project.cross_validation import project_of_fold
    from builder.project.job import make_job
    from builder.train.headless import train

    window = make_window(project("training.device=cpu"))
    validated(window, qtbot, 2)
    for fold in (1, 2):
        result = train(make_job(project_of_fold(window.document.value, 2, fold)))
        assert window.folds.found[fold - 1].loss == result.epochs[-1].validation_loss


def test_edits_meanwhile_are_for_later_runs(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project("training.optimizer.learning_rate=0.02", epochs=6))
    until_parked(qtbot, window)
    rates: list[float] = []
    window.live.finished.connect(lambda _event: rates.append(window.live.progress.learning_rate))
    window.folds.start(2)
    qtbot.waitUntil(lambda: window.live.progress.step > 0, timeout=PATIENCE)
    window.document.commit("Rate", set_setting(window.document.value, "training.optimizer.learning_rate", 0.5))
    window.document.commit("Noise", set_setting(window.document.value, "data.label_noise", 0.5))
    assert window.live.changes == ("data", "training settings")
    qtbot.waitUntil(lambda: len(rates) == 2, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.folds.folds, timeout=PATIENCE)
    assert rates == [0.02, 0.02]
    assert len(window.folds.found) == 2
    assert window.live.stale


def test_stop_ends_all_of_it_and_tells_what_there_is(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=200))
    until_parked(qtbot, window)
    window.folds.start(4)
    qtbot.waitUntil(lambda: window.live.progress.step > 0, timeout=PATIENCE)
    assert "fold 1 of 4" in window.banner.text
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.banner.buttons()[0].click()
    assert window.folds.folds == 0
    assert window.banner.subject != SUBJECT
    assert window.live.state is State.FINISHED


def test_stopped_later_the_folds_before_are_told(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=30))
    until_parked(qtbot, window)
    window.folds.start(3)
    qtbot.waitUntil(lambda: "fold 2 of 3" in window.banner.text, timeout=PATIENCE)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.stop()
    assert "stopped in fold 2 of 3: " in window.banner.text
    assert "±" not in window.banner.text


def test_stopped_between_two_folds_no_other_one_begins(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=3))
    until_parked(qtbot, window)
    window.live.finished.connect(lambda _event: window.folds.stop())
    window.folds.start(3)
    qtbot.waitUntil(lambda: "stopped in fold 2 of 3" in window.banner.text, timeout=PATIENCE)
    assert window.folds.folds == 0
    assert window.live.state is State.FINISHED


def test_a_pause_keeps_what_is_said(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=500))
    until_parked(qtbot, window)
    window.folds.start(2)
    qtbot.waitUntil(lambda: window.live.state is State.RUNNING, timeout=PATIENCE)
    window.run_or_pause()
    qtbot.waitUntil(lambda: window.live.state is State.PAUSED, timeout=PATIENCE)
    window.run_or_pause()
    qtbot.waitUntil(lambda: window.live.state is State.RUNNING, timeout=PATIENCE)
    assert "fold 1 of 2" in window.banner.text
    assert window.folds.folds == 2


@pytest.mark.parametrize("how", ["another document", "reset", "start again"])
def test_what_drops_the_run_ends_the_folds(make_window: MakeWindow, qtbot: QtBot, how: str) -> None:
    window = make_window(project(epochs=500))
    until_parked(qtbot, window)
    window.folds.start(2)
    qtbot.waitUntil(lambda: window.live.progress.step > 0, timeout=PATIENCE)
    if how == "another document":
        window.document.open(project(), None)
    elif how == "reset":
        window.live.reset()
    else:
        window.restart()
    assert window.folds.folds == 0
    assert window.banner.subject != SUBJECT
    assert window.viewing.kept.current.name == ""


def test_closing_in_the_middle_is_safe(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=500))
    window.folds.start(2)
    qtbot.waitUntil(lambda: window.live.progress.step > 0, timeout=PATIENCE)
    window.document.undo.setClean()
    assert window.close()
    assert window.ended
    assert window.folds.folds == 0


def test_asked_for_before_torch_is_there_it_begins_then(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window(project(epochs=2))
    window.live._begun = False
    window.folds.start(2)
    assert window.live.progress.step == 0
    window.live.begin()
    qtbot.waitUntil(lambda: len(window.folds.found) == 2, timeout=PATIENCE)


def test_a_network_that_cannot_be_trained_says_why(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project("data.dataset=moons"))
    told: list[Problem] = []
    window.live.failed.connect(told.append)
    window.folds.start(3)
    assert len(told) == 1
    assert window.folds.folds == 0
    assert window.banner.subject == "failed"


def test_training_on_all_is_an_edit_and_a_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project("training.patience=2", "training.optimizer.learning_rate=0.1", epochs=40))
    validated(window, qtbot, 2)
    before = window.document.value
    epochs = [fold.epoch for fold in window.folds.found]
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        window.banner.buttons()[0].click()
    now = window.document.value
    assert (now.data.validation, now.training.patience) == (0, 0)
    assert now.training.epochs == round(sum(epochs) / 2)
    assert ended.args[0].test_loss is not None
    assert window.live.prepared is not None
    assert window.live.prepared.validation_samples == 0
    window.document.undo.undo()
    assert window.document.value == before
    assert not window.folds.found, "the epochs of the folds are not for what comes after another run"


def test_after_early_stopping_the_menu_trains_on_all_for_the_best_epochs(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project("training.patience=2", "training.optimizer.learning_rate=0.1", epochs=40))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        window.live.run()
    best = ended.args[0].best_epoch
    assert best is not None
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        action(window, TOGETHER)()
    assert window.document.value.training.epochs == best


# What the kept runs are worth together ------------------------------------------------------------------------------


def test_the_folds_answer_together(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project())
    ended = validated(window, qtbot, 3)
    assert [run.folder for run in window.viewing.kept.ended] == [event.run for event in ended]
    menu = window.views["loss"].actions_menu()
    (asked,) = [each for each in menu.actions() if each.text() == ensembles.TITLE]
    asked.trigger()
    assert "0 of 3 so far" in window.banner.text
    qtbot.waitUntil(lambda: "Alone:" in window.banner.text, timeout=PATIENCE)
    assert "<b>Ensemble</b> of 3 runs" in window.banner.text
    assert "top-5 accuracy" in window.banner.text
    for name in ("fold 1", "fold 2", "fold 3"):
        assert f"{name} " in window.banner.text


def test_too_few_kept_runs_are_said_to_be(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=2))
    until_parked(qtbot, window)
    action(window, ensembles.TITLE)()
    assert window.status._hint.text() == ensembles.TOO_FEW.format("is none")
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    window.viewing.kept.name_current("mine")
    action(window, ensembles.TITLE)()
    assert window.status._hint.text() == ensembles.TOO_FEW.format("is only mine")
    assert not [each for each in window.views["loss"].actions_menu().actions() if each.text() == ensembles.TITLE]


def test_runs_that_do_not_belong_together_say_so(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project(epochs=2))
    until_parked(qtbot, window)
    for seed in (0, 1):
        window.document.commit("Seed", set_setting(window.document.value, "data.seed", seed))
        with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
            window.live.run()
        window.viewing.kept.name_current(f"seed {seed}")
    action(window, ensembles.TITLE)()
    qtbot.waitUntil(lambda: window.banner.subject == "files", timeout=PATIENCE)
    assert "seed of the data (1 and 0)" in window.banner.text
    window.ensembles.stop()  # nothing is under way


def test_an_ensemble_can_be_stopped_and_the_window_closed(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project())
    validated(window, qtbot, 2)
    action(window, ensembles.TITLE)()
    action(window, ensembles.TITLE)()  # once is enough
    with qtbot.waitSignal(window.ensembles._done, timeout=PATIENCE):
        window.ensembles.stop()
    assert window.banner.subject != ensembles.SUBJECT or "Alone" in window.banner.text
    action(window, ensembles.TITLE)()
    assert window.close()
