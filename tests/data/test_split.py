"""Division of a data set: stratified, complete, without overlap, the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.data.settings import DataSettings
from builder.data.split import split, take

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=12)
SHARES = st.floats(0, 0.9)


def targets_of(counts: list[int], seed: int) -> np.ndarray:
    targets = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(targets)


@given(COUNTS, SHARES, SHARES, st.integers(0, 99))
def test_every_sample_is_in_exactly_one_part(counts: list[int], validation: float, test: float, seed: int) -> None:
    targets = targets_of(counts, seed)
    parts = split(targets, None, DataSettings(validation=validation, test=test, seed=seed))
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together) == list(range(len(targets)))


@given(COUNTS, SHARES, st.integers(0, 99))
def test_each_class_has_its_share_to_within_one(counts: list[int], share: float, seed: int) -> None:
    targets = targets_of(counts, seed)
    parts = split(targets, None, DataSettings(test=share, validation=0, seed=seed))
    wanted = round(share * len(targets)) / len(targets)
    for number, count in enumerate(counts):
        found = int((targets[parts.test] == number).sum())
        assert abs(found - wanted * count) <= 1


@given(COUNTS, SHARES, SHARES, st.integers(0, 99))
def test_every_class_can_be_learned(counts: list[int], validation: float, test: float, seed: int) -> None:
    targets = targets_of(counts, seed)
    parts = split(targets, None, DataSettings(validation=validation, test=test, seed=seed))
    assert set(targets[parts.train]) == set(targets)


@given(COUNTS, st.integers(1, 400), st.integers(0, 99))
def test_a_limit_is_kept_exactly_and_stratified(counts: list[int], limit: int, seed: int) -> None:
    targets = targets_of(counts, seed)
    whole = split(targets, None, DataSettings(test=0, validation=0, seed=seed)).train
    some = split(targets, None, DataSettings(test=0, validation=0, seed=seed, limit=limit)).train
    assert len(some) == min(limit, len(whole))
    assert set(some) <= set(whole)
    for number, count in enumerate(counts):
        assert abs((targets[some] == number).sum() - count * len(some) / len(whole)) <= 1


def test_a_limit_leaves_validation_and_test_alone() -> None:
    targets = targets_of([50, 50], 0)
    whole, some = (split(targets, None, DataSettings(limit=limit)) for limit in (0, 10))
    assert np.array_equal(whole.validation, some.validation)
    assert np.array_equal(whole.test, some.test)


def test_a_test_part_of_its_own_is_kept_whole() -> None:
    targets = targets_of([50, 50], 0)
    parts = split(targets, 17, DataSettings(test=0.5, validation=0.2))
    assert parts.test.tolist() == list(range(17))
    assert (len(parts.train), len(parts.validation)) == (80, 20)


def test_the_seed_chooses_the_split() -> None:
    targets = targets_of([50, 50], 0)
    first, again, other = (split(targets, None, DataSettings(seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


def test_samples_are_drawn_from_the_whole_range() -> None:
    targets = np.zeros(1000, np.int64)
    taken, _ = take(targets, np.arange(1000), 200, np.random.default_rng(0))
    # A sorted or strided choice would fail one of these: no block of 100 is empty, gaps are of many sizes.
    assert all(((taken >= low) & (taken < low + 100)).any() for low in range(0, 1000, 100))
    assert len(set(np.diff(taken))) > 5


@pytest.mark.parametrize("targets", [np.linspace(0, 1, 40, dtype=np.float32), np.zeros((40, 3), np.float32)])
def test_numbers_as_targets_are_one_class(targets: np.ndarray) -> None:
    parts = split(targets, None, DataSettings(test=0.25, validation=0))
    assert (len(parts.test), len(parts.train)) == (10, 30)


@given(COUNTS, st.floats(0.001, 0.999), st.integers(0, 99))
def test_the_last_class_is_made_rare_and_nothing_else(counts: list[int], share: float, seed: int) -> None:
    targets = targets_of(counts, seed)
    whole, some = (split(targets, None, DataSettings(rare=rare, seed=seed)) for rare in (1, share))
    assert np.array_equal(whole.validation, some.validation)
    assert np.array_equal(whole.test, some.test)
    last = len(counts) - 1
    others = whole.train[targets[whole.train] != last]
    assert np.array_equal(some.train[targets[some.train] != last], others)
    assert len(some.train) - len(others) == max(1, round(share * (len(whole.train) - len(others))))
    assert np.array_equal(some.train, np.unique(some.train))


def test_of_a_larger_share_a_smaller_one_is_a_part() -> None:
    targets = targets_of([100, 100], 0)
    few, more = (split(targets, None, DataSettings(rare=share)).train for share in (0.1, 0.3))
    assert set(few) < set(more)
    assert not np.array_equal(few, split(targets, None, DataSettings(rare=0.1, seed=1)).train)


def test_numbers_as_targets_have_no_rare_class() -> None:
    targets = np.linspace(0, 1, 40, dtype=np.float32)
    whole, same = (split(targets, None, DataSettings(rare=share)).train for share in (1, 0.01))
    assert np.array_equal(whole, same)


@given(COUNTS, st.integers(2, 9), SHARES, st.integers(0, 99))
def test_folds_hold_every_sample_once_and_as_many_of_each_class(
    counts: list[int], folds: int, test: float, seed: int
) -> None:
    targets = targets_of(counts, seed)
    plain = split(targets, None, DataSettings(test=test, seed=seed))
    parts = [split(targets, None, DataSettings(test=test, seed=seed, folds=folds, fold=n)) for n in range(1, folds + 1)]
    rest = sorted([*plain.train, *plain.validation])
    assert sorted(np.concatenate([part.validation for part in parts])) == rest
    for part in parts:
        assert np.array_equal(part.test, plain.test)
        assert sorted([*part.train, *part.validation]) == rest
        for number in range(len(counts)):
            there, held = (int((targets[rows] == number).sum()) for rows in (rest, part.validation))
            assert there // folds <= held <= -(-there // folds)
    sizes = {len(part.validation) for part in parts}
    assert max(sizes) - min(sizes) <= 1
