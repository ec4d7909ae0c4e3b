"""Panels as docks."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from builder.ui.docks import add_dock
from builder.ui.theme import theme


def test_a_dock_that_floats_has_a_line_around_it(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(600, 400)
    dock = add_dock(window, "panel", "Panel", QLabel("content"), Qt.DockWidgetArea.LeftDockWidgetArea, QLabel("head"))
    window.show()

    def edge() -> bool:
        image = dock.grab().toImage()
        return image.pixelColor(image.width() // 2, image.height() - 1) == theme().color("wire")

    assert not edge()
    dock.topLevelChanged.emit(True)  # the unseen screen has no windows that could be raised
    assert edge()
    height = dock.height()
    window.resize(600, 300)
    qtbot.waitUntil(lambda: dock.height() < height, timeout=5000)
    assert edge()
    dock.topLevelChanged.emit(False)
    assert not edge()
