"""Gradients among the feature maps: what is asked for, what is drawn, and the words where there is nothing to draw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from builder.compile.infer import infer
from builder.graph import edits
from builder.inspect.backward import UNKNOWN, Backward
from builder.inspect.picture import Attention, Own, Picture
from builder.project import templates
from builder.project.job import make_job
from builder.train import headless
from builder.ui.theme import theme
from builder.ui.views import maps as maps_module
from builder.ui.views.base import Subject
from builder.ui.views.colour import WEIGHT
from builder.ui.views.maps import GRADIENTS, UNDER_WAY, UNSOUND, FeatureMapsView
from tests.contract.view_cases import lenet, mlp, two_inputs
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


@pytest.fixture
def view(qtbot: QtBot) -> FeatureMapsView:
    theme().choose("dark")
    made = FeatureMapsView()
    qtbot.addWidget(made)
    made.resize(420, 320)
    with qtbot.waitExposed(made):
        made.show()
    return made


def came(picture: Picture, *names: str, **back: Any) -> Picture:
    """The same picture, with a backward pass that brings the values of these nodes."""
    gradients = {name: picture.activations[name] for name in names}
    attention = Attention(gradients=frozenset((*names, *back.get("behind", ()))))
    return replace(picture, attention=attention, backward=Backward(0.5, 1, gradients=gradients, **back))


def test_gradients_are_asked_for_in_place_of_values(view: FeatureMapsView, qtbot: QtBot) -> None:
    view.set_subject(lenet().subject)
    assert view.attention() == Attention(activations=frozenset({"conv2"}))
    with qtbot.waitSignal(view.attention_changed):
        view.what.choose(GRADIENTS)
    assert view.attention() == Attention(gradients=frozenset({"conv2"}))
    view.show_picture(replace(lenet().picture, attention=Attention(), backward=None))
    assert view.frame.empty == UNDER_WAY  # what is there does not tell of it
    view.what.choose(0)
    assert not view.frame.empty


@pytest.mark.parametrize(("case", "name"), [(lenet(), "conv2"), (mlp(), "fc1")], ids=["maps", "units"])
def test_they_are_drawn_around_zero_and_said_in_words(view: FeatureMapsView, case: Any, name: str) -> None:
    view.set_subject(case.subject)
    view.what.choose(GRADIENTS)
    picture = came(case.picture, name)
    view.show_picture(picture)
    look = view.look
    assert look is not None, view.frame.empty
    assert look.title == f"Gradients · {name}"
    assert look.scale.table is WEIGHT
    assert look.scale.low == -look.scale.high < 0
    values = picture.activations[name]
    assert np.array_equal(look.values.reshape(values.shape), values)
    words = look.tiles().describe
    for sign, said in ((1, "more raises the loss"), (-1, "more lowers the loss")):
        cell = np.argwhere(sign * look.values > 0)[0]
        assert said in words(*cell.tolist())
    view.scaling.choose(1)
    assert view.look is not None
    assert view.look.scale.each
    assert not np.array_equal(view.look.tiles().pixels, look.tiles().pixels)
    assert view.image() is not None
    tile = int(np.argwhere(look.values > 0)[0][0])
    view.enlarge(tile)
    assert view.enlarged is not None
    alone = view.enlarged.look()
    assert alone is not None
    assert alone.title == f"Gradients · {name} · {look.name(tile)}"
    cell = np.argwhere(alone.values[0] > 0)[0]
    assert "raises the loss" in alone.tiles().describe(0, *cell.tolist())
    assert view.field_of((0, 0, 0)) is not None  # the frame in the pinned input is that of the values
    assert view.unit_of(3) == (name, 3)


def test_why_there_are_none(view: FeatureMapsView) -> None:
    case = lenet()
    view.what.choose(GRADIENTS)
    view.set_subject(case.subject)
    assert view.frame.empty == "The gradients of conv2 appear here once the data is loaded."
    view.show_picture(came(case.picture, missing=UNKNOWN))
    assert view.frame.empty == UNDER_WAY  # of another layer
    view.show_picture(replace(came(case.picture, "conv2", missing=UNKNOWN)))
    assert view.frame.empty == UNKNOWN
    view.show_picture(came(case.picture, behind={"conv2": "conv1"}))
    assert view.frame.empty.startswith("The loss works on what conv1 gives")
    assert "conv2 has no gradient" in view.frame.empty
    nothing = replace(case.picture, activations={"conv2": np.zeros((16, 8, 8), np.float32)})
    view.show_picture(came(nothing, "conv2"))
    assert "0 everywhere" in view.frame.empty
    broken = infer(edits.set_params(case.subject.inference.graph, "conv1", {"kernel_size": 99}))
    view.set_subject(Subject(broken, ("input1",)))
    assert view.frame.empty == UNSOUND
    assert not view.attention().wanted  # no loss stands at the end of a part of a network


def test_whose_answer_is_taken_for_right_is_told(view: FeatureMapsView) -> None:
    case = lenet()
    view.set_subject(case.subject)
    view.what.choose(GRADIENTS)
    view.show_picture(came(case.picture, "conv2", guessed=True))
    assert view.look is not None
    assert view.look.title == "Gradients · conv2 · as if 1 were right"


def test_of_points_in_the_plane_there_is_no_choice(view: FeatureMapsView) -> None:
    view.set_subject(lenet().subject)
    view.what.choose(GRADIENTS)
    case = two_inputs()
    view.set_subject(case.subject)
    assert view.what.property("absent")
    assert not view.attention().gradients
    view.show_picture(case.picture)
    assert view.look is not None
    assert view.look.upwards
    view.set_subject(lenet().subject)
    assert not view.what.property("absent")
    assert view.attention().gradients == {"conv2"}


def test_an_edit_that_nobody_sees_here_costs_nothing(view: FeatureMapsView, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    real = maps_module._of_points
    view.hide()
    monkeypatch.setattr(maps_module, "_of_points", lambda inference: looked.append(inference) or real(inference))
    view.set_subject(lenet().subject)
    assert not looked
    view.show()
    assert looked


# In the window ------------------------------------------------------------------------------------------------------


def test_before_while_and_after_a_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    view = window.views["maps"]
    assert isinstance(view, FeatureMapsView)
    window.document.select(["tanh1"])
    assert not window.attention().gradients
    view.what.choose(GRADIENTS)
    assert window.attention().gradients == {"tanh1"}

    def shown(name: str) -> bool:
        return view.look is not None and view.look.title == f"Gradients · {name}"

    qtbot.waitUntil(lambda: shown("tanh1"), timeout=PATIENCE)  # of the initial weights
    assert view.look is not None
    first = view.look.values
    assert first.shape == (6, 28, 28)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    qtbot.waitUntil(lambda: view.look is not None and not np.array_equal(view.look.values, first), timeout=PATIENCE)
    # Behind the loss there is a sentence, and where it begins, what is said less what is right.
    last = next(reversed(window.document.flat.order))
    window.document.select([last])
    qtbot.waitUntil(lambda: view.frame.empty.startswith("The loss works on what "), timeout=PATIENCE)
    begin = view.frame.empty.removeprefix("The loss works on what ").split()[0]
    window.document.select([begin])
    qtbot.waitUntil(lambda: shown(begin), timeout=PATIENCE)
    assert view.look is not None
    assert view.picture is not None
    wanted = view.picture.output.copy()
    assert isinstance(view.picture.target, int)
    wanted[view.picture.target] -= 1
    assert view.look.values.reshape(-1) == pytest.approx(wanted, abs=1e-5)
    window.viewing.pin_own(Own((1, 8, 8), bytes(range(64))))
    qtbot.waitUntil(lambda: view.look is not None and "as if" in view.look.title, timeout=PATIENCE)
    window.docks["attribution"].raise_()
    qtbot.waitUntil(lambda: not window.attention().gradients, timeout=PATIENCE)  # nobody sees them


def test_of_a_run_that_is_looked_back_through(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    project = quick(templates.load("lenet5"), epochs=1)
    headless.train(make_job(project), lambda _event: None, tmp_path / "run")
    window = make_window(None)
    assert window.replays.open(tmp_path / "run")
    qtbot.waitUntil(lambda: len(window.live.moments.steps) > 1 and window.live.progress.step > 0, timeout=PATIENCE)
    view = window.views["maps"]
    assert isinstance(view, FeatureMapsView)
    window.document.select(["conv1"])
    view.what.choose(GRADIENTS)
    seen: list[np.ndarray] = []
    for step in (0, window.live.moments.steps[-1]):
        window.live.moments.look_at(step)
        qtbot.waitUntil(
            lambda step=step: view.look is not None and view.picture is not None and view.picture.step == step,  # type: ignore[misc]
            timeout=PATIENCE,
        )
        assert view.look is not None
        seen.append(view.look.values)
    assert not np.array_equal(*seen)
