"""Pictures that units like best: better than the data's own, within what the data are, and at nobody's expense."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from builder.graph.model import Graph
from builder.inspect import ascent as module
from builder.inspect.ascent import AGAIN, ROUNDS, Ascent, smoothed
from builder.inspect.gather import Weights
from builder.inspect.picture import Attention, Own
from builder.inspect.preferred import Preferred, Seeking
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.settings import TrainingSettings
from tests.train.networks import DIGITS, chain, picture_net, point_job

NOW = Weights(1, 1)


def learner_of(graph: Graph) -> Learner:
    return make_learner(Job(graph, DIGITS, TrainingSettings()), lambda *_: None, lambda: False)


def ascent_of(learner: Learner, waiting: Callable[[], bool] = lambda: False) -> Ascent:
    return Ascent(learner.root, learner.plan, waiting)


def look(
    ascent: Ascent, learner: Learner, seeking: Seeking, weights: Weights = NOW, fresh: bool | None = True
) -> Preferred:
    fetched = ascent.begin(seeking, learner.data.train, weights, fresh=fresh)
    found = ascent.end({name: tensor.numpy() for name, tensor in fetched.items()}, weights.step)
    assert found is not None
    return found


def made(learner: Learner, seeking: Seeking) -> Preferred:
    ascent = ascent_of(learner)
    found = look(ascent, learner, seeking)
    while ascent.unfinished:
        found = look(ascent, learner, seeking)
    return found


@pytest.fixture
def learner() -> Learner:
    return learner_of(picture_net())


@pytest.mark.parametrize("layer", ["conv1", "bn1", "relu1", "fc1", "softmax1", "output"])
def test_no_sample_pleases_the_unit_as_much(learner: Learner, layer: str) -> None:
    found = made(learner, Seeking(layer))
    x, _ = learner.data.train.batch(learner.data.train.order())
    values = learner.observer()._activations({layer}, x)[layer]  # of all samples
    if values.dim() == 4:
        values = values[:, :, values.shape[2] // 2, values.shape[3] // 2]
    count = values.shape[1]
    assert found.made == 1
    assert (found.units, len(found.pictures), len(found.values)) == (count, count, count)
    better = found.values >= values.amax(0).numpy() - 1e-6
    assert better.mean() >= 0.75, (found.values, values.amax(0))
    assert (found.values > values.mean(0).numpy()).all()


def test_of_a_map_it_is_what_its_middle_sees(learner: Learner) -> None:
    assert made(learner, Seeking("conv1")).pictures.shape == (4, 1, 3, 3)
    assert made(learner, Seeking("fc1")).pictures.shape == (10, 1, 8, 8)


def test_the_picture_of_a_filter_is_the_filter(learner: Learner) -> None:
    """Bright where its weights are positive, dark where they are negative."""
    found = made(learner, Seeking("conv1"))
    weight = learner.root.get_parameter("conv1.weight").detach().numpy()
    strong = np.abs(weight) > 0.5 * np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    assert ((found.pictures > 127) == (weight > 0))[strong].mean() > 0.95


def test_no_pixel_leaves_what_it_is_in_the_data(learner: Learner) -> None:
    found = made(learner, Seeking("fc1"))
    raw = np.stack([learner.data.train.raw(n) for n in range(len(learner.data.train))]).astype(float)
    always = (raw == raw.min()).all(axis=0)  # the corners of digits are black in all of them
    assert always.any()
    assert not found.pictures[:, always].any()


def test_it_is_the_same_every_time_and_leaves_no_trace(learner: Learner) -> None:
    learner.root.train()
    state = {name: tensor.clone() for name, tensor in learner.root.state_dict().items()}
    before = torch.get_rng_state()
    one, other = made(learner, Seeking("fc1")), made(learner, Seeking("fc1"))
    assert np.array_equal(one.pictures, other.pictures)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(tensor, state[name]) for name, tensor in learner.root.state_dict().items())
    assert all(parameter.grad is None for parameter in learner.root.parameters())
    assert all(layer.training for layer in learner.root.modules())


def test_a_unit_that_is_silent_is_woken() -> None:
    """From behind a ReLU that gives 0 nothing comes back: what is before it is made to grow."""
    layers = (("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 3}), ("relu1", "ReLU", {}))
    learner = learner_of(chain([1, 8, 8], *layers, ("fc2", "Linear", {"features": 10})))
    with torch.no_grad():
        learner.root.get_parameter("fc1.bias").fill_(-1.0)
    assert (made(learner, Seeking("relu1")).values > 0).all()


@pytest.mark.parametrize("kind", ["MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "WeightedAvgPool2d", "L2Pool2d"])
def test_a_unit_that_is_silent_behind_a_pooling_is_woken_too(kind: str) -> None:
    """Where ReLU gives 0 in all of a window, the pooling of what is before it tells the way."""
    layers = (("conv1", "Conv2d", {"filters": 6}), ("relu1", "ReLU", {}), ("pool1", kind, {}))
    learner = learner_of(chain([1, 8, 8], *layers, ("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 10})))
    with torch.no_grad():
        learner.root.get_parameter("conv1.bias").fill_(-0.7)
    assert (made(learner, Seeking("pool1")).values > 0).all()


def test_a_unit_that_nothing_wakes_gives_nothing() -> None:
    layers = (("conv1", "Conv2d", {"filters": 2}), ("relu1", "ReLU", {}), ("pool1", "MaxPool2d", {}))
    learner = learner_of(chain([1, 8, 8], *layers, ("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 10})))
    with torch.no_grad():
        learner.root.get_parameter("conv1.bias").fill_(-1000.0)
    found = made(learner, Seeking("pool1"))
    assert not found.values.any()


def test_units_in_pages(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNITS", 4)
    pages = [made(learner, Seeking("fc1", first)) for first in (0, 4, 8)]
    assert [len(page.pictures) for page in pages] == [4, 4, 2]
    assert all(page.units == 10 for page in pages)
    assert made(learner, Seeking("fc1", 10)).units == 0


@pytest.mark.parametrize("layer", ["gone", "input", "flatten9"])
def test_nothing_for_what_is_no_layer(learner: Learner, layer: str) -> None:
    found = look(ascent_of(learner), learner, Seeking(layer))
    assert (found.units, len(found.pictures)) == (0, 0)


def test_nothing_where_the_input_is_no_picture() -> None:
    learner = make_learner(point_job(), lambda *_: None, lambda: False)
    assert look(ascent_of(learner), learner, Seeking("fc1")).units == 0


def test_whoever_waits_waits_for_one_round_only(learner: Learner) -> None:
    ascent = ascent_of(learner, lambda: True)
    for rounds in (1, 2, 3):
        found = look(ascent, learner, Seeking("fc1"))
        assert found.made == pytest.approx(rounds / ROUNDS)
        assert ascent.unfinished


def test_beside_a_run_it_takes_a_small_share_of_the_time(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    ascent, rounds = ascent_of(learner), []
    real = ascent._round

    def round_(under: module._Under) -> None:
        real(under)
        rounds.append(clock[0])
        clock[0] += 0.01

    monkeypatch.setattr(ascent, "_round", round_)
    look(ascent, learner, Seeking("fc1"), fresh=False)
    assert len(rounds) == 1
    for step in range(2, 102):
        clock[0] += 0.01
        look(ascent, learner, Seeking("fc1"), Weights(step, step), fresh=False)
    assert 8 <= len(rounds) <= 10  # of 10 ms each, in a little over a second
    many = len(rounds)
    look(ascent, learner, Seeking("fc1"), Weights(200, 200), fresh=None)
    assert len(rounds) == many
    look(ascent, learner, Seeking("fc1"), Weights(200, 200), fresh=True)  # a pause: nothing is owed for it
    assert len(rounds) >= many + 20
    many = len(rounds)
    clock[0] += 1
    look(ascent, learner, Seeking("fc1"), Weights(201, 201), fresh=False)
    assert many + 8 <= len(rounds) <= many + 10


def test_other_weights_change_what_was_done(learner: Learner) -> None:
    ascent = ascent_of(learner)
    while look(ascent, learner, Seeking("fc1")).made < 1 or ascent.unfinished:
        pass
    done = look(ascent, learner, Seeking("fc1"))
    with torch.no_grad():
        learner.root.get_parameter("fc1.weight").neg_()
    again = look(ascent, learner, Seeking("fc1"), Weights(2, 2))
    while ascent.unfinished:
        again = look(ascent, learner, Seeking("fc1"), Weights(2, 2))
    assert not np.array_equal(again.pictures, done.pictures)
    assert ascent._under is not None
    assert ascent._under.rounds == ROUNDS + AGAIN


def test_what_has_no_way_back_is_told(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    ascent = ascent_of(learner)

    def fail(*_: object) -> None:
        raise RuntimeError("element 0 of tensors does not require grad")

    monkeypatch.setattr(ascent, "_gradient", fail)
    assert look(ascent, learner, Seeking("fc1")).units == 0
    assert not ascent.unfinished


def test_a_look_brings_it(learner: Learner) -> None:
    observer = learner.observer()
    seeking = Seeking("fc1")
    picture = observer.look(3, Attention(seeking=seeking), fresh=True).picture()
    assert picture.preferred is not None
    assert (picture.preferred.seeking, picture.preferred.step) == (seeking, 3)
    assert observer.unfinished == (picture.preferred.made < 1)
    assert observer.look(3, Attention(), fresh=True).picture().preferred is None
    assert not observer.unfinished


@pytest.mark.parametrize("layer", ["conv1", "fc1"])
def test_a_picture_that_is_shown_to_the_network_does_what_is_said(learner: Learner, layer: str) -> None:
    """Its values are the network's very input, also where only the part is known that the unit sees."""
    found = made(learner, Seeking(layer))
    values = found.whole(1)
    assert values is not None
    assert values.shape == learner.plan.input_shape
    own = Own.made(values, found.as_seen(values), "What unit 2 looks for")
    picture = learner.observer().look(1, Attention(activations=frozenset({layer}), own=own), fresh=True).picture()
    assert picture.fitted == pytest.approx(values)
    assert picture.target is None
    given = picture.activations[layer][1]
    given = float(given[given.shape[0] // 2, given.shape[1] // 2]) if given.ndim == 2 else float(given)
    assert given == pytest.approx(float(found.values[1]), rel=0.15)
    top, left, bottom, right = found.ground.box if found.ground is not None else (0, 0, 0, 0)
    assert np.array_equal(picture.raw[:, top:bottom, left:right], found.pictures[1])
    assert found.whole(99) is None


def test_one_in_another_form_than_the_input_is_not_taken(learner: Learner) -> None:
    values = np.zeros((1, 5, 5), np.float32)
    own = Own.made(values, values.astype(np.uint8), "of another network")
    assert learner.observer().look(1, Attention(own=own), fresh=True).picture().target is not None


def test_smoothing_keeps_what_is_even_and_spreads_a_point() -> None:
    point = torch.zeros(1, 2, 15, 15)
    point[0, 0, 7, 7] = 1
    found = smoothed(point, 1.5)
    assert found.sum() == pytest.approx(1.0, abs=0.02)
    assert not found[0, 1].any()
    assert found[0, 0, 7, 7] == found.max() < 0.1
    assert smoothed(point, 0.1) is point
