"""Panels as docks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMainWindow, QToolButton
from pytestqt.qtbot import QtBot

from builder.ui.docks import add_dock, view_action
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


@pytest.mark.parametrize("head", [True, False])
def test_a_dock_that_floats_can_be_closed(qtbot: QtBot, head: bool) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    own = QLabel("head") if head else None
    dock = add_dock(window, "panel", "Panel", QLabel("content"), Qt.DockWidgetArea.LeftDockWidgetArea, own)
    window.show()
    (close,) = dock.titleBarWidget().findChildren(QToolButton)
    titles = [title for title in dock.titleBarWidget().findChildren(QLabel) if title is not own]
    assert close.isHidden()
    assert all(title.isHidden() for title in titles)
    dock.topLevelChanged.emit(True)
    assert close.isVisible()
    assert [title.text() for title in titles if title.isVisible()] == ([] if head else ["Panel"])
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert dock.isHidden()
    assert not dock.toggleViewAction().isChecked()
    dock.topLevelChanged.emit(False)
    assert close.isHidden()


@pytest.mark.parametrize("head", [True, False])
def test_a_dock_that_was_asked_for_can_be_closed_where_it_stands(qtbot: QtBot, head: bool) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    own, area = QLabel("head") if head else None, Qt.DockWidgetArea.BottomDockWidgetArea
    dock = add_dock(window, "panel", "Panel", QLabel("content"), area, own, asked=True)
    window.show()
    (close,) = dock.titleBarWidget().findChildren(QToolButton)
    titles = [title.text() for title in dock.titleBarWidget().findChildren(QLabel) if title.isVisible()]
    assert titles == (["head"] if head else ["Panel"])
    dock.topLevelChanged.emit(True)
    dock.topLevelChanged.emit(False)
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert dock.isHidden()


def test_a_dock_that_floated_last_time_has_a_line_all_around_it(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(600, 400)
    dock = add_dock(window, "panel", "Panel", QLabel("content"), Qt.DockWidgetArea.LeftDockWidgetArea)
    dock.topLevelChanged.emit(True)  # as when a layout is restored, before anything is shown
    window.show()
    image = dock.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() - 1) == theme().color("wire")


def test_a_command_raises_what_is_behind_a_tab_and_hides_only_what_is_seen(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(600, 400)
    area = Qt.DockWidgetArea.LeftDockWidgetArea
    front, behind = (add_dock(window, key, key, QLabel(key), area) for key in ("front", "behind"))
    window.tabifyDockWidget(front, behind)
    front.raise_()

    def show() -> None:
        behind.show()
        behind.raise_()

    action = view_action(behind, show)
    window.show()
    assert not action.isChecked()
    action.trigger()
    assert not behind.isHidden()
    assert front.visibleRegion().isEmpty()
    assert action.isChecked()
    action.trigger()
    assert behind.isHidden()
    assert not action.isChecked()
    action.trigger()
    assert not behind.visibleRegion().isEmpty()
    assert action.isChecked()
    front.raise_()
    assert not action.isChecked()
