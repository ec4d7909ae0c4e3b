"""What the network looks at: what is asked, what is drawn, and the words where there is nothing to draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from builder.compile.infer import infer
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.graph import edits
from builder.inspect.picture import Own
from builder.inspect.question import A_PICTURE, NO_MAPS, NO_PICTURE, Attribution, Method, Named, Question
from builder.project import templates
from builder.ui.terms import METHODS
from builder.ui.theme import theme
from builder.ui.views import attribution as attribution_module
from builder.ui.views.attribution import FAILED, UNDER_WAY, UNSOUND, AttributionView, over_picture
from builder.ui.views.base import Subject
from builder.ui.views.colour import ACTIVATION, WEIGHT
from builder.ui.views.scale import Scale
from tests.contract.view_cases import lenet, mlp, two_inputs
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

SALIENCY, OCCLUSION = list(Method).index(Method.SALIENCY), list(Method).index(Method.OCCLUSION)


@pytest.fixture
def view(qtbot: QtBot) -> AttributionView:
    theme().choose("dark")
    made = AttributionView()
    qtbot.addWidget(made)
    made.resize(400, 320)
    with qtbot.waitExposed(made):
        made.show()
    return made


def answer(view: AttributionView, values: np.ndarray, of: int = 1) -> None:
    """A picture comes that answers what is asked."""
    question = view.question()
    assert question is not None
    view.show_picture(replace(lenet().picture, attribution=Attribution(question, of, values.astype(np.float32))))


def test_what_is_asked_follows_method_class_and_layer(view: AttributionView, qtbot: QtBot) -> None:
    case = lenet()
    view.set_subject(replace(case.subject, selection=()))
    assert view.question() == Question(Method.GRAD_CAM, Named.ANSWER, "conv2")  # the last that has maps
    view.set_subject(replace(case.subject, selection=("conv1", "fc1")))
    assert view.attention().question == Question(Method.GRAD_CAM, Named.ANSWER, "conv1")
    with qtbot.waitSignal(view.attention_changed):
        view.method.choose(SALIENCY)
    assert view.question() == Question(Method.SALIENCY)
    with qtbot.waitSignal(view.attention_changed):
        view.of.choose(1)
    assert view.question() == Question(Method.SALIENCY, Named.TRUTH)
    view.of.choose(2 + 7)
    assert view.question() == Question(Method.SALIENCY, 7)
    assert view.of.words == "7"
    view.set_subject(replace(case.subject, classes=("cat", "dog")))
    assert view.question() == Question(Method.SALIENCY)
    assert len(view.of.menu().actions()) == 4
    view.set_subject(replace(case.subject, classes=()))
    assert view.of.property("absent")


def test_one_colour_has_one_meaning(view: AttributionView) -> None:
    view.set_subject(lenet().subject)
    values = np.zeros((28, 28))
    values[3, 4] = 2.0
    answer(view, values)
    assert view.look is not None
    assert view.look.scale.table is ACTIVATION
    assert (view.look.scale.low, view.look.scale.high) == (0, 2)
    assert "for 1" in view.look.tiles().describe(1, 3, 4)
    view.method.choose(OCCLUSION)
    assert view.frame.empty == UNDER_WAY  # what is there answers another question
    values[9, 9] = -4.0
    answer(view, values, 6)
    assert view.look is not None
    assert view.look.scale.table is WEIGHT
    assert (view.look.scale.low, view.look.scale.high) == (-4, 4)
    describe = view.look.tiles().describe
    assert "against 6" in describe(0, 9, 9)
    assert "neither for nor against 6" in describe(0, 0, 0)
    assert view.look.title == "For 6 · what it looks at · occlusion"
    assert view.frame.head.title.text == "For 6"
    assert view.look.name(0) == "over the input"


def test_over_the_input_what_does_not_count_stays_grey() -> None:
    values = np.array([[0.0, 1.0], [-1.0, np.nan]], np.float32)
    fitted = np.array([[[0.0, 0.0], [0.0, 1.0]]], np.float32)
    pixels = over_picture(values, Scale(WEIGHT, -1.0, 1.0), fitted)
    red, green, blue = (pixels >> shift & 0xFF for shift in (16, 8, 0))
    assert pixels[0, 0] == 0xFF000000
    assert red[0, 1] > 2 * blue[0, 1]
    assert blue[1, 0] > 2 * red[1, 0]
    assert green[1, 1] > red[1, 1]  # no number
    assert (over_picture(np.zeros((2, 2), np.float32), Scale(ACTIVATION, 0.0, 0.0), fitted) & 0xFFFFFF)[
        1, 1
    ] == 0xFFFFFF


def test_the_method_is_explained_with_its_formula(view: AttributionView) -> None:
    view.set_subject(lenet().subject)
    for number, method in enumerate(Method):
        view.method.choose(number)
        answer(view, np.ones((28, 28)))
        formula, words = METHODS[method]
        assert view.content.words.text() == f"{formula}: {words.format(layer='conv2')}."
        assert view.content.words.isVisible()
        assert view.content.words.geometry().bottom() <= view.content.height()
    answer(view, np.zeros((28, 28)), 4)
    assert view.content.words.text() == "Nothing speaks for 4 by occlusion."
    assert METHODS[Method.OCCLUSION][0] in view.content.words.toolTip()
    answer(view, np.ones((28, 28)))
    view.resize(400, 230)
    view.content.arrange()
    some = view.content.words
    assert some.isVisible()
    assert some.text().endswith("…"), "as much as there is room for"
    assert some.heightForWidth(some.width()) <= some.height()
    view.resize(400, 200)
    view.content.arrange()
    assert some.text().endswith("…")
    assert some.heightForWidth(some.width()) <= some.height()


def test_why_there_is_nothing(view: AttributionView) -> None:
    case = two_inputs()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert view.frame.empty == NO_PICTURE
    assert view.question() is None
    view.set_subject(Subject(infer_flat(templates.load("denoiser").network)))
    assert view.frame.empty == A_PICTURE
    case = lenet()
    view.set_subject(Subject(infer(edits.set_params(case.subject.inference.graph, "conv1", {"kernel_size": 99}))))
    assert view.frame.empty == UNSOUND
    assert not view.attention().wanted
    view.set_subject(case.subject)
    answer(view, np.empty((0, 0)))
    assert view.frame.empty == FAILED


def test_a_network_without_maps_begins_with_another_method(view: AttributionView) -> None:
    case = mlp()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert view.question() == Question(Method.SALIENCY)
    assert view.method.words == "saliency"
    assert not view.frame.empty
    view.method.choose(0)
    assert view.frame.empty == NO_MAPS
    view.set_subject(lenet().subject)  # somebody has chosen
    assert view.question() == Question(Method.GRAD_CAM, Named.ANSWER, "conv2")


def test_an_edit_that_nobody_sees_here_costs_nothing(view: AttributionView, monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[object] = []
    monkeypatch.setattr(attribution_module, "make_plan", lambda found: planned.append(found) or make_plan(found))
    view.hide()
    view.set_subject(lenet().subject)
    assert not planned
    view.show()
    assert planned


# In the window ------------------------------------------------------------------------------------------------------


def test_it_follows_the_run_and_costs_nothing_behind_its_tab(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    view = window.views["attribution"]
    assert isinstance(view, AttributionView)
    assert window.docks["attribution"] in window.tabifiedDockWidgets(window.docks["maps"])
    assert not view.on_screen
    assert window.attention().question is None
    window.docks["attribution"].raise_()
    qtbot.waitUntil(lambda: view.look is not None, timeout=PATIENCE)  # of the initial weights

    def now() -> Attribution:
        assert view.picture is not None
        assert view.picture.attribution is not None
        return view.picture.attribution

    first = now()
    assert first.question.layer == "pool2"
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    qtbot.waitUntil(lambda: bool((now().values != first.values).any()), timeout=PATIENCE)
    for number, method in enumerate(Method):
        view.method.choose(number)
        qtbot.waitUntil(lambda method=method: now().question.method is method, timeout=PATIENCE)  # type: ignore[misc]
        assert view.look is not None
    window.document.select(["conv1"])
    view.method.choose(0)
    qtbot.waitUntil(lambda: now().question.layer == "conv1", timeout=PATIENCE)
    view.of.choose(2 + 4)
    qtbot.waitUntil(lambda: now().of == 4, timeout=PATIENCE)
    view.enlarge()
    window.docks["maps"].raise_()
    qtbot.waitUntil(lambda: not view.on_screen, timeout=PATIENCE)
    view.of.choose(2 + 5)
    qtbot.waitUntil(lambda: now().of == 5, timeout=PATIENCE)  # the large window goes on
    assert view.enlarged is not None
    view.enlarged.close()
    qtbot.waitUntil(lambda: window.attention().question is None, timeout=PATIENCE)
    window.docks["attribution"].raise_()
    qtbot.waitUntil(lambda: view.on_screen, timeout=PATIENCE)
    window.viewing.pin_own(Own((1, 8, 8), bytes(range(64))))
    before = now()
    qtbot.waitUntil(lambda: now() is not before, timeout=PATIENCE)
    assert view.picture is not None
    assert view.picture.target is None
