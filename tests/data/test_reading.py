"""Pictures from files in the form of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builder.data.folder import EDGE, decode
from builder.data.reading import read_picture


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_paper(mode: str, tmp_path: Path) -> None:
    ink = Image.new("RGBA", (8, 8), (0, 0, 0, 0))  # as drawing programs write it: black, and nothing of it seen
    ink.paste((0, 0, 0, 255), (2, 2, 6, 6))
    ink.convert(mode).save(tmp_path / "ink.png")
    expected = np.full((1, 8, 8), 255)
    expected[0, 2:6, 2:6] = 0
    assert np.array_equal(read_picture(tmp_path / "ink.png", (1, 8, 8)), expected)


def test_an_opaque_picture_is_as_it_was(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    assert np.array_equal(read_picture(tmp_path / "picture.png", (3, 6, 6)), pixels.transpose(2, 0, 1))


def test_a_colour_picture_is_read_as_the_data_was(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (EDGE, EDGE, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "half.png")
    assert np.array_equal(read_picture(tmp_path / "half.png", (3, EDGE, EDGE)), decode(tmp_path / "half.png"))
