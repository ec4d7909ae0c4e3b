"""What a unit responds to: the samples that make it fire most. Plain values; no torch, no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""Top, left, bottom and right in pixels of the input, the last two one past the end; it may reach into the padding."""


@dataclass(frozen=True, eq=False)
class Response:
    """One sample, and how strongly the unit responds to it.

    Attributes:
        sample: its position in the part.
        value: what the unit gives for it; the largest of a map.
        target: its class number or value; None where a picture is wanted.
        picture: uint8 (channels, height, width), of the size of the input.
        box: what the unit's strongest value sees of it; all of it where no smaller part is known.
    """

    sample: int
    value: float
    target: int | float | None
    picture: NDArray[np.uint8]
    box: Box


@dataclass(frozen=True, eq=False)
class Responses:
    """The samples that a unit responds to most, the strongest first.

    Attributes:
        layer, unit: whose they are; the unit is a map or a feature, by number from 0.
        units: how many there are; 0 where the network that is trained has no such layer.
        looked: samples that were looked at, the first ones; total: that the part has.
        step: updates made by then.
        seconds: that it took.
    """

    layer: str
    unit: int
    units: int = 0
    looked: int = 0
    total: int = 0
    step: int = 0
    seconds: float = 0.0
    found: tuple[Response, ...] = ()

    def crops(self) -> Iterator[tuple[Response, NDArray[np.uint8], NDArray[np.bool_]]]:
        """Each with what its strongest value sees, all of one size, and where in that the picture is.

        A part that is as long as the picture, or longer, becomes the whole length of the picture.
        """
        for each in self.found:
            _, height, width = each.picture.shape
            top, left, bottom, right = each.box
            if bottom - top >= height:
                top, bottom = 0, height
            if right - left >= width:
                left, right = 0, width
            size = bottom - top, right - left
            crop = np.zeros((len(each.picture), *size), np.uint8)
            inside = np.zeros(size, np.bool_)
            rows, columns = slice(max(0, top), min(height, bottom)), slice(max(0, left), min(width, right))
            here = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
            crop[:, *here] = each.picture[:, rows, columns]
            inside[here] = True
            yield each, crop, inside
