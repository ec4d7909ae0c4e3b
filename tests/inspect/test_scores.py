"""Figures of a table of confusions, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from builder.inspect.scores import Mistake, mistakes, row_shares, scores


def answers(classes: int, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes and answers that are often right; with few samples, some classes are never there or never said."""
    random = np.random.default_rng(seed)
    true = random.integers(0, classes, samples)
    return true, np.where(random.random(samples) < 0.6, true, random.integers(0, classes, samples))


@pytest.mark.parametrize(("classes", "samples"), [(2, 40), (10, 300), (10, 6), (100, 150)])
def test_the_figures_are_those_of_scikit_learn(classes: int, samples: int) -> None:
    true, said = answers(classes, samples, seed=classes + samples)
    table = confusion_matrix(true, said, labels=range(classes)).astype(np.int64)
    found = scores(table)
    present = np.union1d(true, said)
    wanted = precision_recall_fscore_support(true, said, labels=present, zero_division=0)
    for mine, theirs in zip((found.precision, found.recall, found.f1, found.count), wanted, strict=True):
        np.testing.assert_allclose(mine[present], theirs)
    absent = np.setdiff1d(np.arange(classes), present)
    assert np.isnan(found.f1[absent]).all()
    averages = precision_recall_fscore_support(true, said, average="macro", zero_division=0)[:3]
    np.testing.assert_allclose(found.means(), averages)
    assert found.accuracy == pytest.approx(accuracy_score(true, said))


def test_no_samples_give_no_figures() -> None:
    found = scores(np.zeros((3, 3), np.int64))
    assert np.isnan([found.accuracy, *found.means()]).all()
    assert np.isnan(row_shares(np.zeros((3, 3), np.int64))).all()


def test_rows_become_shares_of_the_true_class() -> None:
    shares = row_shares(np.array([[3, 1], [0, 0]]))
    np.testing.assert_array_equal(shares, [[0.75, 0.25], [np.nan, np.nan]])


def test_mistakes_come_in_the_order_of_their_number() -> None:
    table = np.array([[50, 2, 0], [7, 40, 1], [0, 2, 9]])
    assert mistakes(table, 3) == [Mistake(1, 0, 7), Mistake(0, 1, 2), Mistake(2, 1, 2)]
    assert len(mistakes(table, 9)) == 4
    assert mistakes(np.diag([4, 5]), 3) == []
