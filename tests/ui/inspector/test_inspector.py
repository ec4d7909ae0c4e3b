"""The panels are driven by keys and mouse, and all they do goes through the document."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

import builder.layers  # noqa: F401  (registers all layers)
from builder.graph import edits
from builder.graph.comments import add_comments
from builder.graph.model import Comment, Edge, Graph, Network, Node, Point
from builder.graph.problems import Problem
from builder.project.document import Project
from builder.train.messages import Prepared
from builder.ui.document import Document
from builder.ui.inspector.inspector import TRAINING, Inspector
from builder.ui.inspector.problems_panel import ProblemsPanel
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.number import NumberEdit
from builder.ui.widgets.toggle import Toggle

LAYERS = (
    Node("input", "Input", {"shape": [1, 32, 32]}),
    Node("conv1", "Conv2d", {"filters": 6, "kernel_size": 5}),
    Node("tanh1", "Tanh"),
    Node("pool1", "AvgPool2d"),
    Node("flatten", "Flatten"),
    Node("fc1", "Linear", {"features": 10}),
    Node("output", "Output"),
)


def network(*nodes: Node) -> Network:
    return Network(Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)]))


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(Project("LeNet", network(*LAYERS)))


@pytest.fixture
def inspector(qtbot: QtBot, document: Document) -> Inspector:
    shown = Inspector(document)
    qtbot.addWidget(shown)
    shown.resize(340, 900)
    shown.show()
    return shown


def number(inspector: Inspector, path: str) -> NumberEdit:
    assert inspector.layer.form is not None
    editor = inspector.layer.form.row(path).editor
    assert isinstance(editor, NumberEdit)
    return editor


def type_in(editor: NumberEdit, text: str) -> None:
    editor.entry.setFocus()
    editor.entry.selectAll()
    QTest.keyClicks(editor.entry, text)
    QTest.keyClick(editor.entry, Qt.Key.Key_Return)


def test_a_typed_value_is_stored_shown_and_undone(inspector: Inspector, document: Document) -> None:
    document.select(["conv1"])
    type_in(number(inspector, "kernel_size"), "3x5")
    assert document.graph.nodes["conv1"].params == {"filters": 6, "kernel_size": (3, 5)}
    assert number(inspector, "kernel_size").entry.text() == "3 × 5"
    document.undo.undo()
    assert number(inspector, "kernel_size").entry.text() == "5 × 5"
    assert document.graph.nodes["conv1"] == LAYERS[1]


def test_a_value_set_back_to_its_default_is_not_stored(inspector: Inspector, document: Document) -> None:
    document.select(["conv1"])
    type_in(number(inspector, "filters"), "16")
    assert document.graph.nodes["conv1"].params == {"kernel_size": 5}


def test_a_drag_previews_live_and_is_one_undo(inspector: Inspector, document: Document) -> None:
    document.select(["conv1"])
    slider = number(inspector, "filters").slider
    assert slider is not None
    seen: list[object] = []
    document.changed.connect(lambda _old, new: seen.append(new.graph.nodes["conv1"].params.get("filters")))
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, middle))
    for x in range(slider.width() // 2, slider.width() - 8, 6):
        QTest.mouseMove(slider, QPoint(x, middle))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 8, middle))
    assert len(seen) > 3
    assert document.undo.count() == 1
    type_in(number(inspector, "stride"), "2")
    assert document.undo.count() == 2
    document.undo.undo()
    document.undo.undo()
    assert document.graph.nodes["conv1"] == LAYERS[1]


def test_a_second_drag_is_a_second_undo(inspector: Inspector, document: Document) -> None:
    document.select(["conv1"])
    slider = number(inspector, "filters").slider
    assert slider is not None
    for x in (20, slider.width() - 20):
        QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(x, slider.height() // 2))
    assert document.undo.count() == 2


def test_a_refused_value_stays_in_its_field_and_out_of_the_document(inspector: Inspector, document: Document) -> None:
    document.select(["conv1"])
    before = document.value
    type_in(number(inspector, "kernel_size"), "0")
    assert inspector.layer.form is not None
    row = inspector.layer.form.row("kernel_size")
    assert "at least 1" in row.error
    assert number(inspector, "kernel_size").entry.text() == "0"
    assert document.value is before
    type_in(number(inspector, "filters"), "8")  # another field: the refused text stays
    assert number(inspector, "kernel_size").entry.text() == "0"
    assert row.error
    type_in(number(inspector, "kernel_size"), "5")
    assert not row.error
    assert number(inspector, "kernel_size").entry.text() == "5 × 5"


def test_undo_leaves_the_focus_where_it_is(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    document.select(["conv1"])
    inspector.activateWindow()
    editor = number(inspector, "filters")
    type_in(editor, "8")
    editor.entry.setFocus()
    document.undo.undo()
    assert editor is number(inspector, "filters")
    assert editor.entry.text() == "6"
    assert inspector.focusWidget() is editor.entry


def test_a_switch_is_stored(inspector: Inspector, document: Document) -> None:
    document.select(["conv1"])
    assert inspector.layer.form is not None
    toggle = inspector.layer.form.row("bias").editor
    assert isinstance(toggle, Toggle)
    QTest.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert document.graph.nodes["conv1"].params["bias"] is False


def test_arithmetic_follows_the_edit(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    document.select(["conv1"])
    assert inspector.layer.flow.text() == "1×32×32 → 6×28×28"
    qtbot.waitUntil(lambda: "Parameters" in inspector.layer.arithmetic)  # made behind the selection
    assert "156" in inspector.layer.arithmetic["Parameters"].text()
    type_in(number(inspector, "filters"), "8")
    assert inspector.layer.flow.text() == "1×32×32 → 8×28×28"
    assert "208" in inspector.layer.arithmetic["Parameters"].text()  # in the very edit: the boxes are there
    document.select(["pool1"])
    qtbot.waitUntil(lambda: "6 × 6 pixels, 2 pixels apart" in inspector.layer.field_text.text())


def test_a_layer_is_renamed_in_place(inspector: Inspector, document: Document) -> None:
    document.commit_graph("Note", add_comments(document.graph, [Comment("Note", Point(0, -90), 160, 48)]))
    document.select(["conv1"], ["comment1"])
    entry = inspector.layer.header.name
    entry.selectAll()
    QTest.keyClicks(entry, "first")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert "first" in document.graph.nodes
    assert (document.selection, document.chosen_comments) == (("first",), ("comment1",))
    assert document.undo.undoText() == "Rename conv1 to first"
    assert entry.text() == "first"
    entry.selectAll()
    QTest.keyClicks(entry, "fc1")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert "already a layer called fc1" in inspector.layer.header.error.text()
    assert "first" in document.graph.nodes


def test_the_offered_fix_is_taken_by_mouse(inspector: Inspector, document: Document) -> None:
    document.commit_graph("Remove", edits.remove_nodes(document.graph, ["flatten"]))
    document.select(["fc1"])
    card = inspector.layer.problems.cards[0]
    assert [button.text() for button in card.buttons] == ["Insert Flatten"]
    QTest.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert not document.inference.errors
    assert not inspector.layer.problems.cards


def test_bad_parameters_from_a_file_are_shown_and_can_be_mended(inspector: Inspector, document: Document) -> None:
    graph = edits.set_params(document.graph, "conv1", {"filters": -4, "kernel_size": 5})
    document.commit_graph("Load", graph)
    document.select(["conv1"])
    assert number(inspector, "filters").entry.text() == "-4"
    assert inspector.layer.form is not None
    assert "at least 1" in inspector.layer.form.row("filters").error
    type_in(number(inspector, "stride"), "2")  # another field can be edited meanwhile
    assert document.graph.nodes["conv1"].params["filters"] == -4
    type_in(number(inspector, "filters"), "4")
    assert not document.inference.nodes["conv1"].problems


def test_an_unknown_kind_is_explained(inspector: Inspector, document: Document) -> None:
    document.commit_graph("Add", edits.add_node(document.graph, Node("odd", "Teleport", {"x": 1})))
    document.select(["odd"])
    assert inspector.layer.form is None
    assert inspector.layer.problems.cards


def test_without_a_selection_the_network_is_summed_up(inspector: Inspector, document: Document) -> None:
    document.select([])
    inspector.layer.summary._show()
    words = inspector.layer.summary.figures.texts()
    assert words["Parameters"] == f"{156 + 11770:,}"
    document.select(["conv1", "fc1"])
    inspector.layer.summary._show()
    assert inspector.layer.summary.title.text() == "2 layers selected"


def test_a_data_setting_is_committed_and_fields_that_do_not_apply_go(inspector: Inspector, document: Document) -> None:
    inspector.setCurrentWidget(inspector.data)
    form = inspector.data.form
    assert form.row("noise").isHidden()
    assert not form.row("fit").isHidden()
    choice = form.row("dataset").editor
    assert isinstance(choice, Choice)
    choice.setCurrentIndex(list(choice.values()).index("moons"))
    choice.activated.emit(choice.currentIndex())
    assert document.value.data.dataset == "moons"
    assert not form.row("noise").isHidden()
    assert form.row("fit").isHidden()


def test_samples_are_drawn_and_forgotten_with_their_data_set(inspector: Inspector, document: Document) -> None:
    inspector.setCurrentWidget(inspector.data)
    raw = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    inspector.show_samples([(raw, 3), (raw, 1)])
    assert inspector.data.samples.isVisible()
    assert inspector.data.samples.accessibleDescription() == "2 pictures"
    document.commit("Change", replace(document.value, data=document.value.data.changed(dataset="moons")))
    assert not inspector.data.samples.isVisible()


def test_the_learning_rate_can_be_typed(inspector: Inspector, document: Document) -> None:
    inspector.setCurrentWidget(inspector.training)
    editor = inspector.training.form.row("optimizer.learning_rate").editor
    assert isinstance(editor, NumberEdit)
    type_in(editor, "0.2")
    assert document.value.training.optimizer.learning_rate == 0.2


def test_another_optimiser_brings_its_own_fields(inspector: Inspector, document: Document) -> None:
    form = inspector.training.form
    choice = form.row("optimizer").editor
    assert isinstance(choice, Choice)
    choice.setCurrentIndex(list(choice.values()).index("adam"))
    choice.activated.emit(choice.currentIndex())
    assert document.value.training.optimizer.kind == "adam"
    assert "optimizer.beta1" in form.paths()
    document.undo.undo()
    assert "optimizer.momentum" in form.paths()


def test_steps_are_summed_up_once_the_data_is_known(inspector: Inspector) -> None:
    inspector.set_prepared(Prepared("cpu", 61706, 1269, 269, 270, ("0", "1")))
    assert "1,269 samples / 64⌉ = 20 steps an epoch" in inspector.training.steps_text.text()


def test_a_panel_that_is_looked_at_late_knows_what_was_told_before(inspector: Inspector) -> None:
    inspector.set_prepared(Prepared("cpu", 61706, 1269, 269, 270, ("0", "1")))
    inspector.show_samples([(np.zeros((1, 8, 8), dtype=np.uint8), 3)] * 2)
    inspector.set_problems([Problem("x", "it is far too much.", where="data.limit")])
    inspector.show_progress("Reading the digits", 0.5)
    assert {"data", "training", "code"}.isdisjoint(vars(inspector))  # none is made yet
    for place in range(1, inspector.count()):
        inspector.setCurrentIndex(place)
        assert inspector.currentIndex() == place
    assert inspector.widget(1) is inspector.data
    assert inspector.data.samples.accessibleDescription() == "2 pictures"
    assert inspector.data.form.row("limit").error == "It is far too much."
    assert inspector.data.progress() == "Reading the digits"
    assert inspector.widget(3) is inspector.code
    assert inspector.code.isVisible()


def test_a_panel_that_is_looked_at_late_shows_nothing_of_another_data_set(
    inspector: Inspector, document: Document
) -> None:
    inspector.show_samples([(np.zeros((1, 8, 8), dtype=np.uint8), 3)])
    document.commit("Change", replace(document.value, data=document.value.data.changed(dataset="moons")))
    inspector.setCurrentWidget(inspector.data)
    assert not inspector.data.samples.isVisible()


def test_the_code_follows_and_marks_the_selected_layer(inspector: Inspector, document: Document, qtbot: QtBot) -> None:
    inspector.setCurrentWidget(inspector.code)
    view = inspector.code.view
    qtbot.waitUntil(lambda: "nn.Conv2d(1, 6" in view.toPlainText())
    document.select(["conv1"])
    qtbot.waitUntil(lambda: len(view.marked) == 2)
    lines = view.toPlainText().split("\n")
    assert all("conv1" in lines[line - 1] for line in view.marked)
    document.commit_graph("Edit", edits.set_params(document.graph, "conv1", {"filters": 9, "kernel_size": 5}))
    qtbot.waitUntil(lambda: "nn.Conv2d(1, 9" in view.toPlainText())
    document.commit_graph("Remove", edits.remove_nodes(document.graph, ["tanh1", "pool1"]))
    qtbot.waitUntil(lambda: "AvgPool2d" not in view.toPlainText())
    assert inspector.code.source is not None
    assert view.toPlainText() == inspector.code.source.text.rstrip("\n")
    QTest.mouseClick(inspector.code.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == inspector.code.source.text


def test_the_last_good_code_stays_while_something_is_wrong(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    inspector.setCurrentWidget(inspector.code)
    view = inspector.code.view
    qtbot.waitUntil(lambda: "nn.Conv2d" in view.toPlainText())
    text = view.toPlainText()
    document.commit_graph("Remove", edits.remove_nodes(document.graph, ["flatten"]))
    qtbot.waitUntil(lambda: view.stale)
    assert view.toPlainText() == text
    assert inspector.code.problems.cards[0].problem.where == "fc1"
    document.undo.undo()
    qtbot.waitUntil(lambda: not view.stale)


def test_a_problem_leads_to_its_layer_or_setting(qtbot: QtBot, document: Document, inspector: Inspector) -> None:
    panel = ProblemsPanel(document)
    qtbot.addWidget(panel)
    panel.resize(320, 300)
    panel.show()
    panel.setting_activated.connect(inspector.show_setting)
    panel.set_problems([Problem("a", "it is odd.", "conv1"), Problem("b", "it is far too much.", "data.limit")])
    QTest.mouseClick(panel.list.cards[0], Qt.MouseButton.LeftButton)
    assert document.selection == ("conv1",)
    panel.list.cards[1].setFocus()
    QTest.keyClick(panel.list.cards[1], Qt.Key.Key_Return)
    assert inspector.currentWidget() is inspector.data
    limit = inspector.data.form.row("limit")
    assert limit.isVisible()
    panel.set_problems([])
    assert not panel.list.cards


def test_a_problem_of_a_setting_stands_beside_its_field(inspector: Inspector) -> None:
    inspector.set_problems([Problem("b", "it is far too much.", "data.limit")])
    assert inspector.data.form.row("limit").error == "It is far too much."
    inspector.set_problems([])
    assert not inspector.data.form.row("limit").error


def test_a_panel_that_comes_up_takes_the_keys_of_the_one_before(inspector: Inspector, qtbot: QtBot) -> None:
    elsewhere = QLineEdit()
    frame = QWidget()
    column = QVBoxLayout(frame)
    column.addWidget(inspector)
    column.addWidget(elsewhere)
    qtbot.addWidget(frame)
    with qtbot.waitActive(frame):
        frame.show()
    inspector.setCurrentWidget(inspector.data)
    chosen = inspector.data.findChild(Choice)
    assert chosen is not None
    chosen.setFocus()
    inspector.setCurrentIndex(TRAINING)
    assert inspector.training.isVisible()
    assert not elsewhere.hasFocus()
    inspector.setParent(None)
