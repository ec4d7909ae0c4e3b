"""The bar at the top, in windows of any width."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from builder.train.messages import Prepared, Progress, State
from builder.ui import style
from builder.ui.topbar import TopBar


@pytest.mark.parametrize("width", [760, 800, 1100, 1600])
def test_a_long_name_leaves_the_menus_their_room(qtbot: QtBot, qapp: QApplication, width: int) -> None:
    style.apply(qapp)
    bar = TopBar()
    qtbot.addWidget(bar)
    for title in ("File", "Edit", "View", "Run", "Help"):
        bar.menus.addMenu(title)
    name = "A project with a name that somebody thought about for a long time, and then about its second half"
    bar.set_document(name, None, "edited · autosaved")
    bar.set_state(State.PAUSED, stepped=True)
    bar.resize(width, 40)
    bar.show()
    qapp.processEvents()
    assert bar.menus.width() >= bar.menus.sizeHint().width()
    assert all(button.isHidden() for button in bar.menus.findChildren(QToolButton))
    assert bar.theme_button.geometry().right() < bar.width()


def stocked(qtbot: QtBot, qapp: QApplication, width: int) -> TopBar:
    """A bar with all that it ever holds: its menus, the note of an edited document, the device, a slow pace."""
    style.apply(qapp)
    bar = TopBar()
    qtbot.addWidget(bar)
    for title in ("File", "Edit", "View", "Run", "Help"):
        bar.menus.addMenu(title)
    bar.set_document("LeNet-5", None, "edited · autosaved")
    bar.set_prepared(Prepared("cpu", 61_706, 1000, 200, 200, ()))
    bar.set_pace(0.05)
    bar.resize(width, 40)
    bar.show()
    qapp.processEvents()
    return bar


def cut(bar: TopBar) -> bool:
    """Whether the figures end in an ellipsis."""
    label = next(label for label in bar.findChildren(QLabel) if label.text() == bar.figures())
    return label.fontMetrics().horizontalAdvance(label.text()) > label.width()


@pytest.mark.parametrize("width", [1280, 1366, 1600, 1920])
def test_the_figures_of_a_run_are_never_cut_for_what_matters_less(qtbot: QtBot, qapp: QApplication, width: int) -> None:
    bar = stocked(qtbot, qapp, width)
    bar.set_state(State.RUNNING, stepped=True)
    bar.set_progress(Progress(State.RUNNING, 8, 20, 320, 800, 640.0, 26.0))
    qapp.processEvents()
    assert bar.figures().startswith("epoch 8 of 20 · ")
    assert bar.figures().endswith("0:26 left")
    assert not cut(bar)
    bar.set_state(State.FINISHED, stepped=True)
    for words in ("stopped at step 320", "stopped early, back to epoch 128", "done, best: epoch 128"):
        bar.say(f"{words} · test accuracy 97.41 %")
        qapp.processEvents()
        assert bar.figures().endswith("97.41 %")
        assert not cut(bar)


def test_the_note_goes_first_then_the_device_then_the_speed(qtbot: QtBot, qapp: QApplication) -> None:
    bar = stocked(qtbot, qapp, 1900)
    bar.set_state(State.RUNNING, stepped=True)
    bar.set_progress(Progress(State.RUNNING, 8, 20, 320, 800, 640.0, 26.0))
    labels = {label.text(): label for label in bar.findChildren(QLabel)}
    note = labels["edited · autosaved"]
    device = next(label for text, label in labels.items() if text.startswith("CPU"))
    seen = []
    for width in range(1900, 1100, -10):
        bar.resize(width, 40)
        seen.append((not note.isHidden(), not device.isHidden(), "images/s" in bar.figures()))
    order = [(True, True, True), (False, True, True), (False, False, True), (False, False, False)]
    assert list(dict.fromkeys(seen)) == order


@pytest.mark.parametrize("width", [1000, 1280, 1600])
def test_no_button_moves_for_another_name(qtbot: QtBot, qapp: QApplication, width: int) -> None:
    bar = stocked(qtbot, qapp, width)
    places = set()
    for name in ("A", "LeNet-5", "A network with quite a long name"):
        bar.set_document(name, None, "")
        bar.layout().activate()
        places.add((bar.menus.x(), bar.run.x(), bar.reset.x()))
    assert len(places) == 1
