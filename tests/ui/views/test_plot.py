"""Curves on screen: they end where the run stands, whatever order its news come in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.project.edits import set_setting
from builder.train.messages import EpochEnded, Prepared, Reason, State
from builder.ui.views.accuracy import AccuracyView
from builder.ui.views.curves import CurveView
from builder.ui.views.frame import Legend
from builder.ui.views.loss import LossView
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def steps(first: int, last: int) -> np.ndarray:
    """Rows of (step, loss, accuracy)."""
    numbers = np.arange(first, last + 1, dtype=float)
    return np.column_stack([numbers, 1 / numbers, 1 - 1 / numbers])


@pytest.mark.parametrize("kind", [LossView, AccuracyView])
def test_the_steps_before_a_validation_are_drawn_though_they_arrive_after_it(
    qtbot: QtBot, kind: type[CurveView]
) -> None:
    view = kind()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.add_scalars(steps(1, 60))
    view.add_epoch(EpochEnded(1, 100, 0.2, 0.9, 0.3, 0.8, 1.0, 1000.0))
    view.add_scalars(steps(61, 100))
    (plot,) = view.plots()
    assert plot.drawn_to() == 100


def test_an_enlarged_plot_tells_its_curves_apart(qtbot: QtBot) -> None:
    view = LossView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.add_scalars(steps(1, 60))
    view.enlarge()
    assert view.enlarged is not None
    (legend,) = view.enlarged.findChildren(Legend)
    assert legend.isVisible()
    assert legend.accessibleName() == "training, validation"
    assert view.enlarged.plot.text >= 15  # to be read from the back row
    (usual, large) = (plot.area() for plot in view.plots())
    assert large.left() > 1.5 * usual.left()  # with room for its figures
    view.enlarged.close()


def test_the_last_step_before_a_pause_is_drawn_though_it_moves_nothing(qtbot: QtBot) -> None:
    view = LossView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.add_scalars(steps(1, 2000))
    (plot,) = view.plots()
    view.add_scalars(steps(2001, 2001))
    assert plot.drawn_to() == 2000  # not yet: there may be more to come
    qtbot.waitUntil(lambda: plot.drawn_to() == 2001, timeout=PATIENCE)


def test_curves_end_at_the_last_step_of_a_run_that_pauses_goes_on_and_stops(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    until_parked(qtbot, window)
    window.live.run()
    qtbot.waitUntil(lambda: window.live.progress.epoch > 2, timeout=PATIENCE)
    window.live.pause()
    qtbot.waitUntil(lambda: window.live.state is State.PAUSED, timeout=PATIENCE)
    until_drawn(qtbot, window)
    window.live.run()
    qtbot.waitUntil(lambda: window.live.progress.epoch > 4, timeout=PATIENCE)
    window.live.stop()
    qtbot.waitUntil(lambda: window.live.state is State.FINISHED, timeout=PATIENCE)
    until_drawn(qtbot, window)


def test_curves_end_at_the_last_step_of_a_finished_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=4))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    until_drawn(qtbot, window)
    assert window.live.progress.step == window.live.progress.steps


@pytest.mark.parametrize("kind", [LossView, AccuracyView])
def test_the_run_before_stays_behind_the_next_until_it_is_forgotten(qtbot: QtBot, kind: type[CurveView]) -> None:
    view = kind()
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()
    view.add_scalars(steps(1, 100))
    view.add_epoch(EpochEnded(1, 100, 0.2, 0.9, 0.3, 0.8, 1.0, 1000.0))
    (plot,) = view.plots()
    assert "before" not in plot.words_at(200)
    assert not plot.line_ends()
    view.clear()
    assert view.frame.empty  # it would not be told from a run of its own
    view.add_scalars(steps(1, 3))  # by hand
    view.clear()
    view.add_scalars(steps(1, 50))
    view.add_epoch(EpochEnded(1, 50, 0.2, 0.9, 0.3, 0.8, 1.0, 1000.0))
    assert plot.extent() == (0, 50)  # as far as this run has come
    assert "run before" in plot.words_at(200)
    assert [(end.name, end.role) for end in plot.line_ends()] == [("run before", "muted")]
    assert "\ntraining of run before,100," in view.table()
    image = view.image()
    assert image is not None
    assert not image.isNull()
    view.kept.forget_all()
    assert "before" not in plot.words_at(200)
    assert not plot.line_ends()
    assert "before" not in view.table()


def test_a_run_on_other_data_is_not_compared(qtbot: QtBot) -> None:
    view = LossView()
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()

    def run(data: str, last: int) -> None:
        view.clear()
        view.set_prepared(Prepared("cpu", 17, 400, 90, 90, ("A", "B"), data=data))
        if last:
            view.add_scalars(steps(1, last))

    run("xor", 100)
    run("digits", 0)  # another network was opened in between, and not trained
    run("xor", 50)
    assert view.compares
    run("digits", 50)
    assert not view.compares
    assert "before" not in view.table()
    run("digits", 50)
    assert view.compares


def test_the_window_tells_the_curves_what_a_run_learns_from(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("two-stage"), epochs=4))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    window.document.open(quick(templates.load("lenet5"), epochs=1), None)
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    loss = window.views["loss"]
    assert isinstance(loss, CurveView)
    assert not loss.compares


def test_where_no_classes_are_told_apart_the_accuracy_says_that_there_is_none(qtbot: QtBot) -> None:
    view = AccuracyView()
    qtbot.addWidget(view)
    view.show()
    assert view.frame.empty.startswith("Press Run")
    view.set_prepared(Prepared("cpu", 17, 400, 90, 90, ()))
    assert "tells no classes apart" in view.frame.empty
    view.add_scalars(np.array([[1.0, 0.5, np.nan]]))
    assert "tells no classes apart" in view.frame.empty
    view.set_prepared(Prepared("cpu", 17, 400, 90, 90, ("A", "B")))
    assert view.frame.empty.startswith("Press Run")


def test_a_curve_behind_a_tab_is_drawn_when_the_tab_comes_to_the_front(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    view = LossView()
    docks = QDockWidget("front", window), QDockWidget("behind", window)
    for dock, content in zip(docks, (QLabel("front"), view), strict=True):
        dock.setWidget(content)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.tabifyDockWidget(*docks)
    docks[0].raise_()
    window.show()
    docks[1].raise_()
    docks[0].raise_()  # it was seen before: Qt calls it visible from now on
    view.add_scalars(steps(1, 100))
    assert view.plots() == []
    docks[1].raise_()
    qtbot.waitUntil(lambda: len(view.plots()) == 1, timeout=PATIENCE)


def test_a_run_before_that_went_astray_leaves_this_one_its_room(qtbot: QtBot) -> None:
    view = LossView()
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()
    astray = steps(1, 100)
    astray[:, 1] = 10.0 ** (astray[:, 0] / 10)
    view.add_scalars(astray)
    view.clear()
    view.axis.choose(1)
    view.add_scalars(steps(1, 100))
    (plot,) = view.plots()
    plot.refresh()
    _, (low, high) = plot.box.viewRange()
    assert low < 0.01
    assert high < 3


def until_drawn(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the figures of the end have come, and look at both curves."""
    with qtbot.waitSignal(window.live.progressed, timeout=PATIENCE):
        pass
    for key in ("loss", "accuracy"):
        view = window.views[key]
        assert isinstance(view, CurveView)
        for plot in view.plots():
            pixel = window.live.progress.step / plot.area().width()
            assert plot.drawn_to() >= window.live.progress.step - pixel


def test_a_learning_rate_set_by_hand_is_marked(qtbot: QtBot) -> None:
    view = LossView()
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()
    view.add_scalars(steps(1, 100))
    (plot,) = view.plots()
    assert plot.marks() == []
    before = plot.grab().toImage()
    for step, rate in ((40, 0.05), (40, 0.02), (41, 0.01), (80, 0.5)):  # the first three by a slider, in one go
        view.add_rate(step, rate)
    view.refresh()
    assert [words for _, words in plot.marks()] == ["rate 0.01", "rate 0.5"]
    assert plot.grab().toImage() != before
    view.notes.clear()
    for step in range(1, 100, 2):
        view.add_rate(step, step / 100)
    places = [place for place, _ in plot.marks()]
    assert all(later - earlier >= 12 for earlier, later in pairwise(places))  # no words over others
    view.clear()
    view.add_scalars(steps(1, 100))
    assert plot.marks() == []


def test_the_window_marks_a_learning_rate_that_is_set_while_it_trains(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    until_parked(qtbot, window)
    window.live.run()
    qtbot.waitUntil(lambda: window.live.progress.step > 5, timeout=PATIENCE)
    loss = window.views["loss"]
    assert isinstance(loss, CurveView)
    window.document.commit("Change", set_setting(window.document.value, "training.optimizer.learning_rate", 0.002))
    ((step, words),) = loss.notes
    assert step > 5
    assert words == "rate 0.002"
    window.live.stop()


def test_the_best_epoch_of_an_early_stop_is_marked(make_window: MakeWindow, qtbot: QtBot) -> None:
    project = set_setting(quick(templates.load("lenet5"), epochs=30), "training.patience", 1)
    window = make_window(set_setting(project, "training.optimizer.learning_rate", 1.0))  # it is soon none the better
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        window.live.run()
    assert ended.args[0].reason is Reason.EARLY
    loss = window.views["loss"]
    assert isinstance(loss, CurveView)
    ((step, words),) = loss.notes
    assert words == "best epoch"
    steps_of_each = ended.args[0].step // (ended.args[0].best_epoch + 1)
    assert step == ended.args[0].best_epoch * steps_of_each
