"""Outputs in the middle of a network: they count in what training makes small, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from builder.graph.model import Edge, Graph, Node
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.loop import evaluate, step
from builder.train.settings import SGD, TrainingSettings
from tests.train.networks import DIGITS

NODES = [
    Node("input", "Input", {"shape": [1, 8, 8]}),
    Node("flatten", "Flatten"),
    Node("hidden", "Linear", {"features": 12}),
    Node("side", "Linear", {"features": 10}),
    Node("softmax1", "Softmax"),
    Node("auxiliary", "AuxiliaryOutput", {"weight": 0.3}),
    Node("fc", "Linear", {"features": 10}),
    Node("softmax2", "Softmax"),
    Node("output", "Output"),
]
EDGES = [
    *(Edge("input", "flatten"), Edge("flatten", "hidden"), Edge("hidden", "side"), Edge("side", "softmax1")),
    *(Edge("softmax1", "auxiliary"), Edge("hidden", "fc"), Edge("fc", "softmax2"), Edge("softmax2", "output")),
]


def learner() -> Learner:
    training = TrainingSettings(batch_size=32, optimizer=SGD(learning_rate=0.1, momentum=0))
    return make_learner(Job(Graph.of(NODES, EDGES), DIGITS, training), lambda *_: None, lambda: False)


def test_a_step_follows_the_loss_of_the_output_and_part_of_the_auxiliary_one() -> None:
    found = learner()
    rows = torch.arange(32)
    x, target = found.load(rows)
    weights = {name: value.detach().clone().requires_grad_() for name, value in found.root.named_parameters()}

    def through(name: str, value: torch.Tensor) -> torch.Tensor:
        return functional.linear(value, weights[f"{name}.weight"], weights[f"{name}.bias"])

    hidden = through("hidden", x.flatten(1))
    main = functional.cross_entropy(through("fc", hidden), target)
    (main + 0.3 * functional.cross_entropy(through("side", hidden), target)).backward()  # type: ignore[no-untyped-call]
    for _ in step(found, rows):
        pass
    for name, value in found.root.named_parameters():
        gradient = weights[name].grad
        assert gradient is not None
        assert gradient.abs().max() > 0
        torch.testing.assert_close(value, weights[name] - 0.1 * gradient)
    assert found.meter.take(wait=True)[0, 1] == pytest.approx(main.item())


def test_it_counts_neither_in_the_evaluation_nor_in_the_answer() -> None:
    found = learner()
    before = evaluate(found, found.data.validation, lambda: None)
    with torch.no_grad():
        found.root.get_submodule("side").weight.add_(1.0)  # type: ignore[operator, union-attr]
    after = evaluate(found, found.data.validation, lambda: None)
    assert before is not None
    assert after is not None
    assert after[:2] == before[:2]
    np.testing.assert_array_equal(after.confusion, before.confusion)
    assert found.plan.outputs[0][0] == "output"
    assert {"side.weight", "fc.weight"} <= found.root.state_dict().keys()
