"""What a merge is told of branches of unlike size: which of their layers, padded, would keep the size. Pure.

A convolution cuts off its border unless it is padded, which is what makes the first skip connection by hand fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from builder.graph.frozen import FrozenDict
from builder.graph.model import Graph, Shape
from builder.graph.problems import Fix, SetParams
from builder.layers.base import Layer
from builder.layers.sliding import Pair, reach

_MANY = 3  # layers are more than a button names


class Known(Protocol):
    """What is known of a node, as far as it matters here."""

    @property
    def layer(self) -> Layer | None:
        """What it does."""

    @property
    def known_inputs(self) -> tuple[Shape, ...]:
        """What arrives."""

    @property
    def output(self) -> Shape | None:
        """What it gives."""


def padding_fix(graph: Graph, nodes: Mapping[str, Known], merge: str) -> Fix | None:
    """The padding with which every branch before a merge keeps its size; None where their sizes would still differ."""
    shapes = {edge.source: nodes[edge.source].output for edge in graph.incoming[merge]}
    sizes = {source: shape[1:] for source, shape in shapes.items() if shape is not None and len(shape) == 3}
    if len(sizes) < len(shapes) or len(set(sizes.values())) < 2:
        return None
    edits: dict[str, SetParams] = {}
    padded = set()
    for source, (high, wide) in sizes.items():
        for name, padding, gain in _cutting(graph, nodes, source):
            high, wide = high + gain[0], wide + gain[1]
            edits[name] = SetParams(name, FrozenDict({"padding": padding}))
        padded.add((high, wide))
    if len(padded) > 1:
        return None
    names = [name for name in graph.nodes if name in edits]
    called = [name.rpartition(".")[2] for name in names]  # inside a block, as it is called there
    words = " and ".join(called) if len(names) < _MANY else f"{len(names)} layers"
    return Fix(f"Pad {words}", tuple(edits[name] for name in names))


def _cutting(graph: Graph, nodes: Mapping[str, Known], name: str) -> Iterator[tuple[str, Pair, Pair]]:
    """The layers of a branch that cut the border off, the last first: name, the padding that ends it, what it gains.

    The branch ends where the window moves by more than one cell, or where others come in or go out: padding there
    would change more than this branch.
    """
    while True:
        info, wires = nodes[name], graph.incoming[name]
        if info.layer is None or info.output is None or len(wires) != 1 or len(graph.outgoing[name]) != 1:
            return
        window = info.layer.window(info.known_inputs)
        if window is None or window.stride != (1, 1):
            return
        high, wide = reach(window.size, window.dilation)
        before, after = info.known_inputs[0], info.output
        gain = (before[1] - after[1], before[2] - after[2]) if len(before) == len(after) == 3 else (0, 0)
        if max(gain) > 0 and "padding" in type(info.layer).model_fields and high % 2 and wide % 2:
            yield name, ((high - 1) // 2, (wide - 1) // 2), gain
        name = wires[0].source
