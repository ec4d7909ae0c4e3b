"""Blocks of one class that differ only in some numbers become one definition with named parameters.

`Bottleneck` with 64 filters and `Bottleneck` with 128 are one block with a parameter `filters`; what is always four
times as much is written so. Knows graphs and the defaults of layers, no tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from builder.graph.frozen import FrozenDict, freeze
from builder.graph.instance import BLOCK
from builder.graph.model import Block, BlockParameter, Graph, Network, Node
from builder.graph.problems import ProblemError
from builder.layers.block import BlockLayer
from builder.layers.registry import make

MOST = 8  # parameters of one block: with more, several plain blocks are easier to read
_WIDTHS = frozenset({"filters", "features"})  # where one number is often a multiple of another

Place = tuple[str, str]  # a node, and one of its parameters (or of its arguments, for a block)


def generalise(network: Network, classes: Mapping[str, str]) -> Network:
    """The same network with fewer definitions. `classes` tells what each definition was made from."""
    blocks = dict(network.blocks)
    moved: dict[str, tuple[str, FrozenDict[str, Any]]] = {}  # a definition that is gone: the one for it, and arguments
    done: set[str] = set()
    while len(done) < len(blocks) + len(moved):
        ready = [name for name, block in blocks.items() if name not in done and _held(block.graph) <= done]
        groups: dict[Any, list[Block]] = {}
        for name in ready:
            done.add(name)
            blocks[name] = block = replace(blocks[name], graph=_pointed(blocks[name].graph, moved))
            groups.setdefault((classes.get(name, name), _skeleton(block.graph)), []).append(block)
        for alike in groups.values():
            merged = _merged(alike) if len(alike) > 1 else None
            if merged is not None:
                for old, arguments in zip(alike, merged.arguments, strict=True):
                    moved[old.name] = merged.block.name, arguments
                    if old.name != merged.block.name:
                        del blocks[old.name]
                blocks[merged.block.name] = merged.block
        done |= moved.keys()
        if not ready:
            break
    return Network(_pointed(network.graph, moved), FrozenDict(blocks))


@dataclass(frozen=True)
class _Merged:
    """One definition for several, and the arguments that make it each of them."""

    block: Block
    arguments: tuple[FrozenDict[str, Any], ...]


def _held(graph: Graph) -> set[str]:
    return {str(node.params["definition"]) for node in graph.nodes.values() if node.kind == BLOCK}


def _skeleton(graph: Graph) -> Any:
    """What must be the same: everything but the values of parameters."""
    nodes = tuple((node.name, node.kind, node.params.get("definition")) for node in graph.nodes.values())
    return nodes, graph.edges


def _pointed(graph: Graph, moved: Mapping[str, tuple[str, FrozenDict[str, Any]]]) -> Graph:
    """The graph with its instances pointing to the definitions that there are now."""
    nodes = graph.nodes
    for name, node in graph.nodes.items():
        if node.kind == BLOCK and node.params["definition"] in moved and "arguments" not in node.params:
            definition, arguments = moved[node.params["definition"]]
            params = node.params.set("definition", definition).set("arguments", arguments)
            nodes = nodes.set(name, replace(node, params=params))
    return replace(graph, nodes=nodes)


def _merged(alike: list[Block]) -> _Merged | None:
    """One definition for all of these; None when too much differs, or something that is no simple value."""
    tables = [_values(block.graph) for block in alike]
    places = list(dict.fromkeys(place for table in tables for place in table))
    differing: dict[Place, tuple[Any, ...]] = {}
    for place in places:
        try:
            row = tuple(table[place] if place in table else _default(alike[0].graph, place) for table in tables)
        except (ProblemError, KeyError):
            return None
        if any(value != row[0] for value in row):
            if any(not _simple(value) for value in row) or alike[0].graph.nodes[place[0]].kind == "Operation":
                return None
            differing[place] = row
    parameters, referring = _parameters(differing)
    if len(parameters) > MOST:
        return None
    first = alike[0]
    nodes = first.graph.nodes
    for (name, key), text in referring.items():
        nodes = nodes.set(name, _with(nodes[name], key, {"$": text}))
    declared = tuple(BlockParameter(name, row[0]) for name, row in parameters.items())
    block = replace(first, graph=replace(first.graph, nodes=nodes), parameters=declared)
    every = (FrozenDict({name: row[number] for name, row in parameters.items()}) for number in range(len(alike)))
    return _Merged(block, tuple(every))


def _values(graph: Graph) -> dict[Place, Any]:
    """The value at each place that has one."""
    found: dict[Place, Any] = {}
    for node in graph.nodes.values():
        for key, value in node.params.items():
            if node.kind == BLOCK and key == "arguments":
                found |= {(node.name, argument): given for argument, given in value.items()}
            elif node.kind != BLOCK or key != "definition":
                found[node.name, key] = value
    return found


def _default(graph: Graph, place: Place) -> Any:
    """The value of a parameter that is not stored, in the form in which it would be."""
    node = graph.nodes[place[0]]
    if node.kind == BLOCK:
        return {"repeat": 1}[place[1]]
    return freeze(make(node.kind, FrozenDict()).model_dump(mode="json"))[place[1]]


def _simple(value: Any) -> bool:
    """Whether it is a plain value: a number, a choice, or a pair of numbers."""
    if isinstance(value, tuple):
        return all(isinstance(item, int) for item in value)
    return isinstance(value, (bool, int, float, str))


def _with(node: Node, key: str, value: Any) -> Node:
    """The node with one parameter or argument set."""
    frozen = freeze(value)
    if node.kind == BLOCK and key != "repeat":
        arguments: FrozenDict[str, Any] = node.params.get("arguments", FrozenDict())
        return replace(node, params=node.params.set("arguments", arguments.set(key, frozen)))
    return replace(node, params=node.params.set(key, frozen))


def _parameters(differing: Mapping[Place, tuple[Any, ...]]) -> tuple[dict[str, tuple[Any, ...]], dict[Place, str]]:
    """Named rows of values, and the expression that each place gets."""
    leaders: dict[Place, tuple[Any, ...]] = {}
    following: dict[Place, tuple[Place, str]] = {}
    for place, row in differing.items():
        for leader, values in leaders.items():
            factor = _factor(leader[1], values, place[1], row)
            if factor is not None:
                following[place] = leader, factor
                break
        else:
            leaders[place] = row
    keys = [key for _, key in leaders]
    names: dict[Place, str] = {}
    for node, key in leaders:
        name = f"{node}_{key}" if keys.count(key) > 1 or hasattr(BlockLayer, key) else key
        while hasattr(BlockLayer, name) or name in names.values():
            name += "_"
        names[node, key] = name
    texts = {place: names[place] for place in leaders}
    texts |= {place: f"{names[leader]}{factor}" for place, (leader, factor) in following.items()}
    return {names[place]: row for place, row in leaders.items()}, texts


def _factor(key: str, values: tuple[Any, ...], other: str, row: tuple[Any, ...]) -> str | None:
    """What makes one row of values another: nothing, or a whole factor between widths; None when nothing does."""
    widths = _is_width(key) and _is_width(other)
    if not widths and _last(key) != _last(other):
        return None
    if values == row and [type(value) for value in values] == [type(value) for value in row]:
        return ""
    if not widths or not all(type(value) is int and value > 0 for value in (*values, *row)):
        return None
    for sign, large, small in ((" * ", row, values), (" // ", values, row)):
        factor = large[0] // small[0]
        if factor > 1 and all(b == factor * a for a, b in zip(small, large, strict=True)):
            return f"{sign}{factor}"
    return None


def _last(key: str) -> str:
    """`filters` of `branch1_filters`."""
    return key.strip("_").rpartition("_")[2]


def _is_width(key: str) -> bool:
    return _last(key) in _WIDTHS
