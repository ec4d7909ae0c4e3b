"""t-SNE on its thread, and the trainer's looks at many samples: they are answered, and leave a run as it was."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from builder.inspect import gather
from builder.inspect.cloud import Cloud, Gathering
from builder.inspect.picture import Attention
from builder.train import unfolding as unfolding_module
from builder.train.messages import EpochEnded, Prepared, Reason, Resume
from builder.train.unfolding import Unfolded, Unfolding
from tests.train.conftest import PATIENCE, Flight
from tests.train.networks import picture_job
from tests.train.test_trainer import final_weights, rest

Fly = Callable[..., Flight]
ALL = Attention(cloud=Gathering("conv1"))


def cloud_of(flight: Flight, fits: Callable[[Cloud], bool] = lambda _cloud: True) -> Cloud:
    """The next fitting points in the mailbox."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        picture = flight.trainer.mailbox.take()
        if picture is not None and picture.cloud is not None and fits(picture.cloud):
            return picture.cloud
        try:
            flight.heard.append(flight.trainer.events.get(timeout=0.01))
        except queue.Empty:
            continue
    raise AssertionError("no such picture")


def test_a_run_that_is_looked_at_is_the_same_to_the_last_digit(
    fly: Fly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fly(picture_job(), run_folder=tmp_path / "undisturbed").finish()
    monkeypatch.setattr(gather, "EVERY", 0.0)
    monkeypatch.setattr(gather, "SHARE", 1e9)
    flight = fly(picture_job(), run_folder=tmp_path / "watched", attention=ALL, paused=True)
    rest(flight)
    before = cloud_of(flight)
    assert before.step == 0
    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED
    after = cloud_of(flight, lambda cloud: cloud.step == 8)
    assert not np.array_equal(after.points, before.points)
    assert np.array_equal(after.samples.positions, before.samples.positions)
    one, other = final_weights(tmp_path / "undisturbed"), final_weights(tmp_path / "watched")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_while_it_runs_points_follow(fly: Fly) -> None:
    flight = fly(picture_job(epochs=10_000), attention=ALL)
    flight.until(Prepared)
    flight.until(EpochEnded)
    first = cloud_of(flight)
    assert cloud_of(flight, lambda cloud: cloud.step > first.step).layer == "conv1"


def test_before_the_run_more_samples_follow_without_being_asked_for(fly: Fly, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "ROUND", -1.0)  # a piece at a time
    monkeypatch.setattr(gather, "PIECE", -1.0)
    flight = fly(picture_job(), attention=ALL, paused=True)
    rest(flight)
    assert not cloud_of(flight, lambda cloud: not cloud.more).more
    flight.trainer.attend(Attention(cloud=Gathering("relu1")))
    assert cloud_of(flight, lambda cloud: cloud.layer == "relu1" and not cloud.more)
    flight.trainer.attend(Attention())
    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED


# t-SNE --------------------------------------------------------------------------------------------------------------


def take(work: Unfolding) -> Unfolded:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        found = work.mailbox.take()
        if found is not None:
            return found
        work.join(0.01)
    raise AssertionError("nothing came")


def test_points_come_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfolding_module, "ROUNDS", (1, 1))
    monkeypatch.setattr(unfolding_module, "unfold", lambda values, start, unfolded: iter([start + 1, start + 2]))
    work = Unfolding(np.zeros((5, 3), np.float32), np.zeros((5, 2)))
    found = take(work)
    while found.share < 1.0:
        found = take(work)
    assert found.points is not None
    assert (found.points == 2).all()
    work.join(PATIENCE)
    assert not work.alive


def test_it_stops_between_two_rounds_and_says_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[Unfolding] = []

    def rounds(_values: object, start: object, unfolded: bool) -> object:
        yield start
        work[0].stop()
        yield start
        raise AssertionError("it goes on")

    made = Unfolding.__new__(Unfolding)
    work.append(made)
    monkeypatch.setattr(unfolding_module, "unfold", rounds)
    made.__init__(np.zeros((5, 3), np.float32), np.zeros((5, 2)))  # type: ignore[misc]
    made.join(PATIENCE)
    assert not made.alive
    found = made.mailbox.take()
    assert found is not None
    assert found.share == 0.25


def test_what_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_rest: object, **_more: object) -> None:
        raise ValueError

    monkeypatch.setattr(unfolding_module, "unfold", fail)
    found = take(Unfolding(np.zeros((5, 3), np.float32), np.zeros((5, 2))))
    assert (found.points, found.share) == (None, 1.0)
