"""When a loss counts as gone astray, and when it is only bad."""

from __future__ import annotations

import numpy as np
import pytest

from builder.train.divergence import FEW, Divergence
from builder.train.failure import calmer
from builder.train.settings import SGD, Adam, Optimizer


def level(value: float, steps: int = FEW) -> np.ndarray:
    return np.full(steps, value)


def test_a_loss_far_above_its_beginning_is_told_once() -> None:
    watch = Divergence()
    assert watch.times(level(2.3)) is None
    assert watch.times(level(0.1)) is None
    assert watch.times(level(230.0, FEW // 2)) is None  # a spike
    assert watch.times(level(230.0)) == pytest.approx(100)
    assert watch.times(level(2300.0)) is None
    watch.rearm()
    assert watch.times(level(230.0, FEW - 1)) is None  # not those of before
    assert watch.times(level(230.0, 1)) == pytest.approx(100)


def test_however_the_steps_arrive() -> None:
    watch = Divergence()
    found = [watch.times(level(1.0 if step < FEW else 1000.0, 1)) for step in range(3 * FEW)]
    assert [value for value in found if value is not None] == [1000]


def test_what_is_merely_bad_is_not_told() -> None:
    watch = Divergence()
    for value in (2.3, 0.5, 3.0, 20.0):
        assert watch.times(level(value)) is None
    trained = Divergence()  # begins with the weights of another run
    for value in (0.001, 0.5, 5.0):
        assert trained.times(level(value)) is None


@pytest.mark.parametrize(
    ("rate", "optimizer", "offered"),
    [
        (5.0, SGD(), 0.05),
        (0.3, SGD(), 0.03),
        (0.05, SGD(), 0.005),
        (0.01, SGD(), 0.001),  # less than usual, and too much for this network
        (5.0, SGD(momentum=0.0), 0.05),
        (5.0, SGD(momentum=0.99), 0.005),
        (1.0, Adam(), 0.001),
        (100.0, Adam(), 0.001),
    ],
)
def test_the_rate_that_is_offered_is_likely_to_work(rate: float, optimizer: Optimizer, offered: float) -> None:
    assert calmer(rate, optimizer) == offered
