"""The size of an output on a card that has no picture yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from builder.ui.canvas.face import PICTURE_HEIGHT
from builder.ui.canvas.stack import sheets

AREA = QRectF(14, 47, 92, PICTURE_HEIGHT)
SIZES = st.integers(1, 10**9)


@given(st.lists(SIZES, min_size=0, max_size=4).map(tuple))
def test_every_shape_has_a_drawing_within_the_card(shape: tuple[int, ...]) -> None:
    drawn = sheets(shape, AREA)
    assert drawn
    assert all(AREA.contains(sheet) for sheet in drawn)
    assert all(sheet.width() > 0 and sheet.height() > 0 for sheet in drawn)


def test_more_maps_are_more_sheets_and_larger_maps_larger_ones() -> None:
    few, many = sheets((6, 28, 28), AREA), sheets((16, 28, 28), AREA)
    assert len(few) < len(many)
    assert sheets((6, 14, 14), AREA)[0].width() < few[0].width()
    assert few[-1].bottom() > few[0].bottom(), "the foremost sheet is drawn last, in front and below"


@pytest.mark.parametrize("shape", [(10,), (84,), (120, 1, 1)])
def test_numbers_are_a_column(shape: tuple[int, ...]) -> None:
    drawn = sheets(shape, AREA)
    assert len({sheet.left() for sheet in drawn}) == 1
    assert len({sheet.top() for sheet in drawn}) == len(drawn) > 1
