"""Views that stand behind others as tabs, and layouts that were remembered before there were such."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QTabBar
from pytestqt.qtbot import QtBot

from builder.ui.docks import add_dock
from builder.ui.tabs import TabNames, level, share_width, stand_behind, unknown

PATIENCE = 5000  # milliseconds
BEHIND = {"late": "front"}


def window(qtbot: QtBot, *keys: str) -> tuple[QMainWindow, dict[str, QDockWidget]]:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.setDockNestingEnabled(True)
    made.setCentralWidget(QLabel("middle"))
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    docks = {key: add_dock(made, key, key, QLabel(key), area) for key in keys}
    if "late" in docks:
        stand_behind(made, docks, BEHIND)
    return made, docks


def old_layout(qtbot: QtBot, *, hidden: bool) -> QByteArray:
    """A layout of a program that had no "late" yet."""
    made, docks = window(qtbot, "first", "front", "last")
    made.show()
    if hidden:
        docks["front"].hide()
    return made.saveState(1)


def test_the_view_in_front_stays_in_front(qtbot: QtBot) -> None:
    made, docks = window(qtbot, "first", "front", "late", "last")
    made.show()
    assert made.tabifiedDockWidgets(docks["front"]) == [docks["late"]]
    assert not docks["front"].visibleRegion().isEmpty()
    assert docks["late"].visibleRegion().isEmpty()


def test_many_tabs_take_no_room_from_others(qtbot: QtBot) -> None:
    made, docks = window(qtbot, "first", "front", "late", "last")
    docks["late"].setWindowTitle("a name that is as long as three or four others are")
    for key in ("first", "front", "last"):
        content = docks[key].widget()
        assert isinstance(content, QLabel)
        content.setText("as wide as any other")
    row = [docks[key] for key in ("first", "front", "last")]
    share_width(made, row)
    with qtbot.waitExposed(made):
        made.show()
    widths = [dock.width() for dock in row]
    assert max(widths) - min(widths) <= 2, widths


@pytest.mark.parametrize("hidden", [False, True])
def test_an_older_layout_stays_as_it_was(qtbot: QtBot, hidden: bool) -> None:
    state = old_layout(qtbot, hidden=hidden)
    made, docks = window(qtbot, "first", "front", "late", "last")
    assert made.restoreState(state, 1)
    assert unknown(state, docks, BEHIND) == BEHIND
    stand_behind(made, docks, unknown(state, docks, BEHIND))
    made.show()
    assert docks["front"].isHidden() is hidden
    if hidden:
        assert docks["late"].isVisible()
    else:
        assert made.tabifiedDockWidgets(docks["front"]) == [docks["late"]]
        assert docks["late"].visibleRegion().isEmpty()
    assert docks["first"].width() > 200
    assert docks["last"].width() > 200


def test_a_layout_that_knows_the_view_is_left_alone(qtbot: QtBot) -> None:
    before, docks = window(qtbot, "first", "front", "late", "last")
    docks["late"].raise_()
    before.show()
    assert unknown(before.saveState(1), docks, BEHIND) == {}


def test_names_that_do_not_fit_onto_their_tabs_give_way_to_shorter_ones(qtbot: QtBot) -> None:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(900, 400)
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    long, other, alone = (
        add_dock(made, key, key, QLabel(), area)
        for key in ("A name of many words", "Another one of those", "By itself")
    )
    made.tabifyDockWidget(long, other)
    TabNames(made, {long: ("Many",), other: ("",), alone: ("Alone",)})
    made.show()
    (bar,) = made.findChildren(QTabBar)

    def names() -> list[str]:
        return [bar.tabText(place) for place in range(bar.count())]

    qtbot.waitUntil(lambda: names() == ["A name of many words", "Another one of those"], timeout=PATIENCE)
    made.resize(310, 400)
    qtbot.waitUntil(lambda: names() == ["Many", "Another one of those"], timeout=PATIENCE)
    assert alone.windowTitle() == "By itself"  # no tab needs it
    made.resize(900, 400)
    qtbot.waitUntil(lambda: names() == ["A name of many words", "Another one of those"], timeout=PATIENCE)


def test_names_that_are_still_too_long_give_way_to_the_shortest_and_those_scroll(qtbot: QtBot) -> None:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(900, 400)
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    one, other = (add_dock(made, key, key, QLabel(), area) for key in ("One of many words", "Another one of those"))
    made.tabifyDockWidget(one, other)
    TabNames(made, {one: ("Some words", "One"), other: ("Another of those", "Another")})
    made.show()
    (bar,) = made.findChildren(QTabBar)
    modes = Qt.TextElideMode

    def found() -> tuple[list[str], Qt.TextElideMode]:
        return [bar.tabText(place) for place in range(bar.count())], bar.elideMode()

    for width, names, mode in (
        (400, ["One of many words", "Another one of those"], modes.ElideRight),
        (240, ["Some words", "Another of those"], modes.ElideRight),
        (150, ["One", "Another"], modes.ElideRight),
        (90, ["One", "Another"], modes.ElideNone),
        (400, ["One of many words", "Another one of those"], modes.ElideRight),
    ):
        bar.setFixedWidth(width)
        made.resize(width, 400)
        qtbot.waitUntil(partial(lambda wanted: found() == wanted, (names, mode)), timeout=PATIENCE)


@pytest.mark.parametrize(
    ("widths", "needs", "expected"),
    [
        ([220, 160], [180, 150], [220, 160]),  # enough everywhere
        ([220, 200, 160], [170, 190, 200], [180, 190, 200]),  # from those with most to spare
        ([220, 230, 160], [190, 190, 200], [200, 210, 200]),
        ([100, 100], [190, 150], [100, 100]),  # there is not enough
    ],
)
def test_width_is_taken_from_those_that_have_most_to_spare(
    widths: list[int], needs: list[int], expected: list[int]
) -> None:
    made = level(widths, needs)
    assert sum(made) == sum(widths)
    assert all(abs(a - b) <= 10 for a, b in zip(made, expected, strict=True)), made


def test_tabs_without_room_get_some_of_their_neighbours(qtbot: QtBot) -> None:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.setDockNestingEnabled(True)
    made.resize(900, 400)
    area = Qt.DockWidgetArea.BottomDockWidgetArea
    docks = {key: add_dock(made, key, key, QLabel(), area) for key in ("One", "Two", "First name", "Second", "Third")}
    made.tabifyDockWidget(docks["One"], docks["Two"])
    for key in ("Second", "Third"):
        made.tabifyDockWidget(docks["First name"], docks[key])
    TabNames(made, dict.fromkeys(docks.values(), ()))
    made.show()
    wide, narrow = docks["Two"], docks["Third"]
    made.resizeDocks([wide, narrow], [780, 120], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: narrow.width() > 180, timeout=PATIENCE)
    assert wide.width() + narrow.width() > 880
