"""How a slider's positions stand for numbers: evenly or by powers of ten, always at round numbers. No Qt."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

# Within a power of ten, a logarithmic slider stops at these.
_STOPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


@dataclass(frozen=True)
class Scale:
    """The numbers that a slider can stop at, from `low` to `high`.

    Attributes:
        whole: whole numbers only.
        log: evenly spaced by ratio; `low` must be above zero.
    """

    low: float
    high: float
    whole: bool = False
    log: bool = False

    @cached_property
    def stops(self) -> tuple[float, ...]:
        """Every number that it stops at, rising."""
        if self.log and self.low > 0:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            found = [float(f"{stop}e{power}") for power in range(first, last + 1) for stop in _STOPS]
            inner = [n for n in found if self.low < n < self.high and (not self.whole or n == int(n))]
        else:
            step = self._step()
            count = int((self.high - self.low) / step + 1e-9)
            start = math.floor(self.low / step + 1e-9)
            inner = [round((start + k) * step, 12) for k in range(1, count + 1)]
            inner = [n for n in inner if self.low < n < self.high]
        every = (self.low, *inner, self.high)
        return tuple(int(n) for n in every) if self.whole else tuple(float(n) for n in every)

    def _step(self) -> float:
        span = self.high - self.low
        if self.whole and span <= 1000:
            return 1
        step = 10.0 ** round(math.log10(span / 100)) if span > 0 else 1.0
        return max(1.0, step) if self.whole else step

    def at(self, position: int) -> float:
        """The number at a position, which counts from 0."""
        return self.stops[min(max(position, 0), len(self.stops) - 1)]

    def position(self, number: float) -> int:
        """The position that stands nearest to a number; the ends for what lies beyond them."""
        right = bisect_left(self.stops, number)
        if right == 0:
            return 0
        if right == len(self.stops):
            return right - 1
        before, behind = self.stops[right - 1], self.stops[right]
        return right if behind - number < number - before else right - 1
