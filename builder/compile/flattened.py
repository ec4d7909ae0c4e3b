"""What a layer that needs a picture is told behind a Flatten: that this belongs behind it. Pure; the catalogue's names.

No shape tells it: a flat list of numbers may come from anywhere, and few of them make a square picture again.
"""

from __future__ import annotations

from collections.abc import Mapping

from builder.compile.padding import Known
from builder.graph.model import Graph
from builder.graph.problems import AddAfter, Fix, RemoveNode
from builder.layers.base import ShapeError

_FLATTEN = "Flatten"


def order_fix(graph: Graph, nodes: Mapping[str, Known], name: str) -> Fix | None:
    """The Flatten right before a layer put right behind it; None where that would not let it fit, or touch others."""
    wires, layer = graph.incoming[name], nodes[name].layer
    if layer is None or len(wires) != 1 or len(graph.outgoing[name]) > 1:
        return None
    flatten = wires[0].source
    if flatten.rpartition(".")[0] != name.rpartition(".")[0]:  # one of them is inside a block
        return None
    if graph.nodes[flatten].kind != _FLATTEN or len(graph.outgoing[flatten]) != 1 or nodes[flatten].output is None:
        return None
    try:
        layer.output_shape(nodes[flatten].known_inputs)
    except ShapeError:
        return None
    first, second = (each.rpartition(".")[2] for each in (flatten, name))  # inside a block, as they are called there
    return Fix(f"Move {first} behind {second}", (RemoveNode(flatten), AddAfter(name, _FLATTEN)))
