"""What a click on the canvas brings up beside it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.project import templates
from builder.ui.inspector.inspector import CODE, DATA, LAYER, TRAINING
from builder.ui.inspector.panel import FixButton
from tests.ui.canvas.hand import Hand
from tests.ui.conftest import MakeWindow, quick


@pytest.mark.parametrize("tab", [DATA, TRAINING])
def test_a_clicked_layer_brings_its_settings_up(make_window: MakeWindow, tab: int) -> None:
    window = make_window(quick(templates.load("lenet5")))
    hand, inspector = Hand(window.canvas), window.inspector
    for name in ("conv1", "conv2", "conv2"):  # also when it is selected already
        inspector.setCurrentIndex(tab)
        hand.click(hand.body(name))
        assert window.document.selection == (name,)
        assert inspector.currentIndex() == LAYER


def test_the_code_stays_since_it_follows_by_itself(make_window: MakeWindow) -> None:
    window = make_window(quick(templates.load("lenet5")))
    hand = Hand(window.canvas)
    window.inspector.setCurrentIndex(CODE)
    hand.click(hand.body("conv1"))
    assert window.inspector.currentIndex() == CODE


def test_no_other_selection_turns_the_page(make_window: MakeWindow) -> None:
    window = make_window(quick(templates.load("lenet5")))
    hand, inspector = Hand(window.canvas), window.inspector
    inspector.setCurrentIndex(DATA)
    window.document.select(["conv1"])
    hand.click(hand.body("conv2"), keys=Qt.KeyboardModifier.ShiftModifier)
    assert set(window.document.selection) == {"conv1", "conv2"}
    area = window.canvas.visible_area()
    hand.click(area.topLeft() + QPointF(4, 4))
    hand.drag(hand.body("conv1"), hand.body("conv1") + QPointF(0, 60))
    window.document.undo.undo()
    assert inspector.currentIndex() == DATA


def test_enter_leads_into_the_form_and_escape_back(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    window.canvas.setFocus()
    window.document.select(["conv1"])
    window.inspector.setCurrentIndex(TRAINING)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    form = window.inspector.layer.form
    assert window.inspector.currentIndex() == LAYER
    assert form is not None
    assert form.row("filters").isAncestorOf(window.focusWidget())
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()
    window.document.select(["tanh1"])  # it has nothing to set
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    assert window.canvas.hasFocus()


def test_enter_on_a_broken_layer_leads_to_what_mends_it_and_enter_mends_it(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5")))
    document = window.document
    document.commit_graph("Remove", edits.remove_nodes(document.graph, ["flatten1"]))
    window.canvas.setFocus()
    document.select(["fc1"])
    window.canvas.zoom_to(2.0)
    window.canvas.reveal("fc1")
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    button = window.focusWidget()
    assert isinstance(button, FixButton)
    assert button.text() == "Insert Flatten"
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert any(node.kind == "Flatten" for node in document.graph.nodes.values())
    assert window.canvas.hasFocus()  # and no field that came next
    assert window.canvas.visible_area().contains(window.canvas.canvas.nodes["fc1"].box())  # it was pushed aside
