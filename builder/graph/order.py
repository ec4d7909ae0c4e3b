"""Topological order, cycles and reachability. Pure functions over a `Graph`."""

from __future__ import annotations

from collections.abc import Iterable

from builder.graph.model import Graph


def topological_order(graph: Graph) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names in an order in which every source comes before its targets, and the names that no such order can hold.

    The second part holds the nodes on a cycle and all that lies behind them. A branch is followed to its end before
    the next one is begun, as a person would write it down; ties keep the order of `graph.nodes` and of the wires.
    """
    waiting = dict.fromkeys(graph.nodes, 0)
    for edge in graph.edges:
        if edge.source in waiting and edge.target in waiting:
            waiting[edge.target] += 1
    ready = [name for name, count in waiting.items() if count == 0]
    ready.reverse()
    order: list[str] = []
    outgoing = graph.outgoing
    while ready:
        name = ready.pop()
        order.append(name)
        for edge in reversed(outgoing[name]):
            target = edge.target
            if target in waiting:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
    return tuple(order), frozenset(waiting) - frozenset(order)


def cycles(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """For each knot of nodes that reach each other, one circle through it: names in the direction of the wires.

    A circle begins with the node that was added first. Without cycles the result is empty.
    """
    found = []
    for knot in _knots(graph, topological_order(graph)[1]):
        start = next(name for name in graph.nodes if name in knot)
        found.append(_circle(graph, start, knot))
    return tuple(found)


def nodes_on_cycles(graph: Graph) -> frozenset[str]:
    """The nodes that lie on a cycle (not the ones before, behind or between cycles)."""
    return frozenset().union(*_knots(graph, topological_order(graph)[1]))


def _knots(graph: Graph, names: Iterable[str]) -> list[frozenset[str]]:
    """The strongly connected components that hold a cycle (Kosaraju's algorithm, without recursion)."""
    among = set(names)
    finished: list[str] = []
    seen: set[str] = set()
    for root in graph.nodes:
        if root not in among or root in seen:
            continue
        seen.add(root)
        path = [(root, iter(graph.outgoing[root]))]
        while path:
            name, edges = path[-1]
            step = next((e.target for e in edges if e.target in among and e.target not in seen), None)
            if step is None:
                finished.append(name)
                path.pop()
            else:
                seen.add(step)
                path.append((step, iter(graph.outgoing[step])))
    knots = []
    placed: set[str] = set()
    for root in reversed(finished):
        if root in placed:
            continue
        placed.add(root)
        knot, todo = {root}, [root]
        while todo:
            for edge in graph.incoming[todo.pop()]:
                if edge.source in among and edge.source not in placed:
                    placed.add(edge.source)
                    knot.add(edge.source)
                    todo.append(edge.source)
        if len(knot) > 1 or any(edge.target == root for edge in graph.outgoing[root]):
            knots.append(frozenset(knot))
    return knots


def _circle(graph: Graph, start: str, knot: frozenset[str]) -> tuple[str, ...]:
    """A shortest way from `start` back to it, all inside a knot."""
    came_from: dict[str, str] = {}
    todo = [start]
    for name in todo:
        for edge in graph.outgoing[name]:
            if edge.target == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            if edge.target in knot and edge.target not in came_from:
                came_from[edge.target] = name
                todo.append(edge.target)
    return (start,)


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
