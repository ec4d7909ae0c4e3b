"""How many threads PyTorch computes with on the CPU, so that a busy machine slows training and does not stop it.

OpenMP's threads wait for each other many times in a step, and spin while they wait. With as many threads as cores and
one other busy program, each wait can take a whole time slice: LeNet-5 was seen to fall to a hundredth of its speed. So
the number is chosen by measurement before the first step, and lowered when the collapse is seen later.

The number of threads changes the last digits of sums. Where `OMP_NUM_THREADS` is set, the number stays as it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

SPIN = "10000"  # about 50 µs: longer than the gap between two parallel loops of a small network, far below a time slice
WINDOW = 0.25  # seconds of steps that are judged together
COLLAPSE = 2.5  # so many times slower than the best window: another program has taken a core
GAIN = 1.2  # another number of threads must be so much faster to be taken
RETRY = 20.0  # seconds until the full number is tried again; doubles each time that it is no better


def prepare_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Tell OpenMP to wait briefly. To be called before torch is imported: it is read only then."""
    if "OMP_WAIT_POLICY" not in environment and "GOMP_SPINCOUNT" not in environment:
        os.environ["GOMP_SPINCOUNT"] = SPIN


def fixed() -> bool:
    """Whether the user has decided on the number of threads."""
    return "OMP_NUM_THREADS" in os.environ


def choose(full: int, work: Callable[[], None], use: Callable[[int], None], limit: float = 0.15) -> int:
    """Measure `work` with all threads and with one, and say which number to take: all, unless one is clearly faster.

    Args:
        work: something like a step, without consequences.
        use: sets the number of threads.
        limit: seconds for each of the two.
    """
    if full <= 1:
        return full
    seconds: dict[int, float] = {}
    for threads in (full, 1, full, 1):
        use(threads)
        work()
        seconds[threads] = min(seconds.get(threads, float("inf")), _median(work, limit / 2))
    chosen = 1 if seconds[1] * GAIN < seconds[full] else full
    use(chosen)
    return chosen


def _median(work: Callable[[], None], limit: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + limit
    while not times or (time.perf_counter() < end and len(times) < 50):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


class Keeper:
    """Watches how long steps take and says when another number of threads is better.

    Attributes:
        threads: the number in use.
        collapses: how often a collapse was seen.
    """

    def __init__(self, full: int, threads: int) -> None:
        self._full, self.threads = full, threads
        self.collapses = 0
        self._best = float("inf")
        self._time = self._steps = 0.0
        self._slow = 0
        self._since_change = 0.0
        self._retry = RETRY
        self._before_trial: float | None = None

    def step(self, seconds: float) -> int | None:
        """Note a step; returns the number of threads to use from now on, None when it stays as it is."""
        self._time += seconds
        self._steps += 1
        self._since_change += seconds
        if self._time < WINDOW:
            return None
        pace = self._time / self._steps
        self._time = self._steps = 0.0
        return self._judge(pace)

    def _judge(self, pace: float) -> int | None:
        if self._before_trial is not None:
            better = pace * GAIN < self._before_trial
            self._before_trial = None
            if better:
                self._best, self._retry = pace, RETRY
                return None
            self._retry *= 2
            return self._change(1)
        self._best = min(self._best, pace)
        if self.threads > 1:
            self._slow = self._slow + 1 if pace > COLLAPSE * self._best else 0
            if self._slow >= 2:
                self.collapses += 1
                # One core is taken: one thread fewer. When that was no cure, a single one always is.
                return self._change(self.threads - 1 if self.threads == self._full else 1)
        elif self.threads < self._full and self._since_change > self._retry:
            self._before_trial = pace
            return self._change(self._full)
        return None

    def _change(self, threads: int) -> int:
        self.threads = threads
        self._slow = 0
        self._since_change = 0.0
        return threads
