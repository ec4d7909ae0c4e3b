"""The modules of a model as blocks within blocks: each that holds several layers, equal ones by one definition, and
equal ones in a row by one that is repeated.

Where a module would have to be entered and left twice (it is used in two places), its layers stay where they are used.
Knows graphs and names, no tensors.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.compile.importing.chains import REPEAT, name_of, rows_of
from builder.compile.importing.generalise import generalise
from builder.graph.blocks import rename_block
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
    return _renumbered(generalise(network, nesting.stems), nesting.stems), level.paths


def _renumbered(network: Network, stems: Mapping[str, str]) -> Network:
    """The network with definitions of one stem counted on without gaps."""
    numbers: dict[str, int] = {}
    for name in network.blocks:
        number = numbers[stems[name]] = numbers.get(stems[name], 0) + 1
        wanted = stems[name] if number == 1 else f"{stems[name]}_{number}"
        if wanted not in network.blocks:
            network = rename_block(network, name, wanted)
    return network


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
        self.stems: dict[str, str] = {}  # what each definition is called after
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
        self._repeat(found, taken)
        return found

    def _repeat(self, found: _Level, taken: set[str]) -> None:
        """Put one repeated block in the place of equal ones in a row."""
        members: dict[str, list[str]] = {}
        for flat, owner in found.owner.items():
            members.setdefault(owner, []).append(flat)

        def private(source: str, target: str) -> bool:
            inside, following = set(members[source]), set(members[target])
            leaving = {e.target for flat in inside for e in self.graph.outgoing[flat]} - inside
            return leaving <= following

        for row in rows_of(found.nodes, found.edges, self.blocks, private):
            self._merge(found, row, members, _free(name_of(row, _stem(BLOCK)), taken))

    def _merge(self, found: _Level, row: tuple[str, ...], members: dict[str, list[str]], name: str) -> None:
        """Let one block stand for a row of them."""
        first = next(node for node in found.nodes if node.name == row[0])
        merged = Node(name, BLOCK, first.params.set(REPEAT, len(row)))
        gone = set(row[1:])
        found.nodes = [merged if node is first else node for node in found.nodes if node.name not in gone]
        new = dict.fromkeys(row, name)
        found.edges = [
            edge._replace(source=new.get(edge.source, edge.source), target=new.get(edge.target, edge.target))
            for edge in found.edges
            if not (edge.source in new and edge.target in new)
        ]
        for number, block in enumerate(row):
            for flat in members[block]:
                found.owner[flat] = name
                found.paths[flat] = f"{name}.{number}.{found.paths[flat].removeprefix(f'{block}.')}"
                if flat in found.gates:
                    found.gates[flat] = (name, found.gates[flat][1])
        for (block, source), port in list(found.entries.items()):
            if block == row[0]:
                found.entries[name, source] = port

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
        block = _free(_sound(key, BLOCK), taken)
        if (
            len(inner.nodes) == 1 and REPEAT in inner.nodes[0].params
        ):  # nothing but one block that is repeated: it needs no block around it
            self._stand_in(found, inner, block)
            return
        sources = list(
            dict.fromkeys(e.source for name in members for e in self.graph.incoming[name] if e.source not in inside)
        )
        leaving = [
            name
            for name in members
            if any(e.target not in inside for e in self.graph.outgoing[name]) or not self.graph.outgoing[name]
        ]
        used = {node.name for node in inner.nodes}
        ports_in = _ports(INPUT.lower(), len(sources), used)
        ports_out = _ports(OUTPUT.lower(), len(leaving), used)
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
        found.nodes.append(Node(block, BLOCK, freeze({"definition": definition})))
        for flat in members:
            found.paths[flat] = f"{block}.{inner.paths[flat]}"
            found.owner[flat] = block
        for number, flat in enumerate(leaving):
            found.gates[flat] = (block, number)
        for number, source in enumerate(sources):
            found.entries[block, source] = number

    def _stand_in(self, found: _Level, inner: _Level, name: str) -> None:
        """The only block of an inner level, here."""
        (block,) = inner.nodes
        found.nodes.append(Node(name, block.kind, block.params))
        for flat, path in inner.paths.items():
            found.paths[flat] = f"{name}.{path.removeprefix(f'{block.name}.')}"
            found.owner[flat] = name
        for flat, (owner, port) in inner.gates.items():
            if owner == block.name:
                found.gates[flat] = (name, port)
        for (owner, source), port in inner.entries.items():
            if owner == block.name:
                found.entries[name, source] = port

    def _define(self, nodes: tuple[Node, ...], edges: tuple[Edge, ...], around: tuple[str, ...]) -> str:
        """The name of a definition with these contents; a new one when there is none yet."""
        contents = (nodes, edges)
        if contents not in self._known:
            stem = self._stem(nodes, around)
            name = _free(stem, set(self.blocks))
            self._known[contents] = name
            self.stems[name] = stem
            self.blocks[name] = Block(name, Graph.of(nodes, edges))
        return self._known[contents]

    def _stem(self, nodes: tuple[Node, ...], around: tuple[str, ...]) -> str:
        """What a definition is called after: its class, or for a mere container its name or what it contains."""
        stem = _sound(self.classes.get(".".join(around), "") or around[-1], BLOCK)
        if stem not in ("Sequential", "ModuleList", "ModuleDict"):
            return stem
        if word := around[-1].rstrip("_0123456789"):
            return _sound(word, BLOCK)
        parts = {self.stems[str(node.params["definition"])] for node in nodes if node.kind == BLOCK}
        word = parts.pop() if len(parts) == 1 else ""
        return f"{word}s" if word and not word.endswith("s") else _sound(word, BLOCK)

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


def _stem(kind: str) -> str:
    """How the names of such nodes begin."""
    layer = find(kind)
    return layer.stem if layer is not None else kind.lower()


def _ports(stem: str, count: int, taken: set[str]) -> list[str]:
    """Names for the ports on one side of a block: numbered, where there are several."""
    return [_free(stem if count == 1 else f"{stem}{number}", taken) for number in range(1, count + 1)]


def _sound(text: str, kind: str) -> str:
    """A name that a node may have, near to that of a module."""
    stem = _stem(kind)
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
