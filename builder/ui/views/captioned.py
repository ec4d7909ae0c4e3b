"""Pictures in a grid with a caption below each, as the views of what units like have them. Knows no view."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from builder.ui.views.base import Subject
from builder.ui.views.colour import GREY, Pixels, colours, rgb_pixels

NO_PICTURES = (
    "This network looks at numbers, not at pictures: Feature maps shows its units over the plane of its inputs."
)
_ROWS = 24  # rows of a tile at least, so that the caption below it takes no more than it needs
_FOOT = 0.22  # of the height of a picture, below it, for the caption


def on_numbers(subject: Subject | None) -> bool:
    """Whether the network looks at numbers, so that there is no picture of what a unit sees."""
    if subject is None:
        return False
    inference = subject.inference
    return any(not inference.graph.incoming.get(name) and len(inference.shape(name) or (0, 0, 0)) != 3
               for name in inference.nodes)  # fmt: skip


def pixels_of(picture: NDArray[np.uint8]) -> Pixels:
    """Colours of a picture (channels, height, width)."""
    if len(picture) == 3:
        return rgb_pixels(picture)
    return colours(picture.astype(np.float32).mean(axis=0), GREY, 0.0, 255.0)


def with_room(tiles: Sequence[Pixels]) -> tuple[Pixels, float]:
    """The tiles, enlarged where they are small, with room for a caption; and how much of the height that is."""
    height, width = tiles[0].shape
    times = max(1, -(-_ROWS // height))
    foot = math.ceil(_FOOT * height * times)
    pixels = np.zeros((len(tiles), height * times + foot, width * times), np.uint32)
    pixels[:, : height * times] = np.stack(tiles).repeat(times, axis=1).repeat(times, axis=2)
    return pixels, foot / pixels.shape[1]
