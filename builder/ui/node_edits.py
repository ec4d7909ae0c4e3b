"""Edits of one layer that several parts of the window offer. Each is one step to undo."""

from __future__ import annotations

from builder.graph import edits
from builder.graph.frozen import freeze
from builder.graph.problems import Problem, ProblemError
from builder.ui.document import Document


def rename(document: Document, old: str, new: str) -> Problem | None:
    """Give a layer of the page shown another name, and keep what is selected; returns why not."""
    if old == new:
        return None
    try:
        graph = edits.rename(document.graph, old, new)
    except ProblemError as error:
        return error.problems[0]
    nodes = tuple(new if name == old else name for name in document.selection)
    comments = document.chosen_comments
    document.commit_graph(f"Rename {old} to {new}", graph)
    document.end_gesture()
    document.select(nodes, comments)
    return None


def set_repeat(document: Document, name: str, count: object, gesture: str = "") -> None:
    """How often a block stands in a row: a number, or an expression of the definition in which it stands."""
    params = document.graph.nodes[name].params.without("repeat")
    params = params if count == 1 else params.set("repeat", freeze(count))
    document.commit_graph(f"Repeat {name}", edits.set_params(document.graph, name, params), gesture)
