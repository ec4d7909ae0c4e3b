"""Ink that stands as a data set's own does."""

from __future__ import annotations

import numpy as np
import pytest

from builder.data.ink import coarse, dark_on_light, from_page, place, usual_ink


def bars(count: int, shift: int = 0) -> list[np.ndarray]:
    """Pictures of 28×28 with upright bars of 20 pixels, of many widths, centred by their boxes."""
    made = []
    for number in range(count):
        picture = np.zeros((1, 28, 28), np.uint8)
        half = 1 + number % 4
        picture[0, 4:24, 14 - half + shift : 14 + half + shift] = 255
        made.append(picture)
    return made


def test_what_pictures_have_in_common() -> None:
    ink = usual_ink(bars(8, shift=2))
    assert ink is not None
    assert (ink.height, ink.width, ink.extent) == (28, 28, 20)
    assert ink.centre == pytest.approx((14, 16))
    assert ink.pen == pytest.approx(2.5)


def test_no_ink_in_colour_on_light_ground_or_where_all_is_dark() -> None:
    assert usual_ink([]) is None
    assert usual_ink([np.zeros(2, np.float32)]) is None
    assert usual_ink([np.zeros((3, 8, 8), np.uint8)]) is None
    assert usual_ink([255 - picture for picture in bars(4)]) is None
    assert usual_ink([np.zeros((1, 8, 8), np.uint8)]) is None


def test_ink_is_centred_by_mass_where_the_datas_is() -> None:
    made = []
    for number in range(4):  # a bar with a foot, and the middle of its mass always in the same place
        picture = np.zeros((1, 29, 29), np.uint8)
        picture[0, 4:24, 10:12] = 255
        picture[0, 20:24, 12 : 13 + 3 * number] = 255
        rows, columns = np.nonzero(picture[0])
        move = (round(14 - rows.mean()), round(14 - columns.mean()))
        made.append(np.roll(picture, move, (1, 2)))
    ink = usual_ink(made)
    assert ink is not None
    assert ink.massed == (True, True)


@pytest.mark.parametrize("size", [2, 5, 9])
@pytest.mark.parametrize("corner", [0, 60, 190])
def test_a_bar_of_any_size_anywhere_comes_to_its_place(size: int, corner: int) -> None:
    ink = usual_ink(bars(8))
    assert ink is not None
    fine = np.zeros((280, 280), np.uint8)
    fine[corner : corner + 10 * size, corner : corner + 10] = 255
    placing = place(fine, ink)
    assert placing is not None
    top, bottom = (placing.scale * at + placing.shift[0] for at in (corner, corner + 10 * size))
    wide = min(20, 3 * size)  # enlarged three times at most
    assert bottom - top == pytest.approx(wide)
    assert (top + bottom) / 2 == pytest.approx(14)


def test_nothing_has_no_place() -> None:
    ink = usual_ink(bars(4))
    assert ink is not None
    assert place(np.zeros((280, 280), np.uint8), ink) is None
    assert not from_page(np.full((280, 280), 250, np.uint8), ink).any()


def test_squares_are_averaged() -> None:
    fine = np.array([[0, 100, 8, 8], [100, 200, 8, 8]], np.uint8)
    assert coarse(fine, 1, 2).tolist() == [[100, 8]]


def test_a_page_becomes_a_picture_like_the_datas() -> None:
    ink = usual_ink(bars(8))
    assert ink is not None
    grain = np.random.default_rng(0).integers(200, 230, (280, 280))
    page = grain.astype(np.uint8)
    page[30:110, 200:226] = 40
    assert dark_on_light(page)
    picture = from_page(page, ink)
    rows, columns = np.nonzero(picture > 128)
    assert (rows.min(), rows.max()) == (4, 23)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(13.5, abs=0.5)
    assert picture.max() > 240
    assert not picture[:3].any()


def test_the_datas_own_and_evenly_grey_pictures_are_no_pages() -> None:
    assert not dark_on_light(bars(1)[0][0])
    assert not dark_on_light(np.full((28, 28), 200, np.uint8))
