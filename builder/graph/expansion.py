"""Blocks written out: the flat graph, and how each graph and each block in it came to stand there.

What an edit did not reach is taken over from the expansion before, so that an edit costs about what it changed. A block
that cannot be written out stays in the flat graph as one node, with its problem noted: the rest is known all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from builder.graph.expression import evaluate
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.instance import BLOCK, INPUT, MOST_NODES, OUTPUT, Instance, Resolve, each_reference, refusal
from builder.graph.model import Block, Edge, Graph, Network, Node
from builder.graph.problems import Problem, ProblemError
from builder.graph.steps import Path, split_step, step

DEEPEST = 32  # levels of nesting


class Place(NamedTuple):
    """A port of a node in the flat graph."""

    name: str
    port: int


# What leaves a block: a port of a flat node; what enters at the port of this number; or nothing.
Exit = Place | int | None
Entries = tuple[tuple[Place, ...], ...]  # where what enters at each port goes to


@dataclass(frozen=True, eq=False)
class Level:
    """One graph in its place: the main one, or a copy of a definition's.

    Attributes:
        graph: as it stands in the network.
        prefix: what its nodes' names begin with in the flat graph: empty, or `stage1.0.`.
        instances: the blocks on it.
        own, wires: its other nodes by their names on it, and its own wires, as they stand in the flat graph.
        nodes, edges: all that it holds, written out.
        entries, exits: what its ports lead to.
    """

    graph: Graph
    prefix: str = ""
    instances: Mapping[str, Written] = field(default_factory=dict)
    own: Mapping[str, Node] = field(default_factory=dict)
    wires: tuple[Edge, ...] = ()
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    entries: Entries = ()
    exits: tuple[Exit, ...] = ()


@dataclass(frozen=True, eq=False)
class Written:
    """One block in its place, written out; `instance` is None where that failed, and a single node stands for it.

    Attributes:
        node: as it stands in its graph; full: its dotted name.
        copies: one level for each repeat.
        uses: every definition that it was made from.
    """

    node: Node
    full: str
    instance: Instance | None
    copies: tuple[Level, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    entries: Entries
    exits: tuple[Exit, ...]
    uses: Mapping[str, Block]

    @cached_property
    def copied(self) -> Mapping[str, int]:
        """How many copies of each definition are written out here, its own among them."""
        found: Counter[str] = Counter()
        if self.instance is not None:
            found[self.instance.block.name] += len(self.copies)
        for level in self.copies:
            for inner in level.instances.values():
                found.update(inner.copied)
        return found


@dataclass(frozen=True, eq=False)
class Expansion:
    """A network written out.

    Attributes:
        root: the main graph's level.
        flat: the graph with all blocks written out; the main graph itself where there are none.
        problems: what is wrong with blocks and expressions, by dotted name.
    """

    network: Network
    root: Level
    flat: Graph
    problems: Mapping[str, tuple[Problem, ...]]

    def level(self, path: Path) -> Level | None:
        """The graph that one sees after opening these blocks one in another; None when there is no such."""
        level = self.root
        for taken in path:
            name, copy = split_step(taken)
            written = level.instances.get(name)
            if written is None or copy >= len(written.copies):
                return None
            level = written.copies[copy]
        return level

    def nearest(self, path: Path) -> Path:
        """As much of a path as there is; of a block that has fewer copies now, the last one."""
        level, found = self.root, list[str]()
        for taken in path:
            name, copy = split_step(taken)
            written = level.instances.get(name)
            if written is None or not written.copies:
                break
            copy = min(copy, len(written.copies) - 1)
            found.append(step(name, copy))
            level = written.copies[copy]
        return tuple(found)

    def copies(self, path: Path) -> int:
        """How many copies the last block on a path holds; 0 when there is no such."""
        level = self.level(path[:-1])
        written = level.instances.get(split_step(path[-1])[0]) if level is not None and path else None
        return len(written.copies) if written is not None else 0

    def copied(self, definition: str) -> int:
        """How many copies of a definition the whole network holds, those in other blocks among them."""
        return sum(written.copied.get(definition, 0) for written in self.root.instances.values())

    def locate(self, full: str) -> tuple[Path, str]:
        """The blocks to open one in another, and the name of the node in the last, for a dotted name."""
        level, path = self.root, list[str]()
        while True:
            name = full[len(level.prefix) :].partition(".")[0]
            written = level.instances.get(name)
            copy = _entered(written, full) if written is not None else None
            if written is None or copy is None:
                return tuple(path), name
            path.append(step(name, copy))
            level = written.copies[copy]


def _entered(written: Written, full: str) -> int | None:
    """The number of the copy in which a dotted name lies; None when in none."""
    rest = full[len(written.full) + 1 :]
    if not rest or not written.copies:
        return None
    if len(written.copies) == 1:
        return 0
    number = rest.partition(".")[0]
    return int(number) if number.isdecimal() and int(number) < len(written.copies) else None


def expand(network: Network, previous: Expansion | None = None) -> Expansion:
    """Write a network out, taking over from `previous` (of any network) what is the same. Raises nothing."""
    if previous is not None and previous.network is network:
        return previous
    graph = network.graph
    if not any(node.kind == BLOCK for node in graph.nodes.values()):
        return Expansion(network, Level(graph), graph, {})
    writer = _Writer(network.blocks, previous.problems if previous is not None else ())
    root = writer.level(graph, "", lambda value: value, (), previous.root if previous is not None else None)
    return Expansion(network, root, _flat(root, graph, previous), writer.problems)


def _flat(root: Level, graph: Graph, previous: Expansion | None) -> Graph:
    """The graph that is compiled: comments, which belong to a page, are not on it."""
    nodes, edges = FrozenDict({node.name: node for node in root.nodes}), root.edges
    places = FrozenDict({name: place for name, place in graph.positions.items() if name in nodes})
    if previous is not None:
        # The very same parts tell inference that nothing changed.
        old = previous.flat
        edges = old.edges if old.edges == edges else edges
        same = len(old.nodes) == len(nodes)
        same = same and all(a is b for a, b in zip(old.nodes.values(), nodes.values(), strict=True))
        nodes = old.nodes if same else nodes
    return Graph(nodes, edges, places)


Note = Callable[[str, Problem], None]  # a dotted name, and what is wrong there


class _TooManyError(Exception):
    """The budget of nodes is spent; the outermost block is given up."""


class _Writer:
    """Writes one network out.

    Args:
        before: the problems of the expansion that is drawn upon.
    """

    def __init__(self, blocks: Mapping[str, Block], before: Iterable[str]) -> None:
        self.problems: dict[str, tuple[Problem, ...]] = {}
        self._blocks, self._before = blocks, tuple(before)
        self._count = 0
        self._sizes: dict[tuple[str, Mapping[str, object]], int] = {}

    def _note(self, full: str, *problems: Problem) -> None:
        self.problems[full] = (
            *self.problems.get(full, ()),
            *(problem.at(problem.where or full) for problem in problems),
        )

    def _grow(self, by: int = 1) -> None:
        self._count += by
        if self._count > MOST_NODES:
            raise _TooManyError

    def level(
        self,
        graph: Graph,
        prefix: str,
        resolve: Resolve,
        inside: tuple[str, ...],
        previous: Level | None,
        *,
        alike: bool = False,
    ) -> Level:
        """A graph and all that its blocks hold.

        Args:
            alike: in `previous`, the same values were put in for the parameters, and nothing was wrong.
        """
        if previous is not None and previous.prefix != prefix:
            previous = None
        before = previous.graph.nodes if previous is not None and alike else None
        instances: dict[str, Written] = {}
        own: dict[str, Node] = {}
        nodes: list[Node] = []
        edges: list[Edge] = []
        for name, node in graph.nodes.items():
            if node.kind == BLOCK:
                old = previous.instances.get(name) if previous is not None else None
                written = instances[name] = self._instance(node, prefix + name, resolve, inside, old)
                nodes.extend(written.nodes)
                edges.extend(written.edges)
            elif not inside:
                self._count += 1  # a large network without blocks is no fault of its blocks
                nodes.append(node)
            elif node.kind not in (INPUT, OUTPUT):
                self._grow()
                if before is not None and previous is not None and before.get(name) is node:
                    own[name] = previous.own[name]
                else:
                    own[name] = self._inner(node, prefix + name, resolve)
                nodes.append(own[name])
        if previous is not None and alike and _same_wiring(previous, graph, instances):
            wires, entries, exits = previous.wires, previous.entries, previous.exits
        else:
            wiring = _Wiring(graph, prefix, instances, inner=bool(inside), note=self._note)
            wires, entries, exits = tuple(wiring.edges), wiring.entries, wiring.exits
        return Level(graph, prefix, instances, own, wires, tuple(nodes), (*edges, *wires), entries, exits)

    def _inner(self, node: Node, full: str, resolve: Resolve) -> Node:
        try:
            return Node(full, node.kind, freeze(resolve(node.params)) if node.params else node.params)
        except ProblemError:
            for name, value in node.params.items():
                try:
                    resolve(value)
                except ProblemError as error:
                    self._note(full, *(replace(problem, field=name) for problem in error.problems))
            return Node(full, node.kind, node.params)

    def _instance(
        self, node: Node, full: str, resolve: Resolve, inside: tuple[str, ...], old: Written | None
    ) -> Written:
        try:
            return self._written(node, full, resolve, inside, old)
        except ProblemError as error:
            self._note(full, *error.problems)
        except _TooManyError:
            if inside:
                raise
            message = f"with its blocks the network has over {MOST_NODES:,} layers."
            for name in [name for name in self.problems if name.startswith(full + ".")]:
                del self.problems[name]
            self._note(full, Problem("too-many-layers", message))
        return Written(node, full, None, (), (Node(full, BLOCK, node.params),), (), (), (), {})

    def _written(
        self, node: Node, full: str, resolve: Resolve, inside: tuple[str, ...], old: Written | None
    ) -> Written:
        instance = Instance.of(node, full, self._blocks, resolve)
        name = instance.block.name
        if old is not None and old.instance == instance and self._stands(old, full):
            self._grow(len(old.nodes))
            return old if old.node is node else replace(old, node=node)
        if name in inside:
            message = f"the block {name} holds itself: {' → '.join((*inside[inside.index(name) :], name))}."
            raise refusal("block-cycle", message, full)
        if len(inside) >= DEEPEST:
            raise refusal("too-deep", f"blocks are nested more than {DEEPEST} deep.", full)

        if not inside and self._count + self._size(node, resolve, ()) > MOST_NODES:
            raise _TooManyError  # before anything is written

        resolve_inside = _resolver(instance)
        alike = (
            not self._before
            and old is not None
            and old.instance is not None
            and old.instance.block.name == name
            and old.instance.arguments == instance.arguments
        )
        copies: list[Level] = []
        for number in range(instance.repeat):
            self._grow()
            prefix = f"{full}." if instance.repeat == 1 else f"{full}.{number}."
            before = old.copies[number] if old is not None and number < len(old.copies) else None
            within = (*inside, name)
            copies.append(self.level(instance.block.graph, prefix, resolve_inside, within, before, alike=alike))
        if len(copies) > 1 and (len(copies[0].entries), len(copies[0].exits)) != (1, 1):
            raise refusal("bad-parameter", "only a block with one input and one output can be repeated.", full)
        edges, entries, exits = _chain(copies)
        uses = {name: instance.block}
        for inner in copies[0].instances.values():
            uses.update(inner.uses)
        nodes = tuple(node for copy in copies for node in copy.nodes)
        return Written(node, full, instance, tuple(copies), nodes, tuple(edges), entries, exits, uses)

    def _size(self, node: Node, resolve: Resolve, inside: tuple[str, ...]) -> int:
        """How many nodes and copies a block amounts to; one that cannot be written out counts as one."""
        try:
            instance = Instance.of(node, "", self._blocks, resolve)
        except ProblemError:
            return 1
        name = instance.block.name
        if name in inside or len(inside) >= DEEPEST:
            return 1
        key = (name, instance.arguments)
        if key not in self._sizes:
            if len(self._sizes) > MOST_NODES:
                return MOST_NODES + 1
            total = 1
            for inner in instance.block.graph.nodes.values():
                if inner.kind == BLOCK:
                    total += self._size(inner, _resolver(instance), (*inside, name))
                elif inner.kind not in (INPUT, OUTPUT):
                    total += 1
                if total > MOST_NODES:
                    break
            self._sizes[key] = total
        return instance.repeat * self._sizes[key]

    def _stands(self, old: Written, full: str) -> bool:
        """Whether what was written out before, without problems, is still what these definitions give."""
        return (
            old.full == full
            and all(self._blocks.get(name) is block for name, block in old.uses.items())
            and not any(name == full or name.startswith(f"{full}.") for name in self._before)
        )


def _resolver(instance: Instance) -> Resolve:
    """Puts an instance's arguments into what is stored inside."""
    return lambda value: each_reference(value, lambda text: evaluate(text, instance.arguments))


def _chain(copies: list[Level]) -> tuple[list[Edge], Entries, tuple[Exit, ...]]:
    """Copies that stand in a row, each fed by the one before."""
    edges = [edge for copy in copies for edge in copy.edges]
    if len(copies) == 1:
        return edges, copies[0].entries, copies[0].exits
    first, leaving = list(copies[0].entries[0]), copies[0].exits[0]
    for copy in copies[1:]:
        if isinstance(leaving, int):
            first += copy.entries[0]
        elif leaving is not None:
            edges += [Edge(leaving.name, place.name, leaving.port, place.port) for place in copy.entries[0]]
        if not isinstance(copy.exits[0], int):
            leaving = copy.exits[0]
    return edges, (tuple(first),), (leaving,)


def _same_wiring(previous: Level, graph: Graph, instances: Mapping[str, Written]) -> bool:
    """Whether a level's own wires lead where they led before: the same wires between the same nodes and ports."""
    before = previous.graph
    if before.edges is not graph.edges or tuple(before.nodes) != tuple(graph.nodes):
        return False
    if any(old is not new and old.kind != new.kind
           for old, new in zip(before.nodes.values(), graph.nodes.values(), strict=True)):  # fmt: skip
        return False
    for name, written in instances.items():
        old = previous.instances[name]
        if old is not written and (old.entries, old.exits, old.instance is None) != (
            written.entries, written.exits, written.instance is None
        ):  # fmt: skip
            return False
    return True


class _Wiring:
    """The wires of one graph, led through the blocks at their ends to the nodes inside."""

    def __init__(
        self,
        graph: Graph,
        prefix: str,
        instances: Mapping[str, Written],
        *,
        inner: bool,
        note: Note,
    ) -> None:
        self._graph, self._prefix, self._instances, self._note = graph, prefix, instances, note
        ports = [(name, node.kind) for name, node in graph.nodes.items() if inner and node.kind in (INPUT, OUTPUT)]
        self._inputs = {name: port for port, name in enumerate(n for n, kind in ports if kind == INPUT)}
        outputs = [name for name, kind in ports if kind == OUTPUT]
        entries: list[list[Place]] = [[] for _ in self._inputs]
        self.edges: list[Edge] = []
        for edge in graph.edges:
            targets = () if edge.target in outputs or edge.target in self._inputs else self._targets(edge)
            source = self._origin(edge, frozenset()) if targets else None
            if isinstance(source, int):
                entries[source] += targets
            elif source is not None:
                self.edges += [Edge(source.name, place.name, source.port, place.port) for place in targets]
        self.entries: Entries = tuple(tuple(places) for places in entries)
        feeds = [graph.incoming[name] for name in outputs]
        self.exits = tuple(self._origin(edges[-1], frozenset()) if edges else None for edges in feeds)

    def _targets(self, edge: Edge) -> tuple[Place, ...]:
        written = self._instances.get(edge.target)
        if written is None:
            return (Place(self._prefix + edge.target, edge.target_port),)
        if written.instance is None:
            return (Place(written.full, edge.target_port),)
        if edge.target_port < len(written.entries):
            return written.entries[edge.target_port]
        self._note(written.full, _NO_PORT)
        return ()

    def _origin(self, edge: Edge, seen: frozenset[str]) -> Exit:
        """Where the value on a wire comes from."""
        if edge.source in self._inputs:
            return self._inputs[edge.source]
        written = self._instances.get(edge.source)
        if written is None:
            return Place(self._prefix + edge.source, edge.source_port)
        if written.instance is None:
            return Place(written.full, edge.source_port)
        if edge.source_port >= len(written.exits):
            self._note(written.full, _NO_PORT)
            return None
        leaving = written.exits[edge.source_port]
        if not isinstance(leaving, int):
            return leaving
        # The value goes straight through the block: what feeds it at that port?
        if edge.source in seen:
            self._note(written.full, Problem("cycle", "wires form a circle through blocks that hold nothing."))
            return None
        feed = next((e for e in self._graph.incoming[edge.source] if e.target_port == leaving), None)
        return self._origin(feed, seen | {edge.source}) if feed is not None else None


_NO_PORT = Problem("no-port", "a wire ends at a port that this block does not have.", hint="Remove that wire.")
