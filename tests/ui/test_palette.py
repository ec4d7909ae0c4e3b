"""The list of layers: search, keyboard, and what a drag carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from builder.layers.registry import kinds, offered
from builder.ui.palette import KEPT_BLOCK, MIME, Palette, dragged_kind, layer_data

KIND = Qt.ItemDataRole.UserRole


@pytest.fixture
def palette(qtbot: QtBot) -> Iterator[Palette]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(190, 500)
    made = Palette(window)
    made.resize(window.size())
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield made
    window.close()


def rows(palette: Palette) -> list[str]:
    """The kinds shown, from top to bottom."""
    items = (palette.list.item(i) for i in range(palette.list.count()))
    return [item.data(KIND) for item in items if item.data(KIND)]


def test_every_layer_is_listed_once_under_its_category(palette: Palette) -> None:
    assert sorted(rows(palette)) == sorted(layer.kind() for layer in offered())
    heading = ""
    for index in range(palette.list.count()):
        item = palette.list.item(index)
        kind = item.data(KIND)
        if kind:
            assert kinds()[kind].category.value == heading
            assert kinds()[kind].help() in item.toolTip()
        else:
            heading = item.text()
            assert not item.flags() & Qt.ItemFlag.ItemIsSelectable


def test_typing_and_enter_take_the_best_match(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search_field, "rectifier")
    assert "ReLU" in rows(palette)
    assert "Conv2d" not in rows(palette)
    with qtbot.waitSignal(palette.chosen) as told:
        qtbot.keyClick(palette.search_field, Qt.Key.Key_Return)
    assert told.args == [rows(palette)[0]]


def test_arrow_keys_move_between_layers_from_the_search_field(palette: Palette, qtbot: QtBot) -> None:
    for _ in range(3):
        qtbot.keyClick(palette.search_field, Qt.Key.Key_Down)
    assert palette.list.currentItem().data(KIND) == rows(palette)[2]
    qtbot.keyClick(palette.search_field, Qt.Key.Key_Up)
    with qtbot.waitSignal(palette.chosen) as told:
        qtbot.keyClick(palette.search_field, Qt.Key.Key_Return)
    assert told.args == [rows(palette)[1]]


def test_a_double_click_takes_a_layer(palette: Palette, qtbot: QtBot) -> None:
    item = palette.list.item(1)
    spot = palette.list.visualItemRect(item).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    with qtbot.waitSignal(palette.chosen) as told:
        qtbot.mouseDClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert told.args == [item.data(KIND)]


def test_nothing_found_is_said_and_escape_clears(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search_field, "xyzzy")
    assert rows(palette) == []
    assert palette.list.item(0).text() == "Nothing found"
    qtbot.keyClick(palette.search_field, Qt.Key.Key_Return)
    qtbot.keyClick(palette.search_field, Qt.Key.Key_Escape)
    assert len(rows(palette)) == len(offered())


def test_the_slash_key_goes_to_the_search_field(palette: Palette, qtbot: QtBot) -> None:
    palette.list.setFocus()
    qtbot.keyClick(palette.list, Qt.Key.Key_Slash)
    assert palette.search_field.hasFocus()


def test_dragged_data_name_a_kind_that_is_known(palette: Palette) -> None:
    assert dragged_kind(layer_data("Conv2d")) == "Conv2d"
    strange = QMimeData()
    strange.setData(MIME, b"\xff\xfeos.system")
    assert dragged_kind(strange) is None
    words = QMimeData()
    words.setText("Conv2d")
    assert dragged_kind(words) is None


def test_a_menu_outlasts_a_list_that_is_filled_anew(palette: Palette, qtbot: QtBot) -> None:
    menu = palette.menu_of(KEPT_BLOCK + "Stem")
    palette.fill("")
    add, remove = menu.actions()
    with qtbot.waitSignal(palette.chosen) as chosen:
        add.trigger()
    with qtbot.waitSignal(palette.forget_asked) as forgotten:
        remove.trigger()
    assert (chosen.args, forgotten.args) == ([KEPT_BLOCK + "Stem"], ["Stem"])
    menu.close()
