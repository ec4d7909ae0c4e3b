"""Whether a run goes astray: its loss is far above what it was before anything was learned. NumPy only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FEW = 20  # steps that are judged together
ASTRAY = 10.0  # times the loss of the beginning
LEAST = 1.0  # a run that begins with trained weights begins near 0: ten times that is still little


class Divergence:
    """Watches the losses of a run."""

    def __init__(self) -> None:
        # The first alone is of before any step: with a rate far too high, the second is astray already.
        self._first: float | None = None
        self._recent: list[float] = []
        self._told = False

    def times(self, losses: NDArray[np.float64]) -> float | None:
        """Add the losses of some steps. When four of five are astray: how many times what they were.

        Told once, until `rearm`; None otherwise.
        """
        if self._first is None and len(losses):
            self._first = float(losses[0])
        self._recent = [*self._recent, *losses.tolist()][-FEW:]
        if self._first is None or self._told or len(self._recent) < FEW:
            return None
        now = sorted(self._recent)[FEW // 5]  # NumPy's quantile takes a hundred times as long for so few
        then = max(self._first, LEAST)
        if not math.isfinite(now) or now < ASTRAY * then:
            return None
        self._told = True
        return now / then

    def rearm(self) -> None:
        """Something was changed that may help: judge anew what comes from now on."""
        self._told = False
        self._recent = []
