"""The modules of a model as blocks within blocks: each that holds several layers, equal ones by one definition.

Where a module would have to be entered and left twice (it is used in two places), its layers stay where they are used.
Knows graphs and names, no tensors.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.graph.frozen import FrozenDict, freeze
from builder.graph.instance import BLOCK, INPUT, OUTPUT
from builder.graph.model import Block, Edge, Graph, Network, Node
from builder.graph.names import LONGEST, RESERVED
from builder.graph.order import nodes_on_cycles
from builder.layers.registry import find


@dataclass(frozen=True)
class Scope:
    """Where a layer stood in the model: the names of the modules around it, and its own."""

    around: tuple[str, ...]
    name: str


def nest(graph: Graph, scopes: Mapping[str, Scope], classes: Mapping[str, str]) -> tuple[Network, dict[str, str]]:
    """The network with blocks, and for each layer of `graph` its name when that is flattened again.

    Args:
        graph: without blocks.
        scopes: of each node.
        classes: the class of the module at each dotted path, after which its block is called.
    """
    nesting = _Nesting(graph, scopes, classes)
    level = nesting.level(tuple(graph.nodes), ())
    network = Network(Graph.of(level.nodes, level.edges), FrozenDict(nesting.blocks))
    return network, level.paths


@dataclass
class _Level:
    """One graph of the nested network.

    Attributes:
        paths: the dotted name, seen from here, of each layer of the flat graph.
        gates: for a flat layer whose value leaves one of the blocks here, the block and its output port.
    """

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    gates: dict[str, tuple[str, int]] = field(default_factory=dict)
    entries: dict[tuple[str, str], int] = field(default_factory=dict)  # (block, flat source): its input port
    owner: dict[str, str] = field(default_factory=dict)  # flat layer: node here


class _Nesting:
    def __init__(self, graph: Graph, scopes: Mapping[str, Scope], classes: Mapping[str, str]) -> None:
        self.graph, self.scopes, self.classes = graph, scopes, classes
        self.blocks: dict[str, Block] = {}
        self._known: dict[tuple[tuple[Node, ...], tuple[Edge, ...]], str] = {}

    def level(self, names: tuple[str, ...], around: tuple[str, ...]) -> _Level:
        """The graph of these flat layers, which all stand within the modules `around`."""
        found = _Level()
        taken: set[str] = set()
        for key, members in self._groups(names, len(around)).items():
            if len(members) == 1:
                node = self.graph.nodes[members[0]]
                name = _free(self._local(node, key, len(around)), taken)
                found.nodes.append(Node(name, node.kind, node.params))
                found.paths[node.name] = found.owner[node.name] = name
                found.gates[node.name] = (name, 0)
            else:
                self._block(found, key[0], tuple(members), (*around, key[0]), taken)
        self._wire(found, names)
        return found

    def _groups(self, names: tuple[str, ...], depth: int) -> dict[tuple[str, str], list[str]]:
        """The layers by the module around them at this depth; a layer of its own stands alone."""
        keys = {name: self._key(name, depth) for name in names}
        while True:
            groups: dict[tuple[str, str], list[str]] = {}
            for name in names:
                groups.setdefault(keys[name], []).append(name)
            label = {key: str(number) for number, key in enumerate(groups)}
            edges = {
                Edge(label[keys[edge.source]], label[keys[edge.target]])
                for name in names
                for edge in self.graph.outgoing[name]
                if edge.target in keys and keys[edge.source] != keys[edge.target]
            }
            outer = Graph.of((Node(text, "") for text in label.values()), edges)
            cyclic = nodes_on_cycles(outer)
            split = [key for key, members in groups.items() if label[key] in cyclic and len(members) > 1]
            if not split:
                return groups
            for name in groups[split[0]]:
                keys[name] = ("", name)

    def _key(self, name: str, depth: int) -> tuple[str, str]:
        around = self.scopes[name].around
        return (around[depth], "") if len(around) > depth else ("", name)

    def _local(self, node: Node, key: tuple[str, str], depth: int) -> str:
        """What a layer is called here."""
        scope = self.scopes[node.name]
        if key[0]:  # the only layer of a module
            return _sound(key[0], node.kind)
        rest = (*scope.around[depth:], scope.name)
        return _sound("_".join(rest), node.kind)

    def _block(
        self, found: _Level, key: str, members: tuple[str, ...], around: tuple[str, ...], taken: set[str]
    ) -> None:
        inner = self.level(members, around)
        inside = set(members)
        sources = list(
            dict.fromkeys(e.source for name in members for e in self.graph.incoming[name] if e.source not in inside)
        )
        leaving = [
            name
            for name in members
            if any(e.target not in inside for e in self.graph.outgoing[name]) or not self.graph.outgoing[name]
        ]
        used = {node.name for node in inner.nodes}
        ports_in = [_free(f"{INPUT.lower()}{n}", used) for n in range(1, len(sources) + 1)]
        ports_out = [_free(f"{OUTPUT.lower()}{n}", used) for n in range(1, len(leaving) + 1)]
        edges = list(inner.edges)
        for port, source in zip(ports_in, sources, strict=True):
            drawn = {}
            for name in members:
                for edge in self.graph.incoming[name]:
                    if edge.source == source:
                        target = inner.owner[name]
                        entry = inner.entries.get((target, source), edge.target_port)
                        drawn[(target, entry)] = Edge(port, target, 0, entry)
            edges += drawn.values()
        for name, port in zip(leaving, ports_out, strict=True):
            node, number = inner.gates[name]
            edges.append(Edge(node, port, number, 0))
        nodes = (*(Node(p, INPUT) for p in ports_in), *inner.nodes, *(Node(p, OUTPUT) for p in ports_out))
        definition = self._define(nodes, tuple(edges), around)
        name = _free(_sound(key, BLOCK), taken)
        found.nodes.append(Node(name, BLOCK, freeze({"definition": definition})))
        for flat in members:
            found.paths[flat] = f"{name}.{inner.paths[flat]}"
            found.owner[flat] = name
        for number, flat in enumerate(leaving):
            found.gates[flat] = (name, number)
        for number, source in enumerate(sources):
            found.entries[name, source] = number

    def _define(self, nodes: tuple[Node, ...], edges: tuple[Edge, ...], around: tuple[str, ...]) -> str:
        """The name of a definition with these contents; a new one when there is none yet."""
        contents = (nodes, edges)
        if contents not in self._known:
            stem = _sound(self.classes.get(".".join(around), "") or around[-1], BLOCK)
            if stem in ("Sequential", "ModuleList", "ModuleDict"):
                stem = _sound(around[-1], BLOCK)
            name = _free(stem, set(self.blocks))
            self._known[contents] = name
            self.blocks[name] = Block(name, Graph.of(nodes, edges))
        return self._known[contents]

    def _wire(self, found: _Level, names: tuple[str, ...]) -> None:
        """The wires among the nodes of this level."""
        inside = set(names)
        drawn: dict[tuple[str, int], Edge] = {}
        for name in names:
            for edge in self.graph.incoming[name]:
                target = found.owner[name]
                if edge.source not in inside or found.owner[edge.source] == target:
                    continue
                source, number = found.gates[edge.source]
                port = found.entries.get((target, edge.source), edge.target_port)
                drawn[target, port] = Edge(source, target, number, port)
        found.edges = list(drawn.values())


def _sound(text: str, kind: str) -> str:
    """A name that a node may have, near to that of a module."""
    layer = find(kind)
    stem = layer.stem if layer is not None else kind.lower()
    text = text.strip("_") or stem
    if not text[0].isalpha():
        text = f"{stem}{text}"
    text = "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in text)
    text = text[: LONGEST - 8]
    return f"{text}_" if text in RESERVED or keyword.iskeyword(text) else text


def _free(stem: str, taken: set[str]) -> str:
    """The name, with a number where it is taken; it is taken now."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    taken.add(name)
    return name
