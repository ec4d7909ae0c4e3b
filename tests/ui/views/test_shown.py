"""What each view shows of given networks and pictures."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from builder.compile.network import infer_network
from builder.inspect.picture import Attention, Picture
from builder.project import templates
from builder.ui import style
from builder.ui.theme import theme
from builder.ui.views.base import Subject
from builder.ui.views.filters import FiltersView
from builder.ui.views.grid import Look
from builder.ui.views.loss import LossView
from builder.ui.views.maps import FeatureMapsView
from builder.ui.views.paint import figure
from builder.ui.views.plane import probabilities
from builder.ui.views.sample import SampleView
from builder.ui.widgets.labels import Text
from tests.contract.view_cases import EPOCH, SCALARS, chain, colour, lenet, mlp, two_inputs


def look(view: FeatureMapsView | FiltersView | SampleView) -> Look:
    assert view.look is not None, view.frame.empty
    return view.look


@pytest.fixture
def maps(qtbot: QtBot) -> FeatureMapsView:
    made = FeatureMapsView()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def filters(qtbot: QtBot) -> FiltersView:
    made = FiltersView()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def sample(qtbot: QtBot) -> SampleView:
    made = SampleView()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def loss(qtbot: QtBot) -> LossView:
    made = LossView()
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


# Feature maps -------------------------------------------------------------------------------------------------------


def test_maps_of_the_selection_else_of_the_first_convolution(maps: FeatureMapsView, qtbot: QtBot) -> None:
    case = lenet()
    maps.set_subject(Subject(case.subject.inference))
    assert maps.attention() == Attention(activations=frozenset({"conv1"}))
    with qtbot.waitSignal(maps.attention_changed):
        maps.set_subject(Subject(case.subject.inference, ("conv2",)))
    maps.show_picture(case.picture)
    assert look(maps).title == "Feature maps · conv2"
    assert np.array_equal(look(maps).values, case.picture.activations["conv2"])
    assert look(maps).tiles().describe(2, 4, 8).startswith(f"map 3 · {figure(float(look(maps).values[2, 4, 8]))}")


def test_a_list_of_numbers_becomes_cells(maps: FeatureMapsView) -> None:
    case = mlp()
    maps.set_subject(case.subject)
    maps.show_picture(case.picture)
    assert look(maps).values.shape == (512, 1, 1)
    assert look(maps).tiles().describe(0, 0, 0).startswith("unit 1 · ")


def test_shared_and_own_scales(maps: FeatureMapsView) -> None:
    case = lenet()
    maps.set_subject(case.subject)
    maps.show_picture(case.picture)
    shared = look(maps).tiles().pixels
    maps.scaling.choose(1)
    assert look(maps).scale.each
    assert not np.array_equal(look(maps).tiles().pixels, shared)


def test_units_over_the_plane_stand_upright_and_are_read_in_units_of_the_data(maps: FeatureMapsView) -> None:
    case = two_inputs()
    maps.set_subject(case.subject)
    maps.show_picture(case.picture)
    assert look(maps).upwards
    assert look(maps).overlay is not None
    assert look(maps).tiles().describe(1, 0, 23).startswith("unit 2 at (3.00, −3.00)")


def test_a_broken_layer_is_named(maps: FeatureMapsView) -> None:
    broken = chain(
        ("input1", "Input", {"shape": [1, 4, 4]}),
        ("conv2", "Conv2d", {"kernel_size": 9}),
        ("output1", "Output", {}),
    )
    maps.set_subject(Subject(broken, ("conv2",)))
    assert "conv2" in maps.frame.empty


# Filters ------------------------------------------------------------------------------------------------------------


def test_filters_over_many_inputs_stand_in_rows(filters: FiltersView) -> None:
    case = lenet()
    filters.set_subject(case.subject)
    filters.show_picture(case.picture)
    assert look(filters).columns == 6
    assert look(filters).values.shape[0] == 16 * 6
    assert look(filters).name(7) == "filter 2, input 2"
    assert filters.note.text == "16 × 6"
    assert look(filters).scale.low == -look(filters).scale.high < 0


def test_many_filters_are_paged(filters: FiltersView) -> None:
    case = colour()
    filters.set_subject(case.subject)
    filters.show_picture(case.picture)
    assert filters.note.text == "1–128 of 200"
    filters.on.click()
    assert filters.note.text == "129–200 of 200"
    assert look(filters).name(0) == "filter 129"
    assert not filters.on.isEnabled()
    filters.set_subject(Subject(case.subject.inference, ("fc1",)))
    filters.set_subject(case.subject)
    assert filters.note.text == "1–128 of 200"


def test_filters_over_colour_pictures_in_colour_or_by_channel(filters: FiltersView) -> None:
    case = colour()
    filters.set_subject(case.subject)
    filters.show_picture(case.picture)
    assert look(filters).pixels is not None
    assert "green" in look(filters).tiles().describe(0, 0, 0)
    filters.colour.choose(1)
    assert look(filters).pixels is None
    assert look(filters).columns == 3


def test_weights_behind_a_flattened_picture_can_be_seen_as_pictures(filters: FiltersView) -> None:
    case = mlp()
    filters.set_subject(case.subject)
    filters.show_picture(case.picture)
    assert look(filters).values.shape == (1, 256, 64)
    filters.form.choose(1)
    assert look(filters).values.shape == (128, 8, 8)
    assert np.array_equal(look(filters).values[3], case.picture.filters["fc1"][3].reshape(8, 8))


def test_a_strip_of_weights_is_drawn_out(filters: FiltersView) -> None:
    case = mlp()
    weights = np.arange(10 * 64, dtype=np.float32).reshape(10, 64)
    filters.set_subject(replace(case.subject, selection=("fc1",)))
    filters.show_picture(replace(case.picture, filters={"fc1": weights}))
    shown = look(filters)
    assert shown.values.shape == (1, 30, 64)
    assert shown.tiles().describe(0, 5, 7) == f"unit 2 · input 8 · {figure(float(weights[1, 7]))}"


def test_a_block_shows_the_filters_that_it_holds(filters: FiltersView) -> None:
    flat = infer_network(templates.load("vgg16-small").network).flat
    filters.set_subject(Subject(flat, ("conv2.1.relu",)))
    assert filters.attention().filters == {"conv2.0.conv"}
    filters.set_subject(Subject(flat, ("conv2.1.relu",), within="conv2.1."))
    assert filters.attention().filters == set(), "the layer itself is selected, in the opened block"
    filters.set_subject(Subject(flat, ("pool1",)))
    assert filters.attention().filters == set()


def test_what_is_not_in_the_run_is_not_waited_for(filters: FiltersView, maps: FeatureMapsView) -> None:
    case = lenet()
    attention = Attention(activations=frozenset({"conv1"}), filters=frozenset({"conv1"}))
    without = replace(case.picture, attention=attention, filters={}, activations={})
    for shown in (filters, maps):
        shown.set_subject(replace(case.subject, selection=("conv1",)))
        shown.show_picture(without)
        assert shown.frame.empty.startswith("The network that is trained has no conv1")


def test_data_that_never_come_are_not_waited_for(maps: FeatureMapsView) -> None:
    maps.set_subject(lenet().subject)
    maps.set_sound(False)
    assert maps.frame.empty == "Mend the problems first: what conv2 gives appears here once the data is loaded."


def test_a_layer_without_weights_says_so(filters: FiltersView) -> None:
    filters.set_subject(Subject(lenet().subject.inference, ("pool1",)))
    assert filters.frame.empty == "pool1 has no filters. Select a convolution to see its filters."
    assert filters.attention() == Attention()


# The pinned sample --------------------------------------------------------------------------------------------------


def with_answer(picture: Picture, output: list[float], target: int | float | None) -> Picture:
    return Picture(1, picture.attention, picture.raw, picture.fitted, target, np.array(output, np.float32))


@pytest.mark.parametrize(
    ("output", "target", "words"),
    [
        ([0.1, 0.7, 0.2], 1, "dog: right"),
        ([0.1, 0.7, 0.2], 2, "says dog, is ship"),
        ([0.1, 0.7, 0.2], None, "answers 0.1, 0.7, 0.2"),
        ([float("nan")] * 3, 1, "The answer is not a number any more"),
        ([2.5], 2.0, "answers 2.5, wanted 2"),
        ([0.5] * 9, None, "answers with a picture"),
    ],
)
def test_the_verdict(sample: SampleView, output: list[float], target: int | float | None, words: str) -> None:
    case = colour()
    sample.set_subject(case.subject)
    sample.show_picture(with_answer(case.picture, output, target))
    assert sample.content.verdict.text == words


def test_one_output_for_two_classes(sample: SampleView) -> None:
    case = two_inputs()
    sample.set_subject(case.subject)
    sample.show_picture(case.picture)
    assert sample.content.verdict.text == "says left, is right"
    assert sample.attention() == Attention(activations=frozenset({"output1"}))


def test_the_true_class_is_shown_even_where_few_fit(sample: SampleView, qtbot: QtBot) -> None:
    bars = sample.content.bars
    bars.set_shares([str(n) for n in range(100)], [0.5, *[0.005] * 98, 0.0], 99)
    bars.resize(100, 60)
    assert bars.rows()[0] == 0
    assert bars.rows()[-1] == 99


def test_ten_classes_stand_below_the_picture_where_that_leaves_it_enough(sample: SampleView) -> None:
    panel = sample.content
    panel.bars.set_shares([str(n) for n in range(10)], [0.1] * 10, 3)
    panel.resize(190, 245)
    panel.arrange()
    assert panel.bars.rows() == list(range(10))
    panel.resize(190, 170)
    panel.arrange()
    assert 3 in panel.bars.rows()
    assert panel.maps.height() >= 40


def test_other_samples_are_asked_for(sample: SampleView, qtbot: QtBot) -> None:
    case = lenet()
    sample.set_subject(case.subject)
    asked: list[int] = []
    sample.sample_asked.connect(asked.append)
    buttons = {button.accessibleName(): button for button in sample.frame.head.findChildren(QToolButton)}
    buttons["Next sample"].click()
    buttons["Previous sample"].click()
    buttons["Any sample"].click()
    sample.index.setValue(10)
    assert asked[:2] == [4, 2]
    assert asked[2] >= 0
    assert asked[3] == 9
    sample.set_subject(Subject(case.subject.inference, (), (), 21))
    assert sample.index.value() == 22
    assert len(asked) == 4


def test_the_number_of_the_sample_has_room(sample: SampleView, qtbot: QtBot) -> None:
    style.apply(QApplication.instance())  # type: ignore[arg-type]
    sample.resize(520, 300)
    sample.set_subject(replace(lenet().subject, sample=41))
    qtbot.waitUntil(lambda: sample.index.isVisible() and sample.index.lineEdit().width() > 30)
    assert sample.index.text() == "42"


def test_a_colour_picture_is_shown_as_it_is(sample: SampleView) -> None:
    case = colour()
    sample.set_subject(case.subject)
    sample.show_picture(case.picture)
    red, green, blue = (int(value) for value in case.picture.raw[:, 2, 3])
    assert look(sample).tiles().describe(0, 2, 3) == f"row 3, column 4\nred {red} · green {green} · blue {blue}"
    sample.form.choose(1)
    assert look(sample).values.shape == (3, 16, 16)


def test_scores_and_probabilities_give_the_same_regions() -> None:
    scores = np.random.default_rng(0).normal(size=(3, 5, 5)).astype(np.float32)
    shares = np.exp(scores) / np.exp(scores).sum(axis=0)
    for plane in (scores, shares):
        assert np.allclose(probabilities(plane, shares[:, 2, 3], (2, 3)), shares, atol=1e-6)
    one = scores[:1]
    squashed = 1 / (1 + np.exp(-one))
    for plane in (one, squashed):
        assert np.allclose(probabilities(plane, squashed[:, 1, 1], (1, 1))[1], squashed[0], atol=1e-6)


# Enlarging, saving, zooming -----------------------------------------------------------------------------------------


def test_probabilities_are_told_from_scores_beside_a_steep_boundary() -> None:
    steep = np.zeros((1, 8, 8), np.float32)
    steep[0, :, 4:] = 1.0
    # The pinned sample lies on the boundary: the nearest cell is already on its other side.
    shares = probabilities(steep, np.array([0.13], np.float32), (3, 4))
    assert np.array_equal(shares[1], steep[0])
    both = np.concatenate([1.0 - steep, steep])
    assert np.array_equal(probabilities(both, np.array([0.87, 0.13], np.float32), (3, 4)), both)


def test_a_picture_with_few_classes_is_shown_large(sample: SampleView) -> None:
    def side(classes: int) -> int:
        sample.content.bars.set_shares([str(number) for number in range(classes)], [1 / classes] * classes, 0)
        sample.content.arrange()
        return sample.content.maps.width()

    sample.resize(310, 330)
    assert side(2) > 1.3 * side(10)


def test_a_map_is_enlarged_and_follows(maps: FeatureMapsView, qtbot: QtBot) -> None:
    case = lenet()
    maps.set_subject(case.subject)
    maps.show_picture(case.picture)
    place = maps.panel.mosaic.tile_rect(2).center().toPoint()
    qtbot.mouseClick(maps.panel.mosaic, Qt.MouseButton.LeftButton, pos=place)
    large = maps.enlarged
    assert large is not None
    assert large.windowTitle() == "Feature maps · conv2 · map 3"
    qtbot.keyClick(large, Qt.Key.Key_Left)
    assert large.windowTitle() == "Feature maps · conv2 · map 2"
    changed = {**case.picture.activations, "conv2": case.picture.activations["conv2"] + 5}
    maps.show_picture(Picture(8, Attention(), case.picture.raw, case.picture.fitted, 1, case.picture.output, changed))
    shown = large.look()
    assert shown is not None
    assert np.array_equal(shown.values[0], changed["conv2"][1])
    large.close()


def test_a_picture_is_saved(maps: FeatureMapsView, tmp_path: Path) -> None:
    case = lenet()
    maps.set_subject(case.subject)
    maps.show_picture(case.picture)
    maps.ask_path = lambda _parent, name, _kinds: str(tmp_path / name)
    maps.save_picture()
    image = QImage(str(tmp_path / "feature-maps-conv2.png"))
    assert image.width() > 400
    assert image.pixelColor(0, 0) == theme().color("panel")


def test_figures_are_saved(loss: LossView, tmp_path: Path) -> None:
    loss.add_scalars(SCALARS)
    loss.add_epoch(EPOCH)
    loss.ask_path = lambda _parent, name, _kinds: str(tmp_path / name)
    loss.save_table()
    lines = (tmp_path / "loss.csv").read_text().splitlines()
    assert lines[0] == "curve,step,mean,lowest,highest,points"
    assert lines[1] == "training,1,2,2,2,1"
    assert lines[-1] == "validation,60,0.2,0.2,0.2,1"
    assert len(lines) == 62


def test_a_folder_that_cannot_be_written_is_no_end(loss: LossView, tmp_path: Path) -> None:
    loss.add_scalars(SCALARS)
    loss.ask_path = lambda _parent, name, _kinds: str(tmp_path / "gone" / name)
    said: list[str] = []
    loss.said.connect(said.append)
    loss.save_table()
    loss.save_picture()
    assert len(said) == 2
    assert all(f"there is no folder {tmp_path / 'gone'}" in words for words in said)
    assert not list(tmp_path.glob("gone*"))


@pytest.mark.parametrize("name", ["loss.csv", "loss.png"])
def test_what_was_there_outlives_a_full_disk(
    loss: LossView, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    loss.add_scalars(SCALARS)
    path = tmp_path / name
    path.write_text("old")
    loss.ask_path = lambda _parent, _name, _kinds: str(path)
    said: list[str] = []
    loss.said.connect(said.append)
    monkeypatch.setattr("os.fsync", full)
    (loss.save_table if name.endswith("csv") else loss.save_picture)()
    assert "no room left" in said[0]
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_a_kind_of_picture_that_is_not_written_says_so(loss: LossView, tmp_path: Path) -> None:
    loss.add_scalars(SCALARS)
    loss.ask_path = lambda _parent, _name, _kinds: str(tmp_path / "loss.docx")
    said: list[str] = []
    loss.said.connect(said.append)
    loss.save_picture()
    assert said == ["Pictures are not written as DOCX: end the name with .png."]
    assert not list(tmp_path.iterdir())


def test_the_plot_zooms_moves_and_returns(loss: LossView, qtbot: QtBot) -> None:
    loss.add_scalars(SCALARS)
    (plot,) = loss.plots()
    assert plot.extent() == (0.0, 60.0)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.span is not None
    first, last = plot.span
    assert last - first == pytest.approx(42.0)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.span[0] < first
    qtbot.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 100))
    assert plot.span is None


def test_the_plot_says_what_is_under_the_pointer(loss: LossView) -> None:
    loss.add_scalars(SCALARS)
    loss.add_epoch(EPOCH)
    (plot,) = loss.plots()
    area = plot.area()
    words = plot.words_at(area.left() + area.width() * 30 / 60)
    assert words.splitlines() == ["step 30", "training 0.0667", "validation 0.2, step 60"]
    assert area.contains(QPointF(area.center()))


def test_points_too_close_to_be_seen_cost_no_drawing(loss: LossView, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = np.arange(1.0, 100_001.0)
    loss.add_scalars(np.column_stack([steps, 1 / steps, steps]))
    (plot,) = loss.plots()
    drawn: list[float] = []
    real = plot.refresh
    monkeypatch.setattr(plot, "refresh", lambda: (drawn.append(plot.extent()[1]), real()))
    for step in range(100_001, 101_001):
        loss.add_scalars(np.array([[step, 0.1, 0.5]]))
    assert 1 <= len(drawn) <= 20
    plot.span = (10.0, 500.0)
    plot.refresh()
    drawn.clear()
    loss.add_scalars(np.array([[200_000.0, 0.1, 0.5]]))
    assert not drawn


@pytest.mark.parametrize("linear", [False, True])
def test_ticks_tell_values_apart_from_the_first_point_on(
    loss: LossView, monkeypatch: pytest.MonkeyPatch, linear: bool
) -> None:
    loss.axis.choose(int(linear))
    told: list[str] = []
    loss.add_scalars(np.array([[1.0, 2.31, 0.1]]))
    plot = loss.plots()[0]
    monkeypatch.setattr(
        plot, "_measure", replace(plot._measure, show=lambda value: told.append(figure(value)) or told[-1])
    )
    plot.refresh()
    plot.grab()
    assert len(told) == len(set(told)) > 1
    told.clear()
    loss.add_scalars(np.array([[step, 2.31 - step / 100, 0.1] for step in range(2, 100)]))
    plot.grab()
    assert "2" in told  # painted anew: the copy behind the curves has gone
    assert len(told) == len(set(told)) > 1


def test_linear_and_logarithmic(loss: LossView) -> None:
    loss.add_scalars(SCALARS)
    (plot,) = loss.plots()
    assert plot.log
    loss.axis.choose(1)
    assert not plot.log


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (-0.0, "0"), (0.4242, "0.424"), (-1.5, "−1.5"), (12400.0, "12,400"), (3.1e-7, "3.1e−7"),
     (2.5e9, "2.5e9"), (float("nan"), "not a number"), (float("-inf"), "−∞")],
)  # fmt: skip
def test_figures(value: float, words: str) -> None:
    assert figure(value) == words


def test_in_a_narrow_pane_a_shorter_title_leaves_the_name_of_the_layer_whole(
    maps: FeatureMapsView, filters: FiltersView, qapp: QApplication
) -> None:
    case = lenet()
    for view in (maps, filters):
        view.set_subject(replace(case.subject, selection=("conv1",)))
        view.show_picture(case.picture)
        title, controls = view.frame.head.title, view.frame.head.findChildren(QWidget)
        for width in range(180, 420, 20):
            view.resize(width, 200)
            qapp.processEvents()
            assert title.shown in (view.title, f"{view.title} · conv1", f"{view.short} · conv1"), width
            after = [control.x() for control in controls if control is not title and control.isVisible()]
            assert all(x - title.geometry().right() >= 8 for x in after), width
        assert title.shown == f"{view.title} · conv1"


def test_of_a_layer_in_blocks_the_end_of_its_name_is_kept(qtbot: QtBot) -> None:
    title = Text("Feature maps · stage1.0.conv2", bold=True)
    qtbot.addWidget(title)
    title.resize(title.sizeHint().width() - 20, 20)
    assert title.shown.startswith("Feature maps · …")
    assert title.shown.endswith("conv2")


def test_of_several_selected_layers_the_first_is_shown(maps: FeatureMapsView, filters: FiltersView) -> None:
    case = lenet()
    for view in (maps, filters):
        view.set_subject(Subject(case.subject.inference, tuple(case.subject.inference.order)))
    assert maps.node() == "input1"
    assert filters.node() == "conv1"
    maps.set_subject(Subject(case.subject.inference, ("conv1", "output1")))
    assert maps.node() == "conv1"
