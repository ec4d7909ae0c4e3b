"""What every registered data set must hold to; a new one is tested by being registered."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from builder.data import catalogue
from builder.data.catalogue import DataSet, Samples, Task
from builder.data.prepare import forget, prepare
from builder.data.samples import examples, samples_by_class
from builder.data.settings import DataSettings
from builder.graph.parameters import extras, problems_of

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
