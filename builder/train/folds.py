"""What the folds of a cross-validation give together: mean and standard deviation. Plain figures.

Each fold is a run of its own, with `data.folds` and `data.fold` in its settings; see `data.split`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from builder.train.messages import EpochEnded, Finished


@dataclass(frozen=True)
class Fold:
    """How the run of one fold ended: the validation figures of the weights that it ended with.

    Attributes:
        number: of the fold, from 1.
        epoch: that these weights belong to.
        accuracy, top5: None where they do not apply.
        run: its folder; "" where it was not recorded.
    """

    number: int
    epoch: int
    loss: float
    accuracy: float | None = None
    top5: float | None = None
    run: str = ""


@dataclass(frozen=True)
class Spread:
    """Mean of the folds, and their standard deviation as a sample's (divided by one less than there are)."""

    mean: float
    deviation: float


def fold_of(number: int, epochs: Sequence[EpochEnded], finished: Finished) -> Fold | None:
    """The figures of a run that has ended, from those of its epochs; None where nothing was validated."""
    wanted = finished.best_epoch if finished.best_epoch is not None else max((e.epoch for e in epochs), default=0)
    for ended in epochs:
        if ended.epoch == wanted and ended.validation_loss is not None:
            return Fold(
                number, wanted, ended.validation_loss, ended.validation_accuracy, ended.validation_top5, finished.run
            )
    return None


def spread(values: Sequence[float | None]) -> Spread | None:
    """Mean and deviation; None where a fold has no such figure, or there are none."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known or len(known) < len(values):
        return None
    return Spread(fmean(known), stdev(known) if len(known) > 1 else 0.0)


def best_epochs(folds: Sequence[Fold]) -> int:
    """How many epochs the folds' weights were trained for, on average: so many suit a training on all of it."""
    return max(1, round(fmean(fold.epoch for fold in folds)))
