"""The network as a value: nodes, edges, positions, comments, blocks. Knows no layer, no tensor and no window.

Everything here is frozen. A changed graph is a new graph that shares what did not change, so that views find
differences by identity and undo is a swap of two values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from builder.graph.frozen import FrozenDict, freeze

Shape = tuple[int, ...]
"""Sizes of a value without the batch dimension: (channels, height, width), or (features,)."""


class Point(NamedTuple):
    """A place on the canvas, in pixels at 100 % zoom; x grows to the right and y downwards."""

    x: float
    y: float


class Edge(NamedTuple):
    """A wire from an output port of `source` to an input port of `target`; ports count from 0."""

    source: str
    target: str
    source_port: int = 0
    target_port: int = 0


@dataclass(frozen=True)
class Node:
    """One layer, or one instance of a block, on the canvas.

    Attributes:
        name: unique in its graph; an identifier (see `graph.names`).
        kind: name of the layer class; may be unknown here, the catalogue decides what it means.
        params: the parameters that differ from the layer's defaults, as frozen JSON; unchecked.
    """

    name: str
    kind: str
    params: FrozenDict[str, Any] = FrozenDict()

    def __post_init__(self) -> None:
        if not isinstance(self.params, FrozenDict):
            object.__setattr__(self, "params", freeze(self.params))


@dataclass(frozen=True)
class Comment:
    """A card of text that somebody has put on the canvas. It is no part of the model.

    Attributes:
        text: what it says; lines are separated by a line feed.
        at: its top left corner.
        width, height: in pixels at 100 % zoom.
        colour: one of `comments.COLOURS`; the first, an empty text, is that of paper.
    """

    text: str
    at: Point
    width: float
    height: float
    colour: str = ""


@dataclass(frozen=True)
class Graph:
    """Nodes by name, the wires between them, where they stand, and what is written beside them.

    Attributes:
        nodes: in the order in which they were added.
        edges: in the order in which they were drawn; at most one enters each input port.
        positions: top left corner of each node; a node without one is placed by the canvas.
        comments: in the order in which they were added; their names say nothing to a reader.
    """

    nodes: FrozenDict[str, Node] = FrozenDict()
    edges: tuple[Edge, ...] = ()
    positions: FrozenDict[str, Point] = FrozenDict()
    comments: FrozenDict[str, Comment] = FrozenDict()

    @classmethod
    def of(
        cls,
        nodes: Iterable[Node],
        edges: Iterable[Edge] = (),
        positions: Mapping[str, Point] | None = None,
        comments: Mapping[str, Comment] | None = None,
    ) -> Graph:
        """A graph of these parts; the caller answers for its soundness (see `graph.checks`)."""
        named = FrozenDict({node.name: node for node in nodes})
        return cls(named, tuple(edges), FrozenDict(positions or {}), FrozenDict(comments or {}))

    @cached_property
    def incoming(self) -> dict[str, tuple[Edge, ...]]:
        """The edges that enter each node, by target port."""
        found: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            if edge.target in found:
                found[edge.target].append(edge)
        for edges in found.values():
            if len(edges) > 1:
                edges.sort(key=lambda edge: edge.target_port)
        return {name: tuple(edges) for name, edges in found.items()}

    @cached_property
    def outgoing(self) -> dict[str, tuple[Edge, ...]]:
        """The edges that leave each node, in the order in which they were drawn."""
        found: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            if edge.source in found:
                found[edge.source].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    def adopt_wiring(self, other: Graph) -> None:
        """Take over the tables of wires that a graph with the same names and wires has already made."""
        for table in ("incoming", "outgoing"):
            if table in other.__dict__:
                self.__dict__.setdefault(table, other.__dict__[table])

    def same_network(self, other: Graph) -> bool:
        """Whether both compile to the same model; where things stand on the canvas and comments do not count."""
        return self.nodes == other.nodes and frozenset(self.edges) == frozenset(other.edges)


@dataclass(frozen=True)
class BlockParameter:
    """A number that a block's inner layers refer to, for example `channels`."""

    name: str
    default: Any
    help: str = ""


@dataclass(frozen=True)
class Block:
    """A definition: a graph with its own inputs and outputs that instances in other graphs refer to by name."""

    name: str
    graph: Graph
    parameters: tuple[BlockParameter, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Network:
    """A whole network: the graph on the canvas and the blocks that it uses."""

    graph: Graph = field(default_factory=Graph)
    blocks: FrozenDict[str, Block] = FrozenDict()

    def with_graph(self, graph: Graph) -> Network:
        """The same network with another main graph."""
        return replace(self, graph=graph)

    def with_block(self, block: Block) -> Network:
        """The same network with one definition added, or put in the place of the one of its name."""
        return replace(self, blocks=self.blocks.set(block.name, block))

    def same_network(self, other: Network) -> bool:
        """Whether both compile to the same model; positions and comments do not count."""
        if not self.graph.same_network(other.graph) or self.blocks.keys() != other.blocks.keys():
            return False
        return all(
            block is other.blocks[name]
            or (
                block.parameters == other.blocks[name].parameters and block.graph.same_network(other.blocks[name].graph)
            )
            for name, block in self.blocks.items()
        )
