"""Every pattern of the grammar is a network that can be trained, with or without blocks the same one."""

from __future__ import annotations

from itertools import product

import pytest

from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.project.patterns import Pattern, formula, generate

EVERY = [
    Pattern(convolutions=n, stages=m, dense=k, pool=pool)
    for n, m, k, pool in product((0, 1, 3), (0, 1, 3), (0, 2), (False, True))
]


@pytest.mark.parametrize("pattern", EVERY, ids=formula)
def test_every_pattern_compiles_and_blocks_change_nothing(pattern):
    flat, blocked = (
        make_plan(infer_network(generate(pattern.changed(blocks=blocks), (3, 32, 32), 10)).flat)
        for blocks in (False, True)
    )
    kinds = [step.layer.kind() for step in flat.steps]
    stages = pattern.stages
    assert kinds.count("Conv2d") == pattern.convolutions * stages
    assert kinds.count("MaxPool2d") == (stages if pattern.pool else 0)
    assert kinds.count("Linear") == pattern.dense + 1
    assert kinds.count("ReLU") == pattern.convolutions * stages + pattern.dense
    assert [(step.layer, step.output_shape) for step in blocked.steps] == [
        (step.layer, step.output_shape) for step in flat.steps
    ]
    assert flat.steps[-1].output_shape == (10,)


def test_the_formula_is_the_grammar():
    assert formula(Pattern()) == "INPUT → [[CONV → RELU]·2 → POOL]·2 → [FC → RELU]·1 → FC"
    assert formula(Pattern(stages=0, dense=0)) == "INPUT → FC"
    assert formula(Pattern(convolutions=0, pool=False, dense=0)) == "INPUT → FC"


def test_filters_double_from_stage_to_stage():
    network = generate(Pattern(convolutions=1, stages=3, filters=8), (1, 28, 28), 10)
    assert [network.graph.nodes[f"conv{number}"].params["filters"] for number in (1, 2, 3)] == [8, 16, 32]


def test_numbers_as_input_need_no_flattening():
    network = generate(Pattern(stages=0), (2,), 3)
    assert "flatten" not in network.graph.nodes
    assert infer_network(network).errors == ()
