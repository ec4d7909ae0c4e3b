"""What units look for: which pictures are asked for, what is drawn, and what is said where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.inspect.picture import Attention, Picture
from builder.inspect.preferred import Preferred, Seeking
from builder.project import templates
from builder.ui.theme import theme
from builder.ui.views.base import Subject
from builder.ui.views.captioned import NO_PICTURES
from builder.ui.views.preferred import FAILED, INPUT, NOT_YET, UNDER_WAY, PreferredView
from tests.contract.view_cases import Case, lenet, preferred, two_inputs
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


@pytest.fixture
def view(qtbot: QtBot) -> PreferredView:
    theme().choose("dark")
    made = PreferredView()
    qtbot.addWidget(made)
    made.resize(400, 320)
    with qtbot.waitExposed(made):
        made.show()
    return made


def of(case: Case, layer: str, units: int, first: int = 0) -> Picture:
    found = preferred(layer, case.picture.raw, units)
    return replace(case.picture, preferred=replace(found, seeking=Seeking(layer, first)))


def chosen(case: Case, *names: str) -> Subject:
    return replace(case.subject, selection=names)


def test_it_asks_for_the_units_of_the_selected_layer(view: PreferredView) -> None:
    case = lenet()
    view.set_subject(case.subject)
    assert view.attention() == Attention(seeking=Seeking("conv2"))
    assert view.frame.empty == NOT_YET
    view.show_picture(case.picture)
    assert view.look is not None
    assert view.look.captions == tuple(f"map {n + 1}" for n in range(16))
    view.set_subject(chosen(case, "fc1"))
    assert view.attention() == Attention(seeking=Seeking("fc1"))
    assert view.frame.empty == UNDER_WAY


@pytest.mark.parametrize(("layer", "named"), [("fc1", True), ("output1", True), ("conv1", False)])
def test_units_that_give_the_answer_are_called_as_their_classes(view: PreferredView, layer: str, named: bool) -> None:
    case = lenet()
    view.set_subject(chosen(case, layer))
    units = 10 if named else 6
    view.show_picture(of(case, layer, units))
    assert view.look is not None
    assert view.look.captions == (tuple("0123456789") if named else tuple(f"map {n + 1}" for n in range(6)))
    words = view.look.describe
    assert words is not None
    assert words(3, 0, 0).startswith("3\ngives" if named else "map 4\ngives")
    assert f"Each of the {units} units of {layer}, at step 7" in view.content.text


def test_a_unit_that_nothing_woke_is_called_silent(view: PreferredView) -> None:
    case = lenet()
    view.set_subject(chosen(case, "conv1"))
    picture = of(case, "conv1", 6)
    found = picture.preferred
    assert found is not None
    values = np.array([1, 0, 2, 0, 3, 4], np.float32)
    view.show_picture(replace(picture, preferred=replace(found, values=values, made=0.5)))
    assert view.look is not None
    assert view.look.captions[1] == "map 2"  # it may wake yet
    view.show_picture(replace(picture, preferred=replace(found, values=values, made=1.0)))
    assert view.look.captions == ("map 1", "2: silent", "map 3", "4: silent", "map 5", "map 6")
    words = view.look.describe
    assert words is not None
    assert "gives 0, whatever was tried" in words(3, 0, 0)


def test_pages_of_units(view: PreferredView, qtbot: QtBot) -> None:
    case = lenet()
    view.set_subject(chosen(case, "tanh1"))
    view.show_picture(of(case, "tanh1", 40))
    assert all(button.isEnabled() for button in view.turns)
    for expected in (16, 32, 0):
        with qtbot.waitSignal(view.attention_changed):
            qtbot.mouseClick(view.turns[1], Qt.MouseButton.LeftButton)
        assert view.attention().seeking == Seeking("tanh1", expected)
        view.show_picture(of(case, "tanh1", 40, expected))
    view.turn(-1)
    assert view.attention().seeking == Seeking("tanh1", 32)
    assert view.frame.empty == UNDER_WAY
    view.show_picture(of(case, "tanh1", 40, 32))
    assert view.look is not None
    assert view.look.captions[0] == "map 33"
    assert "Units 33 to 48" in view.content.text
    assert view.unit_of(2) == ("tanh1", 34)
    view.set_subject(case.subject)
    view.set_subject(chosen(case, "tanh1"))
    assert view.attention().seeking == Seeking("tanh1", 0)


def test_few_units_have_no_pages(view: PreferredView) -> None:
    case = lenet()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert not any(button.isEnabled() for button in view.turns)


def test_how_far_they_are_made_is_told(view: PreferredView) -> None:
    case = lenet()
    view.set_subject(case.subject)
    found = case.picture.preferred
    assert found is not None
    view.show_picture(replace(case.picture, preferred=replace(found, made=0.25)))
    assert "25 % made" in view.content.text
    view.show_picture(case.picture)
    assert "made" not in view.content.text


def test_a_look_for_others_draws_nothing(view: PreferredView) -> None:
    case = lenet()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    shown = view.look
    view.show_picture(replace(case.picture, step=8))
    assert view.look is shown


def test_why_there_is_nothing(view: PreferredView) -> None:
    points = two_inputs()
    view.set_subject(points.subject)
    assert view.frame.empty == NO_PICTURES
    assert view.attention() == Attention()
    case = lenet()
    view.set_subject(chosen(case, "input1"))
    assert view.frame.empty == INPUT
    view.set_subject(chosen(case, "conv1"))
    nothing = Preferred.nothing(Seeking("conv1"), 7)
    view.show_picture(replace(case.picture, preferred=nothing))
    assert view.frame.empty == FAILED


def test_in_the_window_pictures_come_while_the_network_waits(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    view = window.views["preferred"]
    assert isinstance(view, PreferredView)
    assert window.docks["preferred"] in window.tabifiedDockWidgets(window.docks["filters"])
    window.document.select(["fc2"])
    window.docks["preferred"].raise_()

    def found() -> Preferred | None:
        return view.picture.preferred if view.picture is not None else None

    def made() -> bool:
        now = found()
        return now is not None and now.seeking == Seeking("fc2") and now.made == 1

    qtbot.waitUntil(made, timeout=PATIENCE)
    now = found()
    assert now is not None
    assert np.ptp(now.pictures) > 100
    assert view.look is not None
    assert view.look.captions == tuple("0123456789")
