"""Blocks: what is grouped flattens to what it was, and nothing that a file holds makes them run away."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.graph.blocks import BLOCK, flatten, group, holds, made_unique, ungroup, without_unused
from builder.graph.expression import evaluate, substitute
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node, Point
from builder.graph.problems import ProblemError
from tests.graph.programs import graphs, names


def network(graph: Graph, *blocks: Block) -> Network:
    return Network(graph, FrozenDict({block.name: block for block in blocks}))


def chain(*nodes: Node) -> Graph:
    return Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)])


def instance(name: str, definition: str, **more: Any) -> Node:
    return Node(name, BLOCK, freeze({"definition": definition, **more}))


def conv(name: str = "conv", **params: Any) -> Node:
    return Node(name, "Conv2d", freeze(params))


def last_part(graph: Graph) -> Graph:
    """The graph with dotted names cut down to what stands behind the last dot."""

    def cut(name: str) -> str:
        return name.rpartition(".")[2]

    nodes = [Node(cut(name), node.kind, node.params) for name, node in graph.nodes.items()]
    return Graph.of(nodes, [edge._replace(source=cut(edge.source), target=cut(edge.target)) for edge in graph.edges])


selections = st.sets(names, min_size=1, max_size=4)


@given(graphs(), selections)
def test_what_is_grouped_flattens_to_what_it_was(graph, selection):
    try:
        grouped = group(Network(graph), selection, "block1", "Definition")
    except ProblemError:
        return
    assert len(grouped.graph.nodes) == len(graph.nodes) - len(selection & graph.nodes.keys()) + 1
    assert last_part(flatten(grouped)).same_network(graph)
    assert ungroup(grouped.graph, "block1", grouped.blocks).same_network(graph)


@given(graphs(), selections, selections)
def test_groups_of_groups_flatten_too(graph, first, second):
    try:
        once = group(Network(graph), first, "block1", "Inner")
        twice = group(once, second | {"block1"}, "block2", "Outer")
    except ProblemError:
        return
    assert last_part(flatten(twice)).same_network(graph)
    apart = ungroup(twice.graph, "block2", twice.blocks)
    assert ungroup(apart, "block1", twice.blocks).same_network(graph)


def test_grouping_keeps_places():
    graph = Graph.of([conv("a"), conv("b"), conv("c")], [Edge("a", "b"), Edge("b", "c")], {"b": Point(30, 40)})
    grouped = group(Network(graph), ["b"], "block1", "D")
    assert grouped.graph.positions["block1"] == Point(30, 40)
    assert ungroup(grouped.graph, "block1", grouped.blocks).positions["b"] == Point(30, 40)


def test_a_way_out_and_back_is_refused():
    with pytest.raises(ProblemError, match="back into it"):
        group(Network(chain(conv("a"), conv("b"), conv("c"))), ["a", "c"], "block1", "D")


RESIDUAL = Block(
    "Residual",
    Graph.of(
        [
            Node("in1", "Input"),
            conv("conv1", filters={"$": "channels"}),
            conv("conv2", filters={"$": "4 * channels"}, stride=({"$": "stride"}, 1)),
            Node("add", "Add"),
            Node("out", "Output"),
        ],
        [*map(Edge, ("in1", "conv1", "conv2", "add"), ("conv1", "conv2", "add", "out")), Edge("in1", "add", 0, 1)],
    ),
    (BlockParameter("channels", 64), BlockParameter("stride", 1)),
)


def test_repeats_stand_in_a_row_under_dotted_names():
    stage = instance("stage1", "Residual", repeat=2, arguments={"channels": 16})
    flat = flatten(network(chain(Node("input", "Input"), stage, Node("output", "Output")), RESIDUAL))
    assert list(flat.nodes) == [
        "input",
        *(f"stage1.{number}.{name}" for number in (0, 1) for name in ("conv1", "conv2", "add")),
        "output",
    ]
    assert flat.nodes["stage1.1.conv2"].params == freeze({"filters": 64, "stride": [1, 1]})
    assert set(flat.incoming["stage1.1.add"]) == {
        Edge("stage1.1.conv2", "stage1.1.add"),
        Edge("stage1.0.add", "stage1.1.add", 0, 1),
    }
    assert flat.incoming["output"] == (Edge("stage1.1.add", "output"),)


def test_parameters_reach_blocks_inside_blocks():
    body = instance("body", "Residual", repeat={"$": "depth"}, arguments={"channels": {"$": "width"}})
    stage = Block(
        "Stage",
        chain(Node("i", "Input"), body, Node("o", "Output")),
        (BlockParameter("width", 8), BlockParameter("depth", 1)),
    )
    graph = chain(Node("input", "Input"), instance("s", "Stage", arguments={"width": 3, "depth": 2}))
    flat = flatten(network(graph, stage, RESIDUAL))
    assert flat.nodes["s.body.1.conv2"].params["filters"] == 12
    apart = ungroup(graph, "s", {"Stage": stage})
    assert flatten(network(apart, RESIDUAL)).nodes["body.1.conv2"].params["filters"] == 12


def test_taking_a_block_apart_inside_a_definition_keeps_what_it_refers_to():
    body = chain(Node("i", "Input"), instance("r", "Residual", arguments={"channels": {"$": "width - 1"}}))
    apart = ungroup(body, "r", {"Residual": RESIDUAL})
    stored = apart.nodes["conv2"].params["filters"]["$"]
    assert evaluate(stored, {"width": 7}) == 24


def test_grouping_inside_a_definition_hands_its_parameters_on():
    grouped = group(Network(RESIDUAL.graph), ["conv1", "conv2"], "pair", "Pair")
    outer = Block("Residual", grouped.graph, RESIDUAL.parameters)
    graph = chain(Node("input", "Input"), instance("b", "Residual", arguments={"channels": 5}))
    flat = flatten(network(graph, outer, grouped.blocks["Pair"]))
    assert flat.nodes["b.pair.conv2"].params["filters"] == 20


def test_a_network_without_blocks_is_its_own_flat_graph():
    graph = chain(conv("a"), conv("b"))
    assert flatten(Network(graph)) is graph


def bomb() -> Network:
    def level(number: int) -> Block:
        inner = instance("b", f"L{number - 1}", repeat=1000) if number else Node("i", "ReLU")
        return Block(f"L{number}", chain(Node("in1", "Input"), inner, Node("out", "Output")))

    return network(chain(instance("b", "L9")), *(level(number) for number in range(10)))


def hollow_bomb() -> Network:
    inner = Block("L1", Graph.of([instance(f"b{number}", "L0") for number in range(300)]))
    return network(Graph.of([instance(f"b{number}", "L1") for number in range(300)]), Block("L0", Graph()), inner)


ITSELF = Block("A", chain(Node("i", "Input"), instance("b", "B"), Node("o", "Output")))
MUTUAL = Block("B", chain(Node("i", "Input"), instance("a", "A"), Node("o", "Output")))
HOLLOW = Block("H", chain(Node("i", "Input"), Node("o", "Output")))
LOOP = Graph.of([instance("h", "H"), conv("c")], [Edge("h", "h"), Edge("h", "c")])


@pytest.mark.parametrize(
    ("net", "code"),
    [
        (network(chain(instance("a", "Nowhere"))), "unknown-block"),
        (network(chain(instance("a", "A")), ITSELF, MUTUAL), "block-cycle"),
        (network(chain(instance("r", "Residual", repeat=0)), RESIDUAL), "bad-parameter"),
        (network(chain(instance("r", "Residual", repeat="many")), RESIDUAL), "bad-parameter"),
        (network(chain(instance("r", "Residual", arguments={"depth": 1})), RESIDUAL), "bad-parameter"),
        (network(chain(instance("r", "Residual", arguments={"channels": "a"})), RESIDUAL), "bad-expression"),
        (network(Graph.of([instance("r", "Residual"), conv("c")], [Edge("r", "c", 7)]), RESIDUAL), "no-port"),
        (network(LOOP, HOLLOW), "cycle"),
        (bomb(), "too-many-layers"),
        (hollow_bomb(), "too-many-layers"),
    ],
)
def test_what_cannot_be_flattened_is_a_problem(net, code):
    with pytest.raises(ProblemError) as caught:
        flatten(net)
    assert caught.value.problems[0].code == code
    assert caught.value.problems[0].where


def test_definitions_that_hold_each_other_are_told_before():
    blocks = {"A": ITSELF, "B": Block("B", Graph()), "H": HOLLOW}
    assert holds(blocks, "A", "B")
    assert holds(blocks, "A", "A")
    assert not holds(blocks, "H", "A")


@pytest.mark.parametrize(
    ("text", "value"),
    [("c", 6), ("c * 4", 24), ("2*(c+1)-3", 11), ("c // 4", 1), ("-c + 7", 1), ("2 - 1 - 1", 0), ("17", 17)],
)
def test_expressions(text, value):
    assert evaluate(text, {"c": 6}) == value
    assert substitute(text, {"c": 6}) == value
    renamed = substitute(text, {"c": {"$": "d - 1"}})
    assert evaluate(renamed["$"] if isinstance(renamed, dict) else str(renamed), {"d": 7}) == value


BAD = ["", "c +", "(c", "c)", "c c", "__import__", "c.x", "c ** 2", "1 // 0", "z", "f(1)", "9" * 200]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(ProblemError) as caught:
        evaluate(text, {"c": 6})
    assert caught.value.problems[0].code == "bad-expression"


@given(st.text(max_size=140))
def test_any_text_is_a_value_or_a_problem(text):
    with contextlib.suppress(ProblemError):
        evaluate(text, {"c": 6})


def test_an_independent_block_shares_its_definition_no_more():
    body = chain(Node("in1", "Input"), conv(), Node("out1", "Output"))
    before = network(chain(instance("a", "Small"), instance("b", "Small", repeat=2)), Block("Small", body))
    after = made_unique(before, "b")
    assert after.graph.nodes["a"] is before.graph.nodes["a"]
    assert after.graph.nodes["b"].params == {"definition": "Small2", "repeat": 2}
    assert after.blocks["Small2"] == Block("Small2", body)
    assert flatten(after) == flatten(before)
    with pytest.raises(ProblemError, match="no block called Gone"):
        made_unique(network(chain(instance("a", "Gone"))), "a")


def test_definitions_that_nothing_uses_can_go():
    body = chain(Node("in1", "Input"), conv(), Node("out1", "Output"))
    outer = chain(Node("in1", "Input"), instance("inner", "Small"), Node("out1", "Output"))
    blocks = (Block("Small", body), Block("Outer", outer), Block("Lost", outer))
    assert set(without_unused(network(chain(instance("a", "Outer")), *blocks)).blocks) == {"Small", "Outer"}
    used = network(chain(instance("a", "Outer")), *blocks[:2])
    assert without_unused(used) is used


def test_an_expression_that_is_wrong_is_placed_at_its_field():
    inner = chain(Node("in1", "Input"), conv(filters={"$": "chanels"}, padding=1), Node("out1", "Output"))
    block = Block("Small", inner, (BlockParameter("channels", 4),))
    outer = chain(Node("in1", "Input"), instance("s", "Small", repeat={"$": "many"}), Node("out1", "Output"))
    other = chain(Node("in1", "Input"), instance("s", "Small", arguments={"channels": {"$": "n"}}), Node("o", "Output"))
    for graph, more, place in (
        (chain(instance("a", "Small", repeat=2)), (), [("a.0.conv", "filters"), ("a.1.conv", "filters")]),
        (chain(instance("a", "Outer")), (Block("Outer", outer),), [("a.s", "repeat")]),
        (chain(instance("a", "Outer")), (Block("Outer", other),), [("a.s", "channels")]),
    ):
        with pytest.raises(ProblemError) as caught:
            flatten(network(graph, block, *more))
        assert [(problem.where, problem.field) for problem in caught.value.problems] == place
