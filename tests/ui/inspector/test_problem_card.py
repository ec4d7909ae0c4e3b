"""A problem's card in little room."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from builder.graph.problems import Fix, Problem
from builder.ui.inspector.panel import Panel, ProblemCard


def test_a_card_has_a_button_for_every_fix(qtbot: QtBot) -> None:
    fixes = Fix("Set the window to 1×1", ()), Fix("Remove pool5", ())
    card = ProblemCard(Problem("shape-mismatch", "too large.", "pool5", fix=fixes[0], also=fixes[1:]))
    qtbot.addWidget(card)
    assert [button.text() for button in card.buttons] == ["Set the window to 1×1", "Remove pool5"]
    with qtbot.waitSignal(card.fix_asked) as asked:
        card.buttons[1].click()
    assert asked.args == [fixes[1]]


TITLE = "Insert 1×1 convolution to 1×32×32"


def test_a_narrow_card_cuts_no_line_and_tells_its_button_whole(qtbot: QtBot) -> None:
    problem = Problem(
        "shape-mismatch",
        "Add needs inputs of one shape, got 1×32×32 and 8×32×32.",
        "stage1.0.add1",
        hint="Bring them to the same shape, for example with a 1×1 convolution.",
        fix=Fix(TITLE, ()),
    )
    panel = Panel()
    qtbot.addWidget(panel)
    card = ProblemCard(problem)
    panel.column.addWidget(card)
    panel.column.addStretch(1)
    panel.show()
    button = card.buttons[0]

    def fits() -> bool:
        texts = [text for text in card.findChildren(QLabel) if text.wordWrap()]
        return (
            card.mapTo(panel.viewport(), card.rect().topRight()).x() <= panel.viewport().width()
            and card.rect().contains(button.geometry())
            and len(texts) == 2
            and all(text.height() >= text.heightForWidth(text.width()) for text in texts)
        )

    panel.resize(228, 300)
    qtbot.waitUntil(lambda: fits() and button.shown.endswith("…"), timeout=5000)
    assert button.toolTip() == TITLE
    panel.resize(500, 300)
    qtbot.waitUntil(lambda: fits() and button.shown == TITLE, timeout=5000)
    assert button.width() == button.sizeHint().width()
    assert not button.toolTip()
