from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtGui import QColor

from builder.ui.views.colour import (
    ACTIVATION,
    GREY,
    NOT_A_NUMBER,
    WEIGHT,
    colours,
    each_colours,
    limits,
    rgb_pixels,
    symmetric,
    to_image,
)


def channels(pixel: int) -> tuple[int, int, int]:
    colour = QColor.fromRgba(int(pixel))
    return colour.red(), colour.green(), colour.blue()


def test_weights_are_blue_below_zero_white_at_it_and_red_above() -> None:
    low, zero, high = (channels(pixel) for pixel in colours(np.array([-2.0, 0.0, 2.0]), WEIGHT, -2.0, 2.0))
    assert low[2] > low[0]
    assert min(zero) > 250
    assert high[0] > high[2]


def test_weights_that_are_all_zero_are_white() -> None:
    assert min(channels(colours(np.zeros(3), WEIGHT, 0.0, 0.0)[0])) > 250


@pytest.mark.parametrize("table", [ACTIVATION, GREY])
def test_brighter_is_more(table: np.ndarray) -> None:
    brightness = [sum(channels(pixel)) for pixel in colours(np.linspace(0, 1, 256), table, 0.0, 1.0)]
    assert all(after >= before for before, after in pairwise(brightness))


def test_outside_the_limits_the_ends_go_on_and_nan_has_its_own_colour() -> None:
    drawn = colours(np.array([np.nan, -np.inf, np.inf, -5.0, 5.0]), ACTIVATION, 0.0, 1.0)
    assert QColor.fromRgba(int(drawn[0])).name() == NOT_A_NUMBER
    assert drawn[1] == drawn[3] == ACTIVATION.pixels[0]
    assert drawn[2] == drawn[4] == ACTIVATION.pixels[255]
    assert int(drawn[0]) not in set(ACTIVATION.pixels[:256].tolist())


def test_limits_pass_over_what_is_not_finite() -> None:
    assert limits(np.array([np.nan, -1.0, 3.0, np.inf])) == (-1.0, 3.0)
    assert limits(np.array([np.nan])) == (0.0, 0.0)
    assert limits(np.empty(0)) == (0.0, 0.0)
    assert symmetric(np.array([-1.0, 3.0])) == (-3.0, 3.0)


def test_huge_values_do_not_overflow() -> None:
    drawn = colours(np.array([-3e38, 0.0, 3e38], np.float32), WEIGHT, -3e38, 3e38)
    assert drawn[0] == WEIGHT.pixels[0]
    assert drawn[2] == WEIGHT.pixels[255]


def test_each_map_has_its_own_scale() -> None:
    maps = np.array([[[0.0, 1.0]], [[10.0, 30.0]], [[5.0, 5.0]], [[np.nan, 2.0]]], np.float32)
    drawn = each_colours(maps, GREY)
    assert drawn[0].tolist() == drawn[1].tolist() == [[GREY.pixels[0], GREY.pixels[255]]]
    assert drawn[2].tolist() == [[GREY.pixels[0], GREY.pixels[0]]]
    assert drawn[3].tolist() == [[GREY.pixels[256], GREY.pixels[0]]]


def test_an_image_keeps_its_rows_and_columns_and_owns_its_memory() -> None:
    values = np.zeros((3, 5), np.float32)
    values[0, 4] = 1.0
    image = to_image(values, GREY, 0.0, 1.0)
    values[:] = 1.0
    del values
    assert (image.width(), image.height()) == (5, 3)
    assert image.pixelColor(4, 0) == QColor("white")
    assert image.pixelColor(0, 2) == QColor("black")


def test_colour_pictures() -> None:
    raw = np.array([[[255]], [[128]], [[1]]], np.uint8)
    assert channels(rgb_pixels(raw)[0, 0]) == (255, 128, 1)


def test_weights_on_scales_of_their_own_keep_zero_in_the_middle() -> None:
    maps = np.array([[[0.0, 1.0]], [[-4.0, 2.0]], [[0.0, 0.0]], [[np.nan, -2.0]]], np.float32)
    drawn = each_colours(maps, WEIGHT)
    assert drawn[0].tolist() == [[WEIGHT.pixels[128], WEIGHT.pixels[255]]]
    assert drawn[1].tolist() == [[WEIGHT.pixels[0], WEIGHT.pixels[192]]]
    assert drawn[2].tolist() == [[WEIGHT.pixels[128], WEIGHT.pixels[128]]]
    assert drawn[3].tolist() == [[WEIGHT.pixels[256], WEIGHT.pixels[0]]]
