"""Class weights: what they are, what they do to the loss of a step, and to nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from builder.data.settings import DataSettings
from builder.train import loop
from builder.train.class_weights import balanced
from builder.train.headless import train
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.reading import load_run
from builder.train.requirements import requirements
from builder.train.settings import TrainingSettings
from tests.train.networks import POINTS, picture_job, point_job

RARE = DataSettings(dataset="digits", rare=0.1)


def rare(job: Job, data: DataSettings = RARE) -> Job:
    return replace(job, data=data)


def learner_of(job: Job) -> Learner:
    return make_learner(job, lambda *_: None, lambda: False)


def test_they_are_scikit_learns() -> None:
    counts = (30, 5, 1, 64)
    targets = np.repeat(np.arange(4), counts)
    assert balanced(counts) == pytest.approx(compute_class_weight("balanced", classes=np.arange(4), y=targets).tolist())
    assert np.mean(np.array(balanced(counts))[targets]) == pytest.approx(1)


def test_a_class_without_samples_is_not_counted() -> None:
    assert balanced((10, 0, 30)) == (2.0, 20.0, 40 / 60)


@pytest.mark.parametrize("kind", ["cross-entropy", "binary-cross-entropy"])
def test_a_step_makes_the_weighted_mean_small_and_the_validation_loss_stays_plain(kind: str) -> None:
    if kind == "cross-entropy":
        jobs = [rare(picture_job(class_weights=weights)) for weights in ("none", "balanced")]
    else:
        data = POINTS.changed(rare=0.2)
        jobs = [rare(point_job(class_weights=weights), data) for weights in ("none", "balanced")]
    plain, weighted = map(learner_of, jobs)
    assert plain.objective.weights is None
    before = [loop.evaluate(learner, learner.data.validation, lambda: None) for learner in (plain, weighted)]
    assert before[0] is not None
    assert before[1] is not None
    assert before[0].loss == before[1].loss
    rows = torch.arange(len(plain.data.train))
    x, target = weighted.load(rows)
    with torch.no_grad():
        scores = weighted.model(x)
    weights = torch.tensor(balanced(np.bincount(target.numpy()).tolist()))[target]
    if kind == "cross-entropy":
        each = functional.cross_entropy(scores, target, reduction="none")
    else:
        each = functional.binary_cross_entropy_with_logits(scores.reshape(-1), target.float(), reduction="none")
    assert weighted.objective.training_loss(scores, target).item() == pytest.approx(
        (weights * each).mean().item(), 1e-5
    )
    assert weighted.objective.loss(scores, target).item() == pytest.approx(each.mean().item(), 1e-5)
    list(loop.step(weighted, rows[-40:]))
    list(loop.step(plain, rows[-40:]))
    assert weighted.loss != plain.loss


def test_they_follow_the_labels_that_are_learned_from() -> None:
    learner = learner_of(rare(picture_job(class_weights="balanced"), RARE.changed(label_noise=0.5)))
    _, target = learner.load(torch.arange(len(learner.data.train)))
    assert learner.data.class_counts == tuple(np.bincount(target.numpy(), minlength=10).tolist())
    assert learner.objective.weights is not None
    assert learner.objective.weights.tolist() == pytest.approx(balanced(learner.data.class_counts))


def test_a_rare_class_is_found_more_often_with_them() -> None:
    def recall(weights: str) -> float:
        job = rare(picture_job(class_weights=weights, epochs=4), RARE.changed(rare=0.03))
        confusion = train(job).finished.confusion
        assert confusion is not None
        return float(confusion[9, 9] / confusion[9].sum())

    assert recall("balanced") > recall("none") + 0.3


def test_a_run_with_them_goes_on_to_the_last_digit(tmp_path: Path) -> None:
    job = rare(picture_job(class_weights="balanced", epochs=4))
    whole = train(job, run_folder=tmp_path / "whole")
    train(replace(job, training=job.training.changed(epochs=2)), run_folder=tmp_path / "parts")
    rest = train(job, run_folder=tmp_path / "parts", resume=True)
    assert [epoch.train_loss for epoch in rest.epochs] == [epoch.train_loss for epoch in whole.epochs[2:]]
    first, second = (load_file(load_run(tmp_path / name).weights[whole.finished.step]) for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("loss", ["squared-error", "absolute-error"])
def test_losses_without_class_weights_say_so_and_go_without(loss: str) -> None:
    job = rare(picture_job(class_weights="balanced", loss=loss))
    assert learner_of(job).objective.weights is None
    (problem,) = requirements(job.training, job.data)
    assert (problem.code, problem.where) == ("no-class-weights", "training.class_weights")
    assert not list(requirements(TrainingSettings(class_weights="balanced"), job.data))
