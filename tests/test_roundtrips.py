"""Whatever way a network takes (flat, saved, undone, written as source), it comes out as the same network."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from typing import Any

import onnxruntime
import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from builder.compile.analysis import analyse
from builder.compile.archive import to_archive
from builder.compile.infer import infer
from builder.compile.module import build, rewire
from builder.compile.network import infer_network
from builder.compile.onnx import to_onnx
from builder.compile.plan import Plan, make_plan
from builder.compile.source import network_source
from builder.compile.weights import trained
from builder.graph.blocks import BLOCK, flatten, group, ungroup
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import ProblemError
from builder.project.document import Project
from builder.project.form import decode, encode
from tests.drawn import LAYERS, networks

calm = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
few = settings(max_examples=40, suppress_health_check=calm)


def essence(graph: Graph) -> Counter[str]:
    """What a flat graph computes, names and order left out: for each layer, all that leads to it."""
    known: dict[str, str] = {}

    def text(name: str) -> str:
        if name not in known:
            node = graph.nodes[name]
            inputs = [(text(edge.source), edge.source_port, edge.target_port) for edge in graph.incoming[name]]
            whole = repr((node.kind, sorted(node.params.items(), key=repr), inputs))
            known[name] = hashlib.sha256(whole.encode()).hexdigest()
        return known[name]

    return Counter(text(name) for name in graph.nodes)


def taken_apart(network: Network) -> Graph:
    """Its main graph with every block taken apart by hand, one after another."""
    graph = network.graph
    while blocks := [name for name, node in graph.nodes.items() if node.kind == BLOCK]:
        graph = ungroup(graph, blocks[0], network.blocks)
    return graph


def same_values(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=0, equal_nan=True)


def seeded(plan: Plan) -> nn.Module:
    torch.manual_seed(5)
    return build(plan)


def executed(text: str) -> nn.Module:
    space: dict[str, Any] = {}
    exec(text, space)  # our own text
    torch.manual_seed(5)
    return space["Net"]()


def sample(plan: Plan, count: int = 3) -> torch.Tensor:
    return torch.randn(count, *plan.input_shape, generator=torch.Generator().manual_seed(1))


@few
@given(networks())
def test_flattened_is_taken_apart(network: Network) -> None:
    flat = flatten(network)
    assert essence(flat) == essence(taken_apart(network))
    assert infer(flat).nodes == infer_network(network).flat.nodes


@few
@given(networks())
def test_saved_is_loaded(network: Network) -> None:
    project = Project("drawn", network)
    text = encode(project)
    assert decode(text) == project
    assert encode(decode(text)) == text


@few
@given(networks())
def test_source_is_the_compiled_model(network: Network) -> None:
    agree(network)


@pytest.mark.parametrize("kind", LAYERS)
def test_source_with_a_layer_of_each_kind_is_the_compiled_model(kind: str) -> None:
    @settings(max_examples=3, suppress_health_check=calm)
    @given(networks(kind))
    def each(network: Network) -> None:
        agree(network)

    each()


def test_a_network_without_layers_has_a_source() -> None:
    agree(Network(Graph.of([Node("input", "Input"), Node("output", "Output")], [Edge("input", "output")])))


def agree(network: Network) -> None:
    """Text and compiled model have the same weights and give the same, in use and while training."""
    known = infer_network(network)
    plan = make_plan(known.flat)
    text = network_source(known)
    assert network_source(infer_network(decode(encode(Project("", network))).network)) == text
    compiled, written = seeded(plan), executed(text)
    same_values(compiled.state_dict(), written.state_dict())
    x = sample(plan)
    given_by_text, ours = written.eval()(x), compiled.eval()(x)
    torch.testing.assert_close(given_by_text, ours, rtol=0, atol=0, equal_nan=True)
    # While training it gives what auxiliary outputs give too, and draws the same random numbers.
    names = [source for _, source in plan.outputs]
    written.train()
    torch.manual_seed(7)
    values = written(x)
    compiled.load_state_dict(executed(text).state_dict())
    torch.manual_seed(7)
    wanted = rewire(compiled.train(), plan, names)(x)
    for value, name in zip(values if len(names) > 1 else (values,), names, strict=True):
        torch.testing.assert_close(value, wanted[name], rtol=0, atol=0, equal_nan=True)
    assert not [line for line in text.splitlines() if len(line) > 120]


@few
@given(networks())
def test_flat_source_is_the_nested_one(network: Network) -> None:
    nested = infer_network(network)
    flat = infer_network(Network(flatten(network)))
    plan = make_plan(nested.flat)
    assert analyse(make_plan(flat.flat)) == analyse(plan)
    first, second = seeded(plan).eval(), executed(network_source(flat)).eval()
    same_values(first.state_dict(), second.state_dict())
    torch.testing.assert_close(first(sample(plan)), second(sample(plan)), rtol=0, atol=0, equal_nan=True)


@settings(max_examples=4, suppress_health_check=calm, phases=[Phase.generate])  # shrinking would take long
@given(networks())
def test_archive_and_onnx_are_the_compiled_model(network: Network) -> None:
    plan = make_plan(infer_network(network).flat)
    # Sums over windows that reach over the edge are beyond the format, and refused.
    assume(not any(step.layer.kind() == "L2Pool2d" and getattr(step.layer, "ceil_mode", False) for step in plan.steps))
    model = trained(plan)
    archive = torch.export.load(io.BytesIO(to_archive(plan))).module()
    session = onnxruntime.InferenceSession(to_onnx(plan), providers=["CPUExecutionProvider"])
    for count in (1, 3):
        x = sample(plan, count)
        ours = model(x)
        torch.testing.assert_close(archive(x), ours, rtol=1e-5, atol=1e-5, equal_nan=True)
        (theirs,) = session.run(None, {plan.input: x.numpy()})
        torch.testing.assert_close(torch.from_numpy(theirs), ours, rtol=1e-4, atol=1e-4, equal_nan=True)


@few
@given(networks(), st.data())
def test_what_is_grouped_and_taken_apart_is_the_same(network: Network, data: st.DataObject) -> None:
    names = sorted(network.graph.nodes)
    chosen = data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=4))
    try:
        grouped = group(network, chosen, "made", "Made")
    except ProblemError:
        return
    assert ungroup(grouped.graph, "made", grouped.blocks).same_network(network.graph)
    assert essence(flatten(grouped)) == essence(flatten(network))
