from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from builder.ui.theme import font
from builder.ui.views.colour import GREY, colours
from builder.ui.views.digits import digits_for
from builder.ui.views.mosaic import Mosaic, Tiles, caption_within, compose, lay_out
from builder.ui.views.note import Note
from builder.ui.views.paint import note_size


def tiles(count: int, height: int, width: int, **options: object) -> Tiles:
    values = np.linspace(0, 1, count * height * width).reshape(count, height, width)
    return Tiles(colours(values, GREY, 0, 1), lambda tile, row, column: f"{tile} {row} {column}", **options)  # type: ignore[arg-type]


@given(
    st.integers(1, 600),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(20, 900),
    st.integers(20, 700),
    st.booleans(),
)
def test_a_grid_holds_every_tile_without_overlap(
    count: int, height: int, width: int, across: int, down: int, fixed: bool
) -> None:
    grid = lay_out(count, height, width, (across, down), 3, columns=4 if fixed else 0)
    block = grid.columns * grid.rows
    assert block * grid.blocks >= count > block * (grid.blocks - 1)
    assert grid.blocks == 1 or fixed
    places = [grid.tile(number) for number in range(count)]
    assert len(set(places)) == count
    assert [grid.number_at(x + grid.width - 1, y + grid.height - 1) for x, y in places] == list(range(count))
    assert min(grid.width, grid.height) >= 1
    if grid.width > 1 and grid.height > 1:
        assert grid.total[0] <= across
        assert grid.total[1] <= down


def test_the_space_is_used() -> None:
    grid = lay_out(64, 28, 28, (400, 400), 3)
    assert (grid.columns, grid.rows) == (8, 8)
    assert grid.total[0] > 360
    wide = lay_out(64, 28, 28, (1600, 120), 3)
    assert wide.columns > 20


def test_rows_of_a_given_length_stand_side_by_side_where_that_makes_them_larger() -> None:
    narrow, wide = (lay_out(96, 5, 5, (across, 236), 3, columns=6) for across in (100, 300))
    assert narrow.blocks == 1
    assert wide.blocks > 1
    assert wide.width > narrow.width
    assert wide.number_at(wide.block + 1, 0) is None  # between two blocks


def test_a_cell_is_no_larger_than_said() -> None:
    assert lay_out(1, 1, 1, (900, 900), 0, largest=50.0).width == 50


@pytest.mark.parametrize("columns", [0, 2])
def test_composing_puts_each_value_into_its_place(columns: int) -> None:
    shown = tiles(14, 5, 4)
    grid = lay_out(14, 5, 4, (200, 100), 3, columns)
    assert (grid.blocks > 1) is (columns > 0)
    image = compose(shown.pixels, grid)
    assert (image.width(), image.height()) == grid.total
    for number in range(14):
        left, top = grid.tile(number)
        for row in range(5):
            for column in range(4):
                x = left + (2 * column + 1) * grid.width // 8
                y = top + (2 * row + 1) * grid.height // 10
                assert image.pixel(x, y) == shown.pixels[number, row, column]
    assert image.pixelColor(grid.width + 1, 0).alpha() == 0


def test_a_plane_stands_with_its_first_row_at_the_bottom() -> None:
    shown = tiles(1, 4, 4)
    grid = lay_out(1, 4, 4, (40, 40), 3)
    image = compose(shown.pixels, grid, upwards=True)
    assert image.pixelColor(0, image.height() - 1) == QColor.fromRgba(int(shown.pixels[0, 0, 0]))


@pytest.fixture
def mosaic(qtbot: QtBot) -> Mosaic:
    made = Mosaic()
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    return made


@pytest.mark.parametrize("upwards", [False, True])
def test_the_cell_under_the_pointer_is_the_one_that_is_painted_there(mosaic: Mosaic, upwards: bool) -> None:
    shown = tiles(6, 5, 4, upwards=upwards)
    mosaic.set_tiles(shown)
    mosaic.clearFocus()  # or a frame is painted round the first tile
    image = mosaic.grab().toImage()
    seen = 0
    for x in range(0, 300, 7):
        for y in range(0, 200, 7):
            cell = mosaic.cell_at(QPointF(x, y))
            if cell is not None:
                seen += 1
                assert image.pixel(x, y) == shown.pixels[cell]
    assert seen > 300


def test_no_cell_in_a_gap_or_behind_the_last_tile(mosaic: Mosaic) -> None:
    mosaic.set_tiles(tiles(5, 8, 8))
    grid = mosaic.grid()
    assert grid is not None
    assert mosaic.cell_at(QPointF(grid.width + 1, 2)) is None
    behind = mosaic.tile_rect(5).center()
    assert mosaic.cell_at(behind) is None
    assert mosaic.cell_at(QPointF(-1, 2)) is None


def test_pointing_says_what_is_there_and_clicking_chooses(mosaic: Mosaic, qtbot: QtBot) -> None:
    mosaic.set_tiles(tiles(6, 5, 4))
    place = mosaic.tile_rect(4).center().toPoint()
    with qtbot.waitSignal(mosaic.hovered) as hovered:
        qtbot.mouseMove(mosaic, place)
    assert hovered.args == [(4, 2, 2)]
    with qtbot.waitSignal(mosaic.chosen) as chosen:
        qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [4]
    with qtbot.assertNotEmitted(mosaic.chosen):
        qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=QPoint(299, 199))


def test_keys_choose_too(mosaic: Mosaic, qtbot: QtBot) -> None:
    mosaic.set_tiles(tiles(6, 5, 4))
    grid = mosaic.grid()
    assert grid is not None
    qtbot.keyClick(mosaic, Qt.Key.Key_Right)
    qtbot.keyClick(mosaic, Qt.Key.Key_Down)
    with qtbot.waitSignal(mosaic.chosen) as chosen:
        qtbot.keyClick(mosaic, Qt.Key.Key_Return)
    assert chosen.args == [1 + grid.columns]


def test_many_single_numbers_stay_apart(mosaic: Mosaic) -> None:
    mosaic.set_tiles(tiles(512, 1, 1))
    grid = mosaic.grid()
    assert grid is not None
    assert grid.width >= 8
    assert grid.gap == 0
    assert mosaic.grab().toImage().pixelColor(0, 0) == QColor("black")


def test_a_caption_that_is_too_long_keeps_its_name(qapp: QApplication) -> None:
    metrics = QFontMetricsF(font(9))
    whole = "Sneaker · 0.846"
    width = metrics.horizontalAdvance(whole)
    assert caption_within(whole, metrics, width) == whole
    assert caption_within(whole, metrics, width - 1) == "Sneaker"
    assert caption_within(whole, metrics, metrics.horizontalAdvance("Sneak")).startswith("Sn")


def test_what_has_no_room_beside_the_pointer_is_said_beyond_the_edges(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 300)
    small = Mosaic(window)
    small.setGeometry(500, 100, 64, 64)
    small.set_tiles(replace(tiles(1, 8, 8), describe=lambda *_cell: "input · 255\nrow 6, column 8"))
    window.show()
    assert not window.findChildren(Note)  # made when it is wanted
    qtbot.mouseMove(small, small.tile_rect(0).center().toPoint())
    (note,) = window.findChildren(Note)
    assert note.isVisible()
    assert note.words == "input · 255\nrow 6, column 8"
    assert note.width() >= note_size(note.words).width()
    assert window.rect().contains(note.geometry())
    assert window.childAt(note.geometry().center()) is not note  # the mouse does not see it
    small.hide()
    assert not note.isVisible()
    small.resize(400, 200)
    small.move(0, 0)
    small.show()
    qtbot.mouseMove(small, small.tile_rect(0).center().toPoint())
    assert not note.isVisible()  # there is room now


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([[1 / 9, -1 / 9]], 2),
        ([[-1, 0, 1]], 0),
        ([[255, 17]], 0),
        ([[2.5, 0.013]], 2),
        ([[31.25, 0]], 1),
        ([[0.00012]], None),
        ([[np.nan]], None),
    ],
)
def test_values_are_written_with_few_digits(values: list[list[float]], digits: int | None) -> None:
    assert digits_for(np.array(values, np.float32)) == digits


def test_values_are_written_into_large_cells_only(mosaic: Mosaic) -> None:
    shown = tiles(1, 3, 3)
    mosaic.set_tiles(shown)
    plain = mosaic.grab().toImage()
    written = replace(shown, digits=np.full((1, 3, 3), 0.5, np.float32))
    mosaic.set_tiles(written)
    assert mosaic.grab().toImage() != plain
    mosaic.resize(40, 40)
    small = mosaic.grab().toImage()
    mosaic.set_tiles(shown)
    assert mosaic.grab().toImage() == small
