"""What every registered data set must hold to; a new one is tested by being registered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from builder.data import catalogue
from builder.data.augmentation import GEOMETRY, Augmentation, augmentation_problems, possible
from builder.data.catalogue import DataSet, Samples, Task
from builder.data.count import training_count
from builder.data.prepare import forget, prepare
from builder.data.samples import examples, samples_by_class
from builder.data.settings import DataSettings
from builder.data.split import split
from builder.graph.parameters import extras, problems_of
from builder.graph.problems import Fix
from builder.project.document import Project
from builder.project.edits import apply_fix

SETS = list(catalogue.data_sets().values())
AT_HAND = [info for info in SETS if not info.download_size]
NAMES = ["digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "moons", "circles", "spiral", "blobs", "xor"]

each = pytest.mark.parametrize("info", SETS, ids=lambda info: info.key)
each_at_hand = pytest.mark.parametrize("info", AT_HAND, ids=lambda info: info.key)
each_with_classes = pytest.mark.parametrize("info", [i for i in AT_HAND if i.classes], ids=lambda info: info.key)
each_asking_for_pictures = pytest.mark.parametrize(
    "info", [i for i in AT_HAND if i.target_shape], ids=lambda info: info.key
)
each_toy = pytest.mark.parametrize("info", [info for info in SETS if not info.pictures], ids=lambda info: info.key)


def load(info: DataSet, **settings: object) -> Samples:
    chosen = DataSettings.model_validate({"dataset": info.key, **settings})
    return info.load(chosen, Path("nowhere"), lambda *_: None, lambda: False)


def test_the_promised_sets_are_there() -> None:
    assert set(NAMES) <= set(catalogue.data_sets())


@each
def test_the_declaration_is_complete(info: DataSet) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", info.key)
    assert info.title
    assert info.help.endswith(".")
    assert info.caution == "" or info.caution.endswith(".")
    assert info.source
    assert info.licence
    assert len(info.shape) in (1, 3)
    assert len(set(info.classes)) == len(info.classes)
    assert (info.task is Task.BINARY) == (len(info.classes) == 2)
    assert info.options <= set(DataSettings.model_fields)


@each
def test_the_form_offers_it(info: DataSet) -> None:
    choices = extras(DataSettings.model_fields["dataset"])["choices"]
    assert choices[info.key] == info.title
    assert DataSettings(dataset=info.key).plain().get("dataset", "digits") == info.key


def test_a_name_that_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValidationError) as caught:
        DataSettings(dataset="imagenet")
    (problem,) = problems_of(caught.value, "data")
    assert problem.field == "dataset"
    assert all(name in problem.message for name in ["imagenet", *catalogue.data_sets()])


def test_two_sets_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        catalogue.register(type(catalogue.data_sets()["digits"]))


@each_at_hand
def test_samples_are_as_declared(info: DataSet) -> None:
    samples = load(info)
    for part in (samples, samples.test):
        if part is None:
            continue
        assert part.inputs.shape[1:] == info.shape
        assert part.inputs.dtype == (np.uint8 if info.pictures else np.float32)
        assert np.isfinite(part.inputs).all()
        assert part.targets.shape == (len(part), *info.target_shape)
        if info.classes:
            assert part.targets.dtype == np.int64
            assert set(part.targets) == set(range(len(info.classes)))
        else:
            assert part.targets.dtype == np.float32
            assert np.isfinite(part.targets).all()


@each_at_hand
def test_the_same_settings_give_the_same_samples(info: DataSet) -> None:
    one, other = load(info), load(info)
    assert np.array_equal(one.inputs, other.inputs)
    assert np.array_equal(one.targets, other.targets)


@each_at_hand
def test_only_its_options_matter(info: DataSet) -> None:
    plain = load(info)
    changes = {"seed": 7, "noise": 0.4, "points": 101, "validation": 0.5, "test": 0.5, "limit": 9, "fit": "resize"}
    for name, value in changes.items():
        same = np.array_equal(plain.inputs, load(info, **{name: value}).inputs)
        assert same == (name not in info.options), name


@each_at_hand
def test_it_can_be_trained_on(info: DataSet) -> None:
    found = prepare(DataSettings(dataset=info.key), info.shape, "cpu")
    inputs, targets = found.train.batch(found.train.order(torch.Generator().manual_seed(0))[:16])
    assert (inputs.shape, inputs.dtype, targets.shape) == ((16, *info.shape), torch.float32, (16, *info.target_shape))
    assert min(len(found.train), len(found.validation), len(found.test)) > 0
    forget()


@each_at_hand
@pytest.mark.parametrize(
    "changes", [{}, {"test": 0.3, "validation": 0.0}, {"limit": 50}, {"folds": 7, "fold": 5}, {"points": 123}]
)
def test_the_size_of_the_training_part_is_known_before(info: DataSet, changes: dict[str, Any]) -> None:
    settings = DataSettings(dataset=info.key, **changes)
    samples = load(info, **{name: value for name, value in changes.items() if name in info.options})
    found = split(samples.targets, len(samples.test) if samples.test is not None else None, settings)
    wanted = training_count(settings)
    assert wanted is None or abs(wanted - len(found.train)) <= max(1, len(info.classes))


@each
def test_what_can_be_changed_at_random_is_no_problem_and_the_rest_is_one(info: DataSet) -> None:
    can = possible(info)
    assert "noise" in can
    assert (can >= GEOMETRY) == info.pictures
    values: dict[str, Any] = {name: 1 if name == "crop" else 0.1 for name in Augmentation.model_fields}
    values |= {"flip_horizontal": True, "flip_vertical": True}
    for name, value in values.items():
        settings = DataSettings(dataset=info.key, augmentation=Augmentation(**{name: value}))
        problems = augmentation_problems(settings, info, info.shape)
        assert bool(problems) == (name not in can), name
        for problem in problems:
            assert problem.where == f"data.augmentation.{name}"
            mended = apply_fix(Project(data=settings), problem.fix or Fix("", ()))
            assert mended.data == DataSettings(dataset=info.key)
    noisy = DataSettings(dataset=info.key, label_noise=0.5)
    assert bool(augmentation_problems(noisy, info)) == (not info.classes)


@each_at_hand
def test_training_samples_can_be_changed_in_every_way_that_makes_sense(info: DataSet) -> None:
    found = prepare(DataSettings(dataset=info.key), info.shape, "cpu")
    rows = found.train.order()[:16]
    plain, answers = found.train.batch(rows)
    for name in sorted(possible(info)):
        value: Any = True if name.startswith("flip") else 2 if name == "crop" else 0.4
        augmenter = found.augmenter(Augmentation(**{name: value}), 0)
        assert augmenter is not None
        changed, targets = found.train.batch(rows, augmenter.at(1))
        again, _ = found.train.batch(rows, augmenter.at(1))
        assert (changed.shape, changed.dtype, targets.shape) == (plain.shape, plain.dtype, answers.shape)
        assert torch.equal(changed, again), name
        assert torch.isfinite(changed).all()
        # A turn by less than half a degree leaves a picture of few pixels nearly as it is, but not quite.
        assert not torch.equal(changed, plain), name
        assert torch.equal(targets, answers) == (not info.target_shape or name not in GEOMETRY), name
    forget()


@each_at_hand
@pytest.mark.parametrize("how", ["features", "whiten"])
def test_values_can_be_normalised_each_by_itself_or_together(info: DataSet, how: str) -> None:
    found = prepare(DataSettings(dataset=info.key, normalise=how), info.shape, "cpu")
    inputs = torch.cat([found.train.batch(rows)[0] for rows in found.train.order().split(512)]).flatten(1)
    assert torch.isfinite(inputs).all()
    torch.testing.assert_close(inputs.mean(0), torch.zeros(inputs.shape[1]), rtol=0, atol=1e-3)
    if how == "features":
        deviations = inputs.std(0, correction=0)
        torch.testing.assert_close(deviations, (deviations > 0).float(), rtol=0, atol=1e-3)
    forget()


@each_with_classes
def test_labels_can_be_replaced_in_the_training_part_alone(info: DataSet) -> None:
    plain, wrong = (prepare(DataSettings(dataset=info.key, label_noise=x), info.shape, "cpu") for x in (0, 0.5))
    for name in ("train", "validation", "test"):
        before, after = (getattr(found, name).batch(getattr(found, name).order())[1] for found in (plain, wrong))
        share = float((before != after).float().mean())
        assert 0.15 < share < 0.55 if name == "train" else share == 0.0
    forget()


@each_with_classes
def test_there_are_samples_to_show(info: DataSet) -> None:
    samples = load(info)
    shown = samples_by_class(samples, info, 5)
    assert [name for name, _ in shown] == list(info.classes)
    for number, (_, some) in enumerate(shown):
        assert some.shape == (5, *info.shape)
        own = samples.inputs[samples.targets == number]
        assert all(any(np.array_equal(one, other) for other in own) for one in some)


@each_with_classes
def test_a_handful_to_show_has_all_classes_in_turn(info: DataSet) -> None:
    names = [name for _, name in examples(load(info, points=20), info)]
    assert names[: len(info.classes)] == list(info.classes)
    assert names == list(info.classes) * (len(names) // len(info.classes))


@each_asking_for_pictures
def test_more_noise_leads_further_from_the_picture_asked_for(info: DataSet) -> None:
    def distance(noise: float) -> float:
        samples = load(info, noise=noise)
        return float(np.abs(samples.inputs / 255 - samples.targets).mean())

    assert distance(0) < 0.01 < distance(0.2) < distance(0.6)
    assert [name for name, _ in samples_by_class(load(info), info, 5)] == [""]


def test_the_digits_are_the_real_ones() -> None:
    samples = load(catalogue.data_sets()["digits"])
    assert len(samples) == 1797
    assert (samples.inputs.min(), samples.inputs.max()) == (0, 255)
    assert np.bincount(samples.targets).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@each_toy
@pytest.mark.parametrize("points", [20, 21, 600])
def test_points_are_shared_out_evenly(info: DataSet, points: int) -> None:
    counts = np.bincount(load(info, points=points).targets)
    assert counts.sum() == points
    assert abs(counts[0] - counts[1]) <= 1


@each_toy
def test_clean_points_can_be_told_apart_and_noisy_ones_less(info: DataSet) -> None:
    def mistakes(noise: float) -> float:
        """Share of points whose nearest other point is of the other class."""
        samples = load(info, noise=noise, points=400)
        apart = ((samples.inputs[:, None] - samples.inputs[None]) ** 2).sum(2)
        np.fill_diagonal(apart, np.inf)
        return float((samples.targets[apart.argmin(1)] != samples.targets).mean())

    assert mistakes(0) < 0.02
    assert mistakes(0) < mistakes(1)
    assert mistakes(1) > 0.1
