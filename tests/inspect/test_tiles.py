"""Maps side by side in one image, and their scales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from builder.inspect.tiles import columns_for, limits, normalise, tile


@given(some.integers(1, 30), some.integers(1, 5), some.integers(1, 5), some.integers(1, 8), some.integers(0, 3))
def test_every_cell_is_found_again(count: int, height: int, width: int, columns: int, gap: int) -> None:
    maps = np.arange(count * height * width, dtype=np.float32).reshape(count, height, width)
    image, layout = tile(maps, columns, gap)
    assert image.shape == layout.size
    assert image.dtype == np.float32
    seen = 0
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            place = layout.at(y, x)
            if place is None:
                assert np.isnan(image[y, x])
            else:
                assert image[y, x] == maps[place]
                seen += 1
    assert seen == maps.size
    y, x = layout.corner(count - 1)
    assert np.array_equal(image[y : y + height, x : x + width], maps[-1])
    assert layout.at(-1, 0) is None
    assert layout.at(*image.shape) is None


def test_about_as_wide_as_high() -> None:
    assert columns_for(16, 8, 8) == 4
    assert columns_for(16, 8, 8, aspect=4) == 8
    assert columns_for(10, 1, 10) == 1
    assert columns_for(0, 8, 8) == 1


def test_each_map_gets_its_own_scale_or_all_share_one() -> None:
    maps = np.array([[[0, 1]], [[0, 10]]], np.float32)
    assert normalise(maps).tolist() == [[[0, 1]], [[0, 1]]]
    shared = normalise(maps, shared=True)
    assert shared.max() == 1
    assert shared[0, 0, 1] == pytest.approx(0.1)


def test_weights_keep_zero_in_the_middle() -> None:
    maps = np.array([[[-1, 0, 3]]], np.float32)
    assert normalise(maps, centred=True).ravel() == pytest.approx([1 / 3, 0.5, 1])
    assert normalise(np.zeros((1, 2, 2)), centred=True).tolist() == [[[0.5, 0.5], [0.5, 0.5]]]


def test_what_is_not_finite_spoils_nothing_else() -> None:
    maps = np.array([[[np.nan, 1, 3, np.inf]], [[np.nan] * 4]], np.float32)
    found = normalise(maps)
    assert found[0, 0, 1:3].tolist() == [0, 1]
    assert np.isnan(found[0, 0, [0, 3]]).all()
    assert np.isnan(found[1]).all()
    assert limits(maps) == (1, 3)
    assert limits(maps, centred=True) == (-3, 3)
    assert limits(np.full((1, 1), np.nan)) == (0, 0)
