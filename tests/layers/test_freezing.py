"""Freezing: which layers can be frozen, and the edits that freeze many at once."""

from __future__ import annotations

from itertools import pairwise

import pytest

from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, Edge, Graph, Network, Node
from builder.layers import freezing
from builder.layers.freezing import FIELD, is_frozen
from builder.layers.registry import kinds, make


@pytest.mark.parametrize("kind", kinds())
def test_every_layer_with_weights_can_be_frozen_and_no_other(kind: str) -> None:
    layer = kinds()[kind]
    examples = [(layer.model_validate(dict(example.params)), example.inputs) for example in layer.examples]
    learns = any(example.weights(inputs) for example, inputs in examples)
    assert (FIELD in layer.model_fields) == learns
    if learns:
        assert not is_frozen(make(kind, freeze({})))
        assert is_frozen(make(kind, freeze({FIELD: False})))


def network() -> Network:
    """stem -> first (Cell) -> second (Cell) -> tail (Tail, which holds a Cell too) -> fc, and an fc in each cell."""
    cell = Block("Cell", Graph.of([Node("input1", "Input"), Node("fc", "Linear"), Node("output1", "Output")],
                                  [Edge("input1", "fc"), Edge("fc", "output1")]))  # fmt: skip
    inner = Node("cell", "Block", freeze({"definition": "Cell"}))
    nodes = [Node("input1", "Input"), inner, Node("own", "Linear"), Node("output1", "Output")]
    tail = Block("Tail", Graph.of(nodes, [Edge("input1", "cell"), Edge("cell", "own"), Edge("own", "output1")]))
    names = ["input", "stem", "relu", "first", "second", "tail", "fc", "output"]
    made = {
        "input": Node("input", "Input", freeze({"shape": [4]})),
        "relu": Node("relu", "ReLU"),
        "first": Node("first", "Block", freeze({"definition": "Cell"})),
        "second": Node("second", "Block", freeze({"definition": "Other"})),
        "tail": Node("tail", "Block", freeze({"definition": "Tail"})),
        "output": Node("output", "Output"),
    }
    graph = Graph.of(
        [made.get(name, Node(name, "Linear")) for name in names],
        [Edge(a, b) for a, b in pairwise(names)],
    )
    blocks = {"Cell": cell, "Other": Block("Other", cell.graph), "Tail": tail}
    return Network(graph, FrozenDict(blocks))


def frozen(changed: Network) -> set[str]:
    graphs = {"": changed.graph, **{name: block.graph for name, block in changed.blocks.items()}}
    return {
        f"{name}/{node.name}" if name else node.name
        for name, graph in graphs.items()
        for node in graph.nodes.values()
        if node.params.get(FIELD) is False
    }


def after(choice: freezing.Choice, of: Network | None = None) -> set[str]:
    return frozen(freezing.with_choice(of or network(), choice))


def test_all_but_the_last_layer() -> None:
    assert after(freezing.all_but(network(), "", ["fc"])) == {"stem", "Cell/fc", "Other/fc", "Tail/own"}


def test_a_block_learns_with_all_that_it_holds() -> None:
    assert after(freezing.all_but(network(), "", ["tail"])) == {"stem", "fc", "Other/fc"}


def test_inside_a_definition_only_what_is_chosen_learns() -> None:
    assert after(freezing.all_but(network(), "Tail", ["own"])) == {"stem", "fc", "Cell/fc", "Other/fc"}


def test_what_comes_before_but_not_what_stands_elsewhere_too() -> None:
    assert after(freezing.before(network(), "", ["tail"])) == {"stem", "Other/fc"}
    assert after(freezing.before(network(), "", ["fc"])) == {"stem", "Cell/fc", "Other/fc", "Tail/own"}
    assert after(freezing.before(network(), "", ["stem"])) == set()


def test_some_are_frozen_and_all_are_freed() -> None:
    some = freezing.with_choice(network(), freezing.these(network(), "", ["stem", "relu", "second"], False))
    assert frozen(some) == {"stem", "Other/fc"}
    assert after(freezing.these(some, "", ["second"], True), some) == {"stem"}
    assert freezing.with_choice(some, lambda *_: True) == network()
    assert freezing.with_choice(network(), lambda *_: True) == network()
