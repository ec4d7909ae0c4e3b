"""The view of who is taken for whom."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.inspect.picture import Part
from builder.train.messages import EpochEnded, FindMistake, Finished, Prepared, Reason
from builder.ui.views.base import Subject
from builder.ui.views.confusion import MATRIX, MISTAKES, PER_CLASS, ConfusionView
from builder.ui.views.matrix import Confusions, lay_out
from builder.ui.views.sheets import per_class, worst
from tests.contract.view_cases import SCALARS, lenet

NAMES = ("cat", "dog", "a ship, at sea")
COUNTS = np.array([[8, 2, 0], [0, 5, 5], [0, 1, 9]])
EPOCH = EpochEnded(3, 60, 0.1, 0.9, 0.2, 0.85, 1.0, 1000.0, COUNTS)
ENDED = Finished(Reason.COMPLETED, 90, 0.1, 0.9, "", COUNTS.T.copy())


@pytest.fixture
def view(qtbot: QtBot) -> ConfusionView:
    made = ConfusionView()
    qtbot.addWidget(made)
    made.set_subject(replace(lenet().subject, classes=NAMES))
    made.resize(480, 400)
    made.show()
    return made


def centre(view: ConfusionView, true: int, said: int) -> QPointF:
    layout = view.board.matrix.layout_now()
    assert layout is not None
    return layout.cell((true, said)).center()


def test_a_cell_says_in_words_what_it_counts(view: ConfusionView) -> None:
    view.add_epoch(EPOCH)
    assert view.shown is not None
    assert view.shown.words((1, 2)) == "is dog, said a ship, at sea: 5 of 10"
    assert view.shown.words((0, 1)) == "is cat, said dog: 2 of 10"
    assert view.shown.origin == "validation part, epoch 3"


def test_long_names_are_told_on_lines_of_their_own() -> None:
    shown = Confusions(np.array([[3, 1], [0, 5]]), ("something long to be read", "something else"), "test part")
    assert shown.words((0, 1)) == "is something long to be read\nsaid something else\n1 of 4"


def test_a_class_without_samples_says_so() -> None:
    shown = Confusions(np.array([[3, 1], [0, 0]]), ("cat", "dog"), "validation part")
    assert shown.words((1, 0)) == "is dog: no samples"
    assert shown.pixels()[1, 0] == shown.pixels()[1, 1] != shown.pixels()[0, 1]


def test_classes_of_another_data_set_give_no_names(view: ConfusionView) -> None:
    view.set_subject(Subject(lenet().subject.inference, (), ("left", "right")))
    view.add_epoch(EPOCH)
    assert view.shown is not None
    assert view.shown.names == ("0", "1", "2")


def test_a_click_beside_the_diagonal_asks_for_a_sample_of_that_kind(view: ConfusionView, qtbot: QtBot) -> None:
    view.add_epoch(EPOCH)
    with qtbot.waitSignal(view.mistake_asked) as asked:
        qtbot.mouseClick(view.board.matrix, Qt.MouseButton.LeftButton, pos=centre(view, 1, 2).toPoint())
    assert asked.args == [FindMistake(3, 1, 2)]
    for right_or_none in ((1, 1), (2, 0)):
        with qtbot.assertNotEmitted(view.mistake_asked):
            qtbot.mouseClick(view.board.matrix, Qt.MouseButton.LeftButton, pos=centre(view, *right_or_none).toPoint())


def test_the_keys_do_what_the_mouse_does(view: ConfusionView, qtbot: QtBot) -> None:
    view.add_epoch(EPOCH)
    matrix = view.board.matrix
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.accessibleDescription() == "is cat, said dog: 2 of 10"
    with qtbot.waitSignal(view.mistake_asked) as asked:
        qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert asked.args == [FindMistake(3, 0, 1)]
    for _ in range(5):
        qtbot.keyClick(matrix, Qt.Key.Key_Left)
    assert matrix.accessibleDescription() == "is cat, said cat: 8 of 10"


def test_per_class_ends_with_the_mean_however_it_is_sorted(view: ConfusionView) -> None:
    view.add_epoch(EPOCH)
    view.form.choose(PER_CLASS)
    table = view.board.table
    assert table.texts()[0] == ["cat", "100.0 %", "80.0 %", "88.9 %", "10", "dog (2)"]
    assert table.texts()[-1] == ["mean", "75.6 %", "73.3 %", "73.1 %", "30", "73.3 % right"]
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert [row[0] for row in table.texts()] == ["a ship, at sea", "cat", "dog", "mean"]
    view.add_epoch(replace(EPOCH, confusion=COUNTS[::-1, ::-1].copy()))  # the next epoch keeps the order
    assert [row[0] for row in table.texts()] == ["cat", "a ship, at sea", "dog", "mean"]


def test_what_has_no_figures_is_sorted_to_the_end(view: ConfusionView) -> None:
    counts = COUNTS.copy()
    counts[0] = counts[:, 0] = 0
    view.add_epoch(replace(EPOCH, confusion=counts))
    view.form.choose(PER_CLASS)
    table = view.board.table
    assert table.texts()[0] == ["cat", "–", "–", "–", "0", ""]
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        table.sortByColumn(3, order)
        assert [row[0] for row in table.texts()][-2:] == ["cat", "mean"]


def test_a_mistake_in_the_list_leads_to_its_samples(view: ConfusionView, qtbot: QtBot) -> None:
    view.add_epoch(EPOCH)
    view.form.choose(MISTAKES)
    table = view.board.table
    assert [row[:3] for row in table.texts()] == [
        ["dog", "a ship, at sea", "5"],
        ["cat", "dog", "2"],
        ["a ship, at sea", "dog", "1"],
    ]
    with qtbot.waitSignal(view.mistake_asked) as asked:
        table.activated.emit(table.model().index(1, 0))
    assert asked.args == [FindMistake(3, 0, 1)]
    view.form.choose(PER_CLASS)
    with qtbot.waitSignal(view.mistake_asked) as asked:
        table.activated.emit(table.model().index(2, 0))
    assert asked.args == [FindMistake(3, 2)]
    with qtbot.assertNotEmitted(view.mistake_asked):
        table.activated.emit(table.model().index(3, 0))


def test_the_test_part_can_be_chosen_once_it_is_there(view: ConfusionView) -> None:
    view.add_epoch(EPOCH)
    assert view.part.isHidden()
    view.set_finished(ENDED)
    assert view.part.isVisible()
    assert view.shown is not None
    assert view.shown.counts is EPOCH.confusion
    view.part.choose(1)
    assert view.shown.counts is ENDED.confusion
    assert view.shown.origin == "test part"
    view.clear()
    view.add_epoch(EPOCH)
    assert view.part.isHidden()
    assert view.shown.counts is EPOCH.confusion


def test_a_click_asks_for_samples_of_the_part_that_is_shown(view: ConfusionView, qtbot: QtBot) -> None:
    view.add_epoch(EPOCH)
    view.set_finished(ENDED)
    view.part.choose(1)
    with qtbot.waitSignal(view.mistake_asked) as asked:
        view.board.matrix.chosen.emit((1, 0))
    assert asked.args == [FindMistake(-1, 1, 0, Part.TEST)], (
        "the pinned sample is of another part: begin with the worst"
    )
    assert view._subject is not None
    view.set_subject(replace(view._subject, part=Part.TEST))
    with qtbot.waitSignal(view.mistake_asked) as asked:
        view.board.matrix.chosen.emit((1, 0))
    assert asked.args == [FindMistake(3, 1, 0, Part.TEST)]


def test_shares_of_a_few_per_cent_can_be_seen() -> None:
    counts = np.diag([97] * 100)
    counts[0, 1] = 3
    pixels = Confusions(counts, tuple(map(str, range(100))), "test part").pixels()
    few, none = (QColor.fromRgba(int(pixels[0, column])).lightness() for column in (1, 2))
    assert few - none > 40


def test_without_a_validation_part_the_test_part_is_shown(view: ConfusionView) -> None:
    view.add_epoch(replace(EPOCH, validation_loss=None, confusion=None))
    assert "kept back" in view.frame.empty
    view.set_finished(ENDED)
    assert view.shown is not None
    assert view.shown.origin == "test part"


def test_a_network_that_gives_values_has_no_matrix(view: ConfusionView) -> None:
    view.add_epoch(replace(EPOCH, confusion=None))
    assert "tells no classes apart" in view.frame.empty
    assert view.image() is None
    view.clear()
    assert view.frame.empty.startswith("Press Run")
    view.set_prepared(Prepared("cpu", 17, 400, 90, 90, ()))  # before the first epoch has ended, too
    assert "tells no classes apart" in view.frame.empty
    view.set_prepared(Prepared("cpu", 17, 400, 90, 90, ("A", "B")))
    assert view.frame.empty.startswith("Press Run")


def test_while_the_first_epoch_lasts_nobody_is_told_to_press_run(view: ConfusionView) -> None:
    view.clear()
    view.add_scalars(SCALARS)
    assert view.frame.empty == "After the first epoch, this shows which classes the network takes for which."
    view.clear()
    assert view.frame.empty.startswith("Press Run")


def test_the_figures_are_saved_as_they_are_shown(view: ConfusionView, tmp_path: Path) -> None:
    view.add_epoch(EPOCH)
    path = tmp_path / "matrix.csv"
    view.ask_path = lambda *_: str(path)
    view.save_table()
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    assert rows[0] == ["is \\ says", *NAMES]
    assert [[int(value) for value in row[1:]] for row in rows[1:]] == COUNTS.tolist()
    view.form.choose(PER_CLASS)
    view.save_table()
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    assert [row[0] for row in rows] == ["class", *NAMES, "mean"]
    assert float(rows[1][2]) == pytest.approx(0.8)


@pytest.mark.parametrize("form", [MATRIX, PER_CLASS, MISTAKES])
def test_every_form_can_be_copied_and_enlarged(view: ConfusionView, qtbot: QtBot, form: int) -> None:
    view.add_epoch(EPOCH)
    view.form.choose(form)
    view.copy_picture()
    assert not QApplication.clipboard().image().isNull()
    view.enlarge()
    large = view.enlarged
    assert large is not None
    assert large.windowTitle().endswith("validation part, epoch 3")
    assert large.board.bar.height() > 1.4 * view.board.bar.height()
    small, tall = view.board.matrix.layout_now(), large.board.matrix.layout_now()
    if small is not None and tall is not None:
        assert tall.left > 1.4 * small.left
    else:
        assert large.board.table.columnWidth(0) > 1.2 * view.board.table.columnWidth(0)
    view.add_epoch(replace(EPOCH, epoch=4))
    assert large.windowTitle().endswith("validation part, epoch 4")
    with qtbot.waitSignal(view.mistake_asked):
        large.board.matrix.chosen.emit((0, 1)) if form == MATRIX else large.board.table.asked.emit((0, 1))
    large.close()
    qtbot.waitUntil(lambda: view.enlarged is None)


@pytest.mark.parametrize("count", [1, 2, 10, 100, 1000])
@pytest.mark.parametrize("name", ["{}", "a rather long name of class {}"])
@pytest.mark.parametrize("size", [(160, 100), (260, 220), (900, 700)])
def test_all_cells_lie_within_the_panel(count: int, name: str, size: tuple[int, int], qapp: object) -> None:
    layout = lay_out([name.format(number) for number in range(count)], QRectF(0, 0, *size))
    assert QRectF(0, 0, *size).contains(layout.cells)
    assert layout.width >= layout.height > 0
    assert layout.place_at(layout.cell((count - 1, 0)).center()) == (count - 1, 0)
    assert layout.place_at(layout.cells.topLeft() - QPointF(1, 1)) is None


def test_the_sheets_of_a_perfect_network() -> None:
    shown = Confusions(np.diag([3, 4]), ("cat", "dog"), "test part")
    assert worst(shown).rows == ()
    assert [row.text(5) for row in per_class(shown).rows] == ["", ""]


def test_the_bottom_line_tells_the_top_5_accuracy_of_the_part_that_is_shown(view: ConfusionView) -> None:
    six = np.diag(np.arange(1, 7))
    view.add_epoch(replace(EPOCH, confusion=six, validation_top5=0.951))
    view.set_finished(replace(ENDED, confusion=six, test_top5=0.9))
    view.form.show_value(PER_CLASS)
    view.refresh()
    assert view.board.table.texts()[-1][-1] == "100.0 % right, top-5 accuracy 95.1 %"
    assert "100.0 % right, top-5 accuracy 95.1 %" in view.table()
    model = view.board.table.model()
    tip = model.index(model.rowCount() - 1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "five highest scores" in tip
    view.part.show_value(1)
    view.refresh()
    assert view.board.table.texts()[-1][-1] == "100.0 % right, top-5 accuracy 90.0 %"


def test_there_is_no_top_5_accuracy_of_few_classes(view: ConfusionView) -> None:
    view.add_epoch(EPOCH)
    view.form.show_value(PER_CLASS)
    view.refresh()
    assert view.board.table.texts()[-1][-1] == "73.3 % right"
