"""A fold as a training of its own, and what the folds give together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builder.data.settings import DataSettings
from builder.project import templates
from builder.project.cross_validation import on_all, project_of_fold
from builder.project.job import make_job
from builder.train.folds import Fold, Spread, best_epochs, fold_of, spread
from builder.train.headless import train
from builder.train.messages import EpochEnded, Finished, Reason
from builder.train.requirements import requirements
from builder.train.settings import TrainingSettings
from tests.train.networks import point_job

EPOCHS = [EpochEnded(n, 10 * n, 0.1, 0.9, 1 / n, 0.5 + n / 10, 1.0, 1.0) for n in (1, 2, 3)]


def test_the_figures_are_those_of_the_weights_that_it_ended_with() -> None:
    last = fold_of(2, EPOCHS, Finished(Reason.COMPLETED, 30, run="there"))
    assert last == Fold(2, 3, 1 / 3, 0.8, None, "there")
    early = fold_of(2, EPOCHS, Finished(Reason.EARLY, 30, best_epoch=2, best_loss=0.5))
    assert early == Fold(2, 2, 0.5, 0.7)
    assert fold_of(1, [replace(EPOCHS[0], validation_loss=None)], Finished(Reason.COMPLETED, 10)) is None
    assert fold_of(1, [], Finished(Reason.STOPPED, 0)) is None


def test_mean_and_standard_deviation() -> None:
    assert spread([1.0, 2.0, 3.0]) == Spread(2.0, 1.0)
    assert spread([0.5]) == Spread(0.5, 0.0)
    for unknown in ([], [None, None], [1.0, None], [1.0, float("nan")]):
        assert spread(unknown) is None
    assert best_epochs([Fold(1, 3, 0), Fold(2, 6, 0)]) in (4, 5)


def test_a_fold_leaves_the_test_part_alone() -> None:
    job = replace(point_job(), data=DataSettings(dataset="moons", points=200, folds=4, fold=2))
    result = train(job)
    assert result.finished.test_loss is None
    assert result.finished.test_accuracy is None
    assert result.epochs[-1].validation_loss is not None


def test_a_fold_is_a_validation_part_to_stop_early_by() -> None:
    patient = TrainingSettings(patience=3)
    assert not list(requirements(patient, DataSettings(validation=0, folds=3)))
    assert [problem.code for problem in requirements(patient, DataSettings(validation=0))] == ["no-validation"]


def test_there_is_no_fold_beyond_the_last() -> None:
    (problem,) = requirements(TrainingSettings(), DataSettings(folds=3, fold=4))
    assert (problem.code, problem.where) == ("no-such-fold", "data.fold")
    assert not list(requirements(TrainingSettings(), DataSettings(fold=4)))


@pytest.mark.parametrize("epochs", [None, 7])
def test_the_training_on_all_has_no_validation_part(epochs: int | None) -> None:
    project = templates.load("two-stage")
    patient = replace(project, training=project.training.changed(patience=4, epochs=30))
    whole = on_all(project_of_fold(patient, 5, 3), epochs)
    assert (whole.training.epochs, whole.training.patience) == (epochs or 30, 0)
    assert (whole.data.folds, whole.data.fold, whole.data.validation) == (0, 1, 0)
    result = train(make_job(replace(whole, training=whole.training.changed(epochs=1))))
    assert result.epochs[0].validation_loss is None
    assert result.finished.test_loss is not None
