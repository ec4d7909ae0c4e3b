"""Whether a run goes astray: its loss is far above what it was before anything was learned. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW = 20  # steps that are judged together, and so many at the beginning are what they are compared with
ASTRAY = 10.0  # times the loss of the beginning
LEAST = 1.0  # a run that begins with trained weights begins near 0: ten times that is still little


class Divergence:
    """Watches the losses of a run."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._recent: list[float] = []
        self._told = False

    def times(self, losses: NDArray[np.float64]) -> float | None:
        """Add the losses of some steps. When they are astray: how many times what they were. Told once, until `rearm`."""
        self._first += losses[: FEW - len(self._first)].tolist()
        self._recent = [*self._recent, *losses.tolist()][-FEW:]
        if self._told or len(self._recent) < FEW:
            return None
        now, then = float(np.median(self._recent)), max(float(np.median(self._first[:FEW])), LEAST)
        if not np.isfinite(now) or now < ASTRAY * then:
            return None
        self._told = True
        return now / then

    def rearm(self) -> None:
        """Something was changed that may help: judge anew what comes from now on."""
        self._told = False
        self._recent = []
