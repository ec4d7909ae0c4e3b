"""The generator of networks: what its form says is what is opened, as a project of its own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.ui.document import Document
from builder.ui.pattern_dialog import PatternDialog
from builder.ui.widgets.number import NumberEdit
from builder.ui.widgets.toggle import Toggle


@pytest.fixture
def document(qtbot) -> Document:
    return Document(templates.load("lenet5"))


@pytest.fixture
def dialog(document: Document, qtbot) -> PatternDialog:
    def adopt(project: Project) -> bool:
        document.open(project, None, clean=False)
        return True

    made = PatternDialog(document, adopt)
    qtbot.addWidget(made)
    made.open()
    return made


def typed(dialog: PatternDialog, field: str, text: str) -> None:
    editor = dialog.form.row(field).editor
    assert isinstance(editor, NumberEdit)
    editor.entry.selectAll()
    QTest.keyClicks(editor.entry, text)
    QTest.keyClick(editor.entry, Qt.Key.Key_Return)


def test_it_makes_what_it_says(document, dialog):
    before = document.value
    typed(dialog, "convolutions", "1")
    typed(dialog, "stages", "3")
    toggle = dialog.form.row("blocks").editor
    assert isinstance(toggle, Toggle)
    toggle.click()
    figures = dialog.figures.texts()
    dialog.create_button.click()
    assert [name for name in document.graph.nodes if name.startswith("stage")] == ["stage1", "stage2", "stage3"]
    assert f"{len(document.flat.nodes):,}" == figures["Layers"]
    assert document.flat.shape("output") == (10,)
    assert document.flat.graph.nodes["input"].params["shape"] == (1, 32, 32)
    assert (document.value.data, document.value.training) == (before.data, before.training)
    assert (document.value.name, document.value.notes, document.path) == ("Untitled", "", None)


def test_who_keeps_the_old_network_is_back_at_the_form(document, qtbot):
    before = document.value
    dialog = PatternDialog(document, lambda _project: False)
    qtbot.addWidget(dialog)
    dialog.open()
    dialog.create_button.click()
    assert dialog.isVisible()
    assert document.value is before


def test_weights_of_the_old_network_do_not_come_along(document, dialog):
    document.commit("Weights", set_setting(document.value, "training.weights", "old.safetensors"))
    dialog.create_button.click()
    assert document.value.training.weights == ""


def test_a_pattern_that_does_not_fit_is_not_made(document, dialog):
    typed(dialog, "stages", "8")
    assert not dialog.create_button.isEnabled()
    assert dialog.error.text()
    before = document.value
    dialog.accept()
    assert document.value is before
    typed(dialog, "stages", "2")
    assert dialog.create_button.isEnabled()


def test_a_number_out_of_bounds_stays_in_its_field(dialog):
    typed(dialog, "convolutions", "9")
    assert dialog.form.row("convolutions").error
    assert dialog.pattern.convolutions == 2
