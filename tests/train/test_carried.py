"""A run that begins with weights from a file: what it starts from, what it says, and what its folder keeps of that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from builder.compile.weights import initial
from builder.train.headless import train
from builder.train.job import Job
from builder.train.learner import make_learner
from builder.train.messages import Event, Prepared, Reason
from builder.train.reading import load_run
from tests.train.networks import DIGITS, chain, picture_job


def first_run(folder: Path) -> Path:
    """The newest weights of a run of `picture_job`."""
    assert train(picture_job(), run_folder=folder).reason is Reason.COMPLETED
    run = load_run(folder)
    return run.weights[max(run.weights)]


def other_end(**training: object) -> Job:
    """The same network with another last layer."""
    job = picture_job(**training)
    graph = chain(
        [1, 8, 8],
        ("conv1", "Conv2d", {"filters": 4, "kernel_size": 3}),
        ("bn1", "BatchNorm2d", {}),
        ("relu1", "ReLU", {}),
        ("flatten1", "Flatten", {}),
        ("fc2", "Linear", {"features": 10}),
    )
    return replace(job, graph=graph)


def test_it_begins_with_them_and_says_so(tmp_path: Path) -> None:
    weights = first_run(tmp_path / "first")
    heard: list[Event] = []
    job = replace(other_end(epochs=1), weights=weights)
    assert train(job, heard.append, tmp_path / "second").reason is Reason.COMPLETED
    prepared = next(event for event in heard if isinstance(event, Prepared))
    assert prepared.carried is not None
    assert prepared.carried.words() == f"taken from {weights.name}: 7 of 9 tensors; fresh: fc2"
    begun, stored = load_file(tmp_path / "second" / "weights" / "00000000.safetensors"), load_file(weights)
    assert all(torch.equal(begun[name], stored[name]) for name in begun if not name.startswith("fc2"))
    described = json.loads((tmp_path / "second" / "run.json").read_text())["weights"]
    assert described["file"] == str(weights)
    assert described["sha256"] == prepared.carried.sha256
    assert (described["taken"], described["of"], described["fresh"]) == (7, 9, ["fc2"])


def test_the_fresh_ones_still_come_from_the_seed(tmp_path: Path) -> None:
    weights = first_run(tmp_path / "first")
    job = other_end()
    fresh = make_learner(job, lambda *_: None, lambda: False)
    carried = make_learner(replace(job, weights=weights), lambda *_: None, lambda: False)
    assert fresh.carried is None
    assert torch.equal(fresh.root.get_parameter("fc2.weight"), carried.root.get_parameter("fc2.weight"))
    assert torch.equal(initial(fresh.plan, 0).get_parameter("fc2.weight"), fresh.root.get_parameter("fc2.weight"))


def test_two_runs_from_one_file_are_one_run(tmp_path: Path) -> None:
    job = replace(picture_job(), weights=first_run(tmp_path / "first"))
    assert train(job).epochs[-1].train_loss == train(job).epochs[-1].train_loss


def test_a_run_goes_on_without_the_file(tmp_path: Path) -> None:
    weights = tmp_path / "moved.safetensors"
    save_file(load_file(first_run(tmp_path / "first")), weights)
    job = replace(picture_job(epochs=1), weights=weights)
    assert train(job, run_folder=tmp_path / "run").reason is Reason.COMPLETED
    weights.unlink()
    longer = replace(job, training=job.training.changed(epochs=2))
    result = train(longer, run_folder=tmp_path / "run", resume=True)
    assert result.problem is None
    assert [epoch.epoch for epoch in result.epochs] == [2]


def test_a_missing_file_is_a_problem_of_the_setting(tmp_path: Path) -> None:
    job = Job(picture_job().graph, DIGITS, weights=tmp_path / "absent.safetensors")
    problem = train(job).problem
    assert problem is not None
    assert (problem.code, problem.where) == ("no-weights", "training.weights")
    assert "absent.safetensors" in problem.message
    assert problem.fix is not None
