"""L1, max norm and weight decay: for which weights, from which epoch on, and by how much."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from builder.graph.edits import set_params
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.loop import step
from builder.train.regularisation import Regularisation, weights_of
from builder.train.settings import SGD
from tests.train.networks import DIGITS, TrainingSettings, chain, picture_job


def learner_of(job: Job) -> Learner:
    return make_learner(job, lambda *_: None, lambda: False)


def train_epochs(learner: Learner, count: int = 1) -> None:
    for _ in range(count):
        for rows in learner.batches():
            list(step(learner, rows))
        learner.end_epoch()


def lengths(learner: Learner, name: str) -> torch.Tensor:
    return learner.root.get_parameter(name).detach().flatten(1).norm(dim=1)


def test_weights_are_neither_biases_nor_norms() -> None:
    root = nn.ModuleDict({
        "conv": nn.Conv2d(1, 2, 3),
        "bn": nn.BatchNorm2d(2),
        "ln": nn.LayerNorm([2, 3, 3]),
        "prelu": nn.PReLU(2),
        "tokens": nn.ParameterList([nn.Parameter(torch.zeros(1, 1, 4))]),
        "attention": nn.MultiheadAttention(4, 2, add_bias_kv=True),
        "fc": nn.Linear(3, 2).requires_grad_(False),
    })  # fmt: skip
    found = [weight for _, weight in weights_of(root)]
    attention = root["attention"]
    expected = [root["conv"].weight, attention.in_proj_weight, attention.out_proj.weight]
    assert list(map(id, found)) == list(map(id, expected))


def test_l1_is_added_to_what_is_made_small_and_not_to_what_is_shown() -> None:
    plain, with_l1 = learner_of(picture_job()), learner_of(picture_job(l1=0.01))
    rows = torch.arange(50)
    for learner in (plain, with_l1):
        steps = step(learner, rows)
        while next(steps, None) is not None and learner.root.get_parameter("fc1.weight").grad is None:
            pass
    assert plain.loss == with_l1.loss
    for name, parameter in with_l1.root.named_parameters():
        more = parameter.grad - plain.root.get_parameter(name).grad
        weighs = name in ("conv1.weight", "fc1.weight")
        torch.testing.assert_close(more, 0.01 * parameter.sign() if weighs else torch.zeros_like(more))


def test_l1_makes_weights_small() -> None:
    sizes = []
    for l1 in (0.0, 0.1):
        learner = learner_of(picture_job(l1=l1))
        train_epochs(learner, 3)
        sizes.append(float(learner.root.get_parameter("fc1.weight").detach().abs().mean()))
    assert sizes[1] < 0.5 * sizes[0]


def test_max_norm_holds_for_each_filter_and_each_unit_after_every_step() -> None:
    free, learner = learner_of(picture_job()), learner_of(picture_job(max_norm=0.5))
    bias = learner.root.get_parameter("fc1.bias")
    for rows in learner.batches():
        list(step(learner, rows))
        assert float(lengths(learner, "conv1.weight").max()) <= 0.5 * (1 + 1e-6)
        assert float(lengths(learner, "fc1.weight").max()) <= 0.5 * (1 + 1e-6)
    train_epochs(free)
    assert float(lengths(free, "fc1.weight").max()) > 0.5
    assert bool((bias != 0).any())


def test_a_weight_within_its_length_stays_to_the_last_bit() -> None:
    root = nn.Linear(3, 2)
    with torch.no_grad():
        root.weight.copy_(torch.tensor([[0.1, 0.2, 0.3], [3.0, 0.0, 4.0]]))
    Regularisation(root, 0.0, 1.0).limit()
    assert torch.equal(root.weight[0], torch.tensor([0.1, 0.2, 0.3]))
    torch.testing.assert_close(root.weight[1].detach(), torch.tensor([0.6, 0.0, 0.8]))
    nn.init.zeros_(root.weight)
    Regularisation(root, 0.0, 1.0).limit()
    assert not root.weight.any(), "a unit without weights has no direction to be scaled in"


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_has_its_filters_behind_its_inputs(groups: int) -> None:
    module = nn.ConvTranspose2d(4, 6, 2, stride=2, groups=groups, bias=False)
    Regularisation(module, 0.0, 0.1).limit()
    # What one input cell of all channels gives to an output channel is a sum over the weights into it.
    for output in range(6):
        group, place = divmod(output, 6 // groups)
        own = module.weight.detach()[group * 4 // groups : (group + 1) * 4 // groups, place]
        assert float(own.norm()) == pytest.approx(0.1)


def test_frozen_layers_stay_as_they_are() -> None:
    job = picture_job(l1=0.1, max_norm=0.01)
    graph = set_params(job.graph, "conv1", {**job.graph.nodes["conv1"].params, "trainable": False})
    learner = learner_of(Job(graph, job.data, job.training))
    before = learner.root.get_parameter("conv1.weight").clone()
    train_epochs(learner)
    assert torch.equal(learner.root.get_parameter("conv1.weight"), before)
    assert float(lengths(learner, "fc1.weight").max()) <= 0.01 * (1 + 1e-6)


@pytest.mark.parametrize(
    "regularised",
    [{"l1": 0.01}, {"max_norm": 0.3}, {"optimizer": SGD(weight_decay=0.1)}],
    ids=lambda asked: next(iter(asked)),
)
def test_regularisation_can_begin_later(regularised: dict[str, Any]) -> None:
    free = learner_of(picture_job())
    early, late = learner_of(picture_job(**regularised)), learner_of(picture_job(**regularised, regularise_after=2))
    for _ in range(2):
        for learner in (free, early, late):
            train_epochs(learner)
        weights = [learner.root.get_parameter("fc1.weight") for learner in (free, early, late)]
        assert torch.equal(weights[2], weights[0])
        assert not torch.equal(weights[1], weights[0])
    for learner in (free, late):
        train_epochs(learner)
    assert not torch.equal(late.root.get_parameter("fc1.weight"), free.root.get_parameter("fc1.weight"))


def test_a_run_without_them_carries_nothing_of_them() -> None:
    assert learner_of(picture_job()).regularisation is None


def test_a_batch_may_be_the_whole_training_part() -> None:
    job = Job(
        chain([64], ("fc1", "Linear", {"features": 10})), DIGITS, TrainingSettings(batch_size=1_000_000, epochs=3)
    )
    learner = learner_of(job)
    samples = len(learner.data.train)
    assert (learner.steps_per_epoch, learner.steps, learner.batch_size) == (1, 3, samples)
    (rows,) = learner.batches()
    assert sorted(rows.tolist()) == list(range(samples))
