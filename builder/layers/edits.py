"""Graph edits that need the catalogue: naming a new node, where a wire may go, carrying out a fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from builder.graph import edits
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Edge, Graph, Node, Point
from builder.graph.order import would_cycle
from builder.graph.problems import AddAfter, Edit, InsertBefore, Problem, RemoveNode, ReplaceNode, SetParams
from builder.layers.registry import find

# Distance from a node to the next one in a row, and to the one below, in canvas pixels.
STEP_X, STEP_Y = 180.0, 170.0


def new_node(graph: Graph, kind: str, params: Mapping[str, Any] | None = None) -> Node:
    """A node of this kind with a name that is free in `graph`."""
    layer = find(kind)
    return Node(edits.free_name(graph, layer.stem if layer else kind.lower()), kind, freeze(params or {}))


def free_port(graph: Graph, name: str) -> int | None:
    """The first input port of a node that has no wire; None when all are taken (a merge always has one more)."""
    layer = find(graph.nodes[name].kind)
    if layer is None:
        return None
    taken = {edge.target_port for edge in graph.incoming[name]}
    port = next(p for p in range(len(taken) + 1) if p not in taken)
    return port if layer.ports.variadic or port < len(layer.ports.inputs) else None


def refusal(graph: Graph, source: str, target: str) -> Problem | None:
    """Why no wire may go from `source` to `target`; None when it may. Shapes do not count: they get a badge."""
    from_layer, to_layer = find(graph.nodes[source].kind), find(graph.nodes[target].kind)
    if from_layer is not None and not from_layer.ports.outputs:
        return Problem("no-port", f"{source} has no output port.", where=source)
    if to_layer is not None and not to_layer.ports.inputs:
        return Problem("no-port", f"{target} has no input port.", where=target)
    if would_cycle(graph, source, target):
        return Problem("cycle", "this wire would close a circle: data flows one way.", where=target)
    return None


def add_after(graph: Graph, node: Node, behind: str | None, at: Point | None = None) -> Graph:
    """Add a node behind another: put onto its single outgoing wire, or wired to its free output.

    Where the other has no output port, or several wires leave it, the new node is only wired from it (or not at all).
    """
    if behind is None or behind not in graph.nodes:
        return edits.add_node(graph, node, at)
    place = graph.positions.get(behind)
    if at is None and place is not None:
        at = Point(place.x + STEP_X, place.y)
    layer, new = find(graph.nodes[behind].kind), find(node.kind)
    leaving = graph.outgoing[behind]
    takes = new is None or bool(new.ports.inputs)
    gives = new is None or bool(new.ports.outputs)
    if len(leaving) == 1 and takes and gives:
        return make_room(edits.insert_on_edge(graph, leaving[0], node, at), node.name)
    graph = edits.add_node(graph, node, at)
    if takes and (layer is None or layer.ports.outputs):
        graph = edits.connect(graph, Edge(behind, node.name))
    return graph


def make_room(graph: Graph, name: str) -> Graph:
    """Move what stands on `name`'s place, and all that stands right of it in its row, one step to the right."""
    at = graph.positions.get(name)
    if at is None:
        return graph
    row = {n: p for n, p in graph.positions.items() if n != name and abs(p.y - at.y) < STEP_Y / 2}
    if not any(abs(p.x - at.x) < STEP_X * 0.8 for p in row.values()):
        return graph
    return edits.move(graph, {n: Point(p.x + STEP_X, p.y) for n, p in row.items() if p.x > at.x - STEP_X * 0.8})


def apply(graph: Graph, edit: Edit) -> Graph:
    """Carry out one edit of a `Fix` that concerns the graph; others (settings) leave it as it is."""
    match edit:
        case InsertBefore(name, kind, params, port):
            node = new_node(graph, kind, params)
            edge = next((e for e in graph.incoming[name] if e.target_port == port), None)
            place = graph.positions.get(name)
            if edge is None:
                graph = edits.add_node(graph, node, place)
                return make_room(edits.connect(graph, Edge(node.name, name, 0, port)), node.name)
            return make_room(edits.insert_on_edge(graph, edge, node, place), node.name)
        case SetParams(name, params):
            old = graph.nodes[name].params
            return edits.set_params(graph, name, FrozenDict({**old, **params}))
        case RemoveNode(name):
            return edits.remove_nodes(graph, [name])
        case ReplaceNode(name, kind, params):
            return replace(graph, nodes=graph.nodes.set(name, Node(name, kind, params)))
        case AddAfter(name, kind, params):
            return add_after(graph, new_node(graph, kind, params), name)
        case _:
            return graph
