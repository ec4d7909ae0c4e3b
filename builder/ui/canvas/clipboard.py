"""Copied nodes as text: JSON in the form of the project file, checked before anything is pasted. No Qt, no pickle."""

from __future__ import annotations

import json

from builder.graph.model import Graph
from builder.graph.problems import Problem, ProblemError
from builder.project.form import graph_from_json, graph_to_json, parse

FORMAT, VERSION = "torchcanvas-nodes", 1
LARGEST = 4_000_000  # characters; a ResNet-152 has some 60,000


def to_text(piece: Graph) -> str:
    """What the clipboard holds for these nodes and the wires among them."""
    return json.dumps({"format": FORMAT, "version": VERSION, **graph_to_json(piece)}, ensure_ascii=False)


def looks_like_nodes(text: str) -> bool:
    """Whether the text claims to be copied nodes."""
    return text.lstrip().startswith("{") and FORMAT in text[:80]


def from_text(text: str) -> Graph:
    """The nodes that the clipboard holds. Raises `ProblemError` with a message fit for the status line."""
    if len(text) > LARGEST or not looks_like_nodes(text):
        raise ProblemError(Problem("not-nodes", "the clipboard holds no layers."))
    form = parse(text)
    version = form.pop("version", None)
    if form.pop("format", None) != FORMAT:
        raise ProblemError(Problem("not-nodes", "the clipboard holds no layers."))
    if version != VERSION:
        message = f"the clipboard holds layers of version {version!r:.20}; this program reads version {VERSION}."
        raise ProblemError(Problem("newer-version", message))
    return graph_from_json(form, "clipboard")
