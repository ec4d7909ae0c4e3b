"""Many samples as points in a plane, by what one layer gives for each of them. Plain values; no torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float32]"
Places: TypeAlias = "NDArray[np.float64]"
Numbers: TypeAlias = "NDArray[np.int64]"


@dataclass(frozen=True)
class Gathering:
    """What is wanted: the points of this layer.

    Attributes:
        wide: also the many axes that t-SNE begins from.
    """

    layer: str
    wide: bool = False


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples that are looked at: as many of each class, and the same ones every time.

    Attributes:
        part: the name of the part of the data that they are of; total: how many it has.
        positions: in that part, (n,).
        targets: their class numbers (n,); None where there are no classes.
        pictures: small ones for a glance, uint8 (n, channels, height, width); None where they are no pictures.
    """

    part: str
    total: int
    positions: Numbers
    targets: Numbers | None = None
    pictures: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def shared(self, other: Samples) -> int:
        """How many of the first samples are the same ones, all of those of the shorter list or none."""
        count = min(len(self), len(other))
        mine, others = self.targets, other.targets
        if self.part != other.part or self.total != other.total or (mine is None) != (others is None):
            return 0
        if not np.array_equal(self.positions[:count], other.positions[:count]):
            return 0
        if mine is not None and others is not None and not np.array_equal(mine[:count], others[:count]):
            return 0
        return count


@dataclass(frozen=True, eq=False)
class Cloud:
    """Where samples lie.

    Attributes:
        layer: whose output decides.
        step: updates made by then.
        samples: one for each point.
        points: (n, 2), float64; (0, 2) where the network has no such layer, or it could not be worked out.
        failed: it could not be worked out: for want of memory, or since some of it is no number.
        more: more samples are still to come.
        said: the class that the network names for each (n,); None where it names none.
        units: numbers that the layer gives for a sample.
        pooled: how many maps, and their height and width, after averaging over space; None without that.
        mixed: into how many numbers they were mixed at random; None without that.
        shares: of the variance that lies along each of the two axes.
        plain: the axes are the layer's own numbers, as there are no more than two.
        pinned: where the pinned sample, or the user's own picture, lies among them.
        wide: (n, axes), what t-SNE begins from; None where it was not asked for.
    """

    layer: str
    step: int
    samples: Samples
    points: Places
    failed: bool = False
    more: bool = False
    said: Numbers | None = None
    units: int = 0
    pooled: tuple[int, int, int] | None = None
    mixed: int | None = None
    shares: tuple[float, float] = (0.0, 0.0)
    plain: bool = False
    pinned: tuple[float, float] | None = None
    wide: Floats | None = None


def turned(points: Places, before: Places) -> Places:
    """How to turn, and mirror, points about their mean so that they lie nearest to where they lay before.

    Two sets of principal axes show the same plane in any direction, and either way round: without this, a cloud would
    spin and flip from one look to the next. Orthogonal Procrustes in the plane, after both are brought to one size
    (Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966).

    Args:
        points, before: (n, 2), the same samples in the same order.

    Returns:
        a matrix (2, 2) for `points @ matrix`; the identity where nothing can be said.
    """
    here, there = points - points.mean(0), before - before.mean(0)
    product = here.T @ there
    if len(points) < 2 or not np.isfinite(product).all() or not product.any():
        return np.eye(2)
    left, _, right = np.linalg.svd(product)
    found: Places = left @ right
    return found
