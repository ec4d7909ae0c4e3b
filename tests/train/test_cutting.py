"""A pass that is under way when the run is to stop: it ends between two layers, and leaves no trace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from builder.train.cutting import forgets
from builder.train.headless import train
from builder.train.job import Job
from builder.train.messages import Pause, Phase, Prepared, Reason, Resume, State, StateChanged, StepPhase, Stop
from tests.train.conftest import PATIENCE, Flight
from tests.train.networks import chain, picture_job
from tests.train.test_run import last_weights

Fly = Callable[..., Flight]


def job(*more: tuple[str, str, dict[str, object]]) -> Job:
    graph = chain(
        [1, 8, 8],
        ("conv1", "Conv2d", {"filters": 4, "kernel_size": 3}),
        *more,
        ("relu1", "ReLU", {}),
        ("flatten1", "Flatten", {}),
        ("drop1", "Dropout", {"p": 0.3}),
        ("fc1", "Linear", {"features": 10}),
        ("softmax1", "Softmax", {}),
    )
    return replace(picture_job(), graph=graph)


def stopped_within(fly: Fly, job: Job, folder: Path | None, *, training: bool, layer: str = "drop1") -> list[bool]:
    """Run, and stop while the third pass of a kind is in the middle of the network; whether each later layer saw it."""
    flight = fly(job, run_folder=folder, paused=True)
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)
    learner = flight.trainer._pilot.session.learner
    assert learner is not None
    inside, gate, after = threading.Event(), threading.Event(), []
    passes: list[None] = []
    held, last = learner.root.get_submodule(layer), learner.root.get_submodule("fc1")
    real, ending = held.forward, last.forward

    def forward(x: Tensor) -> Tensor:
        if held.training is training and len(x) > 1:
            passes.append(None)
            if len(passes) == 3:
                inside.set()
                assert gate.wait(PATIENCE)
        return real(x)

    def end(x: Tensor) -> Tensor:
        if inside.is_set() and len(x) > 1:
            after.append(True)
        return ending(x)

    held.forward, last.forward = forward, end
    flight.trainer.send(Resume())
    assert inside.wait(PATIENCE)
    flight.trainer.send(Stop())
    gate.set()
    assert flight.finish().reason is Reason.STOPPED
    assert not any(module._forward_pre_hooks for module in learner.root.modules())
    return after


def test_a_pass_of_training_ends_at_the_next_layer_and_the_run_goes_on_to_the_last_digit(
    fly: Fly, tmp_path: Path
) -> None:
    assert not stopped_within(fly, job(), tmp_path / "run", training=True)
    whole = train(job(), run_folder=tmp_path / "whole")
    resumed = train(job(), run_folder=tmp_path / "run", resume=True)
    assert resumed.finished.test_loss == whole.finished.test_loss
    wanted = last_weights(tmp_path / "whole")
    assert all(torch.equal(value, wanted[name]) for name, value in last_weights(tmp_path / "run").items())


def test_an_evaluation_ends_at_the_next_layer(fly: Fly) -> None:
    every_batch = replace(job(), training=job().training.model_copy(update={"epochs": 9}))
    assert not stopped_within(fly, every_batch, None, training=False)


def test_where_a_pass_leaves_averages_behind_the_step_is_made_whole(fly: Fly, tmp_path: Path) -> None:
    normalised = job(("bn1", "BatchNorm2d", {}))
    assert stopped_within(fly, normalised, tmp_path / "run", training=True) == [True]
    whole = train(normalised, run_folder=tmp_path / "whole")
    resumed = train(normalised, run_folder=tmp_path / "run", resume=True)
    assert resumed.finished.test_loss == whole.finished.test_loss


def test_a_pause_inside_a_step_is_stopped_as_ever(fly: Fly) -> None:
    flight = fly(job(), paused=True)
    flight.until(Prepared)
    for phase in (Phase.FORWARD, Phase.LOSS):
        flight.trainer.send(StepPhase())
        flight.until(StateChanged, lambda event, phase=phase: event.inside is not None and event.inside.phase is phase)
    flight.trainer.send(Stop())
    assert flight.finish().reason is Reason.STOPPED
    assert flight.trainer.progress.step == 1  # its pass was made: the rest of the step is


def test_layers_of_others_are_not_trusted_to_forget() -> None:
    class Counting(nn.Module):
        pass

    assert forgets(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Dropout()))
    assert not forgets(nn.Sequential(nn.BatchNorm2d(2)))
    assert not forgets(nn.Sequential(Counting()))


def test_nothing_hangs_on_the_layers_before_a_stop(fly: Fly) -> None:
    flight = fly(job(), paused=True)
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)
    learner = flight.trainer._pilot.session.learner
    assert learner is not None
    flight.trainer.send(Pause())
    assert not any(module._forward_pre_hooks for module in learner.root.modules())
