"""The sample cloud: what it asks for and when, what it shows and says, t-SNE on request, and how it is handled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from builder.inspect.cloud import Cloud, Floats, Gathering, Places, Samples
from builder.inspect.picture import Part, Picture
from builder.project import templates
from builder.project.edits import set_setting
from builder.train.mailbox import Mailbox
from builder.train.messages import Finished, Reason
from builder.train.unfolding import Unfolded
from builder.ui.theme import theme
from builder.ui.views import cloud as cloud_module
from builder.ui.views.board import shorter
from builder.ui.views.class_legend import ClassLegend
from builder.ui.views.cloud import FAILED, NOT_IN_RUN, NOT_YET, PCA, TSNE, UNDER_WAY, CloudView
from builder.ui.views.colour import class_colour
from builder.ui.views.scatter import TOLD_APART, Frame, Scatter
from tests.contract.view_cases import cloud, lenet, two_inputs
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

CASE = lenet()


def picture(found: Cloud) -> Picture:
    return replace(CASE.picture, cloud=found, step=found.step)


def found(layer: str = "conv2", **changes: object) -> Cloud:
    return replace(cloud(layer, CASE.picture.raw, 10), **changes)  # type: ignore[arg-type]


class Worker:
    """In the place of t-SNE's thread: says what a test lets it say."""

    made: list[Worker] = []

    def __init__(self, values: Floats, start: Places, *, unfolded: bool = False) -> None:
        self.values, self.start, self.unfolded = values, start, unfolded
        self.mailbox: Mailbox[Unfolded] = Mailbox()
        self.stopped = False
        Worker.made.append(self)

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    Worker.made = []
    monkeypatch.setattr(cloud_module, "Unfolding", Worker)
    return Worker.made


@pytest.fixture
def view(qtbot: QtBot) -> CloudView:
    theme().choose("dark")
    made = CloudView()
    qtbot.addWidget(made)
    made.resize(420, 360)
    with qtbot.waitExposed(made):
        made.show()
    made.set_subject(CASE.subject)
    return made


def points_of(view: CloudView) -> Places:
    assert view.shown is not None
    return view.shown.points


# What is asked for and shown ----------------------------------------------------------------------------------------


def test_it_asks_for_the_selected_layer(view: CloudView) -> None:
    assert view.attention().cloud == Gathering("conv2")
    assert view.frame.empty == NOT_YET
    view.show_picture(picture(found()))
    assert view.shown is not None
    assert view.frame.head.title.text == "Sample cloud · conv2"
    view.set_subject(replace(CASE.subject, selection=("gone",)))
    assert view.attention().cloud is None
    assert "mend" in view.frame.empty


def test_the_last_points_stay_until_those_of_another_layer_are_there(view: CloudView) -> None:
    view.show_picture(picture(found()))
    before = view.shown
    view.set_subject(replace(CASE.subject, selection=("fc1",)))
    assert view.attention().cloud == Gathering("fc1")
    assert view.shown is before
    assert view.frame.head.title.text.endswith("conv2")
    view.show_picture(picture(found()))  # a late one
    assert view.shown is before
    view.show_picture(picture(found("fc1")))
    assert view.frame.head.title.text.endswith("fc1")


def test_the_same_points_are_not_drawn_again(view: CloudView, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    one = found()
    view.show_picture(picture(one))
    monkeypatch.setattr(CloudView, "draw_anew", lambda _self: drawn.append(1))
    view.show_picture(picture(one))
    view.show_picture(replace(CASE.picture, cloud=None))
    assert not drawn


def test_points_are_turned_to_where_they_lay_and_glide_there(view: CloudView, qtbot: QtBot) -> None:
    one = found(pinned=(2.0, 1.0))
    view.show_picture(picture(one))
    qtbot.waitUntil(lambda: view.board.plot._places is not None, timeout=PATIENCE)
    flipped = replace(one, step=9, points=-one.points[:, ::-1], pinned=(-1.0, -2.0))
    view.show_picture(picture(flipped))
    assert points_of(view) == pytest.approx(one.points)
    assert view.shown is not None
    assert view.shown.pinned == pytest.approx((2.0, 1.0))
    assert not view.board.plot.gliding  # nothing has moved
    view.show_picture(picture(replace(one, step=10, points=one.points * [1.0, 2.0])))
    assert view.board.plot.gliding
    qtbot.waitUntil(lambda: not view.board.plot.gliding, timeout=PATIENCE)
    frame = view.board.plot.frame()
    assert frame is not None
    qtbot.waitUntil(lambda: np.allclose(view.board.plot._places, frame.places), timeout=PATIENCE)
    view.clear()
    assert view.frame.empty == NOT_YET
    view.show_picture(picture(flipped))  # a new run begins where the last one lay
    assert np.sign(points_of(view) * one.points).mean() > 0.9


def test_points_of_other_data_neither_turn_nor_glide(view: CloudView) -> None:
    view.show_picture(picture(found()))
    others = found(points=np.random.default_rng(9).normal(size=(40, 2)))
    others = replace(others, samples=replace(others.samples, total=77))
    view.show_picture(picture(others))
    assert np.array_equal(points_of(view), others.points)
    assert not view.board.plot.gliding


def test_why_there_is_nothing(view: CloudView) -> None:
    nothing = Cloud("conv2", 0, Samples("validation", 0, np.empty(0, np.int64)), np.empty((0, 2)))
    view.show_picture(picture(nothing))
    assert view.frame.empty == NOT_IN_RUN
    view.set_sound(False)
    assert view.frame.empty == "Mend the network's problems to see what conv2 gives."  # nothing is trained
    view.set_sound(True)
    view.show_picture(picture(replace(nothing, failed=True)))
    assert view.frame.empty == FAILED
    one = Samples("validation", 1, np.zeros(1, np.int64))
    view.show_picture(picture(replace(nothing, samples=one, points=np.zeros((1, 2)), more=True)))
    assert view.frame.empty == UNDER_WAY
    view.show_picture(picture(replace(nothing, samples=one, points=np.zeros((1, 2)))))
    assert view.frame.empty == cloud_module.FEW


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["70 % of the variance (50 + 20)", "40 of 80 validation samples", "step 7", "(x − μ)·v₁", "conv2"]),
        ({"pooled": (16, 8, 8), "units": 1600}, ["averaged over space to 16×8×8", "1,600"]),
        ({"mixed": 2048}, ["mixed at random into 2,048"]),
        ({"more": True}, ["More samples follow"]),
        ({"shares": (0.0, 0.0)}, ["the same for every sample"]),
        ({"plain": True, "units": 2}, ["x₁ and x₂"]),
        ({"plain": True, "units": 1}, ["Up and down means nothing"]),
    ],
)
def test_it_says_what_is_shown(view: CloudView, changes: dict[str, object], words: list[str]) -> None:
    view.show_picture(picture(found(**changes)))
    said = "\n".join(view.words())
    for each in words:
        assert each in said
    assert view.board.line.text() in shorter(view.words()[0])


def test_two_units_are_the_axes(view: CloudView) -> None:
    one = found(plain=True, units=2)
    view.show_picture(picture(found()))
    view.show_picture(picture(one))
    assert np.array_equal(points_of(view), one.points)  # not turned
    assert view.shown is not None
    assert view.shown.axes == ("unit 1", "unit 2")
    single = np.column_stack([one.points[:, 0], np.zeros(40)])
    view.show_picture(picture(replace(one, units=1, points=single)))
    assert np.array_equal(points_of(view)[:, 0], single[:, 0])
    assert len(set(points_of(view)[:, 1])) == 40


def test_without_classes_there_is_one_colour_and_nothing_is_wrong(view: CloudView) -> None:
    one = found(said=None)
    view.set_subject(replace(CASE.subject, classes=()))
    view.show_picture(picture(replace(one, samples=replace(one.samples, targets=None))))
    assert view.shown is not None
    assert not view.shown.wrong.any()
    assert {view.shown.colour(view.shown.target(n)).name() for n in range(40)} == {theme().color("accent").name()}
    assert view.board.legend.isHidden()
    assert view.of.isHidden()
    assert view.shown.words(0) == "sample 1"
    assert "no classes" in view.words()[1]
    assert view.table().splitlines()[1].startswith("1,,,")


# Classes ------------------------------------------------------------------------------------------------------------


def test_choosing_a_class_dims_the_others(view: CloudView, qtbot: QtBot) -> None:
    view.show_picture(picture(found()))
    legend = view.board.legend
    assert legend.isVisible()
    box, _ = legend.entries(legend.width())[3]
    qtbot.mouseClick(legend, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert view.of.value == 4
    frame = view.board.plot.frame()
    assert frame is not None
    assert frame.scatter.samples.targets is not None
    assert np.array_equal(frame.lit, frame.scatter.samples.targets == 3)
    assert view.board.plot.point_at(QPointF(*frame.places[0])) in (None, *np.flatnonzero(frame.lit))
    qtbot.keyClick(legend, Qt.Key.Key_Right)
    qtbot.keyClick(legend, Qt.Key.Key_Space)
    assert view.of.value == 5
    qtbot.keyClick(legend, Qt.Key.Key_Return)
    assert view.of.value == 0
    assert not view.board.plot.gliding


def test_wrong_answers_have_a_ring_of_the_answers_colour(qtbot: QtBot) -> None:
    theme().choose("dark")
    samples = Samples("validation", 2, np.arange(2), np.array([0, 0]))
    scatter = Scatter(np.array([[0.0, 0.0], [1.0, 0.0]]), samples, np.array([0, 1]), ("a", "b"), cross=False)
    image = QImage(400, 200, QImage.Format.Format_RGB32)
    image.fill(theme().color("panel"))
    frame = Frame(scatter, image.rect().toRectF())
    painter = QPainter(image)
    frame.paint(painter)
    painter.end()
    seen = [{image.pixelColor(x, y).name() for x in range(part, part + 200) for y in range(200)} for part in (0, 200)]
    assert class_colour(0).name() in seen[0] & seen[1]
    assert class_colour(1).name() in seen[1] - seen[0]
    assert scatter.words(1) == "sample 2\na, said to be b"
    assert scatter.words(0) == "sample 1\na, and said so"


def test_of_very_many_classes_only_the_chosen_one_has_a_colour(view: CloudView) -> None:
    names = tuple(f"class {number}" for number in range(100))
    view.set_subject(replace(CASE.subject, classes=names))
    one = found()
    view.show_picture(picture(replace(one, samples=replace(one.samples, targets=np.arange(40)))))
    assert view.shown is not None
    assert len(names) > TOLD_APART
    assert view.shown.colour(7) == theme().color("muted")
    assert view.board.legend.isHidden()
    view.of.choose(8)
    assert view.shown is not None
    assert view.shown.colour(7) == class_colour(7)
    assert view.shown.colour(6) == theme().color("muted")


def test_a_legend_without_room_is_left_out_and_the_head_still_chooses(view: CloudView) -> None:
    view.show_picture(picture(found()))
    view.resize(300, 150)
    assert view.board.legend.isHidden()
    legend = ClassLegend()
    legend.show_classes(["a very long name of a class that goes on and on"], None, ring=True)
    assert legend.entries(400)[0][1].endswith("…")
    legend.deleteLater()


def test_in_a_low_pane_the_legend_stands_beside_the_points_and_the_line_is_short(view: CloudView) -> None:
    view.show_picture(picture(found()))
    view.resize(298, 205)  # as in a window of 1280 by 720
    board, legend = view.board, view.board.legend
    assert legend.isVisible()
    assert not legend.geometry().intersects(board.plot.geometry())
    assert not legend.geometry().intersects(board.line.geometry())
    boxes = [box for box, _ in legend.entries(legend.width())]
    assert len(boxes) == 10
    assert boxes[-1].bottom() <= legend.height() + 1
    assert board.line.text() == "70 % of the variance · step 7"
    assert view.words()[0] in board.line.toolTip()
    view.resize(500, 400)
    assert legend.y() > board.plot.y()


# Hands --------------------------------------------------------------------------------------------------------------


def test_a_point_under_the_pointer_tells_and_a_click_pins_it(view: CloudView, qtbot: QtBot) -> None:
    view.show_picture(picture(found()))
    plot = view.board.plot
    frame = plot.frame()
    assert frame is not None
    place = frame.places[17]
    at = QPoint(round(place[0]), round(place[1]))
    without = plot.grab().toImage()
    qtbot.mouseMove(plot, at)
    qtbot.waitUntil(lambda: plot.pointed is not None, timeout=PATIENCE)
    assert plot.grab().toImage() != without
    with qtbot.waitSignal(view.sample_asked) as asked:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at)
    assert frame.scatter.samples.positions[plot.pointed] == asked.args[0]
    assert np.hypot(*(frame.places[plot.pointed] - place)) < 2
    qtbot.mouseMove(plot, QPoint(1, 1))
    assert plot.pointed is None


def test_the_arrow_keys_go_from_point_to_point(view: CloudView, qtbot: QtBot) -> None:
    view.show_picture(picture(found()))
    plot = view.board.plot
    frame = plot.frame()
    assert frame is not None
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    before = plot.pointed
    assert before is not None
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.pointed is not None
    assert frame.places[plot.pointed][0] > frame.places[before][0]
    for _ in range(60):
        qtbot.keyClick(plot, Qt.Key.Key_Down)
    assert plot.pointed is not None
    with qtbot.waitSignal(view.sample_asked):
        qtbot.keyClick(plot, Qt.Key.Key_Return)


def test_a_sample_of_a_part_that_is_no_longer_pinned_is_not_asked_for(view: CloudView, qtbot: QtBot) -> None:
    view.show_picture(picture(found()))
    view.set_subject(replace(CASE.subject, part=Part.TEST))
    with qtbot.assertNotEmitted(view.sample_asked):
        view.board.plot.asked.emit(0)


def test_it_is_enlarged_and_taken_out(view: CloudView, qtbot: QtBot) -> None:
    assert view.image() is None
    assert view.table() == ""
    view.show_picture(picture(found()))
    view.enlarge()
    assert view.enlarged is not None
    large = view.enlarged.board
    assert large.plot.scatter is view.shown
    for part in ("line", "words"):
        small, tall = (getattr(board, part).fontMetrics().height() for board in (view.board, large))
        assert tall > 1.4 * small
    assert large.legend.column_width() > 1.4 * view.board.legend.column_width()
    view.of.choose(2)
    assert large.plot.scatter is view.shown
    with qtbot.waitSignal(view.sample_asked):
        large.plot.asked.emit(3)
    view.hide()
    assert view.watched
    view.enlarged.close()
    qtbot.waitUntil(lambda: view.enlarged is None, timeout=PATIENCE)
    image = view.image()
    assert image is not None
    assert image.width() == 1120
    rows = view.table().splitlines()
    assert rows[0] == "sample,class,answer,x,y"
    assert len(rows) == 41


# t-SNE --------------------------------------------------------------------------------------------------------------


def wide(layer: str = "conv2", **changes: object) -> Cloud:
    return found(layer, wide=np.zeros((40, 5), np.float32), **changes)


def test_t_sne_is_worked_out_on_request_and_told_round_by_round(
    view: CloudView, qtbot: QtBot, workers: list[Worker]
) -> None:
    view.show_picture(picture(found()))
    assert not workers
    lay = points_of(view)
    assert [action.text() for action in view.method.menu().actions()] == ["PCA", "t-SNE"]  # as it is spelt
    view.method.choose(TSNE)
    assert view.attention().cloud == Gathering("conv2", wide=True)
    view.show_picture(picture(found(step=8)))  # made before it was asked for
    view.show_picture(picture(wide(more=True)))  # more samples follow
    assert not workers
    view.show_picture(picture(wide()))
    assert view.attention().cloud is None  # it has what it needs
    assert workers[0].start == pytest.approx(lay)
    assert not workers[0].unfolded
    assert view.halt.isVisible()
    assert not view.again.isVisible()
    assert "0 %" in view.words()[0]
    half = lay - lay.mean(0) + 0.01 * np.random.default_rng(0).normal(size=(40, 2))
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    workers[0].mailbox.post(Unfolded(half @ quarter, 0.5))
    qtbot.waitUntil(lambda: "50 %" in view.words()[0], timeout=PATIENCE)
    assert points_of(view) == pytest.approx(half, abs=0.1)  # turned to where the points lay
    half = points_of(view)
    view.show_picture(picture(found(step=99)))  # another view's picture: t-SNE is of its own step
    assert np.array_equal(points_of(view), half)
    workers[0].mailbox.post(Unfolded(2 * half, 1.0))
    qtbot.waitUntil(lambda: view.again.isVisible(), timeout=PATIENCE)
    half = points_of(view) / 2
    assert "%" not in view.words()[0]
    assert "pᵢⱼ" in view.words()[1]
    view.again.click()
    view.show_picture(picture(wide(step=20)))
    assert np.array_equal(workers[1].start, 2 * half)  # from where they lie
    assert workers[1].unfolded
    view.halt.click()
    assert workers[1].stopped
    assert view.again.isVisible()
    assert "%" not in view.words()[0]
    view.method.choose(PCA)
    assert view.attention().cloud == Gathering("conv2")


def test_t_sne_follows_another_layer_and_the_end_of_a_run(view: CloudView, workers: list[Worker]) -> None:
    view.method.choose(TSNE)
    view.show_picture(picture(wide()))
    view.set_subject(replace(CASE.subject, selection=("fc1",)))
    assert workers[0].stopped
    assert view.attention().cloud == Gathering("fc1", wide=True)
    view.show_picture(picture(wide("fc1")))
    view.set_finished(Finished(Reason.COMPLETED, 9))
    assert view.attention().cloud == Gathering("fc1", wide=True)
    view.show_picture(picture(wide("fc1", step=9)))
    assert len(workers) == 3
    view.clear()
    assert workers[2].stopped
    view.show_picture(picture(Cloud("fc1", 0, Samples("v", 0, np.empty(0, np.int64)), np.empty((0, 2)))))
    assert view.frame.empty == NOT_IN_RUN
    assert len(workers) == 3


def test_a_film_has_t_sne_of_each_moment(view: CloudView, qtbot: QtBot, workers: list[Worker]) -> None:
    view.follow(3, first=True)
    assert not view.under_way  # it is PCA that is shown
    view.method.choose(TSNE)
    view.show_picture(picture(wide(step=9)))
    workers[0].mailbox.post(Unfolded(np.random.default_rng(0).normal(size=(40, 2)), 1.0))
    qtbot.waitUntil(lambda: view.again.isVisible(), timeout=PATIENCE)
    view.follow(3, first=True)
    assert view.under_way == "t-SNE is being worked out: 0 %"
    view.show_picture(picture(wide(step=9)))  # on its way when the film began
    assert len(workers) == 1
    view.show_picture(picture(wide(step=3)))
    assert not workers[1].unfolded  # the groups of step 9 are not known yet
    workers[1].mailbox.post(Unfolded(np.random.default_rng(1).normal(size=(40, 2)), 0.5))
    qtbot.waitUntil(lambda: view.under_way.endswith(": 50 %"), timeout=PATIENCE)
    workers[1].mailbox.post(Unfolded(np.random.default_rng(1).normal(size=(40, 2)), 1.0))
    qtbot.waitUntil(lambda: not view.under_way, timeout=PATIENCE)
    view.follow(4, first=False)
    view.show_picture(picture(wide(step=4)))
    assert workers[2].unfolded  # as it goes on, from where the points lie
    view.stop()


def test_t_sne_that_fails_leaves_the_points(view: CloudView, qtbot: QtBot, workers: list[Worker]) -> None:
    view.method.choose(TSNE)
    view.show_picture(picture(wide()))
    before = points_of(view)
    workers[0].mailbox.post(Unfolded(None, 1.0))
    qtbot.waitUntil(lambda: view.again.isVisible(), timeout=PATIENCE)
    assert np.array_equal(points_of(view), before)


# In the window ------------------------------------------------------------------------------------------------------


def test_in_the_window_the_classes_come_apart(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(set_setting(quick(templates.load("lenet5"), epochs=3), "training.seed", 1))
    until_parked(qtbot, window)
    view = window.views["cloud"]
    assert isinstance(view, CloudView)
    assert view.shown is None  # nobody sees it
    assert window.attention().cloud is None
    window.docks["cloud"].raise_()
    qtbot.waitUntil(lambda: view.shown is not None, timeout=PATIENCE)
    window.document.select(["fc1"])
    qtbot.waitUntil(lambda: view._cloud is not None and view._cloud.layer == "fc1", timeout=PATIENCE)
    before = view._cloud
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    steps = window.live.progress.step
    qtbot.waitUntil(lambda: view._cloud is not None and view._cloud.step == steps, timeout=PATIENCE)
    assert before is not None
    assert before.step == 0
    view.board.plot.asked.emit(5)
    assert view.shown is not None
    assert window.viewing.pin.sample == view.shown.samples.positions[5]
    view.method.choose(TSNE)
    qtbot.waitUntil(lambda: view._unfolded is not None and view._unfolded[2] == 1.0, timeout=PATIENCE)
    assert not view.frame.empty


def test_points_with_two_inputs(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(set_setting(templates.load("two-stage"), "training.epochs", 2))
    until_parked(qtbot, window)
    view = window.views["cloud"]
    assert isinstance(view, CloudView)
    window.docks["cloud"].raise_()
    window.document.select([next(iter(window.document.flat.graph.nodes))])
    qtbot.waitUntil(lambda: view.shown is not None and view.shown.axes == ("unit 1", "unit 2"), timeout=PATIENCE)
    assert view.shown is not None
    assert view.shown.picture(0) is None
    assert two_inputs().name
