"""The run folder: what stands in it, what a crash leaves, how a run goes on, and what if it cannot be written."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from builder.graph.problems import ProblemError
from builder.train.folders import new_run_folder, runs_folder
from builder.train.headless import train
from builder.train.messages import Event, Reason, Warned
from builder.train.reading import load_run, read_metrics
from builder.train.run import Record
from builder.train.settings import SGD, Optimizer, RMSprop, TrainingSettings
from tests.train.networks import picture_job, point_job


def stop_at(step: int) -> dict[str, Any]:
    """Arguments that stop a run behind this step."""
    stop, count = threading.Event(), [0]

    def on_progress(_progress: object) -> None:
        count[0] += 1
        if count[0] == step:
            stop.set()

    return {"stop": stop, "on_progress": on_progress}


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    run = load_run(folder)
    return load_file(run.weights[max(run.weights)])


def test_what_stands_in_the_folder(tmp_path: Path) -> None:
    result = train(picture_job(), run_folder=tmp_path / "deep" / "run")
    run = load_run(Path(result.finished.run))
    assert run.description["document"] == {"name": "test"}
    assert run.description["seed"] == 0
    assert run.description["device"] == "cpu"
    assert run.description["versions"]["torch"] == torch.__version__
    assert sorted(run.weights) == [0, 1, 2, 4, 8]
    assert run.epochs == result.epochs
    assert run.steps[:, 0].tolist() == list(range(1, 9))
    assert run.end is not None
    assert run.end["reason"] == "completed"
    assert run.end["test_accuracy"] == result.finished.test_accuracy
    assert not [*run.folder.rglob("*.part"), *run.folder.rglob("*.tmp")]


def test_the_final_weights_are_those_that_were_tested(tmp_path: Path) -> None:
    result = train(picture_job(), run_folder=tmp_path / "run")
    from builder.compile.infer import infer
    from builder.compile.module import build
    from builder.compile.plan import make_plan
    from builder.data.prepare import prepare

    job = picture_job()
    model = build(make_plan(infer(job.graph)))
    model.load_state_dict(last_weights(tmp_path / "run"))
    test = prepare(job.data, (1, 8, 8), "cpu").test
    x, target = test.batch(test.order())
    with torch.no_grad():
        accuracy = (model.eval()(x).argmax(1) == target).double().mean().item()
    assert result.finished.test_accuracy == pytest.approx(accuracy)


def test_a_crash_loses_the_last_line_at_most(tmp_path: Path) -> None:
    train(picture_job(), run_folder=tmp_path / "run")
    path = tmp_path / "run" / "metrics.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:4]) + lines[4][:11])
    assert read_metrics(path) == [json.loads(line) for line in lines[:4]]
    run = load_run(tmp_path / "run")
    assert run.end is None
    assert len(run.steps) == 4


@pytest.mark.parametrize("step", [1, 4, 6])
@pytest.mark.parametrize(
    "optimizer",
    [
        *(kind() for kind in get_args(TrainingSettings.model_fields["optimizer"].annotation)),
        SGD(momentum=0),
        RMSprop(momentum=0.5, centered=True, learning_rate=0.001),
    ],
    ids=repr,
)
def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path: Path, step: int, optimizer: Optimizer) -> None:
    train(picture_job(optimizer=optimizer), run_folder=tmp_path / "whole")
    stopped = train(picture_job(optimizer=optimizer), run_folder=tmp_path / "parts", **stop_at(step))
    assert (stopped.reason, stopped.finished.step) == (Reason.STOPPED, step)
    with (tmp_path / "parts" / "metrics.jsonl").open("a") as file:
        file.write('{"event": "st')  # and then the power failed
    resumed = train(picture_job(optimizer=optimizer), run_folder=tmp_path / "parts", resume=True)
    assert (resumed.reason, resumed.finished.step) == (Reason.COMPLETED, 8)
    whole, parts = last_weights(tmp_path / "whole"), last_weights(tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    one, two = load_run(tmp_path / "whole"), load_run(tmp_path / "parts")
    assert np.array_equal(one.steps, two.steps)
    assert [epoch.validation_loss for epoch in one.epochs] == [epoch.validation_loss for epoch in two.epochs]


@pytest.mark.parametrize("damage", ["absent", "garbage", "other network"])
def test_what_cannot_be_resumed_is_refused(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "run"
    train(picture_job(), run_folder=folder)
    path = folder / "resume.safetensors"
    if damage == "absent":
        path.unlink()
    if damage == "garbage":
        path.write_bytes(b"\x10\0\0\0\0\0\0\0{not json")
    job = point_job() if damage == "other network" else picture_job()
    before = (folder / "metrics.jsonl").read_text()
    result = train(job, run_folder=folder, resume=True)
    assert result.problem is not None
    assert result.problem.code == ("no-such-run" if damage == "absent" else "bad-run")
    assert (folder / "metrics.jsonl").read_text() == before


def test_weights_of_many_epochs_are_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.train.run.SNAPSHOTS", 4)
    train(picture_job(epochs=11), run_folder=tmp_path / "run")
    kept = sorted(load_run(tmp_path / "run").weights)
    assert kept == [0, 1, 2, 16, 32, 44]


def test_a_folder_that_cannot_be_made_fails_the_run_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = train(picture_job(), run_folder=tmp_path / "file" / "run")
    assert result.reason is Reason.FAILED
    assert result.finished.step == 0
    assert result.problem is not None
    assert (result.problem.code, result.problem.where) == ("run-not-written", str(tmp_path / "file" / "run"))


def test_a_disk_that_fills_up_warns_once_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Record) -> Path:
        if self._learner.step:
            raise OSError(28, "No space left on device")
        return Path()

    monkeypatch.setattr(Record, "snapshot", full)
    heard: list[Event] = []
    result = train(picture_job(), heard.append, tmp_path / "run")
    assert result.reason is Reason.COMPLETED
    assert result.finished.run == ""
    warnings = [event.problem for event in heard if isinstance(event, Warned)]
    assert [problem.code for problem in warnings] == ["run-not-written"]
    assert "no space left" in warnings[0].message
    assert len(result.epochs) == 2


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{", '{"format": "other"}', '{"format": "torchcanvas-run", "version": 99}']
)
def test_what_is_no_run_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(ProblemError) as caught:
        load_run(tmp_path)
    assert caught.value.problems[0].code == ("newer-run" if text and "99" in text else "no-such-run")


def test_new_folders_lie_below_the_named_one_and_are_new() -> None:
    assert runs_folder() == Path(os.environ["TORCHCANVAS_RUNS"])
    first = new_run_folder("my/net: 1")
    assert first.parent == runs_folder()
    assert "/" not in first.name
    first.mkdir(parents=True)
    assert new_run_folder("my/net: 1") != first
