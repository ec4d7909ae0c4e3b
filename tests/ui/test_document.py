"""The open document when an edit fails: nothing has changed, and the undo stack is sound."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtWidgets import QApplication

from builder.graph.edits import move
from builder.graph.model import Point
from builder.project import templates
from builder.ui import document as module
from builder.ui.document import Document


def test_an_edit_that_fails_leaves_the_document_and_its_undo_stack_as_they_were(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Document(templates.load("lenet5"))
    first = document.value
    document.commit_graph("move", move(document.graph, {"conv1": Point(4, 4)}))
    moved, known = document.value, document.known

    def fails(*_arguments: object) -> None:
        raise RuntimeError("no shapes today")

    with monkeypatch.context() as patch:
        patch.setattr(module, "infer_network", fails)
        with pytest.raises(RuntimeError, match="no shapes today"):
            document.commit_graph("move", move(document.graph, {"conv1": Point(8, 8)}))
    gc.collect()
    assert (document.value, document.known) == (moved, known)
    assert document.undo.count() == 1
    document.undo.undo()
    assert document.value is first
    document.open(templates.load("two-stage"), None)
    assert document.undo.count() == 0
