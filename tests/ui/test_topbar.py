"""The bar at the top, in windows of any width."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from builder.train.messages import State
from builder.ui import style
from builder.ui.topbar import TopBar


@pytest.mark.parametrize("width", [760, 800, 1100, 1600])
def test_a_long_name_leaves_the_menus_their_room(qtbot: QtBot, qapp: QApplication, width: int) -> None:
    style.apply(qapp)
    bar = TopBar()
    qtbot.addWidget(bar)
    for title in ("File", "Edit", "View", "Run", "Help"):
        bar.menus.addMenu(title)
    name = "A project with a name that somebody thought about for a long time, and then about its second half"
    bar.set_document(name, None, "edited · autosaved")
    bar.set_state(State.PAUSED, stepped=True)
    bar.resize(width, 40)
    bar.show()
    qapp.processEvents()
    assert bar.menus.width() >= bar.menus.sizeHint().width()
    assert all(button.isHidden() for button in bar.menus.findChildren(QToolButton))
    assert bar.theme_button.geometry().right() < bar.width()
