"""A run that waits is looked back at, and goes on as if nobody had. Nothing here sleeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from builder.inspect.picture import Attention
from builder.train.messages import (
    Command,
    Pause,
    Reason,
    Resume,
    SaveWeights,
    State,
    StateChanged,
    StepBatch,
    StepPhase,
    Stop,
    Stored,
    TakeSnapshot,
    Warned,
    WeightsSaved,
)
from builder.train.reading import load_run
from tests.train.conftest import Flight, wait_for_picture
from tests.train.networks import picture_job

Fly = Callable[..., Flight]
SEEN = Attention(frozenset({"conv1", "output"}), frozenset({"conv1"}), gradients=frozenset({"conv1"}))


def rest(flight: Flight) -> None:
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)


def waiting(fly: Fly, folder: Path, steps: int, **job: Any) -> tuple[Flight, Stored]:
    """A run that waits behind so many steps, and what it can be looked back at."""
    flight = fly(picture_job(**job), run_folder=folder, attention=SEEN, paused=True)
    rest(flight)
    for _ in range(steps):
        flight.trainer.send(StepBatch())
        stored = flight.until(Stored)
    return flight, stored


def look(flight: Flight, step: int) -> None:
    flight.trainer.look_at(step)
    wait_for_picture(flight, lambda picture: picture.step == step)


def weights(flight: Flight, path: Path) -> dict[str, torch.Tensor]:
    """Those that the network has now."""
    flight.trainer.send(SaveWeights(path))
    assert flight.until(WeightsSaved) == WeightsSaved(path)
    return load_file(path)


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def last(folder: Path) -> dict[str, torch.Tensor]:
    run = load_run(folder)
    return load_file(run.weights[max(run.weights)])


def test_the_present_is_the_last_moment(fly: Fly, tmp_path: Path) -> None:
    flight, stored = waiting(fly, tmp_path / "run", 3)
    assert stored == Stored((0, 1, 2, 3), anew=True)
    assert 3 not in load_run(tmp_path / "run").weights
    now = weights(flight, tmp_path / "now.safetensors")
    look(flight, 1)
    then = weights(flight, tmp_path / "then.safetensors")
    assert alike(then, load_file(load_run(tmp_path / "run").weights[1]))
    assert not alike(then, now)
    look(flight, 3)
    assert alike(weights(flight, tmp_path / "again.safetensors"), now)


@pytest.mark.parametrize("how", [(Resume(),), (StepBatch(), Resume()), (StepPhase(), Resume())], ids=str)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_run_that_was_looked_back_at_learns_the_same(
    fly: Fly, tmp_path: Path, how: tuple[Command, ...], optimizer: str
) -> None:
    """To the last digit, moving averages of batch norm included, wherever it looked when it went on."""
    job = {"optimizer": {"kind": optimizer, "learning_rate": 0.01}}
    fly(picture_job(**job), run_folder=tmp_path / "undisturbed").finish()
    flight, _ = waiting(fly, tmp_path / "run", 5, **job)
    for step in (4, 0, 1):
        look(flight, step)
    for command in how:
        flight.trainer.send(command)
    assert flight.finish().reason is Reason.COMPLETED
    assert alike(last(tmp_path / "undisturbed"), last(tmp_path / "run"))
    rows = [load_run(tmp_path / name).steps for name in ("undisturbed", "run")]
    assert len(rows[0]) == 8
    assert [list(row) for row in rows[0]] == [list(row) for row in rows[1]]


def test_a_run_that_is_stopped_while_it_is_looked_back_at_keeps_what_it_has_learned(fly: Fly, tmp_path: Path) -> None:
    flight, _ = waiting(fly, tmp_path / "run", 3)
    now = weights(flight, tmp_path / "now.safetensors")
    look(flight, 0)
    flight.trainer.send(Stop())
    assert flight.finish().step == 3
    assert alike(last(tmp_path / "run"), now)
    assert flight.all(Stored)[-1] == Stored((0, 1, 2, 3))


def test_a_snapshot_is_of_the_present(fly: Fly, tmp_path: Path) -> None:
    flight, _ = waiting(fly, tmp_path / "run", 3)
    now = weights(flight, tmp_path / "now.safetensors")
    look(flight, 1)
    flight.trainer.send(TakeSnapshot())
    assert flight.until(Stored) == Stored((0, 1, 2, 3), anew=True)
    assert alike(load_file(load_run(tmp_path / "run").weights[3]), now)
    assert alike(weights(flight, tmp_path / "again.safetensors"), now)


@pytest.mark.parametrize("phases", range(1, 6))
def test_inside_a_step_too(fly: Fly, tmp_path: Path, phases: int) -> None:
    """Before the backward pass, which wants the weights of the forward pass; before the update, which wants both."""
    fly(picture_job(), run_folder=tmp_path / "undisturbed").finish()
    flight, _ = waiting(fly, tmp_path / "run", 2)
    for _ in range(phases):
        flight.trainer.send(StepPhase())
        stored = flight.until(Stored)
    step = 3 if phases == 5 else 2
    assert stored == Stored((*range(step), step), anew=True)
    now = weights(flight, tmp_path / "now.safetensors")
    look(flight, 0)
    look(flight, step)
    assert alike(weights(flight, tmp_path / "again.safetensors"), now)
    look(flight, 1)
    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED
    assert alike(last(tmp_path / "undisturbed"), last(tmp_path / "run"))


def test_weights_that_are_gone_are_told_and_nothing_is_lost(fly: Fly, tmp_path: Path) -> None:
    flight, _ = waiting(fly, tmp_path / "run", 3)
    now = weights(flight, tmp_path / "now.safetensors")
    load_run(tmp_path / "run").weights[1].unlink()
    flight.trainer.look_at(1)
    assert flight.until(Warned).problem.code == "no-weights"
    assert alike(weights(flight, tmp_path / "again.safetensors"), now)


def test_a_run_that_keeps_nothing_is_not_looked_back_at(fly: Fly) -> None:
    flight = fly(picture_job(), paused=True)
    rest(flight)
    flight.trainer.send(StepBatch())
    rest(flight)
    flight.trainer.send(Resume())
    flight.trainer.send(Pause())
    flight.trainer.send(Resume())
    flight.finish()
    assert flight.all(Stored) == []
