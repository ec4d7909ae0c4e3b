"""Initial weights: the formulas of the schemes, checked on real tensors; and one scheme for a whole network."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from builder.compile.infer import infer
from builder.compile.module import build
from builder.compile.plan import make_plan
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Edge, Graph, Node
from builder.layers.initialisation import Default, KaimingNormal, initialise_all
from builder.layers.registry import make


def network(scheme: dict[str, Any] | None = None) -> Graph:
    params = {"features": 300} | ({"initialisation": scheme} if scheme else {})
    nodes = [
        Node("x", "Input", freeze({"shape": [4, 10, 10]})),
        Node("conv", "Conv2d", freeze({"filters": 5})),
        Node("flat", "Flatten"),
        Node("fc", "Linear", freeze(params)),
        Node("y", "Output"),
    ]
    return Graph.of(nodes, [Edge("x", "conv"), Edge("conv", "flat"), Edge("flat", "fc"), Edge("fc", "y")])


def weights(graph: Graph) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {name: tensor.detach() for name, tensor in build(make_plan(infer(graph))).named_parameters()}


FAN_IN, FAN_OUT = 320, 300


@pytest.mark.parametrize(
    ("scheme", "mean", "deviation"),
    [
        ({"kind": "zeros"}, 0, 0),
        ({"kind": "constant", "value": 0.25}, 0.25, 0),
        ({"kind": "normal", "mean": 1.0, "deviation": 0.4}, 1, 0.4),
        ({"kind": "uniform", "low": -0.7, "high": 0.7}, 0, 1.4 / math.sqrt(12)),
        ({"kind": "xavier-normal"}, 0, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ({"kind": "xavier-normal", "gain": 2}, 0, 2 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ({"kind": "xavier-uniform"}, 0, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ({"kind": "kaiming-normal"}, 0, math.sqrt(2 / FAN_IN)),
        ({"kind": "kaiming-normal", "slope": 0.5}, 0, math.sqrt(2 / (1.25 * FAN_IN))),
        ({"kind": "kaiming-uniform"}, 0, math.sqrt(2 / FAN_IN)),
    ],
    ids=str,
)
def test_weights_begin_as_the_formula_says(scheme: dict[str, Any], mean: float, deviation: float) -> None:
    found = weights(network(scheme))
    assert float(found["fc.weight"].mean()) == pytest.approx(mean, abs=0.01)
    assert float(found["fc.weight"].std()) == pytest.approx(deviation, rel=0.02, abs=1e-6)
    assert torch.count_nonzero(found["fc.bias"]) == 0


def test_the_shown_number_is_the_spread() -> None:
    fc = make("Linear", freeze({"features": FAN_OUT, "initialisation": {"kind": "kaiming-normal"}}))
    formulas = {formula.title: formula for formula in fc.formulas(((FAN_IN,),), (FAN_OUT,))}
    assert formulas["Initial weights"].numbers == "√(2 / ((1 + 0^{2})·320)) = 0.07906"
    assert math.sqrt(2 / FAN_IN) == pytest.approx(0.07906, abs=1e-5)


def test_a_convolution_counts_the_cells_of_its_window() -> None:
    conv = make("Conv2d", freeze({"filters": 8, "initialisation": {"kind": "xavier-normal"}}))
    formulas = {formula.title: formula for formula in conv.formulas(((4, 6, 6),), (8, 4, 4))}
    assert formulas["Initial weights"].numbers.startswith("1·√(2 / (36 + 72)) = ")


def test_one_scheme_for_the_whole_network_and_back() -> None:
    plain = network()
    changed = initialise_all(plain, KaimingNormal(slope=0.1))
    for name in ("conv", "fc"):
        assert changed.nodes[name].params["initialisation"] == FrozenDict({"kind": "kaiming-normal", "slope": 0.1})
    assert changed.nodes["flat"] is plain.nodes["flat"]
    assert initialise_all(changed, KaimingNormal(slope=0.1)) is changed
    assert initialise_all(changed, Default()) == plain
    before, after = weights(plain), weights(changed)
    assert before.keys() == after.keys()
    assert not torch.equal(before["conv.weight"], after["conv.weight"])
