"""Dividing a data set: stratified, seeded, the same on every machine. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from builder.data.catalogue import Array
from builder.data.count import for_test, for_validation, limited, places_of_fold

if TYPE_CHECKING:
    from builder.data.settings import DataSettings

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Which samples belong to which part.

    Attributes:
        train, validation: positions among the samples, ascending.
        test: likewise; positions in the data set's own test part where it has one.
    """

    train: Rows
    validation: Rows
    test: Rows


def split(targets: Array, own_test: int | None, settings: DataSettings) -> Split:
    """Divide samples with these targets as the settings say.

    Args:
        own_test: size of the data set's own test part, which is kept as it is; None when it has none.
    """
    rng = np.random.default_rng(settings.seed)
    rest = np.arange(len(targets))
    if own_test is not None:
        test = np.arange(own_test)
    else:
        test, rest = take(targets, rest, for_test(settings, len(rest)), rng)
    if settings.in_folds:
        validation, train = take_fold(targets, rest, settings.folds, settings.fold, rng)
    else:
        validation, train = take(targets, rest, for_validation(settings, len(rest)), rng)
    used = limited(settings, len(train))
    if used < len(train):
        train, _ = take(targets, train, used, rng, spare=False)
    if settings.rare < 1 and targets.dtype.kind in "iu":
        train = with_rare_class(targets, train, settings.rare, settings.seed)
    return Split(train, validation, test)


def with_rare_class(targets: Array, rows: Rows, share: float, seed: int) -> Rows:
    """The rows, but of those of the last class only this share, and at least one; ascending.

    Which ones depends on the seed alone, and of a larger share those of a smaller one are a part.
    """
    last = targets[rows] == targets.max(initial=0)
    # Not the stream that chose the split, nor that of wrong labels.
    own = np.random.default_rng([seed, 2]).permutation(rows[last])
    return np.sort(np.concatenate([rows[~last], own[: max(1, round(share * len(own)))]]))


def take(targets: Array, rows: Rows, count: int, rng: np.random.Generator, *, spare: bool = True) -> tuple[Rows, Rows]:
    """`count` of the rows, as many of each class as its share demands (to within one), and the others.

    With `spare`, the last sample of a class is left among the others, so that a tiny class can still be learned.
    Targets that are no class numbers count as one class. Both results are ascending.
    """
    by_class, classes = _by_class(targets, rows, rng)
    # With the classes in a row, every (n / count)-th sample is taken: a run of any length then holds its share of
    # them rounded up or down, and all together hold exactly `count`. Whole numbers throughout: nothing to round.
    steps = (np.arange(len(rows) + 1) * count + len(rows) // 2) // max(1, len(rows))
    taken = np.zeros(len(rows), bool)
    taken[by_class] = np.diff(steps) > 0
    if spare:
        for number in np.unique(classes):
            own = classes == number
            if taken[own].all():
                taken[np.flatnonzero(own)[0]] = False
    return rows[taken], rows[~taken]


def take_fold(targets: Array, rows: Rows, folds: int, fold: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """The rows of one of so many folds (from 1), and all others; both ascending.

    With the same random numbers, all folds together hold every row once. Each holds as many rows as another, and as
    many of each class, to within one.
    """
    by_class, _ = _by_class(targets, rows, rng)
    taken = np.zeros(len(rows), bool)
    taken[by_class[places_of_fold(len(rows), folds, fold)]] = True
    return rows[taken], rows[~taken]


def _by_class(targets: Array, rows: Rows, rng: np.random.Generator) -> tuple[Rows, Array]:
    """The places of the rows in random order, but the classes in a row; and the class of each row."""
    classes = targets[rows] if targets.dtype.kind in "iu" else np.zeros(len(rows), np.int64)
    shuffled = rng.permutation(len(rows))
    return shuffled[np.argsort(classes[shuffled], kind="stable")], classes
