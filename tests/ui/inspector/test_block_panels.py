"""Blocks in the layer panel: an instance's arguments, a definition's parameters, fields that follow them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from builder.graph.frozen import FrozenDict, freeze
from builder.project.document import Project
from builder.ui.document import Document
from builder.ui.inspector.layer_panel import LayerPanel
from builder.ui.widgets.number import Entry, NumberEdit
from tests.compile.test_network import staged


@pytest.fixture
def document(qtbot) -> Document:
    return Document(Project(network=staged(width=5)))


@pytest.fixture
def panel(document: Document, qtbot) -> Iterator[LayerPanel]:
    made = LayerPanel(document)
    qtbot.addWidget(made)
    made.resize(320, 800)
    made.show()
    yield made
    made.hide()


def typed(entry: Entry, text: str) -> None:
    entry.selectAll()
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, Qt.Key.Key_Return)


def entry_of(panel: LayerPanel, field: str) -> Entry:
    assert panel.form is not None
    editor = panel.form.row(field).editor
    assert isinstance(editor, NumberEdit)
    return editor.entry


def params(document: Document, name: str) -> Any:
    return document.graph.nodes[name].params


def test_an_instance_has_a_form_of_its_own_parameters(document, panel):
    document.select(["stage1"])
    assert panel.form is not None
    assert panel.form.paths() == ("width", "depth")
    assert entry_of(panel, "width").text() == "5"
    typed(entry_of(panel, "depth"), "3")
    assert params(document, "stage1")["arguments"] == freeze({"width": 5, "depth": 3})
    assert "stage1.body.2.conv1" in document.flat.graph.nodes
    typed(entry_of(panel, "depth"), "2")
    assert params(document, "stage1")["arguments"] == freeze({"width": 5})  # the default is not stored
    assert panel.block.uses.text() == "Stage is used in 1 place."
    assert panel.block.inside.texts() == {"widen": "10×8×8", "body": "10×8×8"}
    panel.block.open.click()
    assert document.opened == ("stage1",)


def test_repeating_is_a_number_within_bounds(document, panel):
    document.select(["stage1"])
    editor = panel.block.repeat.editor
    assert isinstance(editor, NumberEdit)
    typed(editor.entry, "2")
    assert params(document, "stage1")["repeat"] == 2
    typed(editor.entry, "0")
    assert panel.block.repeat.error
    assert params(document, "stage1")["repeat"] == 2


def test_a_field_inside_follows_a_parameter(document, panel):
    document.open_block("stage1")
    document.select(["widen"])
    assert panel.form is not None
    assert entry_of(panel, "filters").text() == "=2 * width"
    assert panel.form.row("filters").gives.text() == "2 * width = 10"
    typed(entry_of(panel, "filters"), "=width + 1")
    assert params(document, "widen")["filters"] == freeze({"$": "width + 1"})
    assert document.inference.shape("widen") == (6, 8, 8)
    assert panel.form.row("filters").gives.text() == "width + 1 = 6"
    typed(entry_of(panel, "kernel_size"), "=depth")
    assert document.inference.shape("widen") == (6, 7, 7)
    before = document.value
    typed(entry_of(panel, "filters"), "=breadth")
    assert "breadth" in panel.form.row("filters").error
    assert document.value == before
    typed(entry_of(panel, "filters"), "10")
    assert params(document, "widen")["filters"] == 10
    assert panel.form.row("filters").gives.isHidden()


def test_outside_of_blocks_there_is_nothing_to_follow(document, panel):
    document.select(["linear"])
    typed(entry_of(panel, "features"), "=width")
    assert panel.form is not None
    assert panel.form.row("features").error
    assert params(document, "linear")["features"] == 10


def test_a_definition_is_edited_with_all_that_refers_to_it(document, panel):
    document.open_block("stage1")
    shown = panel.definition
    assert shown.isVisible()
    assert [(name.text(), default.text()) for name, default in shown.parameters] == [("width", "4"), ("depth", "2")]
    typed(shown.parameters[0][0], "breadth")
    assert params(document, "widen")["filters"] == freeze({"$": "2 * breadth"})
    assert document.value.graph.nodes["stage1"].params["arguments"] == freeze({"breadth": 5})
    typed(shown.parameters[1][0], "breadth")
    assert "already" in shown.error.text()
    typed(shown.parameters[1][1], "4")
    assert "stage1.body.3.conv1" in document.flat.graph.nodes
    shown.add_button.click()
    assert [name.text() for name, _ in shown.parameters] == ["breadth", "depth", "channels"]
    typed(shown.name, "Etage")
    assert set(document.value.network.blocks) == {"Etage", "Residual"}
    assert document.value.graph.nodes["stage1"].params["definition"] == "Etage"
    assert document.opened == ("stage1",)
    assert document.flat.errors == ()
    for _ in range(4):
        document.undo.undo()
    assert document.value.network == staged(width=5)


def test_what_a_block_does_can_be_read_where_the_field_is_too_short(document, panel):
    document.open_block("stage1")
    words = "Convolutions one after the other, each with a way around it."
    panel.definition.help.edited.emit(words, False)
    assert panel.definition.help.toolTip() == words


def test_a_block_without_definition_says_so(document, panel):
    network = document.value.network
    document.commit("Lose it", replace(document.value, network=replace(network, blocks=FrozenDict())))
    document.select(["stage1"])
    assert panel.form is None
    assert not panel.block.open.isEnabled()
    assert "no block called Stage" in panel.problems.cards[0].problem.message
