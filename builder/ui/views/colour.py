"""Numbers to colours, the same everywhere: one colour map for each meaning. Knows arrays and images, no view.

A table has 257 entries of 0xAARRGGBB: 256 steps from low to high, and one for what is not a number. None of the maps
holds that green, so a NaN is seen at once.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PySide6.QtGui import QColor, QImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint32]"
Numbers: TypeAlias = "NDArray[np.generic]"

NOT_A_NUMBER = "#2fd07a"


class Table:
    """Colours for numbers."""

    def __init__(self, text: str) -> None:
        """Run evenly through colours given as rrggbb, with blanks between."""
        self._stops = text.split()

    @cached_property
    def pixels(self) -> Pixels:
        """(257,): see above. Made when they are first wanted, as NumPy is imported then."""
        stops = self._stops
        colours = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in stops], dtype=np.float64)
        at = np.linspace(0.0, len(stops) - 1.0, 256)
        mixed = [np.rint(np.interp(at, np.arange(len(stops)), colours[:, part])).astype(np.uint32) for part in range(3)]
        table = np.empty(257, dtype=np.uint32)
        table[:256] = np.uint32(0xFF000000) | mixed[0] << 16 | mixed[1] << 8 | mixed[2]
        table[256] = QColor(NOT_A_NUMBER).rgba()
        table.setflags(write=False)
        return table


ACTIVATION = Table(  # magma, of matplotlib: perceptually uniform
    "000004 090720 1a1042 311165 4a1079 621980 792282 912b81 aa337d"
    " c23b75 d9466b ec5860 f7725c fc8e64 feaa74 fec68a fde2a3 fcfdbf"
)
"""What layers give."""

WEIGHT = Table(  # red-blue of ColorBrewer, turned so that red is positive; white is zero
    "053061 2166ac 4393c3 92c5de d1e5f0 ffffff fddbc7 f4a582 d6604d b2182b 67001f"
)
"""Weights and gradients; used with limits -x and x."""

GREY = Table("000000 ffffff")
"""The data itself."""

# Okabe and Ito's colours, which colour-blind people tell apart.
_CLASSES = "#56b4e9 #e8702a #009e73 #f0e442 #cc79a7 #0072b2 #e69f00 #98a1b0 #7f5fc9 #8c5a3c".split()  # noqa: SIM905


def class_colour(number: int) -> QColor:
    """The colour of a class, by its number; they repeat after ten."""
    return QColor(_CLASSES[number % len(_CLASSES)])


def limits(values: Numbers) -> tuple[float, float]:
    """Smallest and largest finite value; (0, 0) when there is none."""
    if values.size == 0:
        return 0.0, 0.0
    low, high = float(np.min(values)), float(np.max(values))
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = values[np.isfinite(values)]
        if finite.size == 0:
            return 0.0, 0.0
        low, high = float(finite.min()), float(finite.max())
    return low, high


def symmetric(values: Numbers) -> tuple[float, float]:
    """Limits around zero that hold every finite value."""
    low, high = limits(values)
    reach = max(-low, high)
    return -reach, reach


def colours(values: Numbers, table: Table, low: float, high: float) -> Pixels:
    """Colours of an array of any shape; what lies outside of `low`..`high` gets the colour of that end."""
    spread = high - low
    if not np.isfinite(spread) or spread <= 0.0:
        low, spread = (low - 0.5 if table is WEIGHT else low), 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        steps = (np.asarray(values, dtype=np.float32) - np.float32(low)) * np.float32(256.0 / spread)
    unknown = np.isnan(steps)
    np.clip(steps, 0.0, 255.0, out=steps)
    if unknown.any():
        steps[unknown] = 256.0
    return table.pixels[steps.astype(np.intp)]


def each_colours(maps: Numbers, table: Table) -> Pixels:
    """Colours of maps (count, height, width), every map on its own scale from its smallest to its largest value.

    For `WEIGHT`, zero stays in the middle.
    """
    flat = np.asarray(maps, dtype=np.float32).reshape(len(maps), -1)
    finite = np.isfinite(flat)
    low = np.where(finite, flat, np.inf).min(axis=1, initial=np.inf)[:, None]
    high = np.where(finite, flat, -np.inf).max(axis=1, initial=-np.inf)[:, None]
    level = np.float32(0.0)  # of a map that is the same everywhere
    if table is WEIGHT:
        high = np.maximum(-low, high)
        low, level = -high, np.float32(0.5)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        scaled = np.where(high > low, (flat - low) / (high - low), np.where(np.isnan(flat), np.nan, level))
    return colours(scaled.reshape(np.shape(maps)), table, 0.0, 1.0)


def rgb_pixels(channels: Numbers) -> Pixels:
    """Pixels (height, width) of a colour picture, uint8 (3, height, width)."""
    red, green, blue = (channel.astype(np.uint32) for channel in channels)
    return np.asarray(np.uint32(0xFF000000) | red << 16 | green << 8 | blue, dtype=np.uint32)


def pixels_to_image(pixels: Pixels) -> QImage:
    """An image of pixels (height, width) that are opaque or wholly transparent. It owns its memory."""
    height, width = pixels.shape
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    if height and width:
        np.asarray(image.bits(), dtype=np.uint8).view(np.uint32).reshape(height, width)[...] = pixels
    return image


def to_image(values: Numbers, table: Table, low: float, high: float) -> QImage:
    """An image of an array (height, width), one pixel a value, row 0 at the top. It owns its memory."""
    return pixels_to_image(colours(values, table, low, high))
