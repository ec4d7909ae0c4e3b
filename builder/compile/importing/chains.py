"""Equal blocks in a row as one that is repeated: which of the blocks of one level are such a row, and its name.

Knows graphs and names, no tensors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from builder.graph.instance import BLOCK, INPUT, OUTPUT
from builder.graph.model import Block, Edge, Node

REPEAT = "repeat"


def rows_of(
    nodes: Sequence[Node], edges: Sequence[Edge], blocks: Mapping[str, Block], private: Callable[[str, str], bool]
) -> list[tuple[str, ...]]:
    """The names of blocks that stand in a row, are equal, and give their value to nobody but the next.

    Args:
        private: whether what leaves the one block goes only into the other, also as seen from outside of this level.
    """
    by_name = {node.name: node for node in nodes}
    after: dict[str, str] = {}
    for edge in edges:
        source, target = by_name[edge.source], by_name[edge.target]
        if not source.kind == target.kind == BLOCK or source.params != target.params or REPEAT in source.params:
            continue
        if _is_pipe(source, blocks) and private(edge.source, edge.target):
            after[edge.source] = edge.target
    found = []
    for name in by_name:
        if name in after and name not in after.values():
            row = [name]
            while row[-1] in after:
                row.append(after[row[-1]])
            found.append(tuple(row))
    return found


def name_of(row: Sequence[str], stem: str) -> str:
    """What the one block in the place of a row is called: `encoder_layers` for `encoder_layer_0` and so on."""
    words = {re.sub(r"[_\d]+\Z", "", name) for name in row}
    word = words.pop() if len(words) == 1 else ""
    word = word or stem
    return word if word.endswith("s") else f"{word}s"


def _is_pipe(node: Node, blocks: Mapping[str, Block]) -> bool:
    """Whether one value enters the block and one leaves it."""
    kinds = [inner.kind for inner in blocks[str(node.params["definition"])].graph.nodes.values()]
    return kinds.count(INPUT) == kinds.count(OUTPUT) == 1
