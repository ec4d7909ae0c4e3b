"""Early stopping: when it comes, what the run ends with, what is told of it, and how such a run goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from builder.graph.problems import SetSetting
from builder.train.headless import Result, train
from builder.train.job import Job
from builder.train.learner import make_learner
from builder.train.loop import evaluate
from builder.train.messages import FindMistake, Reason
from builder.train.mistakes import Mistakes
from builder.train.reading import load_run, read_metrics
from builder.train.requirements import requirements
from builder.train.settings import SGD, Plateau, TrainingSettings
from tests.train.networks import DIGITS, picture_job
from tests.train.test_run import last_weights, stop_at

HASTY = SGD(learning_rate=2.0)


def job(**training: Any) -> Job:
    """One that overfits soon."""
    return picture_job(**{"epochs": 40, "patience": 3, "optimizer": HASTY, **training})


def losses(result: Result) -> list[float]:
    found = [epoch.validation_loss for epoch in result.epochs]
    return [loss for loss in found if loss is not None]


def test_it_stops_after_so_many_epochs_without_a_better_loss(tmp_path: Path) -> None:
    result = train(job(), run_folder=tmp_path / "run")
    assert result.reason is Reason.EARLY
    heard = losses(result)
    best = heard.index(min(heard)) + 1
    assert len(heard) == best + 3 < 40
    assert (result.finished.best_epoch, result.finished.best_loss) == (best, min(heard))
    assert result.finished.step == 4 * len(heard)


def test_it_ends_with_the_weights_of_the_best_epoch_and_tests_them(tmp_path: Path) -> None:
    result = train(job(), run_folder=tmp_path / "run")
    best = result.finished.best_epoch
    assert best is not None
    found = last_weights(tmp_path / "run")
    assert all(torch.equal(found[name], value) for name, value in weights_at(tmp_path / "run", 4 * best).items())
    learner = make_learner(job(), lambda *_: None, lambda: False)
    learner.root.load_state_dict(found)
    test = evaluate(learner, learner.data.test, lambda: None)
    validation = evaluate(learner, learner.data.validation, lambda: None)
    assert test is not None
    assert validation is not None
    assert (result.finished.test_loss, result.finished.test_accuracy) == (test.loss, test.accuracy)
    assert result.finished.best_loss == validation.loss


def test_mistakes_are_those_of_the_weights_that_are_there() -> None:
    learner = make_learner(job(), lambda *_: None, lambda: False)
    found = Mistakes(learner)
    best = {name: value.clone() for name, value in learner.root.state_dict().items()}

    def worst() -> list[int | None]:
        kinds = [FindMistake(-1, true=true, said=said) for true in range(10) for said in range(10) if true != said]
        return [found.find(kind, lambda: False) for kind in kinds]

    before = worst()
    torch.nn.init.normal_(next(learner.root.parameters()), std=5.0, generator=torch.Generator().manual_seed(0))
    learner.step += 1
    assert worst() != before
    learner.best = best
    learner.take_best()
    assert worst() == before


def weights_at(folder: Path, step: int) -> dict[str, torch.Tensor]:
    return load_file(folder / "weights" / f"{step:08d}.safetensors")


def test_the_metrics_tell_it(tmp_path: Path) -> None:
    result = train(job(), run_folder=tmp_path / "run")
    end = read_metrics(tmp_path / "run" / "metrics.jsonl")[-1]
    assert end["reason"] == "early-stopping"
    assert end["best_epoch"] == result.finished.best_epoch
    assert end["best_validation_loss"] == result.finished.best_loss
    run = load_run(tmp_path / "run")
    assert run.end is not None
    with safe_open(run.weights[max(run.weights)], framework="pt") as file:
        assert file.metadata()["best_epoch"] == str(result.finished.best_epoch)


def test_a_run_that_keeps_getting_better_ends_with_its_best_epoch_too(tmp_path: Path) -> None:
    result = train(job(patience=30, epochs=6), run_folder=tmp_path / "run")
    heard = losses(result)
    assert result.reason is Reason.COMPLETED
    assert result.finished.best_epoch == heard.index(min(heard)) + 1


def test_without_patience_the_last_step_counts(tmp_path: Path) -> None:
    result = train(job(patience=0, epochs=6), run_folder=tmp_path / "run")
    assert (result.reason, result.finished.best_epoch, result.finished.best_loss) == (Reason.COMPLETED, None, None)
    assert not [name for name in load_file(tmp_path / "run" / "resume.safetensors") if name.startswith("best.")]


@pytest.mark.parametrize("step", [1, 8, 14, 22])
def test_a_run_that_was_stopped_by_hand_stops_early_where_it_would_have(tmp_path: Path, step: int) -> None:
    whole = train(job(), run_folder=tmp_path / "whole")
    assert whole.finished.step > 22
    stopped = train(job(), run_folder=tmp_path / "parts", **stop_at(step))
    assert (stopped.reason, stopped.finished.best_epoch) == (Reason.STOPPED, None)
    rest = train(job(), run_folder=tmp_path / "parts", resume=True)
    assert rest.finished == replace(whole.finished, run=rest.finished.run)
    one, two = last_weights(tmp_path / "whole"), last_weights(tmp_path / "parts")
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_with_more_patience_it_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    first = train(job(), run_folder=tmp_path / "run")
    assert first.reason is Reason.EARLY
    again = train(job(), run_folder=tmp_path / "run", resume=True)
    assert (again.reason, again.epochs) == (Reason.EARLY, ()), "it has stopped already"
    assert again.finished.test_loss == first.finished.test_loss
    whole = train(job(patience=0, epochs=len(first.epochs) + 3))
    rest = train(job(patience=100, epochs=len(first.epochs) + 3), run_folder=tmp_path / "run", resume=True)
    assert [*losses(first), *losses(rest)] == losses(whole)


def test_a_run_that_got_its_patience_later_ends_with_a_best_epoch_of_its_own(tmp_path: Path) -> None:
    train(job(patience=0, epochs=4), run_folder=tmp_path / "run")
    rest = train(job(patience=50, epochs=8), run_folder=tmp_path / "run", resume=True)
    heard = losses(rest)
    assert rest.finished.best_epoch == 5 + heard.index(min(heard))


@pytest.mark.parametrize(
    ("training", "where"), [({"patience": 2}, "training.patience"), ({"schedule": Plateau()}, "training.schedule")]
)
def test_without_a_validation_part_it_is_refused_before_anything_is_done(training: dict[str, Any], where: str) -> None:
    whole = picture_job(**training)
    (problem,) = requirements(whole.training, DIGITS.changed(validation=0))
    assert (problem.code, problem.where) == ("no-validation", where)
    assert problem.fix is not None
    assert problem.fix.edits == (SetSetting("data.validation", 0.15),)
    result = train(replace(whole, data=DIGITS.changed(validation=0)))
    assert result.problem == problem
    # A share that is too small for a single sample.
    assert train(replace(whole, data=DIGITS.changed(validation=1e-5))).problem == problem


def test_what_comes_to_nothing_is_a_warning() -> None:
    late = TrainingSettings(epochs=2, warmup=2, regularise_after=2, l1=0.1)
    assert [problem.where for problem in requirements(late, DIGITS)] == ["training.warmup", "training.regularise_after"]
    assert not list(requirements(late.changed(epochs=3), DIGITS))
    assert train(picture_job(**dict(late))).problem is None


def test_what_is_told_is_json(tmp_path: Path) -> None:
    train(job(), run_folder=tmp_path / "run")
    for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(name))
