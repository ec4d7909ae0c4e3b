"""The analysis table: what it shows, how it follows the document, and what one can do with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from builder.compile.analysis import analyse
from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.table import make_table
from builder.graph import edits
from builder.graph.model import Graph, Network
from builder.project import templates
from builder.project.document import Project
from builder.ui.document import Document
from builder.ui.table.model import COLUMNS, SHARE, TableModel
from builder.ui.table.panel import AnalysisPanel
from builder.ui.theme import theme

TITLES = [column.title for column in COLUMNS]


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(templates.load("lenet5"))


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> AnalysisPanel:
    made = AnalysisPanel(document)
    document.setParent(made)
    qtbot.addWidget(made)
    made.resize(1100, 400)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(lambda: made.model.table is not None)
    return made


def cell(model: TableModel, name: str, title: str) -> QModelIndex:
    index = model.index_of(name) if name else model.index(0, 0)
    return index.siblingAtColumn(TITLES.index(title))


def told(panel: AnalysisPanel, name: str, title: str) -> str:
    return str(cell(panel.model, name, title).data())


def order(panel: AnalysisPanel) -> list[str]:
    return [str(panel.model.index(row, 0).data()) for row in range(1, panel.model.rowCount())]


def test_every_layer_has_its_figures(panel: AnalysisPanel, document: Document) -> None:
    analysis = analyse(make_plan(document.flat))
    assert order(panel) == [layer.name for layer in analysis.layers]
    assert told(panel, "", "Weights") == "61,470"
    assert told(panel, "", "Trainable") == "61,706"
    assert told(panel, "conv2", "Output") == "16×10×10"
    assert told(panel, "conv2", "Multiply-adds") == "240,000"
    assert told(panel, "conv2", "Sees") == "14×14"
    assert told(panel, "fc2", "Sees") == "–"
    assert cell(panel.model, "conv3", "Weights").data(SHARE) == pytest.approx(48_000 / 61_470)
    assert cell(panel.model, "conv3", "Neurons").data(SHARE) is None


def test_a_frozen_layer_is_marked(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    params = {**document.graph.nodes["conv1"].params, "trainable": False}
    document.commit_graph("Freeze conv1", edits.set_params(document.graph, "conv1", params))
    qtbot.waitUntil(lambda: told(panel, "conv1", "Trainable") == "frozen")
    assert told(panel, "tanh1", "Trainable") == "–"
    assert told(panel, "", "Trainable") == "61,550"


def test_memory_follows_batch_and_type(panel: AnalysisPanel, qtbot: QtBot) -> None:
    assert told(panel, "conv1", "Memory") == "19 kB"
    panel.batch.setValue(64)
    qtbot.waitUntil(lambda: told(panel, "conv1", "Memory") == "1.2 MB")
    panel.number.setCurrentText("float64")
    qtbot.waitUntil(lambda: told(panel, "conv1", "Memory") == "2.4 MB")


def test_it_follows_an_edit_and_undo(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    changed = edits.set_params(document.graph, "fc1", {"features": 100})
    document.commit_graph("Change fc1", changed)
    qtbot.waitUntil(lambda: told(panel, "fc1", "Output") == "100")
    document.undo.undo()
    qtbot.waitUntil(lambda: told(panel, "fc1", "Output") == "84")
    document.commit_graph("Delete", edits.remove_nodes(document.graph, ["tanh1"]))
    qtbot.waitUntil(lambda: "tanh1" not in order(panel))


def test_hidden_it_works_out_nothing_and_shown_again_it_is_up_to_date(
    panel: AnalysisPanel, document: Document, qtbot: QtBot
) -> None:
    panel.hide()
    before = panel.model.table
    document.commit_graph("Change fc1", edits.set_params(document.graph, "fc1", {"features": 100}))
    qtbot.wait(0)
    assert panel.model.table is before
    panel.show()
    qtbot.waitUntil(lambda: told(panel, "fc1", "Output") == "100")


def test_sorting_keeps_the_totals_on_top(panel: AnalysisPanel) -> None:
    first = order(panel)
    panel.view.sortByColumn(TITLES.index("Weights"), Qt.SortOrder.DescendingOrder)
    assert order(panel)[:2] == ["conv3", "fc1"]
    assert panel.model.index(0, 0).data() == "Whole network"
    panel.view.sortByColumn(TITLES.index("Weights"), Qt.SortOrder.AscendingOrder)
    assert order(panel)[-1] == "conv3"
    panel.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert order(panel) == first


def test_a_click_on_a_title_puts_the_largest_figures_first_and_names_in_their_order(
    panel: AnalysisPanel, qtbot: QtBot
) -> None:
    header = panel.view.header()

    def click(title: str) -> None:
        column = TITLES.index(title)
        place = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click("Weights")
    assert order(panel)[:2] == ["conv3", "fc1"]
    click("Layer")
    assert order(panel) == sorted(order(panel))


def test_a_sorted_table_stays_sorted_when_figures_change(
    panel: AnalysisPanel, document: Document, qtbot: QtBot
) -> None:
    panel.view.sortByColumn(TITLES.index("Weights"), Qt.SortOrder.DescendingOrder)
    document.select(["fc1"])
    document.commit_graph("Change fc1", edits.set_params(document.graph, "fc1", {"features": 2000}))
    qtbot.waitUntil(lambda: order(panel)[0] == "fc1")
    rows = panel.view.selectionModel().selectedRows()
    assert [index.data() for index in rows] == ["fc1"]


def test_a_row_selects_its_layer_and_a_layer_its_row(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    panel.view.setCurrentIndex(panel.model.index_of("conv2"))
    assert document.selection == ("conv2",)
    document.select(["fc1", "fc2"])

    def rows() -> list[str]:
        return sorted(str(index.data()) for index in panel.view.selectionModel().selectedRows())

    qtbot.waitUntil(lambda: rows() == ["fc1", "fc2"])
    assert document.selection == ("fc1", "fc2")
    document.select([])
    qtbot.waitUntil(lambda: rows() == [])


def test_blocks_fold_and_stay_open_when_the_network_changes(
    panel: AnalysisPanel, document: Document, qtbot: QtBot
) -> None:
    document.open(templates.load("resnet18"), None)
    qtbot.waitUntil(lambda: "stage1" in order(panel))
    block = panel.model.index_of("stage1")
    assert panel.model.rowCount(block) > 0
    assert not panel.view.isExpanded(block)
    panel.view.expand(block)
    document.commit_graph("Delete", edits.remove_nodes(document.graph, ["relu1"]))
    qtbot.waitUntil(lambda: "relu1" not in order(panel))
    assert panel.view.isExpanded(panel.model.index_of("stage1"))
    inner = panel.model.index(0, 0, panel.model.index_of("stage1"))
    assert panel.model.parent(inner) == panel.model.index_of("stage1")
    panel.view.setCurrentIndex(panel.model.index_of("stage2"))
    assert document.selection == ("stage2",)


def test_a_layer_inside_a_block_is_gone_to(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    document.open(templates.load("resnet18"), None)
    qtbot.waitUntil(lambda: "stage1" in order(panel))
    assert panel.model.table is not None
    deep = next(row.name for row in panel.model.table.layers() if row.name.startswith("stage2."))
    panel.view.setCurrentIndex(panel.model.index_of(deep))
    path, _, name = deep.rpartition(".")
    assert (".".join(document.opened), document.selection) == (path, (name,))


def test_while_something_is_wrong_words_stand_there(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    document.commit_graph("Change conv1", edits.set_params(document.graph, "conv1", {"filters": 0}))
    qtbot.waitUntil(lambda: "nothing is wrong" in panel.frame.empty)
    document.undo.undo()
    qtbot.waitUntil(lambda: not panel.frame.empty)
    document.open(Project(network=Network(Graph())), None)
    qtbot.waitUntil(lambda: "nothing to count" in panel.frame.empty)


def test_the_table_can_be_copied_and_saved(panel: AnalysisPanel, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.said):
        panel.copy()
    text = QGuiApplication.clipboard().text()
    assert text.splitlines()[0].startswith("name,kind,output_shape")
    assert len(text.splitlines()) == len(order(panel)) + 2
    panel.ask_path = lambda _parent, _name, _kinds: str(tmp_path / "table.csv")
    with qtbot.waitSignal(panel.said):
        panel.save()
    assert (tmp_path / "table.csv").read_text("utf-8") == text


def test_both_themes_paint_it(panel: AnalysisPanel) -> None:
    wish = theme().wish

    def colours() -> set[str]:
        image = panel.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        return {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}

    try:
        theme().choose("dark")
        dark = colours()
        theme().choose("light")
        light = colours()
    finally:
        theme().choose(wish)
    assert len(dark) > 20
    assert len(light) > 20
    assert dark != light


def test_no_name_or_figure_is_cut(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    def wide_enough(name: str, title: str) -> bool:
        column = TITLES.index(title)
        need = panel.view.fontMetrics().horizontalAdvance(told(panel, name, title))
        return panel.view.columnWidth(column) > need + (16 if column == 0 else 0)

    long = "a_convolution_with_a_name_that_is_really_long"
    document.commit_graph("Rename", edits.rename(document.graph, "conv1", long))
    qtbot.waitUntil(lambda: panel.model.index_of(long).isValid())
    assert wide_enough(long, "Layer")
    document.commit_graph("Widen", edits.set_params(document.graph, "fc1", {"features": 10**12}))
    qtbot.waitUntil(lambda: told(panel, "fc1", "Biases") == f"{10**12:,}")
    assert wide_enough("fc1", "Weights")
    panel.view.setColumnWidth(0, 40)  # as by hand: from now on the widths are the user's
    document.commit_graph("Rename", edits.rename(document.graph, long, f"{long}_still"))
    qtbot.waitUntil(lambda: panel.model.index_of(f"{long}_still").isValid())
    assert panel.view.columnWidth(0) == 40


def test_a_frozen_layer_says_so() -> None:
    column = COLUMNS[TITLES.index("Trainable")]
    row = make_table(analyse(make_plan(infer(templates.load("lenet5").graph)))).children[0]
    assert column.text(row) == "156"
    assert column.text(replace(row, trainable=0)) == "frozen"
    assert column.text(replace(row, trainable=0, weights=0, biases=0)) == "–"


def test_a_row_of_any_copy_of_a_block_is_found(qtbot: QtBot) -> None:
    document = Document(templates.load("vgg16"))
    panel = AnalysisPanel(document)
    document.setParent(panel)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: panel.model.table is not None)
    panel.view.setCurrentIndex(panel.model.index_of("conv3.1.conv"))
    assert document.opened == ("conv3.1",)
    assert document.selection == ("conv",)
    document.next_copy(1)
    selection = panel.view.selectionModel()
    qtbot.waitUntil(lambda: selection.selectedRows() == [panel.model.index_of("conv3.2.conv")])


def test_the_selected_row_stays_in_sight_when_the_panel_gets_another_size(
    panel: AnalysisPanel, document: Document, qtbot: QtBot
) -> None:
    document.select(["fc2"])
    index = panel.model.index_of("fc2")

    def seen() -> bool:
        return panel.view.viewport().rect().contains(panel.view.visualRect(index).center())

    qtbot.waitUntil(seen)
    for height in (130, 220, 150):
        panel.view.verticalScrollBar().setValue(0)
        panel.resize(1100, height)
        qtbot.waitUntil(seen)


def test_the_table_is_read_from_the_back_row(panel: AnalysisPanel, document: Document, qtbot: QtBot) -> None:
    panel.batch.setValue(32)
    panel.enlarge()
    assert panel.large is not None
    (large,) = panel.large.findChildren(AnalysisPanel)
    qtbot.waitUntil(lambda: large.model.table is not None)
    assert large.batch.value() == 32
    assert large.view.viewport().height() > panel.view.viewport().height()
    zoomed = AnalysisPanel(document, zoom=1.5)
    option = QStyleOptionViewItem()
    for shown, high in ((panel, 24), (zoomed, 36)):
        shown.model.show_table(large.model.table)
        assert shown.view.itemDelegate().sizeHint(option, shown.model.index(1, 0)).height() == high
    zoomed.deleteLater()
    large.view.setCurrentIndex(cell(large.model, "conv2", "Layer"))
    assert document.selection == ("conv2",)
    panel.large.close()
