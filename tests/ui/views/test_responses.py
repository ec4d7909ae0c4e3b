"""What a unit responds to: which unit is asked for and when, what is drawn, and how it is chosen from other views."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from builder.inspect.response import Responses
from builder.project import templates
from builder.train.messages import EpochEnded, Finished, Prepared, Reason
from builder.ui.theme import theme
from builder.ui.views import responses as responses_module
from builder.ui.views.base import Subject
from builder.ui.views.captioned import NO_PICTURES
from builder.ui.views.filters import FiltersView
from builder.ui.views.maps import FeatureMapsView
from builder.ui.views.responses import NOT_IN_RUN, NOT_YET, UNDER_WAY, ResponsesView
from tests.contract.view_cases import EPOCH, colour, lenet, mlp, two_inputs
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

PREPARED = Prepared("cpu", 1, 10, 10, 10, ())


class Asked(list[tuple[str, int]]):
    """What a view asks for."""

    def __init__(self, view: ResponsesView) -> None:
        super().__init__()
        view.responses_asked.connect(lambda layer, unit: self.append((layer, unit)))


@pytest.fixture
def view(qtbot: QtBot) -> ResponsesView:
    theme().choose("dark")
    made = ResponsesView()
    qtbot.addWidget(made)
    made.resize(400, 320)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.mark.parametrize("width", range(160, 400, 12))
def test_one_goes_back_where_one_goes_on(view: ResponsesView, width: int) -> None:
    view.set_subject(lenet().subject)
    view.resize(width, 320)
    buttons = {button.toolTip(): button for button in view.frame.head.findChildren(QToolButton)}
    assert buttons["Previous unit"].isHidden() is buttons["Next unit"].isHidden()


def test_it_asks_for_what_is_seen_and_only_then(view: ResponsesView) -> None:
    asked, case = Asked(view), lenet()
    view.set_subject(case.subject)
    assert asked == [("conv2", 0)]
    assert view.frame.empty == NOT_YET
    view.set_prepared(PREPARED)
    assert asked == [("conv2", 0)] * 2
    view.show_responses(case.responses)
    assert not view.frame.empty
    shown = view.look
    view.show_picture(case.picture)  # of the pinned sample: nothing is drawn for it
    assert view.look is shown
    view.step(-1)
    assert asked[2:] == [("conv2", 15)]
    assert view.frame.empty == UNDER_WAY
    view.show_responses(case.responses)  # of the unit before: the answer that is awaited is still to come
    assert view.frame.empty == UNDER_WAY
    view.index.setValue(3)
    view.set_subject(Subject(case.subject.inference, ("conv1",)))
    assert asked[3:] == [("conv2", 2), ("conv1", 0)]
    assert view.index.maximum() == 6
    view.hide()
    view.set_prepared(PREPARED)
    view.choose_unit(5)
    assert len(asked) == 5
    view.show()
    assert asked[5:] == [("conv1", 5)]


def test_a_run_renews_it_at_most_now_and_then(view: ResponsesView, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(responses_module.time, "monotonic", lambda: clock[0])
    asked, case = Asked(view), lenet()
    view.set_subject(case.subject)
    view.show_responses(replace(case.responses, seconds=0.5))
    for at, more in ((101.0, 0), (109.9, 0), (110.0, 1)):
        clock[0] = at
        before = len(asked)
        view.add_epoch(EpochEnded(**{**vars(EPOCH)}))
        assert len(asked) - before == more
    view.show_responses(case.responses)
    view.set_finished(Finished(Reason.COMPLETED, 9))
    assert len(asked) == 3
    view.again.click()
    assert len(asked) == 4


def test_without_an_answer_the_title_is_not_that_of_the_last_one(view: ResponsesView) -> None:
    case = lenet()
    view.set_subject(case.subject)
    view.show_responses(case.responses)
    assert view.frame.head.title.text != view.title
    view.set_subject(two_inputs().subject)
    assert view.frame.empty == NO_PICTURES
    assert view.frame.head.title.text == view.title


def test_every_sample_has_its_class_and_value_and_a_click_pins_it(view: ResponsesView, qtbot: QtBot) -> None:
    case = colour()
    view.set_subject(case.subject)
    view.show_responses(case.responses)
    assert view.look is not None
    assert view.look.captions[:2] == ("cat · 9", "dog · 8")
    assert view.look.title == "conv1 · map 1 · what it responds to"
    assert view.frame.head.title.text == "conv1 · map 1"
    assert "200" in view.content.words.text()
    assert "responds with 8" in view.look.tiles().describe(1, 0, 0)
    crops = view.look.pixels
    assert crops is not None
    assert (crops[0] == 0).any()  # the first one reaches into the padding
    with qtbot.waitSignal(view.sample_asked) as pinned:
        mosaic = view.panel.mosaic
        qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=mosaic.tile_rect(4).center().toPoint())
    assert pinned.args == [4]
    view._form.choose(1)
    assert view.look.pixels is not None
    assert view.look.pixels.shape != crops.shape
    assert not view.look.picture().isNull()


def test_units_of_a_layer_without_maps(view: ResponsesView) -> None:
    case = mlp()
    view.set_subject(case.subject)
    assert view.index.maximum() == 512
    view.show_responses(case.responses)
    assert view.look is not None
    assert view.look.title.startswith("fc1 · unit 1")
    assert view.look.captions[1] == "1 · 8"


def test_why_there_is_nothing(view: ResponsesView) -> None:
    asked, case = Asked(view), two_inputs()
    view.set_subject(case.subject)
    assert view.frame.empty == NO_PICTURES
    assert not view.take_unit(view.node() or "", 1)
    view.set_prepared(PREPARED)
    assert asked == []
    view.set_subject(lenet().subject)
    view.show_responses(Responses("conv2", 0))
    assert view.frame.empty == NOT_IN_RUN
    assert len(asked) == 1
    view.clear()
    assert view.frame.empty == NOT_YET


# Chosen from other views --------------------------------------------------------------------------------------------


def test_filters_know_whose_they_are(qtbot: QtBot) -> None:
    case, view = lenet(), FiltersView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert view.unit_of(0) == ("conv2", 0)
    assert view.unit_of(6 * 3 + 5) == ("conv2", 3)  # six inputs each
    case = colour()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    view.turn(1)
    assert view.unit_of(2) == ("conv1", 130)
    case = mlp()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert view.unit_of(0) is None  # a matrix is all units in one


def test_a_click_on_a_map_chooses_the_unit_where_it_is_seen(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    maps, view = window.views["maps"], window.views["responses"]
    assert isinstance(maps, FeatureMapsView)
    assert isinstance(view, ResponsesView)
    assert window.docks["responses"] in window.tabifiedDockWidgets(window.docks["filters"])
    qtbot.waitUntil(lambda: maps.look is not None, timeout=PATIENCE)

    def click(number: int) -> None:
        mosaic = maps.panel.mosaic
        qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=mosaic.tile_rect(number).center().toPoint())

    def shows(layer: str, unit: int) -> bool:
        return view.look is not None and view.found is not None and (view.found.layer, view.found.unit) == (layer, unit)

    click(1)
    assert maps.enlarged is not None  # nobody sees what it responds to
    maps.enlarged.close()
    assert view.found is None
    window.docks["responses"].raise_()
    qtbot.waitUntil(lambda: shows("conv1", 1), timeout=PATIENCE)
    click(3)
    qtbot.waitUntil(lambda: shows("conv1", 3), timeout=PATIENCE)
    assert maps.enlarged is None
    qtbot.keyClick(maps.panel.mosaic, Qt.Key.Key_Right)
    qtbot.keyClick(maps.panel.mosaic, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shows("conv1", 4), timeout=PATIENCE)
    assert view.found is not None
    values = [each.value for each in view.found.found]
    view.choose(2)
    assert window.viewing.pin.sample == view.found.found[2].sample
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    qtbot.waitUntil(lambda: view.found is not None and view.found.step == window.live.progress.step, timeout=PATIENCE)
    assert [each.value for each in view.found.found] != values
    window.document.select(["fc1"])
    qtbot.waitUntil(lambda: shows("fc1", 0), timeout=PATIENCE)
