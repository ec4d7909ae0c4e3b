"""What the window says of data that are not here, or that teach nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.project.check import check
from builder.project.learn_from import learn_from
from tests.ui.conftest import MakeWindow


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


def test_other_data_chosen_by_hand_end_the_word(make_window: MakeWindow) -> None:
    window = make_window()
    window.document.open(templates.load("fashion-cnn"), None)
    assert window.banner.subject == "data"
    window.document.commit("", learn_from(window.document.value, "digits"))
    assert window.banner.subject == ""
