"""Augmentation in a run: reproducible, resumable, of training batches only, and nothing where it is off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from builder.data.augmentation import Augmentation
from builder.train.headless import train
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.loop import step
from builder.train.messages import Reason
from tests.train.networks import picture_job, point_job
from tests.train.test_run import last_weights, stop_at

CHANGES: dict[str, Any] = {"rotation": 20, "shift": 0.1, "flip_horizontal": True, "contrast": 0.3, "noise": 0.1}


def with_changes(job: Job, **changes: Any) -> Job:
    return replace(job, data=job.data.changed(augmentation=Augmentation(**changes)))


def learner(job: Job) -> Learner:
    return make_learner(job, lambda *_: None, lambda: False)


def test_a_run_is_reproducible_and_another_without_it(tmp_path: Path) -> None:
    job = with_changes(picture_job(), **CHANGES)
    one, other, plain = (train(each) for each in (job, job, picture_job()))
    assert one.problem is None
    losses = [[epoch.train_loss for epoch in run.epochs] for run in (one, other, plain)]
    assert losses[0] == losses[1] != losses[2]
    off = train(with_changes(picture_job(), rotation=0))
    assert [epoch.train_loss for epoch in off.epochs] == losses[2]


@pytest.mark.parametrize("behind", [2, 4, 5])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path: Path, behind: int) -> None:
    job = with_changes(picture_job(), **CHANGES)
    whole = train(job, run_folder=tmp_path / "whole")
    stopped = train(job, run_folder=tmp_path / "run", **stop_at(behind))
    assert stopped.reason is Reason.STOPPED
    resumed = train(job, run_folder=tmp_path / "run", resume=True)
    assert resumed.finished.test_loss == whole.finished.test_loss
    wanted = last_weights(tmp_path / "whole")
    assert all(torch.equal(value, wanted[name]) for name, value in last_weights(tmp_path / "run").items())


@pytest.mark.parametrize("job", [picture_job(), point_job()], ids=["pictures", "points"])
def test_only_what_is_learned_from_is_changed(job: Job) -> None:
    plain, changed = learner(job), learner(with_changes(job, noise=0.2))
    rows = torch.arange(20)
    assert not torch.equal(changed.load(rows)[0], plain.load(rows)[0])
    for name in ("train", "validation", "test"):
        assert torch.equal(
            changed.load(rows, getattr(changed.data, name))[0], plain.load(rows, getattr(plain.data, name))[0]
        )
        assert torch.equal(getattr(changed.data, name).sample(3)[0], getattr(plain.data, name).sample(3)[0])


def test_each_step_changes_the_same_samples_in_another_way() -> None:
    one = learner(with_changes(picture_job(), **CHANGES))
    rows = torch.arange(20)
    first, _ = one.load(rows)
    assert torch.equal(one.load(rows)[0], first)
    for _ in step(one, rows):
        pass
    assert not torch.equal(one.load(rows)[0], first)


def test_the_samples_are_prepared_once_whatever_is_done_to_them() -> None:
    plain, changed = learner(picture_job()), learner(with_changes(picture_job(), **CHANGES))
    assert plain.data is changed.data
