"""Pure edits: each takes a `Graph` and returns another. What cannot be done raises `ProblemError` and changes nothing.

Knows no layer: how many ports a kind has is for `layers` and for whoever offers the gesture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from builder.graph.comments import add_comments, shifted
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Edge, Graph, Node, Point
from builder.graph.names import name_problem
from builder.graph.order import would_cycle
from builder.graph.problems import Problem, ProblemError


def free_name(graph: Graph, stem: str) -> str:
    """The first of `stem1`, `stem2`, ... that no node of the graph has."""
    stem = stem.rstrip("0123456789") or "layer"
    number = 1
    while f"{stem}{number}" in graph.nodes:
        number += 1
    return f"{stem}{number}"


def add_node(graph: Graph, node: Node, at: Point | None = None) -> Graph:
    """The graph with `node` added, standing at `at`. Raises when the name is taken or no identifier."""
    _check_name(graph, node.name)
    positions = graph.positions if at is None else graph.positions.set(node.name, at)
    return replace(graph, nodes=graph.nodes.set(node.name, node), positions=positions)


def remove_nodes(graph: Graph, names: Iterable[str], *, heal: bool = True) -> Graph:
    """The graph without the named nodes and their wires.

    With `heal`, what fed a removed node's first input port now feeds what the node fed, so that a chain stays whole.
    """
    gone = {name for name in names if name in graph.nodes}
    kept = [edge for edge in graph.edges if edge.source not in gone and edge.target not in gone]
    if heal:
        for edge in graph.edges:
            if edge.target in gone or edge.source not in gone:
                continue
            feed = _first_living_source(graph, edge, gone)
            if feed is not None:
                kept.append(Edge(feed.source, edge.target, feed.source_port, edge.target_port))
    return replace(
        graph,
        nodes=graph.nodes.without(*gone),
        edges=tuple(dict.fromkeys(kept)),
        positions=graph.positions.without(*gone),
    )


def _first_living_source(graph: Graph, edge: Edge, gone: set[str]) -> Edge | None:
    seen: set[str] = set()
    while edge.source in gone:
        if edge.source in seen:
            return None
        seen.add(edge.source)
        incoming = graph.incoming[edge.source]
        if not incoming:
            return None
        edge = incoming[0]
    return edge


def connect(graph: Graph, edge: Edge) -> Graph:
    """The graph with a wire added; a wire already at that input port gives way. Raises on a cycle or absent node."""
    _need(graph, edge.source, edge.target)
    if would_cycle(graph, edge.source, edge.target):
        message = f"a wire from {edge.source} to {edge.target} would close a cycle."
        hint = "Data flows one way, from the input to the output."
        raise ProblemError(Problem("cycle", message, where=edge.target, hint=hint))
    kept = tuple(e for e in graph.edges if (e.target, e.target_port) != (edge.target, edge.target_port))
    return replace(graph, edges=(*kept, edge))


def disconnect(graph: Graph, *edges: Edge) -> Graph:
    """The graph without the given wires."""
    return replace(graph, edges=tuple(edge for edge in graph.edges if edge not in edges))


def insert_on_edge(graph: Graph, edge: Edge, node: Node, at: Point | None = None) -> Graph:
    """The graph with `node` put on a wire: source -> node -> target. `node` may already stand in the graph, unwired.

    Raises when there is no such wire, or when `node` has wires.
    """
    if edge not in graph.edges:
        message = f"there is no wire from {edge.source} to {edge.target}."
        raise ProblemError(Problem("no-such-wire", message, where=edge.target))
    if node.name not in graph.nodes:
        graph = add_node(graph, node, at)
    elif graph.incoming[node.name] or graph.outgoing[node.name]:
        message = "it has wires already, so it cannot be put on another."
        raise ProblemError(Problem("node-is-wired", message, where=node.name, hint="Remove its wires first."))
    edges = []
    for old in graph.edges:
        if old == edge:
            edges.append(Edge(edge.source, node.name, edge.source_port, 0))
            edges.append(Edge(node.name, edge.target, 0, edge.target_port))
        else:
            edges.append(old)
    return replace(graph, edges=tuple(edges))


def rename(graph: Graph, old: str, new: str) -> Graph:
    """The graph with one node renamed, its wires and its place kept. Raises when `new` is taken or no identifier."""
    _need(graph, old)
    if old == new:
        return graph
    _check_name(graph, new)

    def swap(name: str) -> str:
        return new if name == old else name

    named = {swap(n): (replace(node, name=new) if n == old else node) for n, node in graph.nodes.items()}
    return replace(
        graph,
        nodes=FrozenDict(named),
        edges=tuple(edge._replace(source=swap(edge.source), target=swap(edge.target)) for edge in graph.edges),
        positions=FrozenDict({swap(name): point for name, point in graph.positions.items()}),
    )


def set_params(graph: Graph, name: str, params: Mapping[str, Any]) -> Graph:
    """The graph with the stored parameters of one node replaced as a whole."""
    _need(graph, name)
    node = replace(graph.nodes[name], params=freeze(params))
    return replace(graph, nodes=graph.nodes.set(name, node))


def move(graph: Graph, positions: Mapping[str, Point]) -> Graph:
    """The graph with some nodes standing elsewhere; names that it does not have are ignored."""
    places = {name: Point(*place) for name, place in positions.items() if name in graph.nodes}
    moved = replace(graph, positions=graph.positions.update(places))
    moved.adopt_wiring(graph)
    return moved


def fragment(graph: Graph, names: Iterable[str], comments: Iterable[str] = ()) -> Graph:
    """The named nodes, the wires among them and their places, and the named comments: what copying takes."""
    wanted, written = set(names), set(comments)
    return Graph.of(
        (node for name, node in graph.nodes.items() if name in wanted),
        (edge for edge in graph.edges if edge.source in wanted and edge.target in wanted),
        {name: point for name, point in graph.positions.items() if name in wanted},
        {name: comment for name, comment in graph.comments.items() if name in written},
    )


def paste(graph: Graph, piece: Graph, offset: Point) -> tuple[Graph, dict[str, str]]:
    """The graph with a fragment added, its comments included, and the new name of each of its nodes."""
    names: dict[str, str] = {}
    both = replace(graph, nodes=graph.nodes.update(piece.nodes))  # a new name collides with neither
    for name, node in piece.nodes.items():
        new = name if name not in graph.nodes else free_name(both, name)
        names[name] = new
        place = piece.positions.get(name)
        at = None if place is None else Point(place.x + offset.x, place.y + offset.y)
        added = replace(node, name=new)
        graph = add_node(graph, added, at)
        both = replace(both, nodes=both.nodes.set(new, added))
    wires = tuple(edge._replace(source=names[edge.source], target=names[edge.target]) for edge in piece.edges)
    return add_comments(replace(graph, edges=graph.edges + wires), shifted(piece.comments.values(), offset)), names


def _check_name(graph: Graph, name: str) -> None:
    if problem := name_problem(name):
        raise ProblemError(problem)
    if name in graph.nodes:
        message = f"there is already a layer called {name}."
        raise ProblemError(Problem("name-taken", message, where=name, field="name", hint="Choose another name."))


def _need(graph: Graph, *names: str) -> None:
    for name in names:
        if name not in graph.nodes:
            raise ProblemError(Problem("no-such-node", f"there is no layer called {name}.", where=name))
