"""Pictures from files in the form of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

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


@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_is_decoded_at_a_fraction_of_its_size(channels: int, tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    Image.new("RGB", (12_000, 9_000), (200, 100, 50)).save(path)
    decoded: list[tuple[int, int]] = []
    load = ImageFile.ImageFile.load

    def watched(picture: ImageFile.ImageFile) -> object:
        decoded.append(picture.size)
        return load(picture)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageFile.ImageFile, "load", watched)
        found = read_picture(path, (channels, 28, 28))
    assert max(max(size) for size in decoded) == 1500
    assert np.abs(found[:, 14, 14].astype(int) - ([124] if channels == 1 else [200, 100, 50])).max() < 4


def test_an_opaque_picture_is_as_it_was(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    assert np.array_equal(read_picture(tmp_path / "picture.png", (3, 6, 6)), pixels.transpose(2, 0, 1))


def test_a_colour_picture_is_read_as_the_data_was(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (EDGE, EDGE, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "half.png")
    assert np.array_equal(read_picture(tmp_path / "half.png", (3, EDGE, EDGE)), decode(tmp_path / "half.png"))
