"""How long steps and epochs take. Knows nothing of what is done in them."""

from __future__ import annotations

import time


class Clock:
    """Times of steps and epochs, without the time spent waiting.

    Attributes:
        pace: seconds that a step takes, lately; 0 before the first.
    """

    def __init__(self) -> None:
        self.start()
        self.pace = 0.0

    def start(self) -> None:
        """An epoch begins."""
        self._began = self._last = time.perf_counter()

    def waited(self, seconds: float) -> None:
        """So much time passed without work."""
        self._began += seconds
        self._last += seconds

    def step(self, now: float) -> float:
        """A step is complete; returns its duration."""
        seconds = max(0.0, now - self._last)
        self._last = now
        # A moving mean over about half a second, whatever a step takes.
        weight = min(1.0, max(0.02, 2 * seconds))
        self.pace = seconds if not self.pace else self.pace + weight * (seconds - self.pace)
        return seconds

    @property
    def epoch_seconds(self) -> float:
        """Since the epoch began."""
        return time.perf_counter() - self._began
