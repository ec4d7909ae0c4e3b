"""The run that is looked back at, saved as a film."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from builder.inspect.cloud import Places
from builder.inspect.picture import Picture
from builder.project import templates
from builder.project.job import make_job
from builder.train import headless
from builder.train.messages import State
from builder.ui.film_dialog import AS_SEEN, CANVAS, TWICE, WHOLE, FilmDialog
from builder.ui.shot import Shot
from builder.ui.views.cloud import T_SNE_ANEW, TSNE, CloudView
from builder.ui.views.preferred import PreferredView
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

STEPS = (0, 1, 2, 4, 8, 16)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "filmed"
    headless.train(make_job(quick(templates.load("lenet5"))), lambda _event: None, folder)
    return folder


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot, run: Path) -> MainWindow:
    made = make_window(None)
    made.replays.open(run)
    qtbot.waitUntil(lambda: made.live.state is State.FINISHED and made.live.moments.steps == STEPS, timeout=PATIENCE)
    return made


def ask(window: MainWindow, path: Path) -> FilmDialog:
    window.timeline.film_asked.emit()
    dialog = window.findChild(FilmDialog)
    assert isinstance(dialog, FilmDialog)
    dialog.ask_path = lambda _name, _kinds: path
    return dialog


def sizes(path: Path) -> tuple[int, int, int]:
    with Image.open(path) as film:
        return getattr(film, "n_frames", 1), *film.size


def test_each_moment_is_a_frame_with_what_belongs_to_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.document.select(["conv1"])
    window.live.moments.look_at(4)
    dialog = ask(window, tmp_path / "film.gif")
    seen: list[int] = []
    shown: list[int] = []
    filters = window.views["filters"]
    real = filters.show_picture
    filters.show_picture = lambda picture: (shown.append(picture.step), real(picture))  # type: ignore[method-assign]
    dialog.film.taken.connect(lambda _count: seen.append(shown[-1]))
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE) as finished:
        dialog.save_button.click()
        assert not dialog.save_button.isVisible()
        assert dialog.stop_button.text() == "Stop"
    assert finished.args == [QDialog.DialogCode.Accepted.value]
    assert tuple(seen) == STEPS
    frames, width, height = sizes(tmp_path / "film.gif")
    assert (frames, width) == (6, 1280)
    assert height > 700
    assert window.live.moments.step == 4  # as before
    assert str(tmp_path / "film.gif") in window.status._hint.text()


@pytest.mark.parametrize(("key", "choice", "factor"), [(CANVAS, AS_SEEN, 1), ("maps", TWICE, 2), ("cloud", TWICE, 2)])
def test_a_part_of_the_window_is_filmed(
    key: str, choice: int, factor: int, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ask(window, tmp_path / "film.webp")
    dialog.what.set_value(key)
    dialog.what.edited.emit(key)
    qtbot.waitUntil(lambda: key == CANVAS or window.views[key].on_screen, timeout=PATIENCE)
    dialog.width_choice.set_value(choice)
    part = window.canvas if key == CANVAS else window.docks[key]
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE):
        dialog.save_button.click()
    frames, width, height = sizes(tmp_path / "film.webp")
    assert (frames, width) == (6, factor * part.width())
    assert height > factor * part.height()


def test_what_comes_piece_by_piece_is_waited_for(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builder.inspect.gather.ROUND", 0)
    monkeypatch.setattr("builder.inspect.gather.PIECE_VALUES", 20_000)  # some four samples
    for name in ("SETTLE", "FIRST"):
        monkeypatch.setattr(f"builder.ui.film.{name}", 1)
    cloud = window.views["cloud"]
    assert isinstance(cloud, CloudView)
    dialog = ask(window, tmp_path / "film.gif")
    dialog.what.set_value("cloud")
    dialog.what.edited.emit("cloud")
    window.show_dock("attribution")
    qtbot.waitUntil(lambda: cloud._cloud is not None and not cloud._cloud.more, timeout=PATIENCE)
    explained: list[Picture] = []
    window.live.picture_taken.connect(explained.append)
    shown: list[tuple[int, bool]] = []
    dialog.film.taken.connect(lambda _count: shown.append((cloud._cloud.step, cloud._cloud.more)))  # type: ignore[union-attr]
    answers: list[object] = []
    dialog.film.taken.connect(lambda _count: answers.append(explained[-1].attribution))
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE):
        dialog.save_button.click()
    assert shown == [(step, False) for step in STEPS]
    assert len({id(answer) for answer in answers}) == len(STEPS)


def test_t_sne_is_worked_out_for_each_moment(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("builder.inspect.unfold.ROUNDS", "builder.train.unfolding.ROUNDS"):
        monkeypatch.setattr(place, (250,))
    cloud = window.views["cloud"]
    assert isinstance(cloud, CloudView)
    dialog = ask(window, tmp_path / "film.gif")
    dialog.what.set_value("cloud")
    dialog.what.edited.emit("cloud")
    qtbot.waitUntil(lambda: cloud.on_screen and cloud.shown is not None, timeout=PATIENCE)
    assert T_SNE_ANEW not in dialog.message.text()
    cloud.method.choose(TSNE)
    qtbot.waitUntil(lambda: cloud._unfolded is not None and not cloud.under_way, timeout=PATIENCE)
    dialog.pace.edited.emit(dialog.pace.value())
    assert T_SNE_ANEW in dialog.message.text()
    seen: list[tuple[int, float]] = []
    places: list[Places] = []

    def note(_count: int) -> None:
        assert cloud._unfolded is not None
        seen.append((cloud._unfolded[0].step, cloud._unfolded[2]))
        places.append(cloud._unfolded[1])
        assert not cloud.board.plot.gliding

    dialog.film.taken.connect(note)
    told: list[str] = []
    dialog.film.waits.connect(lambda words: told.append(f"{dialog.message.text()}|{words}"))
    with qtbot.waitSignal(dialog.finished, timeout=2 * PATIENCE):
        dialog.save_button.click()
    assert seen == [(step, 1.0) for step in STEPS]
    assert len({id(points) for points in places}) == len(STEPS)
    assert all(text.split("|")[0].endswith(f": {text.split('|')[1]}") for text in told)


def test_what_units_look_for_is_made_before_it_is_filmed(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ask(window, tmp_path / "film.gif")
    dialog.what.set_value("preferred")
    dialog.what.edited.emit("preferred")
    view = window.views["preferred"]
    assert isinstance(view, PreferredView)
    qtbot.waitUntil(lambda: view._found() is not None, timeout=PATIENCE)
    seen: list[tuple[int, float]] = []

    def note(_count: int) -> None:
        found = view._found()
        assert found is not None
        seen.append((found.step, found.made))

    dialog.film.taken.connect(note)
    with qtbot.waitSignal(dialog.finished, timeout=2 * PATIENCE):
        dialog.save_button.click()
    assert seen == [(step, 1.0) for step in STEPS]


def test_the_window_answers_between_the_pieces_of_a_picture(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builder.ui.shot.SLICE", 0.0)
    monkeypatch.setattr("builder.ui.shot.PIXELS", 100_000)
    dialog = ask(window, tmp_path / "film.gif")
    beats: list[int] = []
    clock = QTimer(dialog, interval=0)
    clock.timeout.connect(lambda: beats.append(len(turns)))
    turns: list[None] = []
    real = Shot.go_on

    def go_on(shot: Shot) -> bool:
        turns.append(None)
        return real(shot)

    monkeypatch.setattr(Shot, "go_on", go_on)
    clock.start()
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE):
        dialog.save_button.click()
    assert len(turns) > 10 * len(STEPS)
    assert max(after - before for before, after in pairwise(beats)) <= 2
    assert sizes(tmp_path / "film.gif")[0] == len(STEPS)


def test_a_view_that_is_closed_is_not_offered(window: MainWindow, tmp_path: Path) -> None:
    window.docks["maps"].close()
    dialog = ask(window, tmp_path / "film.gif")
    offered = dialog.what.values()
    assert offered[:2] == (WHOLE, CANVAS)
    assert "maps" not in offered
    assert "cloud" in offered
    dialog.reject()


def test_it_can_be_stopped(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ask(window, tmp_path / "film.gif")
    dialog.film.taken.connect(lambda count: dialog.stop_button.click() if count == 2 else None)
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE) as finished:
        dialog.save_button.click()
    assert finished.args == [QDialog.DialogCode.Rejected.value]
    assert window.live.moments.step is None
    assert not (tmp_path / "film.gif").exists()


def test_nobody_chose_a_place(window: MainWindow) -> None:
    dialog = ask(window, Path())
    dialog.ask_path = lambda _name, _kinds: None
    dialog.save_button.click()
    assert dialog.isVisible()
    assert dialog.save_button.isVisible()
    dialog.reject()


def test_a_run_that_is_dropped_ends_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ask(window, tmp_path / "film.gif")
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE), qtbot.waitSignal(dialog.film.taken, timeout=PATIENCE):
        dialog.film.taken.connect(lambda _count: window.live.reset())
        dialog.save_button.click()
    assert not (tmp_path / "film.gif").exists()


def test_a_place_that_cannot_be_written_is_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ask(window, tmp_path / "nowhere" / "film.gif")
    with qtbot.waitSignal(dialog.finished, timeout=PATIENCE):
        dialog.save_button.click()
    assert "there is no folder" in window.banner.text
    assert window.live.moments.step is None


def test_weights_that_are_gone_are_told(window: MainWindow, qtbot: QtBot, tmp_path: Path, run: Path) -> None:
    spare = (run / "weights" / "00000002.safetensors").rename(run / "away")
    try:
        dialog = ask(window, tmp_path / "film.gif")
        with qtbot.waitSignal(dialog.finished, timeout=PATIENCE):
            dialog.save_button.click()
        assert "step 2 cannot be read" in window.banner.text
        assert not (tmp_path / "film.gif").exists()
    finally:
        spare.rename(run / "weights" / "00000002.safetensors")


def test_it_is_offered_only_where_there_is_a_run_to_look_back_at(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    action = window.menus._film
    assert not action.isEnabled()
    assert action.text() == "Save the run as a film… (there is no run to look back at)"
    tips: list[str] = []
    action.changed.connect(lambda: tips.append(action.toolTip()))
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.run_or_pause()
    assert "the run is under way" in tips
    assert action.isEnabled()
    assert action.text() == "Save the run as a film…"
    assert action in window.menus.actions
