"""How many samples there will be to train on, as far as that is known before anything is loaded. No torch."""

from __future__ import annotations

from builder.data.catalogue import find
from builder.data.settings import DataSettings


def training_count(settings: DataSettings) -> int | None:
    """How many samples the training part will have, give or take one for each class; None where only loading tells.

    The same sums as in `split`.
    """
    info = find(settings.dataset)
    counts = info.counts(settings) if info is not None else None
    if counts is None or (settings.rare < 1 and info is not None and info.classes):
        return None
    rest, own_test = counts
    if not own_test:
        rest -= round(settings.test * rest)
    if settings.in_folds:
        rest -= len(range(settings.fold - 1, rest, settings.folds))
    else:
        rest -= round(settings.validation * rest)
    return min(rest, settings.limit) if settings.limit else rest


def batch_note(batch_size: int, samples: int) -> str:
    """What is done where a batch is larger than the training part; empty where it is not."""
    if batch_size <= samples:
        return ""
    return f"more than the {samples:,} training samples: each step takes all of them, one step an epoch"
