"""What a unit responds to: looked for by the trainer, compared with all samples put through the network at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from builder.compile.module import rewire
from builder.data.settings import DataSettings
from builder.inspect.picture import Attention
from builder.inspect.response import Response, Responses
from builder.project import templates
from builder.project.job import make_job
from builder.train import responses as responses_module
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.messages import (
    EpochEnded,
    FindMistake,
    FindResponses,
    MistakeFound,
    Pause,
    Prepared,
    Reason,
    ResponsesFound,
    Resume,
    State,
    StateChanged,
    StepBatch,
)
from builder.train.responses import strongest
from tests.train.conftest import Flight
from tests.train.networks import picture_job, point_job
from tests.train.test_trainer import final_weights, rest

Fly = Callable[..., Flight]


def learner_of(job: Job) -> Learner:
    return make_learner(job, lambda _message, _share: None, lambda: False)


def never() -> bool:
    return False


def wider(job: Job, **changes: Any) -> Job:
    return Job(job.graph, DataSettings(dataset="digits", **changes), job.training, job.document)


@pytest.mark.parametrize("batch", [7, 64])
@pytest.mark.parametrize(("layer", "unit"), [("conv1", 2), ("fc1", 9), ("input", 0)])
def test_the_strongest_are_those_of_all(layer: str, unit: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_module, "at_once", lambda _learner: batch)
    learner = learner_of(wider(picture_job(), limit=400))
    found = strongest(learner, FindResponses(layer, unit), never)
    part = learner.data.validation
    x, _ = part.batch(part.order())
    with torch.no_grad():
        maps = rewire(learner.root.eval(), learner.plan, layer)(x)[:, unit].reshape(len(part), -1)
    values, places = maps.max(1)
    expected = values.argsort(descending=True, stable=True)[:9].tolist()
    assert [each.sample for each in found.found] == expected
    assert [each.value for each in found.found] == pytest.approx(values[expected].tolist())
    assert (found.layer, found.unit, found.looked, found.total) == (layer, unit, len(part), len(part))
    assert found.units == {"conv1": 4, "fc1": 10, "input": 1}[layer]
    for each in found.found:
        assert each.target == part.target(each.sample)
        assert np.array_equal(each.picture, part.raw(each.sample))
        row, column = divmod(int(places[each.sample]), 6)
        if layer == "conv1":
            assert each.box == (row, column, row + 3, column + 3)
        elif layer == "fc1":
            assert each.box == (0, 0, 8, 8)


def test_an_output_responds_to_what_arrives_there() -> None:
    learner = learner_of(wider(picture_job(), limit=100))
    ((name, source),) = learner.plan.outputs
    found, before = (strongest(learner, FindResponses(layer, 3), never) for layer in (name, source))
    assert (found.layer, found.units) == (name, 10)
    assert [each.sample for each in found.found] == [each.sample for each in before.found] != []


def test_a_fitted_picture_is_shown_as_the_network_gets_it() -> None:
    learner = learner_of(make_job(templates.load("lenet5")))  # 8 by 8 pixels are brought to 32 by 32
    found = strongest(learner, FindResponses("conv2", 3), never).found
    assert found[0].picture.shape == (1, 32, 32)
    assert (found[0].picture.min(), found[0].picture.max()) == (0, 255)


def test_only_the_first_samples_are_looked_at_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = learner_of(wider(picture_job()))
    total = len(learner.data.validation)
    monkeypatch.setattr(responses_module, "MOST_SAMPLES", 50)
    found = strongest(learner, FindResponses("conv1", 0), never)
    assert (found.looked, found.total) == (50, total)
    assert all(each.sample < 50 for each in found.found)
    monkeypatch.setattr(responses_module, "MOST_SAMPLES", 2000)
    monkeypatch.setattr(responses_module, "at_once", lambda _learner: 20)
    assert strongest(learner, FindResponses("conv1", 0), lambda: True).looked == 20  # somebody waits
    monkeypatch.setattr(responses_module, "MOST_SECONDS", -1.0)
    assert strongest(learner, FindResponses("conv1", 0), never).looked == 20


def test_without_a_validation_part_those_of_training_are_looked_at() -> None:
    learner = learner_of(wider(picture_job(), limit=100, validation=0))
    assert strongest(learner, FindResponses("conv1", 0), never).looked == len(learner.data.train)


@pytest.mark.parametrize(("layer", "unit"), [("gone", 0), ("conv1", 4), ("conv1", -1), ("output", 10)])
def test_a_unit_that_is_not_there_has_no_responses(layer: str, unit: int) -> None:
    found = strongest(learner_of(picture_job()), FindResponses(layer, unit), never)
    assert (found.found, found.units) == ((), 0)


def test_points_in_the_plane_are_no_pictures() -> None:
    assert strongest(learner_of(point_job()), FindResponses("fc1", 0), never).found == ()


def test_what_is_no_number_comes_last() -> None:
    learner = learner_of(picture_job())
    with torch.no_grad():
        learner.root.get_parameter("conv1.weight").fill_(math.nan)
    assert len(strongest(learner, FindResponses("fc1", 0), never).found) == 9


def test_crops_have_one_size_and_end_where_the_picture_ends() -> None:
    picture = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    boxes = [(-2, 3, 2, 7), (6, 6, 10, 10), (2, 0, 6, 4)]
    responses = Responses("conv1", 0, found=tuple(Response(0, 1.0, 0, picture, box) for box in boxes))
    crops = [(crop, inside) for _, crop, inside in responses.crops()]
    assert {crop.shape for crop, _ in crops} == {(1, 4, 4)}
    assert np.array_equal(crops[0][0][0, 2:], picture[0, :2, 3:7])
    assert not crops[0][1][:2].any()
    assert crops[0][1][2:].all()
    assert np.array_equal(crops[1][0][0, :2, :2], picture[0, 6:, 6:])
    assert crops[1][1].sum() == 4
    assert np.array_equal(crops[2][0], picture[:, 2:6, :4])
    (_, whole, inside), *_ = Responses("c", 0, found=(Response(0, 1.0, 0, picture, (-9, 1, 20, 4)),)).crops()
    assert np.array_equal(whole, picture[:, :, 1:4])
    assert inside.all()


# By the trainer -----------------------------------------------------------------------------------------------------


def ask(flight: Flight, layer: str = "conv1", unit: int = 0) -> Responses:
    flight.trainer.send(FindResponses(layer, unit))
    return flight.until(ResponsesFound).responses  # type: ignore[no-any-return]


def test_it_is_answered_paused_running_and_ended_and_changes_nothing(fly: Fly, tmp_path: Path) -> None:
    fly(picture_job(), run_folder=tmp_path / "undisturbed").finish()

    flight = fly(picture_job(), run_folder=tmp_path / "asked", attention=Attention(), paused=True)
    rest(flight)
    first = ask(flight)
    assert first.step == 0
    assert len(first.found) == 9
    flight.trainer.send(StepBatch())
    rest(flight)
    assert ask(flight).step == 1
    flight.trainer.send(FindResponses("fc1", 3))
    flight.trainer.send(FindMistake(0))
    flight.trainer.send(Resume())
    flight.until(ResponsesFound, lambda event: event.responses.layer == "fc1")
    assert flight.finish().reason is Reason.COMPLETED
    assert len(flight.all(MistakeFound)) == 1
    after = ask(flight)
    assert after.step == 8
    assert [each.value for each in after.found] != [each.value for each in first.found]
    assert ask(flight, "gone").found == ()

    before, asked = final_weights(tmp_path / "undisturbed"), final_weights(tmp_path / "asked")
    assert all(torch.equal(before[name], asked[name]) for name in before)


def test_while_it_runs_it_is_answered_between_two_steps(fly: Fly) -> None:
    flight = fly(picture_job(epochs=10_000))
    flight.until(Prepared)
    flight.until(EpochEnded)
    assert ask(flight).step > 0
    flight.trainer.send(Pause())
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)


def test_what_fails_leaves_the_run_alone(fly: Fly, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_rest: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("builder.train.session.strongest", fail)
    flight = fly(picture_job(), paused=True)
    rest(flight)
    assert ask(flight).found == ()
    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED
