"""Points in the plane: small problems whose solution can be seen. Made on the spot from a seed."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.data.catalogue import Array, Asked, DataSet, Progress, Samples, Task, register

if TYPE_CHECKING:
    from builder.data.settings import DataSettings


class Points(DataSet):
    """Base of the 2-D sets: half of the points (one more of A when the number is odd) belong to each class."""

    source = "made by this program"
    licence = "none needed"
    task = Task.BINARY
    shape = (2,)
    classes = ("A", "B")
    options = frozenset({"noise", "points", "seed"})

    def counts(self, settings: DataSettings) -> tuple[int, int]:
        return settings.points, 0

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        progress(f"Making {settings.points:,} points", None)
        count_b = settings.points // 2
        targets = np.repeat(np.array([0, 1], np.int64), [settings.points - count_b, count_b])
        points = self.draw(targets, settings.noise, np.random.default_rng(settings.seed))
        return Samples(points.astype(np.float32), targets)

    @abstractmethod
    def draw(self, targets: Array, noise: float, rng: np.random.Generator) -> Array:
        """One point for each class number; `noise` 0 is clean, 1 is hopeless. The result is (count, 2)."""


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _counts(targets: Array) -> tuple[int, int]:
    return int((targets == 0).sum()), int((targets == 1).sum())


@register
class Moons(Points):
    """Two half circles that reach into each other."""

    key = "moons"
    title = "Moons"
    help = "Two half moons that reach into each other: no straight line separates them."
    source = "https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_moons.html"
    licence = "BSD-3-Clause (the code that makes it)"

    def draw(self, targets: Array, noise: float, rng: np.random.Generator) -> Array:
        from sklearn.datasets import make_moons

        points: Array = make_moons(_counts(targets), shuffle=False, noise=noise, random_state=_seed(rng))[0]
        return points


@register
class Circles(Points):
    """One circle inside another."""

    key = "circles"
    title = "Circles"
    help = "A ring around a ring: the boundary is closed."
    source = "https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_circles.html"
    licence = "BSD-3-Clause (the code that makes it)"

    def draw(self, targets: Array, noise: float, rng: np.random.Generator) -> Array:
        from sklearn.datasets import make_circles

        # The rings are 0.6 apart, the moons about 1: less noise makes the two equally hard.
        points: Array = make_circles(
            _counts(targets), shuffle=False, noise=0.6 * noise, random_state=_seed(rng), factor=0.4
        )[0]
        return points


@register
class Spiral(Points):
    """Two arms that wind around each other."""

    key = "spiral"
    title = "Spiral"
    help = "Two arms wound around each other: the hardest of the five."

    def draw(self, targets: Array, noise: float, rng: np.random.Generator) -> Array:
        along = np.sqrt(rng.uniform(0.01, 1, len(targets)))  # the root spreads the points evenly over the length
        angle = 3 * np.pi * along + np.pi * targets
        arm = along[:, np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        noisy: Array = arm + rng.normal(0, 0.25 * noise, arm.shape)
        return noisy


@register
class Blobs(Points):
    """Two round clouds."""

    key = "blobs"
    title = "Blobs"
    help = "Two round clouds: a straight line is enough."
    source = "https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_blobs.html"
    licence = "BSD-3-Clause (the code that makes it)"

    def draw(self, targets: Array, noise: float, rng: np.random.Generator) -> Array:
        from sklearn.datasets import make_blobs

        points: Array = make_blobs(
            _counts(targets),
            centers=np.array([[-1.0, -1.0], [1.0, 1.0]]),
            cluster_std=0.2 + 2 * noise,
            shuffle=False,
            random_state=_seed(rng),
        )[0]
        return points


@register
class Xor(Points):
    """Four squares, opposite ones alike."""

    key = "xor"
    title = "Exclusive or"
    help = "Four squares, opposite ones of the same class: one unit cannot do it, two can."

    def draw(self, targets: Array, noise: float, rng: np.random.Generator) -> Array:
        points = rng.uniform(0.05, 1, (len(targets), 2))
        right = rng.choice([-1.0, 1.0], len(targets))
        points[:, 0] *= right
        points[:, 1] *= right * np.where(targets == 0, 1, -1)
        return points + rng.normal(0, 0.5 * noise, points.shape)
