"""A network with blocks: the same known of it whichever way one came to it, and each level shows its own part."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.compile.analysis import analyse
from builder.compile.network import NetworkInference, infer_network
from builder.compile.plan import make_plan
from builder.graph import edits
from builder.graph.blocks import BLOCK, flatten, group, ungroup
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node
from builder.graph.problems import ProblemError
from builder.layers.block import BlockLayer, make_block
from builder.project.document import Project
from builder.project.form import decode, encode
from tests.graph import test_blocks as graph_tests


def chain(*nodes: Node) -> Graph:
    return Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)])


def node(name: str, kind: str, **params: Any) -> Node:
    return Node(name, kind, freeze(params))


def instance(name: str, definition: str, **more: Any) -> Node:
    return node(name, BLOCK, definition=definition, **more)


RESIDUAL = Block(
    "Residual",
    Graph.of(
        [
            node("in1", "Input"),
            node("conv1", "Conv2d", filters={"$": "channels"}, kernel_size=3, padding=1),
            node("relu1", "ReLU"),
            node("conv2", "Conv2d", filters={"$": "channels"}, kernel_size=3, padding=1),
            node("add", "Add"),
            node("out1", "Output"),
        ],
        [
            *(Edge(*pair) for pair in pairwise(("in1", "conv1", "relu1", "conv2", "add", "out1"))),
            Edge("in1", "add", 0, 1),
        ],
    ),
    (BlockParameter("channels", 8),),
)
STAGE = Block(
    "Stage",
    chain(
        node("in1", "Input"),
        node("widen", "Conv2d", filters={"$": "2 * width"}, kernel_size=1),
        instance("body", "Residual", repeat={"$": "depth"}, arguments={"channels": {"$": "2 * width"}}),
        node("out1", "Output"),
    ),
    (BlockParameter("width", 4), BlockParameter("depth", 2)),
)
BLOCKS = FrozenDict({"Residual": RESIDUAL, "Stage": STAGE})


def staged(**arguments: int) -> Network:
    graph = chain(
        node("input", "Input", shape=[3, 8, 8]),
        instance("stage1", "Stage", arguments=arguments),
        node("flatten", "Flatten"),
        node("linear", "Linear", features=10),
        node("output", "Output"),
    )
    return Network(graph, BLOCKS)


def told(known: NetworkInference) -> Any:
    """All that is known, as values."""
    paths: list[tuple[str, ...]] = [()]
    for path in paths:
        level = known.expansion.level(path)
        assert level is not None
        paths += [(*path, name) for name, written in level.instances.items() if written.copies]
    pages = {path: known.page(path) for path in paths}
    return (
        known.flat.nodes,
        known.flat.network,
        set(known.flat.graph.edges),
        {
            path: (
                page.network,
                page.order,
                {n: (i.node, i.inputs, i.output, i.outputs, i.problems, i.ports) for n, i in page.nodes.items()},
            )
            for path, page in pages.items()
        },
    )


def test_a_block_is_known_by_what_leaves_it():
    known = infer_network(staged(width=5))
    assert known.errors == ()
    info = known.page().nodes["stage1"]
    assert info.inputs == ((3, 8, 8),)
    assert info.output == (10, 8, 8)
    assert isinstance(info.layer, BlockLayer)
    rows = [row for row in analyse(make_plan(known.flat)).layers if row.name.startswith("stage1.")]
    assert info.layer.parameter_count(info.known_inputs) == sum(row.parameters for row in rows) > 0
    assert info.layer.multiply_adds((), ()) == sum(row.multiply_adds for row in rows)
    assert info.layer.headline() == "Stage: width 5, depth 2"
    assert known.flat_name((), "stage1") == "stage1.body.1.add"


def test_a_block_tells_its_values_as_a_paper_does():
    def headline(**values):
        parameters = [BlockParameter(name, value, "") for name, value in values.items()]
        return make_block(Block("cell", Graph(), tuple(parameters)), {}).headline()

    assert headline() == "cell"
    assert headline(channels=64, stride=2, rest=3, factor=10) == "cell: 64, stride 2, rest 3"
    assert headline(a=64, b=96, c=128, d=16, e=32) == "cell: 64, 96, 128, 16, 32"


def window_block(**more: str) -> Block:
    """A block whose window is a parameter; `more` of its convolution reckons with it."""
    said = {name: {"$": text} for name, text in {"filters": "channels", "kernel_size": "kernel", **more}.items()}
    graph = Graph.of(
        [Node("in1", "Input"), Node("conv1", "Conv2d", freeze(said)), Node("out1", "Output")],
        [Edge("in1", "conv1"), Edge("conv1", "out1")],
    )
    return Block("cell", graph, (BlockParameter("channels", 4), BlockParameter("kernel", 1)))


def test_a_height_and_a_width_may_be_what_a_block_is_given():
    """As the convolutions of Inception v3 are, 1 by 7 behind 1 by 1: one definition serves both."""
    given = freeze({"definition": "cell", "arguments": {"kernel": [1, 7]}})
    graph = Graph.of(
        [Node("input", "Input", freeze({"shape": [2, 9, 9]})), Node("a", "Block", given), Node("output", "Output")],
        [Edge("input", "a"), Edge("a", "output")],
    )
    known = infer_network(Network(graph, FrozenDict({"cell": window_block()})))
    info = known.page().nodes["a"]
    assert list(known.page().problems()) == list(known.problems()) == []
    assert info.output == (4, 9, 3)
    assert info.layer is not None
    assert info.layer.headline() == "cell: 4, kernel 1×7"


def test_what_is_reckoned_with_is_one_number():
    plain = make_block(window_block(), {})
    assert plain.headline() == "cell: 4, kernel 1"
    assert plain.plain() == {}
    assert make_block(window_block(), {"kernel": 3}).plain() == {"kernel": 3}
    with pytest.raises(ProblemError, match="kernel"):
        make_block(window_block(), {"kernel": (0, 7)})
    with pytest.raises(ProblemError, match="channels"):
        make_block(window_block(), {"channels": (1, 7)})
    with pytest.raises(ProblemError, match="kernel"):
        make_block(window_block(padding="kernel // 2"), {"kernel": (1, 7)})


def test_inside_a_block_shapes_are_those_of_its_place():
    known = infer_network(staged(width=5))
    inside = known.page(("stage1", "body"))
    assert inside.nodes["in1"].output == (10, 8, 8)
    assert inside.nodes["conv1"].output == (10, 8, 8)
    assert inside.nodes["conv1"].node is RESIDUAL.graph.nodes["conv1"]
    assert inside.nodes["conv1"].layer.filters == 10  # type: ignore[union-attr]
    assert inside.nodes["out1"].inputs == ((10, 8, 8),)
    assert known.expansion.locate("stage1.body.0.conv2") == (("stage1", "body"), "conv2")
    assert known.expansion.locate("stage1.body.1.conv2") == (("stage1", "body.1"), "conv2")
    with pytest.raises(KeyError):
        known.page(("stage1", "nowhere"))


def test_a_problem_inside_shows_on_the_block_and_where_it_is():
    broken = Block("Stage", edits.set_params(STAGE.graph, "widen", {"filters": 6}), STAGE.parameters)
    odd = Block(
        "Residual", edits.set_params(RESIDUAL.graph, "conv2", {"filters": 5, "kernel_size": 3}), RESIDUAL.parameters
    )
    known = infer_network(replace(staged(), blocks=FrozenDict({"Residual": odd, "Stage": broken})))
    assert {problem.where for problem in known.errors} == {"stage1.body.0.add"}
    (problem,) = known.page().nodes["stage1"].problems
    assert problem.where == "stage1"
    assert problem.message.startswith("inside, at body.0.add: ")
    assert known.page(("stage1", "body")).nodes["add"].problems[0].where == "add"
    assert known.page().nodes["input"].output == (3, 8, 8)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"definition": "Nowhere"}, "unknown-block"),
        ({"definition": "Stage", "repeat": 0}, "bad-parameter"),
        ({"definition": "Stage", "arguments": {"height": 1}}, "bad-parameter"),
        ({"definition": "Stage", "arguments": {"width": "wide"}}, "bad-expression"),
    ],
)
def test_a_block_that_cannot_be_written_out_leaves_the_rest_known(change, code):
    network = staged()
    broken = network.with_graph(edits.set_params(network.graph, "stage1", change))
    before = infer_network(network)
    known = infer_network(broken, before)
    assert known.page().nodes["input"].output == (3, 8, 8)
    assert code in {problem.code for problem in known.page().nodes["stage1"].problems}
    assert code in {problem.code for problem in known.errors}
    assert told(known) == told(infer_network(broken))
    assert told(infer_network(network, known)) == told(before)
    with pytest.raises(ProblemError):
        make_plan(known.flat)


def test_what_an_edit_did_not_reach_is_taken_over():
    network = staged()
    first = infer_network(network)
    page = first.page()
    second = infer_network(network.with_graph(edits.set_params(network.graph, "linear", {"features": 7})), first)
    assert second.flat.nodes["stage1.body.0.conv1"] is first.flat.nodes["stage1.body.0.conv1"]
    assert second.page().nodes["stage1"] is page.nodes["stage1"]
    assert second.page().nodes["linear"] is not page.nodes["linear"]
    moved = infer_network(network.with_graph(edits.move(network.graph, {"linear": (5.0, 5.0)})), second)  # type: ignore[dict-item]
    assert moved.page().nodes["stage1"] is page.nodes["stage1"]


def test_a_network_without_blocks_is_inferred_as_it_is():
    graph = chain(node("input", "Input"), node("relu", "ReLU"), node("output", "Output"))
    known = infer_network(Network(graph))
    assert known.page() is known.flat
    assert known.flat.graph is graph


def test_several_exits_each_have_their_shape():
    body = Graph.of(
        [node("i", "Input"), node("a", "Conv2d", filters=2), node("b", "Conv2d", filters=3), node("x", "Output"),
         node("y", "Output")],
        [Edge("i", "a"), Edge("i", "b"), Edge("a", "x"), Edge("b", "y")],
    )  # fmt: skip
    graph = Graph.of(
        [node("input", "Input"), instance("two", "Two"), node("cat", "Concatenate"), node("output", "Output")],
        [Edge("input", "two"), Edge("two", "cat"), Edge("two", "cat", 1, 1), Edge("cat", "output")],
    )
    known = infer_network(Network(graph, FrozenDict({"Two": Block("Two", body)})))
    assert [known.page().shape("two", port)[0] for port in (0, 1)] == [2, 3]  # type: ignore[index]
    assert known.page().shape("cat")[0] == 5  # type: ignore[index]


# Random networks ----------------------------------------------------------------------------------------------------

KINDS = ("ReLU", "Conv2d", "BatchNorm2d", "Add", "Identity")


@st.composite
def bodies(draw: st.DrawFn, definitions: tuple[str, ...], parameter: str) -> Graph:
    """A definition's graph, of layers and of instances of earlier definitions."""
    nodes, edges = [node("in1", "Input")], []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from((*KINDS, *definitions)))
        name = f"n{number}"
        if kind in definitions:
            given = draw(st.sampled_from([1, 3, {"$": parameter}, {"$": f"{parameter} + 1"}]))
            arguments = {"arguments": {"p": given}} if draw(st.booleans()) else {}
            nodes.append(instance(name, kind, repeat=draw(st.integers(1, 3)), **arguments))
        elif kind == "Conv2d":
            filters = draw(st.sampled_from([2, 4, {"$": parameter}, {"$": f"2 * {parameter}"}]))
            nodes.append(node(name, kind, filters=filters, kernel_size=3, padding=1))
        else:
            nodes.append(node(name, kind))
        edges.append(Edge(nodes[draw(st.integers(max(0, number - 1), number))].name, name))
        if kind == "Add":
            edges.append(Edge(nodes[draw(st.integers(0, number))].name, name, 0, 1))
    nodes.append(node("out1", "Output"))
    edges.append(Edge(nodes[-2].name, "out1"))
    return Graph.of(nodes, edges)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A network with up to three definitions, each using the ones before, repeated and nested."""
    blocks: dict[str, Block] = {}
    for number in range(draw(st.integers(1, 3))):
        body = draw(bodies(tuple(blocks), "p"))
        blocks[f"B{number}"] = Block(f"B{number}", body, (BlockParameter("p", draw(st.integers(1, 4))),))
    uses = draw(st.lists(st.sampled_from(tuple(blocks)), min_size=1, max_size=3))
    middle = [
        instance(f"b{n}", d, repeat=draw(st.integers(1, 2)), arguments={"p": draw(st.integers(1, 5))})
        for n, d in enumerate(uses)
    ]
    graph = chain(node("input", "Input", shape=[2, 6, 6]), node("stem", "Conv2d"), *middle, node("output", "Output"))
    return Network(graph, FrozenDict(blocks))


@given(networks(), st.data())
def test_random_networks_are_known_alike_by_every_way(network, data):
    before = infer_network(network)
    assert told(before) == told(infer_network(network))
    # One edit on the main graph, one in a definition, and back: each time as if inferred afresh.
    name = data.draw(st.sampled_from([n for n in network.graph.nodes if n != "input"]))
    smaller = network.with_graph(edits.remove_nodes(network.graph, [name]))
    after = infer_network(smaller, before)
    assert told(after) == told(infer_network(smaller))
    chosen = data.draw(st.sampled_from(tuple(network.blocks)))
    block = network.blocks[chosen]
    inner = data.draw(st.sampled_from([n for n in block.graph.nodes if n not in ("in1", "out1")]))
    edited = replace(block, graph=edits.set_params(block.graph, inner, {"filters": 3}))
    other = replace(network, blocks=network.blocks.set(chosen, edited))
    changed = infer_network(other, after)
    assert told(changed) == told(infer_network(other))
    assert told(infer_network(network, changed)) == told(before)


@given(networks())
def test_random_networks_survive_file_and_taking_apart(network):
    project = decode(encode(Project(network=network)))
    assert project.network == network
    flat = flatten(network)
    assert flatten(project.network) == flat
    # Taking one block apart, or putting two into a new one, changes nothing of the model.
    block = next(name for name, n in network.graph.nodes.items() if n.kind == BLOCK)
    apart = network.with_graph(ungroup(network.graph, block, network.blocks))
    assert len(flatten(apart).nodes) == len(flat.nodes)
    together = group(network, ["stem", "b0"], "both", "Both")
    known, again = infer_network(network), infer_network(together)
    assert [i.output for i in again.flat.nodes.values()] == [
        known.flat.nodes[name.removeprefix("both.")].output for name in again.flat.nodes
    ]
    assert json.loads(encode(replace(project, network=together)))["blocks"].keys() == {*network.blocks, "Both"}


# Networks that make no sense -----------------------------------------------------------------------------------------

NONSENSE = {
    "missing definition": Network(chain(instance("a", "Nowhere"))),
    "no definition named": Network(chain(node("a", BLOCK))),
    "holds itself": graph_tests.network(chain(instance("a", "A")), graph_tests.ITSELF, graph_tests.MUTUAL),
    "a circle through nothing": graph_tests.network(graph_tests.LOOP, graph_tests.HOLLOW),
    "grows without bound": graph_tests.bomb(),
    "two hollow blocks in a circle": graph_tests.network(
        Graph.of([instance("h", "H"), instance("k", "H")], [Edge("h", "k"), Edge("k", "h")]), graph_tests.HOLLOW
    ),
    "wires where no ports are": Network(
        Graph.of([node("i", "Input"), instance("r", "Residual")], [Edge("i", "r", 0, 5), Edge("r", "i", 9, 0)]), BLOCKS
    ),
    "arguments that are none": Network(
        chain(node("i", "Input"), instance("r", "Residual", arguments=[1, 2], repeat=2)), BLOCKS
    ),
    "a parameter with the name of something else": Network(
        chain(instance("a", "A", arguments={"ports": 1, "lower": 2})),
        FrozenDict({"A": Block("A", Graph(), (BlockParameter("ports", 1), BlockParameter("lower", 1)))}),
    ),
    "names that are none": Network(
        chain(instance("a", "A b")), FrozenDict({"A b": Block("A b", Graph(), (BlockParameter("x y", None),))})
    ),
    "an exit that feeds": Network(
        chain(instance("a", "A")),
        FrozenDict({"A": Block("A", Graph.of([node("o", "Output"), node("r", "ReLU")], [Edge("o", "r")]))}),
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_known_as_such_and_raises_nothing(name):
    network = NONSENSE[name]
    before = infer_network(staged())
    before.page()
    known = infer_network(network, before)
    assert told(known) == told(infer_network(network))
    assert known.errors
    for full in (*known.flat.graph.nodes, *known.expansion.problems):
        path, inner = known.expansion.locate(full)
        level = known.expansion.level(path)
        assert level is not None
        assert inner in level.graph.nodes
    for shown in network.graph.nodes:
        known.flat_name((), shown)
        known.inside((), shown)
