"""Whether a graph that came from outside (a file, the clipboard) is sound. Knows no layer.

What edits make is sound already. Cycles, unknown kinds and unfit shapes are not faults of this sort: a graph that has
them opens, and they are shown where they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from builder.graph.comments import COLOURS, LEAST_HEIGHT, LEAST_WIDTH, LONGEST, MOST
from builder.graph.model import Graph
from builder.graph.names import name_problem
from builder.graph.problems import Problem

MOST_PORTS = 10_000


def faults(graph: Graph) -> tuple[Problem, ...]:
    """Every way in which a graph is unsound; nothing for one that edits, `infer` and the canvas can work with."""
    return (*_bad_nodes(graph), *_bad_wires(graph), *_bad_comments(graph))


def _bad_nodes(graph: Graph) -> Iterator[Problem]:
    for key, node in graph.nodes.items():
        problem = name_problem(node.name)
        if problem is not None:
            yield problem
        elif key != node.name:
            yield Problem("bad-node", f"the layer listed as {key} is called {node.name}.", where=node.name)
    for name, place in graph.positions.items():
        if name not in graph.nodes:
            yield Problem("bad-position", "a place is given for it, but there is no such layer.", where=name)
        elif not (math.isfinite(place.x) and math.isfinite(place.y)):
            yield Problem("bad-position", "its place on the canvas is no number.", where=name)


def _bad_wires(graph: Graph) -> Iterator[Problem]:
    taken = set()
    for edge in graph.edges:
        wire = f"the wire from {edge.source} to {edge.target}"
        absent = [name for name in (edge.source, edge.target) if name not in graph.nodes]
        if absent:
            yield Problem("bad-wire", f"{wire} ends at {absent[0]}, which does not exist.", where=absent[0])
        elif not (0 <= edge.source_port < MOST_PORTS and 0 <= edge.target_port < MOST_PORTS):
            yield Problem("bad-wire", f"{wire} ends at a port that does not exist.", where=edge.target)
        elif (edge.target, edge.target_port) in taken:
            yield Problem("bad-wire", f"{wire} ends where another wire ends already.", where=edge.target)
        taken.add((edge.target, edge.target_port))


def _bad_comments(graph: Graph) -> Iterator[Problem]:
    for name, comment in graph.comments.items():
        numbers = (*comment.at, comment.width, comment.height)
        if problem := name_problem(name):
            yield problem
        if len(comment.text) > LONGEST:
            message = f"a comment may have {LONGEST:,} letters, this one has {len(comment.text):,}."
            yield Problem("bad-comment", message, where=name)
        elif not all(math.isfinite(number) for number in numbers):
            yield Problem("bad-comment", "its place or size on the canvas is no number.", where=name)
        elif not (LEAST_WIDTH <= comment.width <= MOST and LEAST_HEIGHT <= comment.height <= MOST):
            message = (
                f"a comment is {LEAST_WIDTH:.0f} to {MOST:.0f} pixels wide and {LEAST_HEIGHT:.0f} to {MOST:.0f} high."
            )
            yield Problem("bad-comment", message, where=name)
        elif comment.colour not in COLOURS:
            known = ", ".join(COLOURS[1:])
            yield Problem("bad-comment", f"{comment.colour!r:.40} is no colour of a comment: {known}.", where=name)
