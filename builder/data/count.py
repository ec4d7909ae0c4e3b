"""How many samples each part of the data has; also before anything is loaded, as far as that can be known. No torch.

`split` divides by these numbers, and decides which samples they are.
"""

from __future__ import annotations

from builder.data.catalogue import find
from builder.data.settings import DataSettings


def for_test(settings: DataSettings, samples: int) -> int:
    """How many of the samples become the test part, where the data set has none of its own."""
    return round(settings.test * samples)


def for_validation(settings: DataSettings, samples: int) -> int:
    """How many of the samples that are not for the test become the validation part."""
    if settings.in_folds:
        return len(places_of_fold(samples, settings.folds, settings.fold))
    return round(settings.validation * samples)


def places_of_fold(samples: int, folds: int, fold: int) -> range:
    """Which of so many samples in a row are one of the folds (from 1)."""
    return range(fold - 1, samples, folds)


def limited(settings: DataSettings, samples: int) -> int:
    """How many of the samples that are left to train on are used."""
    return min(samples, settings.limit) if settings.limit else samples


def training_count(settings: DataSettings) -> int | None:
    """How many samples the training part will have, give or take one for each class; None where only loading tells."""
    info = find(settings.dataset)
    counts = info.counts(settings) if info is not None else None
    if counts is None or (settings.rare < 1 and info is not None and info.classes):
        return None
    rest, own_test = counts
    if not own_test:
        rest -= for_test(settings, rest)
    return limited(settings, rest - for_validation(settings, rest))
