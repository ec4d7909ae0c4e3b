"""Blocks: a selection becomes a definition, an instance of it stands for the whole, and `flatten` undoes all of it.

An instance is a node of kind `Block` with the parameters `definition` (a name), `repeat` (how many in a chain) and
`arguments` (values for the definition's own parameters). Inside a definition the nodes of kind `Input` and `Output`
are its ports, in the order in which they were added, and a stored parameter `{"$": "channels * 4"}` is an expression.
Knows no other layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from builder.graph.comments import add_comments, remove_comments, shifted
from builder.graph.edits import add_node, fragment, free_name, remove_nodes
from builder.graph.expansion import expand
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.instance import BLOCK, INPUT, MOST_NODES, OUTPUT, Instance, names_used, refusal
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node, Point
from builder.graph.names import name_problem
from builder.graph.order import downstream
from builder.graph.problems import ProblemError

__all__ = [
    "BLOCK",
    "INPUT",
    "OUTPUT",
    "adopt",
    "flatten",
    "group",
    "holds",
    "made_unique",
    "rename_block",
    "ungroup",
    "used_by",
    "without_unused",
]


def flatten(network: Network) -> Graph:
    """The graph with all blocks expanded; names inside become dotted: `stage1.conv1`, or `stage1.0.conv1` in a chain.

    A network without blocks is its own graph, the very same value.

    Raises:
        ProblemError: a definition or parameter is missing, definitions hold each other, or there would be too many
            nodes. `where` is the dotted name of the node at fault.
    """
    expansion = expand(network)
    if expansion.problems:
        raise ProblemError(*(problem for found in expansion.problems.values() for problem in found))
    return expansion.flat


def group(
    network: Network, names: Iterable[str], instance: str, definition: str, comments: Iterable[str] = ()
) -> Network:
    """The network with the named nodes put into a new definition, and one instance of it in their place.

    Each value that enters or leaves the selection becomes a port; so does each end that nothing uses. The named
    comments go into the definition too; all others stay.

    Raises:
        ProblemError: nothing is selected, the selection holds the network's input or output, a name is taken, or a
            wire leaves the selection and comes back.
    """
    graph = network.graph
    inside = {name for name in names if name in graph.nodes}
    if not inside:
        raise refusal("nothing-selected", "select the layers that the block is to hold.")
    if problem := name_problem(definition):
        raise ProblemError(problem)
    if definition in network.blocks:
        raise refusal("name-taken", f"there is already a block called {definition}.", definition)
    ends = [name for name in sorted(inside) if graph.nodes[name].kind in (INPUT, OUTPUT)]
    if ends:
        raise refusal("bad-selection", "a block cannot hold the network's own input or output.", ends[0])
    returns = {edge.target for edge in graph.edges if edge.source in inside and edge.target not in inside}
    for name in sorted(returns):
        if not inside.isdisjoint(downstream(graph, name)):
            hint = "Select it too, or less."
            raise refusal("cycle", f"{name} lies on a way out of the selection and back into it.", name, hint)
    entering = [edge for edge in graph.edges if edge.source not in inside and edge.target in inside]
    leaving = [edge for edge in graph.edges if edge.source in inside and edge.target not in inside]
    ways_in = list(dict.fromkeys((edge.source, edge.source_port) for edge in entering))
    ways_out = list(dict.fromkeys((edge.source, edge.source_port) for edge in leaving))
    ways_out += [(name, 0) for name in graph.nodes if name in inside and not graph.outgoing[name]]

    written = tuple(comments)
    body = fragment(graph, inside, written)
    ports_in = _ports(body, INPUT, len(ways_in))
    ports_out = _ports(body, OUTPUT, len(ways_out))
    wires = [Edge(ports_in[ways_in.index((e.source, e.source_port))], e.target, 0, e.target_port) for e in entering]
    wires += [Edge(name, port, number, 0) for (name, number), port in zip(ways_out, ports_out, strict=True)]
    body = Graph.of(
        [*(Node(n, INPUT) for n in ports_in), *body.nodes.values(), *(Node(n, OUTPUT) for n in ports_out)],
        (*wires, *body.edges),
        body.positions,
        body.comments,
    )
    # Inside another definition, what the selection refers to is handed on under the same names.
    used = sorted({name for node in body.nodes.values() for name in names_used(node.params)})
    params: dict[str, Any] = {"definition": definition}
    if used:
        params["arguments"] = {name: {"$": name} for name in used}
    place = next((graph.positions[name] for name in graph.nodes if name in inside and name in graph.positions), None)
    outer = remove_nodes(remove_comments(graph, written), inside, heal=False)
    outer = add_node(outer, Node(instance, BLOCK, freeze(params)), place)
    edges = [Edge(source, instance, number, port) for port, (source, number) in enumerate(ways_in)]
    edges += [e._replace(source=instance, source_port=ways_out.index((e.source, e.source_port))) for e in leaving]
    outer = replace(outer, edges=outer.edges + tuple(edges))
    block = Block(definition, body, tuple(BlockParameter(name, 1) for name in used))
    return Network(outer, network.blocks.set(definition, block))


def ungroup(graph: Graph, name: str, blocks: Mapping[str, Block]) -> Graph:
    """The graph with one instance taken apart: its nodes, with the arguments put in, stand in its place.

    They keep their names where these are free, and comments come along once, however often the block is repeated.
    Raises `ProblemError` when it is no block, or its definition is missing.
    """
    node = graph.nodes.get(name)
    if node is None or node.kind != BLOCK:
        raise refusal("not-a-block", "this is no block.", name)
    instance = Instance.of(node, name, blocks)
    outer = remove_nodes(graph, [name], heal=False)
    corner = graph.positions.get(name)
    parts = _Parts()
    inner_positions: dict[str, Point] = {}
    gates: list[_Gates] = []
    taken = outer
    for _ in range(instance.repeat):
        body = instance.block.graph
        names: dict[str, str] = {}
        origin = _corner(body)
        for inner in body.nodes.values():
            pipe = inner.kind in (INPUT, OUTPUT)
            fresh = inner.name if inner.name not in taken.nodes else free_name(taken, inner.name)
            names[inner.name] = f".{len(gates)}.{inner.name}" if pipe else fresh  # no node can have such a name
            if not pipe:
                taken = add_node(taken, replace(inner, name=fresh))
                if corner is not None and inner.name in body.positions:
                    at = body.positions[inner.name]
                    inner_positions[fresh] = Point(corner.x + at.x - origin.x, corner.y + at.y - origin.y)
            parts.add(Node(names[inner.name], inner.kind, instance.put_in(inner.params)), pipe)
        parts.edges += [e._replace(source=names[e.source], target=names[e.target]) for e in body.edges]
        gates.append(_Gates.of(body, names))
    whole = _chain(gates, parts, name)
    for kept in outer.nodes.values():
        parts.add(kept)
    for edge in graph.edges:
        source, source_port, target, target_port = edge.source, edge.source_port, edge.target, edge.target_port
        if source == name:
            source, source_port = whole.leave(source_port, name)
        if target == name:
            target, target_port = whole.enter(target_port, name)
        parts.edges.append(Edge(source, target, source_port, target_port))
    body = instance.block.graph
    origin, place = _corner(body), corner or Point(0, 0)
    beside = shifted(body.comments.values(), Point(place.x - origin.x, place.y - origin.y))
    apart = parts.graph(outer.positions.update(inner_positions))
    return add_comments(replace(apart, comments=graph.comments), beside)


def holds(blocks: Mapping[str, Block], outer: str, inner: str) -> bool:
    """Whether the definition `outer` is `inner`, or has an instance of it at any depth: then `inner` cannot hold it."""
    todo, seen = [outer], {outer}
    while todo:
        block = blocks.get(todo.pop())
        for node in block.graph.nodes.values() if block else ():
            name = node.params.get("definition")
            if node.kind == BLOCK and isinstance(name, str) and name not in seen:
                seen.add(name)
                todo.append(name)
    return inner in seen


def used_by(graph: Graph, blocks: Mapping[str, Block]) -> dict[str, Block]:
    """The definitions that a graph's instances need, at any depth."""
    found: dict[str, Block] = {}
    todo = [graph]
    while todo:
        for node in todo.pop().nodes.values():
            name = str(node.params.get("definition"))
            if node.kind == BLOCK and name in blocks and name not in found:
                found[name] = blocks[name]
                todo.append(blocks[name].graph)
    return found


def adopt(
    blocks: FrozenDict[str, Block], piece: Graph, brought: Mapping[str, Block]
) -> tuple[FrozenDict[str, Block], Graph]:
    """Definitions with those added that a piece from elsewhere brings along, and the piece.

    A definition that is there already is used; one that only has the name of another gets a free one.
    """
    wanted = used_by(piece, brought)
    names = {name: name if blocks.get(name, block) == block else _free(name, blocks) for name, block in wanted.items()}
    for name, block in wanted.items():
        blocks = blocks.set(names[name], replace(block, name=names[name], graph=_renamed(block.graph, names)))
    return blocks, _renamed(piece, names)


def made_unique(network: Network, name: str) -> Network:
    """The network with a definition of its own for an instance on the main graph: a copy of the one that it shares.

    What the copy holds is still shared. Raises `ProblemError` when there is no such definition.
    """
    node = network.graph.nodes[name]
    block = network.blocks.get(str(node.params.get("definition")))
    if block is None:
        raise refusal("unknown-block", f"there is no block called {node.params.get('definition')}.", name)
    fresh = replace(block, name=_free(block.name, network.blocks))
    renamed = replace(node, params=node.params.set("definition", fresh.name))
    graph = replace(network.graph, nodes=network.graph.nodes.set(name, renamed))
    return Network(graph, network.blocks.set(fresh.name, fresh))


def without_unused(network: Network) -> Network:
    """The network without the definitions that no instance in it needs."""
    used = used_by(network.graph, network.blocks)
    kept = {name: block for name, block in network.blocks.items() if name in used}
    return network if len(kept) == len(network.blocks) else replace(network, blocks=FrozenDict(kept))


def rename_block(network: Network, old: str, new: str) -> Network:
    """The network with a definition renamed, and all its instances with it. Raises when the name is taken or bad."""
    if old == new:
        return network
    if problem := name_problem(new):
        raise ProblemError(problem)
    if new in network.blocks:
        raise refusal("name-taken", f"there is already a block called {new}.", new)
    names = {old: new}
    blocks = {
        names.get(name, name): replace(block, name=names.get(name, name), graph=_renamed(block.graph, names))
        for name, block in network.blocks.items()
    }
    return Network(_renamed(network.graph, names), FrozenDict(blocks))


def _renamed(graph: Graph, names: Mapping[str, str]) -> Graph:
    """The graph with its instances referring to other definitions; the same value when none does."""
    changed = {}
    for name, node in graph.nodes.items():
        definition = node.params.get("definition")
        if node.kind == BLOCK and isinstance(definition, str) and names.get(definition, definition) != definition:
            changed[name] = replace(node, params=node.params.set("definition", names[definition]))
    return replace(graph, nodes=graph.nodes.update(changed)) if changed else graph


def _free(name: str, blocks: Mapping[str, Block]) -> str:
    stem, number = name.rstrip("0123456789") or "Block", 2
    while f"{stem}{number}" in blocks:
        number += 1
    return f"{stem}{number}"


@dataclass
class _Parts:
    """The flat graph while it is put together. Pipes are ports of blocks: nodes that vanish in the end."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    pipes: set[str] = field(default_factory=set)
    count: int = 0

    def add(self, node: Node, pipe: bool = False) -> None:
        self.grow(node.name)
        self.nodes[node.name] = node
        if pipe:
            self.pipes.add(node.name)

    def grow(self, where: str) -> None:
        """Count one node or copy of a block; refuse when there are too many."""
        self.count += 1
        if self.count > MOST_NODES:
            raise refusal("too-many-layers", f"with its blocks the network has over {MOST_NODES:,} layers.", where)

    def graph(self, positions: Mapping[str, Point]) -> Graph:
        """What is left when each pipe is replaced by what enters it."""
        feeds = {edge.target: edge for edge in self.edges if edge.target in self.pipes}
        edges = []
        for edge in self.edges:
            if edge.target in self.pipes:
                continue
            source: Edge | None = edge
            seen: set[str] = set()
            while source is not None and source.source in self.pipes:
                if source.source in seen:
                    raise refusal("cycle", "wires form a circle through blocks that hold nothing.", edge.target)
                seen.add(source.source)
                source = feeds.get(source.source)
            if source is not None:
                edges.append(Edge(source.source, edge.target, source.source_port, edge.target_port))
        nodes = [node for name, node in self.nodes.items() if name not in self.pipes]
        kept = {node.name for node in nodes}
        return Graph.of(nodes, edges, {name: place for name, place in positions.items() if name in kept})


@dataclass(frozen=True)
class _Gates:
    """The pipes through which values enter and leave one copy of a block, by port."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, graph: Graph, names: Mapping[str, str]) -> _Gates:
        by_kind = {
            kind: tuple(names[node.name] for node in graph.nodes.values() if node.kind == kind)
            for kind in (INPUT, OUTPUT)
        }
        return cls(by_kind[INPUT], by_kind[OUTPUT])

    def enter(self, port: int, where: str) -> tuple[str, int]:
        return self._gate(self.inputs, port, where), 0

    def leave(self, port: int, where: str) -> tuple[str, int]:
        return self._gate(self.outputs, port, where), 0

    @staticmethod
    def _gate(gates: tuple[str, ...], port: int, where: str) -> str:
        if not 0 <= port < len(gates):
            raise refusal("no-port", "a wire ends at a port that this block does not have.", where)
        return gates[port]


def _chain(copies: list[_Gates], parts: _Parts, where: str) -> _Gates:
    """The gates of copies that stand in a row, each fed by the one before."""
    if len(copies) > 1 and (len(copies[0].inputs), len(copies[0].outputs)) != (1, 1):
        raise refusal("bad-parameter", "only a block with one input and one output can be repeated.", where)
    for before, after in pairwise(copies):
        parts.edges.append(Edge(before.outputs[0], after.inputs[0]))
    return _Gates(copies[0].inputs, copies[-1].outputs)


def _ports(body: Graph, kind: str, count: int) -> list[str]:
    """Names for so many ports that no node of the body has."""
    found: list[str] = []
    for _ in range(count):
        name = free_name(body, kind.lower())
        body = add_node(body, Node(name, kind))
        found.append(name)
    return found


def _corner(graph: Graph) -> Point:
    places = [graph.positions[name] for name, node in graph.nodes.items()
              if name in graph.positions and node.kind not in (INPUT, OUTPUT)]  # fmt: skip
    return places[0] if places else Point(0, 0)
