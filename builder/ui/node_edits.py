"""Edits of one layer that several parts of the window offer. Each is one step to undo."""

from __future__ import annotations

import re
from dataclasses import replace

from builder.graph import edits
from builder.graph.blocks import rename_block
from builder.graph.frozen import freeze
from builder.graph.model import Graph
from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.ui.document import Document

_UNNAMED = re.compile(r"Block[0-9]+")  # what `Grouping.group` calls a definition


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
    document.commit(f"Rename {old} to {new}", _named_alike(document, graph, new))
    document.end_gesture()
    document.select(nodes, comments)
    return None


def _named_alike(document: Document, graph: Graph, name: str) -> Project:
    """The project with a graph in which a node was renamed.

    The definition of a block gets that name too, where it has none yet and no other instance: one names what one has
    just grouped, and finds it in the list of blocks and in the code.
    """
    value = document.with_page(graph)
    definition = graph.nodes[name].params.get("definition")
    if not isinstance(definition, str) or not _UNNAMED.fullmatch(definition) or document.copies_of(definition) != 1:
        return value
    try:
        return replace(value, network=rename_block(value.network, definition, name[:1].upper() + name[1:]))
    except ProblemError:  # another one is called so
        return value


def set_repeat(document: Document, name: str, count: object, gesture: str = "") -> None:
    """How often a block stands in a row: a number, or an expression of the definition in which it stands."""
    params = document.graph.nodes[name].params.without("repeat")
    params = params if count == 1 else params.set("repeat", freeze(count))
    document.commit_graph(f"Repeat {name}", edits.set_params(document.graph, name, params), gesture)
