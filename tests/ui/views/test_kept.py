"""Runs that are kept to compare with: which stay, how long, and how they are told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from builder.train.messages import EpochEnded, Prepared
from builder.ui.theme import theme
from builder.ui.views import ends
from builder.ui.views.accuracy import AccuracyView
from builder.ui.views.curves import CurveView
from builder.ui.views.kept import COLOURS, DROPPED, MOST, Kept
from builder.ui.views.loss import LossView
from builder.ui.views.series import Series


@pytest.fixture
def views(qtbot: QtBot) -> tuple[CurveView, CurveView]:
    """Loss and accuracy, that share what is kept as they do in the window."""
    made = LossView(), AccuracyView()
    kept = Kept()
    for view in made:
        qtbot.addWidget(view)
        view.resize(600, 300)
        view.show()
        view.set_kept(kept)
    return made


def run(
    views: tuple[CurveView, CurveView],
    name: str = "",
    last: int = 100,
    data: str = "digits",
    loss: str = "",
    of_many: bool = False,
) -> None:
    """One run, from its beginning to its end."""
    for view in views:
        view.clear()
    views[0].kept.name_current(name, of_many=of_many)
    numbers = np.arange(1, last + 1, dtype=float)
    for view in views:
        view.set_prepared(Prepared("cpu", 17, 400, 90, 90, ("A", "B"), data=data, loss=loss))
        view.add_scalars(np.column_stack([numbers, 1 / numbers, 1 - 1 / numbers]))
        for epoch in (1, 2):
            view.add_epoch(EpochEnded(epoch, last // 2 * epoch, 0.2, 0.9, 0.3 / epoch, 0.8, 1.0, 1000.0))


def names(view: CurveView) -> list[str]:
    return [other.name for other in view.others()]


def test_runs_with_names_stay_and_one_without_only_until_the_next(views: tuple[CurveView, CurveView]) -> None:
    for name in ("tanh", "ReLU", "", "", "sigmoid"):
        run(views, name)
    for view in views:
        assert names(view) == ["tanh", "ReLU", "run before"]
        (plot,) = view.plots()
        assert [end.name for end in plot.line_ends()] == ["tanh", "ReLU", "run before", "sigmoid"]
        assert "tanh" in plot.words_at(plot.area().center().x())
        assert "\nvalidation of ReLU,50," in view.table()
    first, second = ([(other.name, other.role) for other in view.others()] for view in views)
    assert first == second  # one colour for a run, wherever it is seen
    assert len({role for _, role in first}) == 3
    assert not {"training", "validation"} & {role for _, role in first}


def test_the_same_name_again_takes_the_place_of_the_run_before(views: tuple[CurveView, CurveView]) -> None:
    for name, last in (("tanh", 100), ("ReLU", 100), ("tanh", 60), ("", 100)):
        run(views, name, last)
    assert names(views[0]) == ["ReLU", "tanh"]
    assert views[0].others()[1].line.last == (60.0, 0.15)


def test_kept_runs_are_seen_whole_and_while_the_next_has_not_begun(views: tuple[CurveView, CurveView]) -> None:
    run(views, "tanh")
    for view in views:
        view.clear()
        assert not view.frame.empty
    run(views, "ReLU", last=20)
    for view in views:
        (plot,) = view.plots()
        assert plot.extent() == (0, 100)
        assert plot.line_ends()[1].at.x() < plot.line_ends()[0].at.x()


def test_no_more_are_kept_than_can_be_told_apart_and_that_is_said(
    qtbot: QtBot, views: tuple[CurveView, CurveView]
) -> None:
    for number in range(MOST + 1):
        run(views, f"run {number}")
    with qtbot.waitSignal(views[0].kept.said) as said:
        run(views)
    assert "run 0" in said.args[0]
    assert names(views[0]) == [f"run {number}" for number in range(1, MOST + 1)]
    assert len({other.role for other in views[0].others()}) == MOST


@pytest.mark.parametrize("other", [{"data": "xor"}, {"loss": "squared-error"}])
def test_runs_that_do_not_compare_go_and_that_is_said(
    qtbot: QtBot, views: tuple[CurveView, CurveView], other: dict[str, str]
) -> None:
    run(views, "tanh")
    with qtbot.waitSignal(views[0].kept.said) as said:
        run(views, "ReLU", **other)
    assert said.args == [DROPPED]
    assert not views[0].compares
    assert not views[1].compares


def test_the_user_keeps_a_run_by_a_name_and_forgets_it(qtbot: QtBot, views: tuple[CurveView, CurveView]) -> None:
    loss = views[0]
    loss.ask_name = lambda proposed: f"my {proposed}"
    with qtbot.waitSignal(loss.said):
        loss.keep_run()  # nothing to keep yet
    run(views)
    loss.keep_run()
    run(views)
    run(views)
    assert names(views[1]) == ["my run 1", "run before"]
    menu = loss.actions_menu()
    words = {action.text(): action for action in menu.actions()}
    words["Forget my run 1"].trigger()
    assert names(views[1]) == ["run before"]
    words["Forget all kept runs"].trigger()
    assert names(views[0]) == names(views[1]) == []
    menu.close()
    loss.ask_name = lambda _proposed: ""  # he thinks better of it
    loss.keep_run()
    run(views)
    assert names(views[0]) == ["run before"]


@pytest.mark.parametrize("count", [1, 3, 7])
@pytest.mark.parametrize("height", [90, 400])
def test_names_at_the_ends_of_lines_do_not_cover_each_other(count: int, height: int) -> None:
    area = QRectF(46, 10, 300, 8 + height)
    every = [ends.End(f"run {n}", "kept1", QPointF(340, 60 + n)) for n in range(count)]
    boxes = ends.places(every, [40] * count, area)
    for box in boxes:
        assert box.left() >= area.left()
        assert box.right() <= area.right()
        assert box.bottom() <= area.bottom() + 0.01
    if count * ends.HEIGHT <= area.height():
        assert not any(one.intersects(other) for one, other in combinations(boxes, 2))
        assert all(box.top() >= area.top() - 0.01 for box in boxes)


def test_a_name_stands_beside_an_end_that_has_room_there() -> None:
    (box,) = ends.places([ends.End("tanh", "kept1", QPointF(100, 60))], [40], QRectF(46, 10, 300, 100))
    assert box.left() > 100
    assert box.center().y() == 60


@pytest.mark.parametrize("wish", ["dark", "light"])
def test_colours_of_kept_runs_are_told_from_each_other_and_from_those_of_this_run(wish: str) -> None:
    before = theme().wish
    theme().choose(wish)
    colours = {role: theme().color(role) for role in (*COLOURS, "training", "validation", "panel")}
    theme().choose(before)
    for (one, a), (other, b) in combinations(colours.items(), 2):
        apart = sum(abs(x - y) for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True))
        assert apart > 60, (one, other)


def test_the_folder_of_a_run_that_ended_before_its_points_were_told_is_its_own() -> None:
    kept = Kept()
    kept.name_current("first")
    kept.note_end("folder 1")
    kept.hand_over("loss", "digits cross-entropy", (Series(), Series()))
    kept.note_end("folder 2")
    kept.name_current("second")
    assert [(run.name, run.folder) for run in kept.ended] == [("first", "folder 1"), ("second", "folder 2")]


def test_folds_make_room_for_each_other_and_for_runs_that_were_kept_by_hand(views: tuple[CurveView, CurveView]) -> None:
    said: list[str] = []
    views[0].kept.said.connect(said.append)
    by_hand = [f"run {number}" for number in range(1, MOST)]
    for name in by_hand:
        run(views, name)
    for fold in (1, 2, 3):
        run(views, f"fold {fold}", of_many=True)
    run(views, "run 6")
    assert names(views[0]) == [*by_hand, "fold 3"]
    run(views)
    assert names(views[0]) == [*by_hand, "run 6"]
    run(views, "fold 1", of_many=True)
    run(views)
    assert names(views[0]) == [*by_hand, "run 6", "run before"]
    assert said[-1].startswith("fold 1 is not kept")
    assert "run 1 is no longer kept" not in " ".join(said)
