"""Which layers learn: the parameter that freezes one, and the edits that freeze or free many. No torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from builder.graph.blocks import used_by
from builder.graph.model import Graph, Network, Node
from builder.graph.parameters import parameter
from builder.layers.base import Category, Layer, Shapes
from builder.layers.registry import find

FIELD = "trainable"

Choice = Callable[[str, Node], bool | None]
"""Whether a node learns, by the definition that holds it (empty for the network itself); None leaves it as it is."""


def trainable() -> Any:
    """The field to declare on every layer with weights, before `initialisation`: `trainable: bool = trainable()`."""
    return parameter(
        True,
        "Learns",
        "Off, the layer is frozen: its learned numbers stay as they begin; a batch norm still measures its averages.",
    )


def is_frozen(layer: Layer) -> bool:
    """Whether training leaves the weights of a layer as they are."""
    return layer.category is not Category.BLOCK and getattr(layer, FIELD, True) is False


def frozen_count(layer: Layer, inputs: Shapes) -> int:
    """How many of a layer's learned numbers training leaves alone; of a block, of all that it holds."""
    if layer.category is Category.BLOCK:
        return int(getattr(layer, "frozen_parameters", 0))
    return layer.parameter_count(inputs) if is_frozen(layer) else 0


def can_freeze(node: Node) -> bool:
    """Whether a node is of a kind that has weights to freeze."""
    kind = find(node.kind)
    return kind is not None and FIELD in kind.model_fields


def with_choice(network: Network, learns: Choice) -> Network:
    """The network in which the layers learn as `learns` says, in all definitions too."""
    changed = network.with_graph(_chosen(network.graph, "", learns))
    for name, block in network.blocks.items():
        graph = _chosen(block.graph, name, learns)
        if graph is not block.graph:
            changed = changed.with_block(replace(block, graph=graph))
    return changed


def _held(network: Network, nodes: Iterable[Node]) -> frozenset[str]:
    """The definitions of all blocks among these nodes, and of those within them."""
    return frozenset(used_by(Graph.of(nodes), network.blocks))


def _chosen(graph: Graph, definition: str, learns: Choice) -> Graph:
    changed = {}
    for name, node in graph.nodes.items():
        wanted = learns(definition, node) if can_freeze(node) else None
        if wanted is None:
            continue
        params = node.params.without(FIELD) if wanted else node.params.set(FIELD, False)
        if params != node.params:
            changed[name] = replace(node, params=params)
    return replace(graph, nodes=graph.nodes.update(changed)) if changed else graph


def all_but(network: Network, page: str, names: Iterable[str]) -> Choice:
    """Only the named nodes of a graph learn, blocks with all that they hold; `page` is the graph's definition."""
    chosen = set(names)
    graph = network.blocks[page].graph if page else network.graph
    learning = _held(network, (graph.nodes[name] for name in chosen))
    return lambda definition, node: definition in learning or (definition == page and node.name in chosen)


def before(network: Network, page: str, names: Iterable[str]) -> Choice:
    """What comes before the named nodes of a graph is frozen; of the definitions, those that stand only there."""
    chosen = set(names)
    graph = network.blocks[page].graph if page else network.graph
    waiting, above = list(chosen), set[str]()
    while waiting:
        sources = {edge.source for edge in graph.incoming[waiting.pop()]} - above
        above |= sources
        waiting += sources
    above -= chosen
    rest = (node for name, node in graph.nodes.items() if name not in above)
    only = _held(network, (graph.nodes[name] for name in above)) - _held(network, rest)
    return lambda definition, node: (
        False if definition in only or (definition == page and node.name in above) else None
    )  # fmt: skip


def these(network: Network, page: str, names: Iterable[str], learns: bool) -> Choice:
    """The named nodes of a graph learn or do not, blocks with all that they hold; all others stay as they are."""
    chosen = set(names)
    graph = network.blocks[page].graph if page else network.graph
    within = _held(network, (graph.nodes[name] for name in chosen))
    return lambda definition, node: (
        learns if definition in within or (definition == page and node.name in chosen) else None
    )  # fmt: skip
