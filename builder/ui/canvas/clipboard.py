"""Copied nodes as text: JSON in the form of the project file, checked before anything is pasted. No Qt, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from builder.graph.model import Block, Graph
from builder.graph.problems import Problem, ProblemError
from builder.project.form import (
    VERSION,
    block_from_json,
    block_to_json,
    graph_from_json,
    graph_to_json,
    parse,
    version_of,
)

FORMAT = "torchcanvas-nodes"
LARGEST = 4_000_000  # characters; a ResNet-152 has some 60,000


def to_text(piece: Graph, blocks: Mapping[str, Block] | None = None) -> str:
    """What the clipboard holds for these nodes, the wires among them, comments, and the definitions that they need."""
    version = version_of(piece, *(block.graph for block in (blocks or {}).values()))
    form: dict[str, Any] = {"format": FORMAT, "version": version, **graph_to_json(piece)}
    if blocks:
        form["blocks"] = {name: block_to_json(block) for name, block in blocks.items()}
    return json.dumps(form, ensure_ascii=False)


def looks_like_nodes(text: str) -> bool:
    """Whether the text claims to be copied nodes."""
    return text.lstrip().startswith("{") and FORMAT in text[:80]


def from_text(text: str) -> tuple[Graph, dict[str, Block]]:
    """The nodes that the clipboard holds, and the definitions that they bring.

    Raises `ProblemError` with a message fit for the status line.
    """
    if len(text) > LARGEST or not looks_like_nodes(text):
        raise ProblemError(Problem("not-nodes", "the clipboard holds no layers."))
    form = parse(text)
    version = form.pop("version", None)
    if form.pop("format", None) != FORMAT:
        raise ProblemError(Problem("not-nodes", "the clipboard holds no layers."))
    if version not in range(1, VERSION + 1):
        message = f"the clipboard holds layers of version {version!r:.20}; this program reads versions up to {VERSION}."
        raise ProblemError(Problem("newer-version", message))
    blocks = form.pop("blocks", {})
    if not isinstance(blocks, dict):
        raise ProblemError(Problem("bad-file", "the blocks on the clipboard are damaged."))
    found = {name: block_from_json(name, block, f"blocks, {name:.40}") for name, block in blocks.items()}
    return graph_from_json(form, "clipboard"), found
