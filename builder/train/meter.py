"""Loss and right answers of every step, kept on the device until somebody reads them.

A step only puts references into a list. Reading begins one copy for many steps, and needs no waiting where the device
can copy beside its work.
"""

from __future__ import annotations

import threading
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from builder.inspect.transfer import Fetch
from builder.train.objective import Objective

Rows = NDArray[np.float64]
"""(k, 4): step, loss, share of right answers (NaN where there is none), samples."""

MOST_STEPS = 256
MOST_NUMBERS = 2**20  # scores held for counting right answers later: 4 MB


class Meter:
    """Collects steps and hands them out as rows. For the training thread only."""

    def __init__(self, objective: Objective, side: torch.cuda.Stream | None) -> None:
        self._objective, self._side = objective, side
        self._losses: list[Tensor] = []
        self._scores: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._steps: list[tuple[int, int]] = []
        self._numbers = 0
        self._under_way: list[tuple[Fetch, list[tuple[int, int]]]] = []

    def add(self, step: int, loss: Tensor, scores: Tensor, target: Tensor) -> None:
        """Note a step. Starts a copy by itself when much has gathered."""
        self._steps.append((step, len(scores)))
        self._losses.append(loss.detach())
        if self._objective.counts:
            self._scores.append(scores.detach())
            self._targets.append(target)
            self._numbers += scores.numel()
        if len(self._steps) >= MOST_STEPS or self._numbers >= MOST_NUMBERS:
            self.begin()

    def begin(self) -> None:
        """Start copying what has gathered."""
        if not self._steps:
            return
        tensors = {"loss": torch.stack(self._losses)}
        if self._objective.counts:
            tensors["right"] = self._objective.correct(torch.cat(self._scores), torch.cat(self._targets))
        self._under_way.append((Fetch(tensors, self._side), self._steps))
        self._losses, self._scores, self._targets, self._steps, self._numbers = [], [], [], [], 0

    def take(self, *, wait: bool = False) -> Rows:
        """The rows that have arrived; with `wait`, of every step so far."""
        if wait or not self._under_way:
            self.begin()
        found = []
        while self._under_way and (wait or self._under_way[0][0].ready):
            fetch, steps = self._under_way.pop(0)
            found.append(_rows(fetch, steps))
        return joined(found)


def _rows(fetch: Fetch, steps: list[tuple[int, int]]) -> Rows:
    values = fetch.arrays()
    rows = np.full((len(steps), 4), np.nan)
    rows[:, [0, 3]] = steps
    rows[:, 1] = values["loss"]
    if "right" in values:
        begins = [0, *accumulate(samples for _, samples in steps[:-1])]
        rows[:, 2] = np.add.reduceat(values["right"], begins, dtype=np.float64) / rows[:, 3]
    return rows


class Curve:
    """Rows of (step, loss, accuracy) on their way to the window: a bounded list that any thread may fill and empty.

    When nobody takes them for long, every second of the oldest rows gives way, so that the curve keeps its form.
    """

    def __init__(self, most: int = 65_536) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._blocks: list[Rows] = []
        self._count = 0

    def add(self, rows: Rows) -> None:
        """Append rows; only their first three columns are kept."""
        if not len(rows):
            return
        with self._lock:
            self._blocks.append(rows[:, :3])
            self._count += len(rows)
            if self._count > self._most:
                every = np.concatenate(self._blocks)
                self._blocks = [every[len(every) % 2 == 0 :: 2]]  # the newest row always stays
                self._count = len(self._blocks[0])

    def take(self) -> Rows:
        """Every row since the last call, (k, 3)."""
        with self._lock:
            blocks, self._blocks, self._count = self._blocks, [], 0
        return np.concatenate(blocks) if blocks else np.empty((0, 3))


def joined(pieces: list[Rows]) -> Rows:
    """All rows in one array, (k, 4)."""
    return np.concatenate(pieces) if pieces else np.empty((0, 4))


def mean(rows: Rows) -> tuple[float, float | None]:
    """Mean loss and accuracy over the samples of some rows; the same whatever pieces the rows came in."""
    samples = rows[:, 3]
    if not samples.sum():
        return float("nan"), None
    accuracy = float(np.dot(rows[:, 2], samples) / samples.sum())
    return float(np.dot(rows[:, 1], samples) / samples.sum()), None if np.isnan(accuracy) else accuracy
