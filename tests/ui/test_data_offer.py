"""What the window says of data that are not here, or that teach nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from pytestqt.qtbot import QtBot

from builder.data.catalogue import CancelledError
from builder.graph.edits import set_params
from builder.graph.problems import Problem
from builder.project import templates
from builder.project.check import check
from builder.project.edits import set_setting
from builder.project.learn_from import learn_from
from builder.train.messages import State
from builder.ui.widgets.choice import Choice
from tests.ui.conftest import PATIENCE, MakeWindow


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCHCANVAS_DATA", str(tmp_path / "nothing"))


def texts(window: object) -> list[str]:
    return [button.text() for button in window.banner.buttons()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [t.name for t in templates.templates()])
def test_every_template_can_learn_the_digits(name: str) -> None:
    project = templates.load(name)
    if project.data.dataset in ("blobs", "moons", "noisy-digits"):
        return
    found = learn_from(project, "digits")
    assert check(found) == ()
    assert found.data.dataset == "digits"


def test_data_that_are_not_here_are_offered_with_the_digits(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    window.document.open(templates.load("plain20"), None)
    assert "CIFAR-10" in window.banner.text
    assert texts(window) == ["Download (170 MB)", "Use the built-in digits"]
    window.banner.buttons()[1].click()
    assert window.document.value.data.dataset == "digits"
    assert window.banner.subject == ""
    window.document.undo.undo()
    assert window.document.value.data.dataset == "cifar10"


def test_data_that_are_here_need_no_word(make_window: MakeWindow) -> None:
    window = make_window()
    window.document.open(templates.load("lenet5"), None)
    assert window.banner.subject == ""


def test_random_pictures_say_that_they_teach_nothing(make_window: MakeWindow, tmp_path: Path) -> None:
    from PIL import Image

    for name in ("cat", "dog", "hen"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "pets" / name / "1.png")
    window = make_window()
    window.document.open(learn_from(templates.load("resnet20-small"), "random-pictures"), None)
    assert "nothing to learn" in window.banner.text
    answers = iter([None, tmp_path / "pets"])
    window.data_offer.ask_folder = lambda: next(answers)
    window.banner.buttons()[0].click()
    assert "nothing to learn" in window.banner.text  # nobody chose: it is still so
    window.banner.buttons()[0].click()
    project = window.document.value
    assert project.data.dataset == f"folder:{tmp_path / 'pets'}"
    assert project.graph.nodes["fc"].params["features"] == 3
    assert check(project) == ()
    window.document.undo.undo()
    assert window.document.value.graph.nodes["fc"].params["features"] == 1000


def test_a_folder_of_pictures_stands_among_the_data_sets(make_window: MakeWindow, tmp_path: Path) -> None:
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "pets" / name / "1.png")
    window = make_window()
    chooser = window.inspector.data.form.row("dataset").editor
    assert isinstance(chooser, Choice)
    answers = iter([None, tmp_path / "pets"])
    window.data_offer.ask_folder = lambda: next(answers)
    before = window.document.value
    chooser.activated.emit(chooser.count() - 1)
    assert window.document.value is before  # nobody chose one
    assert chooser.value() == before.data.dataset
    chooser.activated.emit(chooser.count() - 1)
    assert window.document.value.data.dataset == f"folder:{tmp_path / 'pets'}"
    assert chooser.placeholderText() == "pets"
    assert check(window.document.value) == ()


def test_other_data_chosen_by_hand_end_the_word(make_window: MakeWindow) -> None:
    window = make_window()
    window.document.open(templates.load("fashion-cnn"), None)
    assert window.banner.subject == "data"
    window.document.commit("", learn_from(window.document.value, "digits"))
    assert window.banner.subject == ""


AGAIN = ["Download again (12 MB)", "Use the built-in digits"]
AT_FIRST = ["Download (12 MB)", "Use the built-in digits"]


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A computer without a network; the list grows by each address that was asked for."""
    asked: list[str] = []

    def urlopen(request: Any, timeout: float) -> None:
        asked.append(request.full_url)
        raise URLError(ConnectionRefusedError())

    monkeypatch.setattr("builder.data.download.urlopen", urlopen)
    return asked


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A download that never ends by itself; the event tells that it goes on."""
    going = threading.Event()

    def fetch(_title: str, _archives: object, _folder: Path, _size: int, progress: Any, cancelled: Any) -> None:
        progress("Downloading", 0.1)
        going.set()
        while not cancelled():
            threading.Event().wait(0.005)
        raise CancelledError

    monkeypatch.setattr("builder.data.idx.fetch", fetch)
    return going


def until_failed(qtbot: QtBot, window: Any, press: Any) -> None:
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        press()


def test_a_download_that_failed_can_be_tried_again(make_window: MakeWindow, qtbot: QtBot, unplugged: list[str]) -> None:
    window = make_window(templates.load("mnist-2conv"))
    assert texts(window) == AT_FIRST
    until_failed(qtbot, window, window.banner.buttons()[0].click)
    assert window.banner.text.startswith("MNIST could not be downloaded: ")
    assert "Try again to go on where it stopped" in window.banner.text
    assert texts(window) == AGAIN
    asked = len(unplugged)
    until_failed(qtbot, window, window.banner.buttons()[0].click)
    assert len(unplugged) > asked
    assert texts(window) == AGAIN
    window.say_problem(Problem("no-permission", "the file may not be written."), "files")
    window.banner.dismiss()
    assert texts(window) == AGAIN  # other news only stood before it
    window.banner.dismiss()
    assert window.banner.subject == ""  # the error is said once


def test_a_run_whose_download_failed_offers_the_same(
    make_window: MakeWindow, qtbot: QtBot, unplugged: list[str]
) -> None:
    window = make_window(templates.load("mnist-2conv"))
    until_failed(qtbot, window, window.run_or_pause)
    assert texts(window) == AGAIN
    qtbot.waitUntil(lambda: window.live.progress.state is State.FINISHED, timeout=PATIENCE)
    assert window.topbar.figures() == "failed"  # figures of no step do not wipe the word out
    window.banner.buttons()[1].click()
    assert check(window.document.value) == ()
    assert window.document.value.data.dataset == "digits"
    assert window.banner.subject == ""


def test_a_download_that_was_stopped_is_offered_again(
    make_window: MakeWindow, qtbot: QtBot, slow: threading.Event
) -> None:
    window = make_window(templates.load("mnist-2conv"))
    window.inspector.download_asked.emit()
    qtbot.waitUntil(slow.is_set, timeout=PATIENCE)
    assert window.banner.subject == ""
    until_failed(qtbot, window, window.inspector.cancel_asked.emit)
    assert texts(window) == AT_FIRST


def test_a_download_that_an_edit_ended_is_offered_again(
    make_window: MakeWindow, qtbot: QtBot, slow: threading.Event
) -> None:
    window = make_window(templates.load("mnist-2conv"))
    window.banner.buttons()[0].click()
    qtbot.waitUntil(slow.is_set, timeout=PATIENCE)
    window.document.commit("", set_setting(window.document.value, "training.batch_size", 16))
    qtbot.waitUntil(lambda: texts(window) == AT_FIRST and window.banner.subject == "data", timeout=PATIENCE)


def test_what_keeps_a_download_from_beginning_is_said_before_it_is_offered_again(make_window: MakeWindow) -> None:
    project = templates.load("mnist-2conv")
    node = project.graph.nodes["conv1"]
    window = make_window(project.with_graph(set_params(project.graph, "conv1", node.params.set("kernel_size", 99))))
    window.banner.buttons()[0].click()
    assert window.banner.subject == "failed"
    window.banner.dismiss()
    assert texts(window) == AT_FIRST
