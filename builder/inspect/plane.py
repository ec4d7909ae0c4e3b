"""The square of the input space of a network with two inputs, over which what each unit does can be drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from builder.data.resident import Part
from builder.inspect.picture import Floats, Plane

GRID = 64  # points along each side
MARGIN = 0.15  # of the data's extent, on each side
MOST_POINTS = 2000


def lay_plane(part: Part) -> Plane:
    """The square that holds the samples of a part, with a margin, and (some of) these samples."""
    rows = np.linspace(0, len(part) - 1, min(len(part), MOST_POINTS)).round().astype(int)
    points = np.stack([np.asarray(part.raw(int(row)), np.float32) for row in rows])
    targets = np.array([round(part.target(int(row)) or 0) for row in rows], np.int64)
    low, high = points.min(0), points.max(0)
    centre = (low + high) / 2
    half = float((high - low).max()) * (0.5 + MARGIN) or 1.0
    return Plane(
        low=(float(centre[0]) - half, float(centre[1]) - half),
        high=(float(centre[0]) + half, float(centre[1]) + half),
        points=points,
        targets=targets,
    )


def grid(plane: Plane, encode: Callable[[NDArray[np.float32]], Tensor]) -> Tensor:
    """The points of the grid as inputs of the network, (GRID², 2); row by row, the lowest second input first."""
    across = np.linspace(plane.low[0], plane.high[0], GRID, dtype=np.float32)
    up = np.linspace(plane.low[1], plane.high[1], GRID, dtype=np.float32)
    return encode(np.stack([np.tile(across, GRID), np.repeat(up, GRID)], axis=1))


def as_maps(values: Floats) -> Floats:
    """Activations of the grid's points (GRID², units) as one map a unit: (units, GRID, GRID)."""
    return np.ascontiguousarray(values.reshape(len(values), -1).T.reshape(-1, GRID, GRID))
