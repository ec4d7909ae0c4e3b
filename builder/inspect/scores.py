"""What a table of confusions says: accuracy, precision, recall and F1 of each class, the most frequent mistakes.

Plain arrays. A table is int64 (classes, classes): how many samples of the row's class were said to be of the column's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scores:
    """Figures of each class: float64 (classes,), from 0 to 1.

    As scikit-learn's `classification_report` has them: a class that is never said has precision 0. One that neither
    occurs nor is said has no figures (NaN), and does not count in the means.

    Attributes:
        precision: of the samples that are said to be of the class, the share that is.
        recall: of the samples of the class, the share that is said to be.
        f1: their harmonic mean.
        count: samples of the class, int64.
        accuracy: the share of right answers.
    """

    precision: Shares
    recall: Shares
    f1: Shares
    count: Counts
    accuracy: float

    def means(self) -> tuple[float, float, float]:
        """Precision, recall and F1, averaged over the classes, each class counting the same (macro average)."""
        first, second, third = (_mean(figures) for figures in (self.precision, self.recall, self.f1))
        return first, second, third


class Mistake(NamedTuple):
    """How many samples of the class `true` were said to be of the class `said`."""

    true: int
    said: int
    samples: int


def scores(table: Counts) -> Scores:
    """The figures of a table."""
    right = table.diagonal().astype(np.float64)
    there, said = table.sum(axis=1), table.sum(axis=0)
    absent = (there + said) == 0

    def share(of: NDArray[np.generic]) -> Shares:
        found: Shares = np.divide(right, of, out=np.zeros(len(right)), where=of != 0)
        found[absent] = np.nan
        return found

    total = int(table.sum())
    # 2 P R / (P + R) with the counts put in, which also holds where one of the two has no samples.
    f1 = share((there + said) / 2)
    return Scores(share(said), share(there), f1, there, float(right.sum()) / total if total else float("nan"))


def row_shares(table: Counts) -> Shares:
    """The table as shares of each true class; rows without samples are NaN."""
    there = table.sum(axis=1, keepdims=True)
    shares: Shares = np.divide(table, there, out=np.full(table.shape, np.nan), where=there != 0)
    return shares


def mistakes(table: Counts, most: int) -> list[Mistake]:
    """The most frequent mistakes, the most frequent first."""
    wrong = table.copy()
    np.fill_diagonal(wrong, 0)
    places = np.argwhere(wrong)
    best = np.argsort(-wrong[tuple(places.T)], kind="stable")[:most]
    return [Mistake(i, j, int(wrong[i, j])) for i, j in places[best].tolist()]


def _mean(figures: Shares) -> float:
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if len(known) else float("nan")
