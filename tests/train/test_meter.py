"""Losses and right answers on their way from the device to the window."""

from __future__ import annotations

import numpy as np
import torch

from builder.train.meter import MOST_STEPS, Curve, Meter, mean
from builder.train.objective import Objective


def filled(meter: Meter, steps: int, *, last: int = 4) -> None:
    for step in range(1, steps + 1):
        size = last if step == steps else 4
        scores = torch.zeros(size, 3)
        scores[:, 0] = 1
        target = torch.zeros(size, dtype=torch.int64)
        target[: step % 3] = 2  # so many wrong answers
        meter.add(step, torch.tensor(float(step)), scores, target)


def test_every_step_gives_a_row_whatever_the_batches() -> None:
    meter = Meter(Objective("cross-entropy", counts=True), None)
    filled(meter, 5, last=2)
    rows = meter.take(wait=True)
    assert rows[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert rows[:, 1].tolist() == [1, 2, 3, 4, 5]
    assert rows[:, 2].tolist() == [0.75, 0.5, 1.0, 0.75, 0.0]
    assert rows[:, 3].tolist() == [4, 4, 4, 4, 2]
    assert len(meter.take(wait=True)) == 0


def test_nothing_is_lost_beyond_the_limit_and_the_mean_does_not_depend_on_reading() -> None:
    steps = 2 * MOST_STEPS + 7
    often, seldom = (Meter(Objective("cross-entropy", counts=True), None) for _ in range(2))
    filled(seldom, steps)
    whole = seldom.take(wait=True)
    pieces = []
    for step in range(1, steps + 1):
        scores = torch.zeros(4, 3)
        often.add(step, torch.tensor(float(step)), scores, torch.zeros(4, dtype=torch.int64))
        if step % 11 == 0:
            pieces.append(often.take())
    pieces.append(often.take(wait=True))
    assert whole[:, 0].tolist() == np.concatenate(pieces)[:, 0].tolist() == list(range(1, steps + 1))
    assert mean(whole)[0] == mean(np.concatenate(pieces))[0]


def test_without_classes_there_is_no_accuracy() -> None:
    meter = Meter(Objective("squared-error", counts=False), None)
    meter.add(1, torch.tensor(2.0), torch.zeros(4, 1), torch.zeros(4, 1))
    rows = meter.take(wait=True)
    assert np.isnan(rows[0, 2])
    assert mean(rows) == (2.0, None)


def test_a_curve_that_nobody_takes_stays_bounded_and_keeps_its_form() -> None:
    curve = Curve(most=100)
    for step in range(1, 1001):
        curve.add(np.array([[step, step / 10, 0.5, 64]]))
    rows = curve.take()
    assert len(rows) <= 100
    assert rows[-1, 0] == 1000
    assert np.all(np.diff(rows[:, 0]) > 0)
    assert np.allclose(rows[:, 1], rows[:, 0] / 10)
    assert curve.take().shape == (0, 3)
