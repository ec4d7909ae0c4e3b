"""A curve of any length in bounded memory, thinned to what a plot can show. NumPy only.

Points go into buckets. When the buckets are full, neighbours are joined and each holds twice as many points from then
on: a run of ten hours takes the memory of a run of minutes, and no spike is lost, since a bucket knows its extremes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Doubles: TypeAlias = "NDArray[np.float64]"

FEW = 20  # points up to which every one of them lies within the axis of a bounded measure
RISE = 0.12  # share of the points that may lie below it


@dataclass(frozen=True)
class Thinned:
    """A stretch of a curve, ready to be drawn.

    Attributes:
        x, y: lowest and highest point of each group, in the order in which they came; (points,).
        at, mean: the middle and the smoothed mean of each group; (groups,).
    """

    x: Doubles
    y: Doubles
    at: Doubles
    mean: Doubles


class Series:
    """Points (x, y) with x that grows.

    Attributes:
        last: the newest point; None while there is none.
        count: how many points were added.
    """

    # Columns of a bucket.
    COUNT, FIRST, LAST, SUM, LOW, LOW_AT, HIGH, HIGH_AT = range(8)

    def __init__(self, capacity: int = 4096) -> None:
        """Hold at most `capacity` buckets (an even number)."""
        self._capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for made in ("_buckets", "_rest"):
            self.__dict__.pop(made, None)
        self._filled = 0
        self._per = 1  # points in a full bucket
        self.last: tuple[float, float] | None = None
        self.count = 0

    # Made with the first points: NumPy is imported then.

    @cached_property
    def _buckets(self) -> Doubles:
        return np.empty((self._capacity, 8))

    @cached_property
    def _rest(self) -> Doubles:
        """Points that do not fill a bucket yet."""
        return np.empty((0, 2))

    def take_over(self, other: Series) -> None:
        """Become what another series is now; that one forgets everything."""
        self._capacity, self._buckets, self._filled = other._capacity, other._buckets, other._filled
        self._per, self._rest, self.last, self.count = other._per, other._rest, other.last, other.count
        other.clear()

    def add(self, x: Doubles, y: Doubles) -> None:
        """Add points; those that are not finite, or not behind the last one, are left out."""
        known = np.isfinite(y) & np.isfinite(x)
        if self.last is not None:
            known &= x > self.last[0]
        points = np.column_stack([x[known], y[known]])
        if not len(points):
            return
        self.count += len(points)
        self.last = float(points[-1, 0]), float(points[-1, 1])
        self._rest = np.concatenate([self._rest, points])
        while len(self._rest) >= self._per:
            if self._filled == self._capacity:
                self._join()
                continue
            number = min(len(self._rest) // self._per, self._capacity - self._filled)
            taken, self._rest = self._rest[: number * self._per], self._rest[number * self._per :]
            single = np.empty((len(taken), 8))
            single[:, self.COUNT] = 1.0
            single[:, [self.FIRST, self.LAST, self.LOW_AT, self.HIGH_AT]] = taken[:, :1]
            single[:, [self.SUM, self.LOW, self.HIGH]] = taken[:, 1:]
            self._buckets[self._filled : self._filled + number] = merged(single, self._per)
            self._filled += number

    def _join(self) -> None:
        half = self._capacity // 2
        self._buckets[:half] = merged(self._buckets, 2)
        self._filled = half
        self._per *= 2

    def buckets(self) -> Doubles:
        """All buckets, the one that is not full yet included; (buckets, 8)."""
        full = self._buckets[: self._filled]
        if not len(self._rest):
            return full
        single = np.empty((len(self._rest), 8))
        single[:, self.COUNT] = 1.0
        single[:, [self.FIRST, self.LAST, self.LOW_AT, self.HIGH_AT]] = self._rest[:, :1]
        single[:, [self.SUM, self.LOW, self.HIGH]] = self._rest[:, 1:]
        return np.concatenate([full, merged(single, len(single))])

    def between(self, low: float, high: float, columns: int) -> Thinned:
        """What lies from x = `low` to `high`, and the neighbour on each side, in at most `columns` groups."""
        every = self.buckets()
        start = max(0, int(np.searchsorted(every[:, self.LAST], low)) - 1)
        end = min(len(every), int(np.searchsorted(every[:, self.FIRST], high, side="right")) + 1)
        part = every[start:end]
        if len(part) > columns > 0:
            part = merged(part, math.ceil(len(part) / columns))
        if not len(part):
            nothing: Doubles = np.empty(0)
            return Thinned(nothing, nothing, nothing, nothing)
        ends = part[:, [self.LOW_AT, self.HIGH_AT]], part[:, [self.LOW, self.HIGH]]
        order = np.argsort(ends[0], axis=1, kind="stable")
        x = np.take_along_axis(ends[0], order, axis=1).ravel()
        y = np.take_along_axis(ends[1], order, axis=1).ravel()
        keep = np.ones(len(x), dtype=bool)
        keep[1::2] = part[:, self.COUNT] > 1  # a bucket of one point is one point
        middle = (part[:, self.FIRST] + part[:, self.LAST]) / 2
        mean = smooth(part[:, self.SUM] / part[:, self.COUNT], part[:, self.COUNT])
        return Thinned(x[keep], y[keep], middle, mean)

    def near(self, x: float) -> tuple[float, float, float, float] | None:
        """The bucket nearest to x: its middle, mean, lowest and highest value; None while there is nothing."""
        every = self.buckets()
        if not len(every):
            return None
        middle = (every[:, self.FIRST] + every[:, self.LAST]) / 2
        found = every[int(np.abs(middle - x).argmin())]
        place = float((found[self.FIRST] + found[self.LAST]) / 2)
        return place, float(found[self.SUM] / found[self.COUNT]), float(found[self.LOW]), float(found[self.HIGH])


@dataclass(frozen=True)
class Other:
    """The curves of a run that this one is compared with.

    Attributes:
        name: beside the line; role: of the theme, its colour.
        dashed: it was not kept by name.
    """

    name: str
    role: str
    dashed: bool
    training: Series
    validation: Series

    @property
    def line(self) -> Series:
        """The curve to compare: of validation, or of training where nothing was kept for that."""
        return self.validation if self.validation.count else self.training


def merged(buckets: Doubles, size: int) -> Doubles:
    """Every `size` buckets joined to one; the last one may be of fewer."""
    if size <= 1:
        return buckets
    count = -(-len(buckets) // size)
    starts = np.arange(count) * size
    made = np.empty((count, 8))
    made[:, Series.COUNT] = np.add.reduceat(buckets[:, Series.COUNT], starts)
    made[:, Series.SUM] = np.add.reduceat(buckets[:, Series.SUM], starts)
    made[:, Series.FIRST] = buckets[starts, Series.FIRST]
    made[:, Series.LAST] = buckets[np.minimum(starts + size, len(buckets)) - 1, Series.LAST]
    missing = count * size - len(buckets)
    for value, place, far in ((Series.LOW, Series.LOW_AT, np.inf), (Series.HIGH, Series.HIGH_AT, -np.inf)):
        table = np.concatenate([buckets[:, value], np.full(missing, far)]).reshape(count, size)
        best = table.argmin(axis=1) if far > 0 else table.argmax(axis=1)
        made[:, value] = table[np.arange(count), best]
        made[:, place] = buckets[starts + best, place]
    return made


def smooth(values: Doubles, weights: Doubles) -> Doubles:
    """Weighted mean of each value and its neighbours, over about a fiftieth of the whole; it does not lag behind."""
    spread = len(values) * 0.01
    if spread < 0.4:
        return values
    reach = min(math.ceil(3 * spread), (len(values) - 1) // 2)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
    total: Doubles = np.convolve(values * weights, kernel, "same")
    return total / np.convolve(weights, kernel, "same")


def window(mean: Doubles, line: Doubles, bottom: float, top: float) -> tuple[float, float]:
    """The part of a vertical axis from `bottom` to `top` in which two curves come to lie.

    Their first rise may begin below it. Its ends are round, so that the figures beside it stay put while they move.

    Args:
        mean, line: values of the smoothed training curve and of the validation curve, in their order.
    """
    every = np.concatenate([mean, line])
    every = every[np.isfinite(every)]
    if not len(every):
        return bottom, top
    low, high = float(every.min()), float(every.max())
    if len(every) > FEW:  # what falls later on is no rise
        low = float(min(np.quantile(every, RISE), *line[-1:], *mean[len(mean) // 2 :]))
    whole = top - bottom
    step = whole * next(part for part in (0.05, 0.1, 0.2, 0.25, 1.0) if high - low <= 2 * part * whole)
    low = bottom + step * math.floor((low - bottom) / step - 0.2)
    high = bottom + step * math.ceil((high - bottom) / step)
    high = min(top, max(high, low + 2 * step))
    return max(bottom, min(low, high - 2 * step)), high + 0.02 * step  # a line along the top is seen whole


def even_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers from low to high, evenly spaced."""
    if not high > low or most < 1:
        return []
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10, 20) if unit * factor >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round numbers for a logarithmic axis; low and high are powers of ten, and so are they."""
    if not high > low or most < 1:
        return []
    for factors, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 5), ((1,), 10)):
        found = [
            power + math.log10(factor)
            for power in range(math.floor(low) - 1, math.ceil(high) + 1)
            if power % every == 0
            for factor in factors
            if low - 1e-9 <= power + math.log10(factor) <= high + 1e-9
        ]
        if len(found) <= most:
            return (
                found
                if len(found) > 1
                else [math.log10(tick) for tick in even_ticks(10**low, 10**high, most) if tick > 0]
            )
    return []
