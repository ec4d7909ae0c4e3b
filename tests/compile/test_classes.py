"""Networks with blocks as Python source: short, stable, and exactly the compiled model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from builder.compile.analysis import analyse
from builder.compile.module import build, rewire
from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.compile.source import network_source, to_source, write_network
from builder.graph import edits
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node
from builder.graph.problems import ProblemError
from tests.compile.networks import block, bottleneck, chain, lenet5, plan_of, resnet50, use


def source_of(network: Network) -> str:
    return network_source(infer_network(network))


def run(text: str) -> nn.Module:
    space: dict[str, Any] = {}
    exec(text, space)  # our own text
    torch.manual_seed(5)
    return space["Net"]()


def agree(network: Network) -> str:
    """Check that text and compiled model have the same weights and give the same; the text."""
    known = infer_network(network)
    plan = make_plan(known.flat)
    text = network_source(known)
    written = run(text)
    torch.manual_seed(5)
    compiled = build(plan)
    ours, theirs = compiled.state_dict(), written.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    x = torch.randn(2, *plan.input_shape)
    torch.testing.assert_close(compiled.eval()(x), written.eval()(x), rtol=0, atol=0)
    return text


def network(graph: Graph, *blocks: Block) -> Network:
    return Network(graph, FrozenDict({known.name: known for known in blocks}))


def test_resnet50_is_what_a_person_would_write() -> None:
    text = source_of(resnet50())
    assert len(text.splitlines()) < 120
    for line in (
        "class Bottleneck(nn.Module):",
        "    def __init__(self, channels):",
        "        self.conv1 = nn.Conv2d(channels * 4, channels, kernel_size=1, bias=False)",
        "    def __init__(self, in_channels, channels, stride):",
        "        self.first2 = Widening(in_channels=256, channels=128, stride=2)",
        "        self.rest3 = nn.Sequential(*[Bottleneck(channels=256) for _ in range(5)])",
    ):
        assert line in text.splitlines()
    assert max(map(len, text.splitlines())) <= 100


def test_resnet50_is_the_compiled_model() -> None:
    agree(resnet50(width=2, size=32, classes=3))


def test_the_text_is_stable() -> None:
    assert source_of(resnet50()) == source_of(resnet50())


def test_without_blocks_it_is_the_flat_text() -> None:
    assert source_of(Network(lenet5())) == to_source(plan_of(lenet5()))


def test_a_first_copy_that_differs_stands_before_the_loop() -> None:
    step = block("step", {"width": 4}, ("fc", "Linear", {"features": {"$": "width"}}, ("input",)))
    text = agree(network(chain(("steps", "Block", use("step", 4, width=5)), shape=(3,)), step))
    assert "self.steps = nn.Sequential(" in text
    assert "Step(in_features=3), *[Step(in_features=5) for _ in range(3)]" in text


def test_a_name_that_python_uses_is_no_argument() -> None:
    step = block("step", {"self": 4, "class": 1}, ("fc", "Linear", {"features": {"$": "self"}}, ("input",)))
    graph = chain(("a", "Block", use("step", **{"self": 5})), ("b", "Block", use("step", **{"self": 6})), shape=(5,))
    assert "def __init__(self, out_features):" in agree(network(graph, step))


def test_copies_that_hold_other_layers_are_other_classes() -> None:
    conv = ("conv", "Conv2d", {"filters": 2, "kernel_size": 1, "bias": {"$": "wide"}}, ("input",))
    inner = block("inner", {"wide": True}, conv, ("act", "ReLU", {}, ("conv",)))
    reshape = block("in_form", {"shape": 4}, ("flat", "Reshape", {"shape": {"$": "shape"}}, ("input",)))
    graph = chain(
        ("a", "Block", use("inner", 2, wide=True)),
        ("b", "Block", use("inner", wide=False)),
        ("c", "Block", use("in_form", shape=[2, 16])),
        ("d", "Block", use("in_form", shape=[32])),
        shape=(2, 4, 4),
    )
    text = agree(network(graph, inner, reshape))
    assert "kernel_size=1, bias=wide)" in text  # a switch is a number like others
    assert "class InForm(nn.Module):" in text  # a form is part of what is computed
    assert "class InForm2(nn.Module):" in text


def test_a_block_of_several_entrances_and_exits() -> None:
    cross = Block(
        "cross",
        Graph.of(
            [Node("left", "Input"), Node("right", "Input"), Node("fc", "Linear", freeze({"features": 3})),
             Node("sum", "Add"), Node("both", "Concatenate"), Node("out1", "Output"), Node("out2", "Output")],
            [Edge("left", "fc"), Edge("fc", "sum"), Edge("right", "sum", 0, 1), Edge("left", "both"),
             Edge("sum", "both", 0, 1), Edge("sum", "out1"), Edge("both", "out2")],
        ),
    )  # fmt: skip
    nodes = [Node("input", "Input", freeze({"shape": [4]})), Node("a", "Linear", freeze({"features": 3})),
             Node("cross1", "Block", freeze(use("cross"))), Node("cross2", "Block", freeze(use("cross"))),
             Node("fc", "Linear", freeze({"features": 2})), Node("output", "Output")]  # fmt: skip
    edges = [Edge("input", "a"), Edge("input", "cross1"), Edge("a", "cross1", 0, 1), Edge("cross1", "cross2", 0, 1),
             Edge("cross1", "cross2", 1, 0), Edge("cross2", "fc", 1, 0), Edge("fc", "output")]  # fmt: skip
    text = agree(network(Graph.of(nodes, edges), cross))
    assert "self.cross1(" in text


def dense(layers: int, size: int = 4) -> Network:
    """Layers that each take what all before them give, each by a definition of its own, as an import has them."""
    blocks, nodes, edges = [], [Node("input", "Input", freeze({"shape": [2, size, size]}))], []
    nodes.append(Node("conv", "Conv2d", freeze({"filters": 3, "kernel_size": 1})))
    edges.append(Edge("input", "conv"))
    for number in range(2, layers + 2):
        ports = [Node(f"input{port}", "Input") for port in range(number)]
        inner = [
            Node("join", "Concatenate"),
            Node("norm", "BatchNorm2d"),
            Node("conv", "Conv2d", freeze({"filters": 3})),
        ]
        wires = [Edge(port.name, "join", 0, place) for place, port in enumerate(ports)]
        wires += [Edge("join", "norm"), Edge("norm", "conv"), Edge("conv", "output")]
        blocks.append(Block(f"layer_{number}", Graph.of([*ports, *inner, Node("output", "Output")], wires)))
        known = [node.name for node in nodes]
        nodes.append(Node(f"dense{number}", "Block", freeze({"definition": f"layer_{number}"})))
        edges += [Edge(name, nodes[-1].name, 0, port) for port, name in enumerate(known)]
    edges.append(Edge(nodes[-1].name, "output"))
    return network(Graph.of([*nodes, Node("output", "Output")], edges), *blocks)


def test_alike_definitions_are_one_class_whatever_number_of_values_they_join() -> None:
    padded = {"kernel_size": 3, "padding": 1}
    drawn = dense(20)
    blocks = [replace(known, graph=edits.set_params(known.graph, "conv", padded)) for known in drawn.blocks.values()]
    text = agree(network(drawn.graph, *blocks))
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("class")] == ["class Layer(nn.Module):", "class Net(nn.Module):"]
    assert "    def forward(self, *inputs):" in lines
    assert "        x = torch.cat(inputs, dim=1)" in lines
    assert max(map(len, lines)) <= 120


def test_definitions_of_one_name_that_hold_each_other_are_classes_of_their_own() -> None:
    inner = block("part1", {}, ("fc", "Linear", {"features": 4}, ("input",)))
    outer = block("part2", {}, ("part", "Block", use("part1"), ("input",)), ("act", "ReLU", {}, ("part",)))
    text = agree(network(chain(("a", "Block", use("part2")), ("b", "Block", use("part1")), shape=(4,)), inner, outer))
    assert "class Part1(nn.Module):" in text
    assert "class Part2(nn.Module):" in text


def test_auxiliary_outputs_are_returned_while_training() -> None:
    head = block("head", {}, ("drop", "Dropout", {}, ("input",)), ("fc", "Linear", {"features": 3}, ("drop",)))
    nodes = [Node("input", "Input", freeze({"shape": [4]})), Node("a", "Linear", freeze({"features": 4})),
             Node("head1", "Block", freeze(use("head"))), Node("aux1", "AuxiliaryOutput"), Node("drop", "Dropout"),
             Node("head2", "Block", freeze(use("head"))), Node("aux2", "AuxiliaryOutput"),
             Node("fc", "Linear", freeze({"features": 3})), Node("output", "Output")]  # fmt: skip
    edges = [Edge("input", "a"), Edge("a", "head1"), Edge("head1", "aux1"), Edge("a", "drop"), Edge("drop", "head2"),
             Edge("head2", "aux2"), Edge("drop", "fc"), Edge("fc", "output")]  # fmt: skip
    text = agree(network(Graph.of(nodes, edges), head))
    plan = make_plan(infer_network(network(Graph.of(nodes, edges), head)).flat)
    model = run(text)
    x = torch.randn(5, 4)
    torch.manual_seed(3)
    given_by_text = model(x)
    torch.manual_seed(3)
    names = [source for _, source in plan.outputs]
    ours = rewire(model, plan, names)(x)  # every layer in the plan's order, so that dropout draws the same
    assert len(given_by_text) == 3
    assert all(torch.equal(value, ours[name]) for value, name in zip(given_by_text, names, strict=True))


def test_lines_lead_to_the_class_from_every_place_where_it_is_used() -> None:
    known = infer_network(resnet50())
    source = write_network(known)
    lines = source.text.splitlines()
    assert source.lines["rest1.0.conv2"] == source.lines["rest4.1.conv2"]
    assert all("conv2" in lines[number - 1] for number in source.lines["rest1.0.conv2"])
    assert all("rest2" in lines[number - 1] for number in source.lines["rest2"])


def test_a_broken_network_gives_its_problems() -> None:
    with pytest.raises(ProblemError, match="no block called nothing"):
        source_of(network(chain(("a", "Block", use("nothing")), shape=(4,))))


# Random networks ----------------------------------------------------------------------------------------------------

sizes = st.integers(1, 4)
value = st.one_of(sizes, st.sampled_from([{"$": "a"}, {"$": "b"}, {"$": "a * 2"}, {"$": "a + b"}]))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A few definitions, each of which may hold the ones before, nested, repeated and with skips."""
    blocks: list[Block] = []

    def node(name: str, inside: bool) -> Node:
        number = value if inside else sizes
        kinds = ["Linear", "ReLU", "BatchNorm1d", "Dropout"] + ["Block"] * (3 if blocks else 0)
        match draw(st.sampled_from(kinds)):
            case "Linear":
                params: Any = {"features": draw(number), "bias": draw(st.booleans())}
            case "Block":
                held = draw(st.sampled_from(blocks))
                params = use(held.name, draw(number), a=draw(number), b=draw(number))
                return Node(name, "Block", freeze(params))
            case kind:
                return Node(name, kind)
        return Node(name, "Linear", freeze(params))

    def graph(inside: bool) -> Graph:
        entrance = Node("input", "Input") if inside else Node("input", "Input", freeze({"shape": [3]}))
        nodes, edges = [entrance], []
        for number in range(draw(st.integers(1, 4))):
            new = node(f"n{number}", inside)
            edges.append(Edge(nodes[-1].name, new.name))
            nodes.append(new)
            if draw(st.booleans()):  # a second way round this node, joined behind it
                joined = Node(f"join{number}", "Concatenate")
                edges += [Edge(new.name, joined.name), Edge(nodes[-2].name, joined.name, 0, 1)]
                nodes.append(joined)
        edges.append(Edge(nodes[-1].name, "output"))
        return Graph.of([*nodes, Node("output", "Output")], edges)

    for number in range(draw(st.integers(1, 3))):
        parameters = (BlockParameter("a", draw(sizes)), BlockParameter("b", draw(sizes)))
        blocks.append(Block(f"block_{number}", graph(inside=True), parameters))
    return network(graph(inside=False), *blocks)


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(networks())
def test_any_network_is_the_compiled_model(drawn: Network) -> None:
    known = infer_network(drawn)
    assume(sum(layer.parameters for layer in analyse(make_plan(known.flat)).layers) < 20_000)
    assume(len(known.expansion.flat.nodes) < 300)
    agree(drawn)


def test_bottlenecks_with_and_without_projection_are_two_classes() -> None:
    text = source_of(resnet50())
    names = [line.split()[1] for line in text.splitlines() if line.startswith("class")]
    assert names == ["Widening(nn.Module):", "Bottleneck(nn.Module):", "Net(nn.Module):"]
    assert bottleneck("a", True).graph.nodes.keys() > bottleneck("a", False).graph.nodes.keys()
