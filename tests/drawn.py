"""Random networks that are sound, over the whole catalogue: branches, merges, blocks within blocks, repeats.

Layers come from the registry, with the parameters of their own examples, so that a new one is drawn without being
named here. What a drawn change would break is not made: every network compiles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from builder import layers
from builder.compile.network import infer_network
from builder.graph import edits
from builder.graph.blocks import BLOCK, INPUT, OUTPUT, group
from builder.graph.frozen import freeze
from builder.graph.model import BlockParameter, Edge, Graph, Network, Node, Point, Shape
from builder.graph.problems import ProblemError
from builder.layers.base import Example, Layer, Role, ShapeError
from builder.layers.registry import kinds, make

assert layers  # importing the package is what fills the registry

LARGEST = 1_500  # numbers of one value
HEAVIEST = 5_000  # learned numbers of one layer
LAYERS = [kind for kind, layer in kinds().items() if layer.role is Role.LAYER and kind != BLOCK]
SINGLE = [kind for kind in LAYERS if not kinds()[kind].ports.variadic and len(kinds()[kind].ports.inputs) == 1]
JOINS = [kind for kind in LAYERS if kinds()[kind].ports.variadic or len(kinds()[kind].ports.inputs) > 1]
SHAPES: list[Shape] = [(1, 8, 8), (3, 6, 5), (4, 7, 7), (6,), (4, 6)]


def fitting(kind: str, params: Mapping[str, Any], inputs: tuple[Shape, ...]) -> Shape | None:
    """What a layer gives for these inputs; None when it does not take them, or would be large."""
    try:
        layer: Layer = make(kind, freeze(params))
        output = layer.output_shape(inputs)
    except (ShapeError, ProblemError):
        return None
    if math.prod(output) > LARGEST or layer.parameter_count(inputs) > HEAVIEST:
        return None
    return output


def choices(kind: str) -> list[Mapping[str, Any]]:
    """Sets of parameters that are worth trying."""
    return [{}, *(example.params for example in kinds()[kind].examples)]


def _examples(kind: str) -> list[Example]:
    """A layer's examples that can stand behind one input."""
    alike = [known for known in kinds()[kind].examples if len(set(known.inputs)) == 1]
    return [
        known for known in alike if fitting(kind, known.params, known.inputs) and math.prod(known.inputs[0]) <= LARGEST
    ]


STARTS = {kind: _examples(kind) or [Example(((2, 4, 4),) * 2)] for kind in LAYERS}


@lru_cache(maxsize=1024)
def takers(shape: Shape) -> dict[str, list[Mapping[str, Any]]]:
    """The layers of one input that take such a value, each with the parameters under which it does."""
    found = {kind: [params for params in choices(kind) if fitting(kind, params, (shape,))] for kind in SINGLE}
    return {kind: params for kind, params in found.items() if params}


@st.composite
def graphs(draw: st.DrawFn, kind: str = "") -> Graph:
    """A sound graph without blocks: one input, an output, and now and then auxiliary ones.

    Args:
        kind: of the first layer; any, or one that takes a usual shape, without.
    """
    if not kind and draw(st.booleans()):
        kind = draw(st.sampled_from(list(STARTS)))
    example = draw(st.sampled_from(STARTS[kind])) if kind else None
    shape = example.inputs[0] if example is not None else draw(st.sampled_from(SHAPES))
    nodes = [Node("input", INPUT, freeze({"shape": shape}))]
    edges: list[Edge] = []
    values: list[tuple[str, Shape]] = [("input", shape)]

    def put(kind: str, params: Mapping[str, Any], sources: list[tuple[str, Shape]]) -> bool:
        output = fitting(kind, params, tuple(known for _, known in sources))
        if output is None:
            return False
        name = f"{kinds()[kind].stem}{len(nodes)}"
        nodes.append(Node(name, kind, freeze(params)))
        edges.extend(Edge(source, name, 0, port) for port, (source, _) in enumerate(sources))
        values.append((name, output))
        return True

    if example is not None:
        assert put(kind, example.params, [values[0]] * len(example.inputs))
    for _ in range(draw(st.integers(1, 7))):
        if len(values) > 2 and draw(st.integers(0, 2)) == 0:
            kind = draw(st.sampled_from(JOINS))
            ports = kinds()[kind].ports
            count = draw(st.integers(2, 3)) if ports.variadic else len(ports.inputs)
            sources = [values[-1], *(draw(st.sampled_from(values[-4:])) for _ in range(count - 1))]
            params = draw(st.sampled_from(choices(kind)))
            alike = [known for known in values[:-1] if known[1] == values[-1][1]]
            again = [values[-1], *((alike or values)[-1:] * (count - 1))]
            if put(kind, params, sources) or put(kind, params, again) or put(kind, {}, [values[-1]] * count):
                continue
        source = values[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(values))
        known = takers(source[1])
        kind = draw(st.sampled_from(list(known)))
        put(kind, draw(st.sampled_from(known[kind])), [source])
    nodes.append(Node("output", OUTPUT))
    edges.append(Edge(values[-1][0], "output"))
    used = {edge.source for edge in edges}
    loose = [name for name, _ in values if name not in used]
    for number, name in enumerate(loose):
        if draw(st.booleans()):  # the others are left out of the model
            helper = Node(f"auxiliary{number}", "AuxiliaryOutput", freeze({"weight": 0.5}))
            nodes.append(helper)
            edges.append(Edge(name, helper.name))
    places = {node.name: Point(40.0 * number, 12.5) for number, node in enumerate(nodes) if draw(st.booleans())}
    return Graph.of(nodes, edges, places)


def sound(network: Network) -> bool:
    """Whether it compiles, and is small enough to be run."""
    known = infer_network(network)
    if known.errors or len(known.flat.graph.nodes) > 80:
        return False
    infos = known.flat.nodes.values()
    return all(math.prod(info.output or ()) <= 4 * LARGEST for info in infos)


@st.composite
def networks(draw: st.DrawFn, kind: str = "") -> Network:
    """A sound network, often with blocks: nested, repeated, used twice, with parameters as expressions."""
    network = Network(draw(graphs(kind)))
    for number in range(draw(st.integers(0, 3))):
        changed = draw(_grouped(network, number))
        network = changed if sound(changed) else network
    for change in draw(st.lists(st.sampled_from([_with_parameter, _repeated, _used_again]), max_size=4)):
        changed = draw(change(network))
        network = changed if sound(changed) else network
    return network


def instances(network: Network) -> list[Node]:
    """The blocks on the main graph."""
    return [node for node in network.graph.nodes.values() if node.kind == BLOCK]


@st.composite
def _grouped(draw: st.DrawFn, network: Network, number: int) -> Network:
    names = [name for name, node in network.graph.nodes.items() if node.kind not in (INPUT, OUTPUT, "AuxiliaryOutput")]
    if not names:
        return network
    first = draw(st.integers(0, len(names) - 1))
    chosen = names[first : first + draw(st.integers(1, 4))]
    # Some names end in a number: alike definitions may then be one class.
    definition = draw(st.sampled_from([f"part{number}", f"Block_{number}", f"stage{'abc'[number]}"]))
    try:
        return group(network, chosen, f"block{number}", definition)
    except ProblemError:
        return network


@st.composite
def _repeated(draw: st.DrawFn, network: Network) -> Network:
    if not (found := instances(network)):
        return network
    node = draw(st.sampled_from(found))
    params = {**node.params, "repeat": draw(st.integers(1, 3))}
    return network.with_graph(edits.set_params(network.graph, node.name, params))


@st.composite
def _used_again(draw: st.DrawFn, network: Network) -> Network:
    """Another instance of a definition, put on a wire."""
    if not (found := instances(network)):
        return network
    node = draw(st.sampled_from(found))
    copy = replace(node, name=edits.free_name(network.graph, "again"))
    wire = draw(st.sampled_from(network.graph.edges))
    return network.with_graph(edits.insert_on_edge(network.graph, wire, copy))


@st.composite
def _with_parameter(draw: st.DrawFn, network: Network) -> Network:
    """A number in a definition becomes a parameter of it; each instance is given what gives the same."""
    places = [
        (block.name, node, key, value)
        for block in network.blocks.values()
        for node in block.graph.nodes.values()
        if node.kind != BLOCK
        for key, value in node.params.items()
        if isinstance(value, (int, tuple)) and not isinstance(value, bool)
    ]
    if not places:
        return network
    definition, inner, key, value = draw(st.sampled_from(places))
    block = network.blocks[definition]
    name = f"p{len(block.parameters)}"
    forms: list[tuple[str, Any]] = [(name, value)]
    if isinstance(value, int):
        forms += [(f"{name} + 1", value - 1), (f"2 * {name} - {value}", value), (f"{name} // 2", 2 * value)]
    text, given = draw(st.sampled_from(forms))
    graph = edits.set_params(block.graph, inner.name, {**inner.params, key: {"$": text}})
    default = given if draw(st.booleans()) else 1
    block = replace(block, graph=graph, parameters=(*block.parameters, BlockParameter(name, freeze(default))))
    other = given + 1 if isinstance(given, int) and draw(st.booleans()) else given
    network = network.with_block(block)
    changed = {known: replace(each, graph=_given(draw, each.graph, definition, name, given, other))
               for known, each in network.blocks.items()}  # fmt: skip
    return Network(_given(draw, network.graph, definition, name, given, other), network.blocks.update(changed))


def _given(draw: st.DrawFn, graph: Graph, definition: str, name: str, *values: Any) -> Graph:
    for node in list(graph.nodes.values()):
        if node.kind == BLOCK and node.params["definition"] == definition:
            arguments = {**node.params.get("arguments", {}), name: draw(st.sampled_from(values))}
            graph = edits.set_params(graph, node.name, {**node.params, "arguments": arguments})
    return graph
