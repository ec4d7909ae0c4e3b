"""The learning rate over a run: its formula, what the optimiser really gets, and what resuming makes of it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from builder.train.headless import train
from builder.train.learner import Learner
from builder.train.loop import step
from builder.train.settings import SGD, Constant, Cosine, TrainingSettings
from tests.train.networks import picture_job


def test_half_a_cosine_falls_from_all_to_the_last_share() -> None:
    schedule = Cosine(last=0.1)
    assert schedule.factor(0) == 1
    assert schedule.factor(0.5) == pytest.approx(0.55)
    assert schedule.factor(1) == pytest.approx(0.1)
    assert Cosine().factor(1) == pytest.approx(0)
    assert Constant().factor(0.7) == 1


def rates(training: TrainingSettings) -> list[float]:
    """The learning rate of every update of a run."""
    from builder.train.learner import make_learner

    learner: Learner = make_learner(picture_job(**dict(training)), lambda *_: None, lambda: False)
    found = []
    for _ in range(training.epochs):
        for rows in learner.batches():
            list(step(learner, rows))
            found.append(learner.optimizer.param_groups[0]["lr"])
        learner.end_epoch()
    return found


def test_every_update_gets_the_rate_of_its_place_in_the_run() -> None:
    found = rates(TrainingSettings(epochs=2, batch_size=50, optimizer=SGD(learning_rate=0.2), schedule=Cosine()))
    count = len(found)
    assert found == pytest.approx([0.1 * (1 + math.cos(math.pi * k / count)) for k in range(count)])


def test_a_constant_rate_stays() -> None:
    assert set(rates(TrainingSettings(epochs=1, batch_size=50, optimizer=SGD(learning_rate=0.2)))) == {0.2}


def test_a_resumed_run_follows_the_same_schedule(tmp_path: Path) -> None:
    training = TrainingSettings(epochs=3, batch_size=50, schedule=Cosine())
    whole = train(picture_job(**dict(training)), run_folder=tmp_path / "whole")
    stopped = _stop_after_one_epoch(training, tmp_path / "parts")
    assert len(stopped) == 1
    train(picture_job(**dict(training)), run_folder=tmp_path / "parts", resume=True)
    assert whole.problem is None
    first, second = (_newest(tmp_path / name) for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def _stop_after_one_epoch(training: TrainingSettings, folder: Path) -> list[object]:
    import threading

    from builder.train.messages import EpochEnded

    stop, ended = threading.Event(), []

    def hear(event: object) -> None:
        if isinstance(event, EpochEnded):
            ended.append(event)
            stop.set()

    train(picture_job(**dict(training)), hear, folder, stop)
    return ended


def _newest(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(max((folder / "weights").glob("*.safetensors"), key=lambda path: int(path.stem)))
