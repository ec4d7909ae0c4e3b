"""Edits of a block's parameters: what refers to one follows, inside the definition and at every instance of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from builder.graph.expression import substitute
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.instance import BLOCK, each_reference, refusal
from builder.graph.model import Block, BlockParameter, Graph, Network, Node
from builder.graph.names import name_problem
from builder.graph.problems import ProblemError


def add_parameter(network: Network, definition: str, name: str, default: Any, help: str = "") -> Network:
    """The network with one more parameter at the end of a definition's. Raises when the name is taken or bad."""
    block = network.blocks[definition]
    _check(block, name)
    return network.with_block(replace(block, parameters=(*block.parameters, BlockParameter(name, default, help))))


def set_default(network: Network, definition: str, name: str, default: Any) -> Network:
    """The network with another default for a parameter; instances that give it a value keep theirs."""
    block = network.blocks[definition]
    changed = tuple(replace(p, default=freeze(default)) if p.name == name else p for p in block.parameters)
    return network.with_block(replace(block, parameters=changed))


def rename_parameter(network: Network, definition: str, old: str, new: str) -> Network:
    """The network with a parameter renamed, also in all that refers to it or gives it a value."""
    if old == new:
        return network
    block = network.blocks[definition]
    _check(block, new)
    parameters = tuple(replace(p, name=new) if p.name == old else p for p in block.parameters)
    body = _rewritten(block.graph, {old: {"$": new}})
    network = network.with_block(replace(block, parameters=parameters, graph=body))

    def move(arguments: dict[str, Any]) -> None:
        arguments[new] = arguments.pop(old)

    return _with_arguments(network, definition, old, move)


def remove_parameter(network: Network, definition: str, name: str) -> Network:
    """The network without a parameter; its default stands where it was referred to."""
    block = network.blocks[definition]
    gone = next((p for p in block.parameters if p.name == name), None)
    if gone is None:
        return network
    kept = tuple(p for p in block.parameters if p is not gone)
    body = _rewritten(block.graph, {name: gone.default})
    network = network.with_block(replace(block, parameters=kept, graph=body))
    return _with_arguments(network, definition, name, lambda arguments: arguments.pop(name))


def _check(block: Block, name: str) -> None:
    if problem := name_problem(name):
        raise ProblemError(problem)
    if any(p.name == name for p in block.parameters):
        raise refusal("name-taken", f"the block {block.name} has a parameter {name} already.", name)


def _rewritten(graph: Graph, values: Mapping[str, Any]) -> Graph:
    """The graph with values put in for names in every expression."""
    changed: dict[str, Node] = {}
    for name, node in graph.nodes.items():
        params = freeze(each_reference(node.params, lambda text: substitute(text, values)))
        if params != node.params:
            changed[name] = replace(node, params=params)
    return replace(graph, nodes=graph.nodes.update(changed)) if changed else graph


def _with_arguments(
    network: Network, definition: str, name: str, change: Callable[[dict[str, Any]], object]
) -> Network:
    """The network with the arguments changed of every instance that gives the named parameter a value."""
    graph = _instances_changed(network.graph, definition, name, change)
    blocks = {
        key: replace(block, graph=_instances_changed(block.graph, definition, name, change))
        for key, block in network.blocks.items()
    }
    return Network(graph, FrozenDict({key: b if b != network.blocks[key] else network.blocks[key]
                                      for key, b in blocks.items()}))  # fmt: skip


def _instances_changed(graph: Graph, definition: str, name: str, change: Callable[[dict[str, Any]], object]) -> Graph:
    changed: dict[str, Node] = {}
    for key, node in graph.nodes.items():
        given = node.params.get("arguments")
        if node.kind != BLOCK or node.params.get("definition") != definition or not isinstance(given, Mapping):
            continue
        if name in given:
            arguments = dict(given)
            change(arguments)
            params = node.params.without("arguments")
            changed[key] = replace(node, params=params.set("arguments", FrozenDict(arguments)) if arguments else params)
    return replace(graph, nodes=graph.nodes.update(changed)) if changed else graph
