"""How one comes to another pinned sample."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.project import templates
from builder.ui.pinned import NONE_WRONG
from builder.ui.views.sample import SampleView
from tests.ui.conftest import PATIENCE, MakeWindow, until_parked


def test_the_next_wrong_answer_is_pinned(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    view = window.views["sample"]
    assert isinstance(view, SampleView)
    qtbot.waitUntil(lambda: view.picture is not None, timeout=PATIENCE)
    assert not view.mistake.property("absent")
    with qtbot.waitSignal(window.live.mistake_found, timeout=PATIENCE) as told:
        view.mistake.click()
    assert window.pin.sample == told.args[0] > 0

    def wrong() -> bool:
        seen = view.picture
        pinned = seen is not None and seen.attention.sample == window.pin.sample
        return pinned and int(np.argmax(seen.output)) != seen.target

    qtbot.waitUntil(wrong, timeout=PATIENCE)


def test_where_nothing_is_wrong_it_is_said(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    window.live.mistake_found.emit(None)
    assert window.pin.sample == 0
    assert window.status._hint.text() == NONE_WRONG


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
        window.live.find_mistake(0)
        window.pin_sample(1)  # a picture that comes afterwards: the trainer has read the command, and is well
        qtbot.waitUntil(lambda: view.picture is not None and view.picture.attention.sample == 1, timeout=PATIENCE)
