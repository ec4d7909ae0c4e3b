"""How one comes to another pinned sample."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.inspect.picture import Part
from builder.inspect.scores import mistakes
from builder.project import templates
from builder.project.edits import set_setting
from builder.train.messages import FindMistake, MistakeFound
from builder.ui.live_views import NO_CLASSES, NO_SAMPLES, NONE_OF_THE_KIND, NONE_WRONG
from builder.ui.views.confusion import ConfusionView
from builder.ui.views.filters import FiltersView
from builder.ui.views.loss import LossView
from builder.ui.views.maps import FeatureMapsView
from builder.ui.views.sample import SampleView
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def test_the_next_wrong_answer_is_pinned(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    view = window.views["sample"]
    assert isinstance(view, SampleView)
    qtbot.waitUntil(lambda: view.picture is not None, timeout=PATIENCE)
    assert not view.mistake.property("absent")
    with qtbot.waitSignal(window.live.mistake_found, timeout=PATIENCE) as told:
        view.mistake.click()
    assert window.viewing.pin.sample == told.args[0].position > 0

    def wrong() -> bool:
        seen = view.picture
        pinned = seen is not None and seen.attention.sample == window.viewing.pin.sample
        return pinned and int(np.argmax(seen.output)) != seen.target

    qtbot.waitUntil(wrong, timeout=PATIENCE)


def test_in_an_opened_block_its_own_layers_are_looked_at(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("resnet18-small"))
    until_parked(qtbot, window)
    maps, filters = window.views["maps"], window.views["filters"]
    assert isinstance(maps, FeatureMapsView)
    assert isinstance(filters, FiltersView)
    assert (maps.node(), filters.node()) == ("conv1", "conv1")
    window.document.show_page(("stage1.1",))
    assert (maps.node(), filters.node()) == ("stage1.1.conv1", "stage1.1.conv1")
    window.document.show_page(())
    assert (maps.node(), filters.node()) == ("conv1", "conv1")


def test_views_that_wait_for_a_run_say_when_problems_come_first(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    fitting = window.document.value
    loss, confusion = window.views["loss"], window.views["confusion"]
    assert isinstance(loss, LossView)
    assert isinstance(confusion, ConfusionView)
    for key, frame in (("loss", loss.frame), ("confusion", confusion.frame)):
        window.document.commit("Data", fitting)
        window.docks[key].raise_()
        qtbot.waitUntil(lambda frame=frame: frame.empty.startswith("Press Run: "), timeout=PATIENCE)
        window.document.commit("Data", set_setting(fitting, "data.dataset", "moons"))
        words = "Mend the problems first, then press Run: "
        qtbot.waitUntil(lambda frame=frame, words=words: frame.empty.startswith(words), timeout=PATIENCE)


def test_a_mistake_in_the_matrix_leads_to_a_sample_of_its_kind(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    confusion, sample = window.views["confusion"], window.views["sample"]
    assert isinstance(confusion, ConfusionView)
    assert isinstance(sample, SampleView)
    window.docks["confusion"].raise_()
    qtbot.waitUntil(lambda: confusion.shown is not None, timeout=PATIENCE)
    assert confusion.shown is not None
    wrong = mistakes(confusion.shown.counts, 1)[0]
    confusion.board.matrix.chosen.emit((wrong.true, wrong.said))

    def of_the_kind() -> bool:
        seen = sample.picture
        return seen is not None and seen.target == wrong.true and int(np.argmax(seen.output)) == wrong.said

    qtbot.waitUntil(of_the_kind, timeout=PATIENCE)
    never = np.argwhere(confusion.shown.counts == 0)[0].tolist()
    with qtbot.waitSignal(window.live.mistake_found, timeout=PATIENCE):
        confusion.mistake_asked.emit(FindMistake(0, *never))
    assert window.status._hint.text() == NONE_OF_THE_KIND.format("validation")


def test_mistakes_of_the_test_part_lead_to_its_samples_and_back(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    confusion, sample = window.views["confusion"], window.views["sample"]
    assert isinstance(confusion, ConfusionView)
    assert isinstance(sample, SampleView)
    window.docks["confusion"].raise_()
    qtbot.waitUntil(lambda: confusion.shown is not None, timeout=PATIENCE)
    assert sample.part.property("absent")
    confusion.part.choose(1)
    wrong = mistakes(confusion.shown.counts, 1)[0]
    confusion.board.matrix.chosen.emit((wrong.true, wrong.said))

    def seen_of(part: Part) -> bool:
        seen = sample.picture
        return seen is not None and seen.attention.part is part

    qtbot.waitUntil(lambda: seen_of(Part.TEST) and sample.picture.target == wrong.true, timeout=PATIENCE)
    assert int(np.argmax(sample.picture.output)) == wrong.said
    assert sample.part.words == "test"
    assert "test part" in sample.index.toolTip()
    window.viewing.pin_sample(window.viewing.pin.sample + 1)
    assert window.viewing.pin.part is Part.TEST, "the next sample is of the same part"
    sample.part.choose(0)
    qtbot.waitUntil(lambda: seen_of(Part.VALIDATION), timeout=PATIENCE)
    assert sample.part.property("absent")


def test_where_nothing_is_wrong_it_is_said(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    window.live.mistake_found.emit(MistakeFound(None))
    assert window.viewing.pin.sample == 0
    assert window.status._hint.text() == NONE_WRONG.format("validation")


def test_where_no_answer_can_be_wrong_it_is_said_why(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("denoiser")))
    until_parked(qtbot, window)
    window.viewing.find_mistake()
    assert window.status._hint.text() == NO_CLASSES
    assert "tells no classes apart" in window.views["accuracy"].frame.empty  # type: ignore[attr-defined]
    window.document.open(set_setting(quick(templates.load("lenet5")), "data.validation", 0), None)
    until_parked(qtbot, window)
    window.viewing.find_mistake()
    assert window.status._hint.text() == NO_SAMPLES.format("validation")


def test_an_unfinished_network_has_no_wrong_answers(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    graph = edits.set_params(window.document.graph, "conv3", {"filters": 120, "kernel_size": 7})
    window.document.commit_graph("Change", graph)
    view = window.views["sample"]
    assert isinstance(view, SampleView)
    qtbot.waitUntil(lambda: view.picture is not None and not len(view.picture.output), timeout=PATIENCE)
    assert view.mistake.property("absent")
    with qtbot.assertNotEmitted(window.live.failed), qtbot.assertNotEmitted(window.live.mistake_found):
        window.live.find_mistake(FindMistake(0))
        window.viewing.pin_sample(1)  # a picture that comes afterwards: the trainer has read the command, and is well
        qtbot.waitUntil(lambda: view.picture is not None and view.picture.attention.sample == 1, timeout=PATIENCE)
