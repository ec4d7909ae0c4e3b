"""What a click on the canvas brings up beside it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt

from builder.project import templates
from builder.ui.inspector.inspector import CODE, DATA, LAYER, TRAINING
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
