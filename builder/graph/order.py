"""Topological order, cycles and reachability. Pure functions over a `Graph`."""

from __future__ import annotations

from builder.graph.model import Graph


def topological_order(graph: Graph) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names in an order in which every source comes before its targets, and the names that no such order can hold.

    The second part holds the nodes on a cycle and all that lies behind them. Ties keep the order of `graph.nodes`.
    """
    waiting = {
        name: sum(1 for edge in edges if edge.source in graph.nodes) for name, edges in graph.incoming.items()
    }
    ready = [name for name, count in waiting.items() if count == 0]
    order: list[str] = []
    for name in ready:
        order.append(name)
        for edge in graph.outgoing[name]:
            if edge.target in waiting:
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0:
                    ready.append(edge.target)
    return tuple(order), frozenset(waiting) - frozenset(order)


def nodes_on_cycles(graph: Graph) -> frozenset[str]:
    """The nodes that lie on a cycle (not the ones behind it)."""
    left = set(topological_order(graph)[1])
    while True:
        ends = {name for name in left if not any(edge.target in left for edge in graph.outgoing[name])}
        if not ends:
            return frozenset(left)
        left -= ends


def downstream(graph: Graph, name: str) -> frozenset[str]:
    """Every node that a value leaving `name` can reach, `name` itself included."""
    found = {name}
    todo = [name]
    while todo:
        for edge in graph.outgoing.get(todo.pop(), ()):
            if edge.target not in found and edge.target in graph.nodes:
                found.add(edge.target)
                todo.append(edge.target)
    return frozenset(found)


def would_cycle(graph: Graph, source: str, target: str) -> bool:
    """Whether a wire from `source` to `target` would close a cycle."""
    return source in downstream(graph, target)
