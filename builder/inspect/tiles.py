"""Many small maps as one image, and the scales that they are drawn with. NumPy only.

One image for a grid of maps is drawn many times faster than one image a map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from builder.inspect.picture import Floats


@dataclass(frozen=True)
class Layout:
    """Where the maps of a tiled image lie; all lengths in pixels of that image.

    Attributes:
        count: number of maps; columns, rows: of the grid, filled row by row.
        height, width: of one map; gap: between two maps (none at the border).
    """

    count: int
    columns: int
    rows: int
    height: int
    width: int
    gap: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the whole image."""
        return (
            self.rows * self.height + max(0, self.rows - 1) * self.gap,
            self.columns * self.width + max(0, self.columns - 1) * self.gap,
        )

    def corner(self, index: int) -> tuple[int, int]:
        """(y, x) of the top left pixel of a map."""
        row, column = divmod(index, self.columns)
        return row * (self.height + self.gap), column * (self.width + self.gap)

    def at(self, y: float, x: float) -> tuple[int, int, int] | None:
        """(map, row, column) under a place in the image; None in a gap, outside, or where no map lies."""
        if y < 0 or x < 0:
            return None
        row, inner_y = divmod(int(y), self.height + self.gap)
        column, inner_x = divmod(int(x), self.width + self.gap)
        index = row * self.columns + column
        if column >= self.columns or index >= self.count or inner_y >= self.height or inner_x >= self.width:
            return None
        return index, inner_y, inner_x


def columns_for(count: int, height: int, width: int, aspect: float = 1.0) -> int:
    """The number of columns that brings `count` maps nearest to an image `aspect` times as wide as high."""
    if count < 1:
        return 1
    ideal = math.sqrt(count * aspect * height / max(1, width))
    return min(count, max(1, round(ideal)))


def tile(
    maps: NDArray[np.floating], columns: int | None = None, gap: int = 1, background: float = np.nan
) -> tuple[Floats, Layout]:
    """Put maps side by side.

    Args:
        maps: (count, height, width).
        columns: of the grid; None for about as wide as high.
        gap: pixels between two maps.
        background: value of gaps and of the places that stay free.

    Returns:
        The image, float32, and where each map lies in it.
    """
    count, height, width = maps.shape
    columns = columns_for(count, height, width) if columns is None else max(1, columns)
    layout = Layout(count, columns, math.ceil(count / columns), height, width, gap)
    # Every cell with its gap, then one reshape: no loop over the maps.
    cells = np.full((layout.rows * columns, height + gap, width + gap), background, np.float32)
    cells[:count, :height, :width] = maps
    grid = cells.reshape(layout.rows, columns, height + gap, width + gap).swapaxes(1, 2)
    image = grid.reshape(layout.rows * (height + gap), columns * (width + gap))
    high, wide = layout.size
    return np.ascontiguousarray(image[:high, :wide]), layout


def normalise(maps: NDArray[np.floating], *, shared: bool = False, centred: bool = False) -> Floats:
    """Bring maps (count, height, width) into 0 to 1.

    Args:
        shared: one scale for all maps (they can be compared) instead of one for each (each shows its own contrast).
        centred: zero becomes 0.5 and both signs get the same scale (weights, gradients). A flat map becomes 0.5 then,
            otherwise 0. What is not finite becomes NaN.
    """
    values = np.where(np.isfinite(maps), maps, np.nan).astype(np.float32)
    axes = None if shared else (1, 2)
    if values.size == 0:
        return values
    finite = np.where(np.isnan(values), 0, values)
    if centred:
        most = np.abs(finite).max(axis=axes, keepdims=True)
        return (values / np.where(most > 0, 2 * most, 1) + 0.5).astype(np.float32)
    low = np.where(np.isnan(values), np.inf, values).min(axis=axes, keepdims=True)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=axes, keepdims=True)
    span = np.where(np.isfinite(high - low) & (high > low), high - low, 1)
    return ((values - np.where(np.isfinite(low), low, 0)) / span).astype(np.float32)


def limits(maps: NDArray[np.floating], *, centred: bool = False) -> tuple[float, float]:
    """The values at the two ends of a shared scale: the labels of a colour bar. (0, 0) when nothing is finite."""
    finite = maps[np.isfinite(maps)]
    if finite.size == 0:
        return 0.0, 0.0
    if centred:
        most = float(np.abs(finite).max())
        return -most, most
    return float(finite.min()), float(finite.max())
