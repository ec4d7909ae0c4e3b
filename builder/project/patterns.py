"""Networks from the grammar that most convolutional classifiers follow, made from three numbers.

INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC

After the notes of Stanford's CS231n, https://cs231n.github.io/convolutional-networks/#architectures. Knows no Qt.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from builder.graph.blocks import BLOCK
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node, Shape
from builder.graph.parameters import Parameters, Positive, parameter


class Pattern(Parameters):
    """Three numbers say how a convolutional classifier is built, and a few more how wide it is."""

    convolutions: Annotated[int, Field(ge=0, le=3)] = parameter(
        2, "N: convolutions", "How many convolutions, each with its activation, before a pooling.", slider=(0, 3)
    )
    stages: Annotated[int, Field(ge=0, le=8)] = parameter(
        2, "M: stages", "How many such groups stand in a row.", slider=(0, 5)
    )
    dense: Annotated[int, Field(ge=0, le=2)] = parameter(
        1, "K: dense layers", "How many dense layers, each with its activation, before the last one.", slider=(0, 2)
    )
    pool: bool = parameter(True, "Pooling", "Each stage ends with a pooling that halves height and width.")
    filters: Positive = parameter(
        16, "Filters", "Of the first stage; each further stage has twice as many.", slider=(1, 64)
    )
    units: Positive = parameter(64, "Units", "Of each dense layer before the last.", slider=(1, 256))
    blocks: bool = parameter(False, "As blocks", "Each stage is one block, all with the same definition.")


def formula(pattern: Pattern) -> str:
    """The pattern as it is written down: `INPUT → [[CONV → RELU]·2 → POOL]·2 → [FC → RELU]·1 → FC`."""
    inner = [f"[CONV → RELU]·{pattern.convolutions}"] if pattern.convolutions else []
    inner += ["POOL"] if pattern.pool else []
    parts = ["INPUT"]
    if inner and pattern.stages:
        parts.append(f"[{' → '.join(inner)}]·{pattern.stages}")
    if pattern.dense:
        parts.append(f"[FC → RELU]·{pattern.dense}")
    return " → ".join((*parts, "FC"))


def generate(pattern: Pattern, shape: Shape, classes: int) -> Network:
    """The network of a pattern, without places.

    Args:
        shape: of the input, without the batch dimension.
        classes: how many numbers it gives.
    """
    nodes = [_node("input", "Input", shape=shape)]
    numbers: dict[str, int] = {}

    def add(stem: str, kind: str, **params: Any) -> None:
        numbers[stem] = numbers.get(stem, 0) + 1
        nodes.append(_node(f"{stem}{numbers[stem]}", kind, **params))

    holds = bool(pattern.convolutions or pattern.pool)
    for stage in range(pattern.stages if holds else 0):
        filters = pattern.filters * 2**stage
        if pattern.blocks:
            arguments = {"arguments": {"filters": filters}} if stage and pattern.convolutions else {}
            add("stage", BLOCK, definition="Stage", **arguments)
            continue
        for kind, stem, params in _stage(pattern, filters):
            add(stem, kind, **params)
    if len(shape) > 1:
        nodes.append(_node("flatten", "Flatten"))
    for _ in range(pattern.dense):
        add("fc", "Linear", features=pattern.units)
        add("relu", "ReLU")
    add("fc", "Linear", features=classes)
    nodes.append(_node("output", "Output"))
    used = pattern.blocks and pattern.stages and holds
    return Network(_chain(nodes), FrozenDict({"Stage": _definition(pattern)} if used else {}))


def _definition(pattern: Pattern) -> Block:
    nodes, numbers = [_node("in", "Input")], dict[str, int]()
    for kind, stem, params in _stage(pattern, {"$": "filters"}):
        numbers[stem] = numbers.get(stem, 0) + 1
        nodes.append(_node(f"{stem}{numbers[stem]}", kind, **params))
    nodes.append(_node("out", "Output"))
    parameters = (BlockParameter("filters", pattern.filters, "Feature maps of each convolution."),)
    return Block("Stage", _chain(nodes), parameters if pattern.convolutions else (), formula_of_stage(pattern))


def formula_of_stage(pattern: Pattern) -> str:
    """What one stage is."""
    words = [f"{pattern.convolutions} convolutions with their activations"] if pattern.convolutions else []
    words += ["a pooling that halves the picture"] if pattern.pool else []
    return " and ".join(words).capitalize() + "."


def _stage(pattern: Pattern, filters: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for _ in range(pattern.convolutions):
        yield "Conv2d", "conv", {"filters": filters, "kernel_size": 3, "padding": 1}
        yield "ReLU", "relu", {}
    if pattern.pool:
        yield "MaxPool2d", "pool", {}


def _node(name: str, kind: str, **params: Any) -> Node:
    return Node(name, kind, freeze(params))


def _chain(nodes: list[Node]) -> Graph:
    return Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)])
