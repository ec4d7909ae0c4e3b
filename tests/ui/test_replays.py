"""Runs that are opened in the window, and looked back through on the time line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from builder.compile.limits import size
from builder.project import templates
from builder.project.discarding import bytes_of
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.file import save
from builder.project.job import make_job
from builder.project.runs import Summary, is_run, project_of, row_of, runs_in, summary_of
from builder.train import headless
from builder.train.messages import Reason, State
from builder.ui.docks import in_sight
from builder.ui.runs_dialog import RunsDialog
from builder.ui.views.base import View
from builder.ui.views.confusion import ConfusionView
from builder.ui.views.loss import LossView
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def project() -> Project:
    return quick(templates.load("lenet5"), epochs=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was made without a window: 2 epochs of 8 steps."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    headless.train(make_job(project()), lambda _event: None, folder)
    return folder


def until_shown(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until a replayed run is known to its end, and seen."""
    qtbot.waitUntil(
        lambda: (
            window.live.state is State.FINISHED and len(window.live.moments.steps) > 1 and window.live.progress.step > 0
        ),
        timeout=PATIENCE,
    )


def loss(window: MainWindow) -> LossView:
    shown = window.views["loss"]
    assert isinstance(shown, LossView)
    return shown


def test_a_run_is_opened_with_its_project_its_curves_and_its_network(
    make_window: MakeWindow, qtbot: QtBot, run: Path
) -> None:
    window = make_window(templates.load("perceptron"))
    until_parked(qtbot, window)
    assert window.replays.open(run)
    assert window.document.value == project_of(run)
    until_shown(qtbot, window)
    assert window.live.replayed == run
    assert loss(window).training.count == 16
    assert loss(window).validation.count == 2
    assert window.timeline.isVisible()
    assert window.timeline.words.text() == "step 16 · epoch 2"
    assert window.topbar.figures().startswith("done · test accuracy")
    assert window.document.undo.isClean()


def test_dragging_back_shows_the_network_as_it_was(make_window: MakeWindow, qtbot: QtBot, run: Path) -> None:
    window = make_window(None)
    window.replays.open(run)
    until_shown(qtbot, window)
    window.document.select(["conv1"])
    steps = window.live.moments.steps
    assert steps == (0, 1, 2, 4, 8, 16)
    slider = window.timeline.slider
    for step in (0, 8, 16):
        with qtbot.waitSignal(
            window.live.picture_taken,
            timeout=PATIENCE,
            check_params_cb=lambda picture, step=step: picture.step == step and "conv1" in picture.filters,
        ) as taken:
            slider.setValue(steps.index(step))
        stored = load_file(run / "weights" / f"{step:08d}.safetensors")["conv1.weight"].numpy()
        assert np.array_equal(taken.args[0].filters["conv1"], stored)
    assert window.timeline.words.text() == "step 16 · epoch 2"
    slider.setValue(0)
    assert window.timeline.words.text() == "initial weights"
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert window.live.moments.step == 1


def test_learning_rates_set_by_hand_stand_on_the_curves(
    make_window: MakeWindow, qtbot: QtBot, run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "with a rate"
    shutil.copytree(run, folder)
    with (folder / "metrics.jsonl").open("r+") as file:
        rows = file.read()
        file.seek(0)
        file.write('{"event": "learning-rate", "step": 3, "value": 0.02}\n' + rows)
    window = make_window(None)
    window.replays.open(folder)
    until_shown(qtbot, window)
    assert loss(window).notes == [(3, "rate 0.02")]


def test_data_that_come_later_show_the_network_of_the_run(
    make_window: MakeWindow, qtbot: QtBot, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(None)
    with monkeypatch.context() as without_data:
        without_data.setattr("builder.data.digits.Digits.at_hand", lambda _self, _root: False)
        window.replays.open(run)
        qtbot.waitUntil(lambda: window.banner.subject == "no-data", timeout=PATIENCE)
        qtbot.waitUntil(lambda: window.live.state is State.FINISHED, timeout=PATIENCE)
        assert not window.timeline.isVisible()
        assert loss(window).training.count == 16
    (download,) = window.banner.buttons()
    assert download.text().startswith("Download (")
    download.click()
    assert window.banner.subject == ""
    until_shown(qtbot, window)
    assert window.live.replayed == run
    assert window.timeline.isVisible()
    assert window.banner.subject != "no-data"
    assert loss(window).training.count == 16


def test_the_views_follow_the_moment(make_window: MakeWindow, qtbot: QtBot, run: Path) -> None:
    window = make_window(None)
    window.replays.open(run)
    until_shown(qtbot, window)
    confusion = window.views["confusion"]
    assert isinstance(confusion, ConfusionView)
    window.show_dock("confusion")
    qtbot.waitUntil(lambda: confusion.shown is not None, timeout=PATIENCE)
    window.live.moments.look_at(8)
    assert confusion.shown is not None
    assert confusion.shown.origin == "validation part, epoch 1"
    window.live.moments.look_at(16)
    assert confusion.shown.origin == "validation part, epoch 2"
    window.live.moments.look_at(2)  # no epoch ended there: what was last counted stays
    assert confusion.shown.origin == "validation part, epoch 2"


def test_a_film_ends_at_the_end(make_window: MakeWindow, qtbot: QtBot, run: Path) -> None:
    window = make_window(None)
    window.replays.open(run)
    until_shown(qtbot, window)
    window.timeline._film.setInterval(1)
    seen: list[int | None] = []
    window.live.moments.step_changed.connect(seen.append)
    qtbot.mouseClick(window.timeline.play, Qt.MouseButton.LeftButton)
    assert window.timeline.playing
    qtbot.waitUntil(lambda: not window.timeline.playing, timeout=PATIENCE)
    assert seen == [0, 1, 2, 4, 8, None]
    window.timeline.toggle()
    window.timeline.toggle()
    assert not window.timeline.playing


def test_a_run_of_this_window_can_be_looked_back_at_until_the_next_one(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(project())
    until_parked(qtbot, window)
    assert not window.timeline.isVisible()
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.run_or_pause()
    assert window.timeline.isVisible()
    assert window.live.moments.steps == (0, 1, 2, 4, 8, 16)
    window.live.moments.go(-2)
    assert window.live.moments.step == 4
    window.live.moments.go(-9)
    assert window.live.moments.step == 0
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.run_or_pause()
        assert window.live.moments.steps == ()
        assert not window.timeline.isVisible()
    assert window.live.moments.step is None
    window.live.reset()
    assert not window.timeline.isVisible()


def test_run_begins_a_new_one_and_leaves_the_old_folder_alone(
    make_window: MakeWindow, qtbot: QtBot, run: Path, tmp_path: Path
) -> None:
    window = make_window(None)
    window.replays.open(run)
    until_shown(qtbot, window)
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as finished:
        window.run_or_pause()
    assert window.live.replayed is None
    assert Path(finished.args[0].run).parent == tmp_path
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_a_run_under_way_is_followed_until_stop(
    make_window: MakeWindow, qtbot: QtBot, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builder.train.playback.EVERY", 0.01)
    folder = tmp_path / "under way"
    (folder / "weights").mkdir(parents=True)
    for name in ("run.json", "weights/00000000.safetensors", "weights/00000001.safetensors"):
        (folder / name).write_bytes((run / name).read_bytes())
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text("".join(lines[:3]))
    window = make_window(None)
    window.replays.open(folder)
    qtbot.waitUntil(lambda: len(window.live.moments.steps) == 2, timeout=PATIENCE)
    assert window.live.state is State.RUNNING
    qtbot.waitUntil(lambda: "followed" in window.topbar.figures(), timeout=PATIENCE)
    assert not window.topbar.run.isEnabled()
    assert not window.topbar.batch.isEnabled()
    window.run_or_pause()  # by its key: nothing happens
    assert window.live.state is State.RUNNING
    with (folder / "metrics.jsonl").open("a") as file:
        file.write("".join(lines[3:6]))
    qtbot.waitUntil(lambda: loss(window).training.count == 6, timeout=PATIENCE)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.topbar.stop.click()
    assert window.topbar.run.isEnabled()
    assert window.timeline.isVisible()


def test_what_is_no_run_is_told_of_and_nothing_is_lost(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window(project())
    until_parked(qtbot, window)
    assert not window.replays.open(tmp_path)
    assert "not the folder of a run" in window.banner.text
    assert window.document.value == project()


def test_a_run_named_at_the_start_opens(make_window: MakeWindow, qtbot: QtBot, run: Path) -> None:
    window = make_window(None)
    window.open_at_start(run)
    until_shown(qtbot, window)
    window.open_at_start(run / "run.json")
    assert window.live.replayed == run
    until_shown(qtbot, window)


def test_runs_are_listed_the_newest_first(run: Path, tmp_path: Path) -> None:
    base = tmp_path / "folds"
    base.mkdir()
    for number, name in enumerate(("old", "new", "none")):
        (base / name).mkdir()
        if name != "none":
            (base / name / "run.json").write_bytes((run / "run.json").read_bytes())
        os.utime(base / name, (number, number))
    (base / "new" / "metrics.jsonl").write_bytes((run / "metrics.jsonl").read_bytes())
    os.utime(base / "new", (9, 9))
    found = list(runs_in(base))
    assert [summary.folder.name for summary in found] == ["new", "old"]
    assert (found[0].name, found[0].data, found[0].epochs, found[0].reason) == (
        "LeNet-5",
        "digits",
        2,
        Reason.COMPLETED,
    )
    assert found[0].test is not None
    assert (found[1].epochs, found[1].reason, found[1].accuracy) == (0, None, None)
    assert list(runs_in(base / "nowhere")) == []
    assert [summary.folder.name for summary in runs_in(tmp_path)] == ["new", "old"]  # as folds lie
    assert is_run(run)
    assert is_run(run / "run.json")
    assert not is_run(base)


def test_a_summary_bears_damage(run: Path, tmp_path: Path) -> None:
    description = json.loads((run / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**description, "started": 7, "document": []}))
    (tmp_path / "metrics.jsonl").write_text('{"event": "epoch", "epoch": "three", "validation_loss": 0.5}\n[1]\n{"ev')
    summary = summary_of(tmp_path)
    assert summary == Summary(tmp_path, None, "Untitled", "digits", loss=0.5)
    assert row_of(summary) == ("", "Untitled", "Digits", "0", "loss 0.5", "", "without an end")


def test_the_dialog_opens_what_is_chosen(qtbot: QtBot, run: Path) -> None:
    opened: list[Path] = []
    dialog = RunsDialog(run.parent, lambda folder: bool(opened.append(folder)) or True)
    qtbot.addWidget(dialog)
    dialog.open()
    assert dialog.runs.topLevelItemCount() == 1
    dialog.search.setText("no such network")
    assert not dialog.open_button.isEnabled()
    assert dialog.message.text() == "No run is called so."
    dialog.search.setText("lenet digits")
    assert dialog.open_button.isEnabled()
    with qtbot.waitSignal(dialog.accepted):
        dialog.open_button.click()
    assert opened == [run]


def test_the_list_is_walked_through_from_the_search(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "run.json").write_bytes((run / "run.json").read_bytes())
        os.utime(tmp_path / str(number), (number, number))
    opened: list[Path] = []
    dialog = RunsDialog(tmp_path, lambda folder: bool(opened.append(folder)) or True)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert opened == [tmp_path / "1"]


def test_the_dialog_stays_where_a_run_cannot_be_opened(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = RunsDialog(tmp_path / "nowhere", lambda _folder: False)
    qtbot.addWidget(dialog)
    dialog.open()
    assert "Nothing was trained" in dialog.message.text()
    assert not dialog.open_button.isEnabled()
    dialog.ask_folder = lambda: tmp_path
    dialog._choose_folder()
    assert dialog.isVisible()
    dialog.reject()


def copies(run: Path, base: Path, *names: str) -> list[Path]:
    for name in names:
        shutil.copytree(run, base / name)
    return [base / name for name in names]


def discarding_dialog(qtbot: QtBot, base: Path, **named: Callable[[Path], str]) -> tuple[RunsDialog, list[str]]:
    """The list of the runs in `base`, all chosen, with a trash beside it; and the questions that it asks."""
    asked: list[str] = []
    dialog = RunsDialog(base, lambda _folder: True, **named)
    qtbot.addWidget(dialog)
    dialog.discarding.ask = lambda question, words, _act: bool(asked.append(f"{question}\n{words}")) or True
    dialog.discarding.trash = lambda folder: folder.rename(base.parent / f"trash {folder.name}")
    dialog.open()
    dialog.runs.selectAll()
    return dialog, asked


def test_runs_are_moved_to_the_trash_once_it_was_asked(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    base = tmp_path / "all"
    one, two = copies(run, base, "one", "two")
    dialog, asked = discarding_dialog(qtbot, base)
    dialog.discarding.ask = lambda _question, _words, _act: False
    dialog.delete_button.click()
    assert one.exists()
    assert two.exists()
    dialog.discarding.ask = lambda question, words, _act: bool(asked.append(f"{question}\n{words}")) or True
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    dialog.runs.setFocus()
    room = size(bytes_of(run))
    qtbot.keyClick(dialog.runs, Qt.Key.Key_Delete)
    assert len(asked) == 1
    assert asked[0].startswith("Move 2 runs to the trash?\n")
    for words in (f"one, {room}", f"two, {room}", f"In {base}:", f"Together {size(2 * bytes_of(run))}"):
        assert words in asked[0]
    assert not one.exists()
    assert (tmp_path / "trash one" / "run.json").is_file()
    assert dialog.runs.topLevelItemCount() == 0
    assert dialog.message.text().startswith("Moved 2 runs to the trash (")
    assert not dialog.delete_button.isEnabled()


def test_what_the_trash_cannot_take_is_deleted_only_when_asked_again(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    (one,) = copies(run, tmp_path / "all", "one")
    dialog, asked = discarding_dialog(qtbot, tmp_path / "all")
    dialog.discarding.trash = lambda _folder: False
    answers = iter([True, False, True, True])
    dialog.discarding.ask = lambda question, words, _act: bool(asked.append(f"{question}\n{words}")) or next(answers)
    dialog.delete_button.click()
    assert one.exists()
    dialog.delete_button.click()
    assert not one.exists()
    assert asked[1].startswith("The trash cannot take one run. Delete for good?")
    assert "cannot be undone" in asked[1]
    assert dialog.message.text().startswith("Deleted one run for good (")


def test_runs_that_are_needed_stay(qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    one, two = copies(run, tmp_path / "all", "one", "two")
    dialog, asked = discarding_dialog(qtbot, tmp_path / "all", use_of=lambda folder: "it is open" * (folder == one))
    dialog.delete_button.click()
    assert one.exists()
    assert not two.exists()
    assert "one stays: it is open." in asked[0]
    assert dialog.message.text().endswith("one stays: it is open.")
    dialog.runs.selectAll()
    dialog.delete_button.click()
    assert len(asked) == 1
    assert dialog.message.text() == "one stays: it is open."


def test_a_run_that_is_open_or_begun_with_is_needed(
    make_window: MakeWindow, qtbot: QtBot, run: Path, tmp_path: Path
) -> None:
    window = make_window(project())
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as finished:
        window.run_or_pause()
    assert window.replays.use_of(Path(finished.args[0].run)) == "it is open"
    assert window.replays.use_of(run) == ""
    window.replays.open(run)
    until_shown(qtbot, window)
    assert window.replays.use_of(run) == "it is open"
    assert window.replays.use_of(Path(finished.args[0].run)) == ""
    weights = tmp_path / "run0" / "weights" / "00000016.safetensors"
    window.document.open(set_setting(project(), "training.weights", str(weights)), None)
    assert window.replays.use_of(run) == ""
    assert "begins with its weights" in window.replays.use_of(tmp_path / "run0")


def test_files_of_projects_still_open_at_the_start(make_window: MakeWindow, tmp_path: Path) -> None:
    save(set_setting(project(), "training.epochs", 7), tmp_path / "mine.tcanvas")
    window = make_window(None)
    window.open_at_start(tmp_path / "mine.tcanvas")
    assert window.document.value.training.epochs == 7


def test_every_view_bears_a_moment(make_window: MakeWindow) -> None:
    window = make_window(None)
    for shown in window.views.values():
        assert isinstance(shown, View)
        shown.show_moment(3)
        shown.show_moment(None)


def test_curves_of_runs_are_compared(make_window: MakeWindow, qtbot: QtBot, run: Path, tmp_path: Path) -> None:
    window = make_window(None)
    window.replays.open(run)
    until_shown(qtbot, window)
    said: list[str] = []
    window.viewing._say = said.append
    points = set_setting(templates.load("perceptron"), "training.epochs", 1)
    headless.train(make_job(points), lambda _event: None, tmp_path / "points")
    window.viewing.compare([run, tmp_path / "points", tmp_path / "nowhere", run])
    kept = window.viewing.kept
    assert [entry.name for entry in kept.named] == ["LeNet-5", "LeNet-5 2"]
    assert said == [
        "Kept to compare: LeNet-5, LeNet-5 2. Perceptron learned from other data or by another loss, so its curves do"
        f" not compare. {tmp_path / 'nowhere'}: this is not the folder of a run: it holds no readable run.json."
    ]
    training, validation = kept.named[0].curves["loss"]
    assert (training.count, validation.count) == (16, 2)
    assert training.last == loss(window).training.last
    assert kept.named[0].role != kept.named[1].role
    assert loss(window).compares


def test_curves_that_are_compared_come_to_the_front(make_window: MakeWindow, qtbot: QtBot, run: Path) -> None:
    window = make_window(None)
    for key in ("cloud", "confusion"):
        window.show_dock(key)
    qtbot.waitUntil(lambda: not in_sight(window.docks["loss"]))
    window.replays._compare([run])
    qtbot.waitUntil(lambda: in_sight(window.docks["loss"]))
    assert not in_sight(window.docks["accuracy"])


def test_some_runs_of_the_list_are_compared(qtbot: QtBot, run: Path) -> None:
    compared: list[list[Path]] = []
    dialog = RunsDialog(run.parent, lambda _folder: True, compared.append)
    qtbot.addWidget(dialog)
    dialog.open()
    with qtbot.waitSignal(dialog.accepted):
        dialog.compare_button.click()
    assert compared == [[run]]
