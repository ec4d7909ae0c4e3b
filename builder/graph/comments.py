"""Edits of comments, pure as all edits, and what a comment may be. Knows no window: how one looks is for the canvas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from builder.graph.model import Comment, Graph, Point

COLOURS = ("", "blue", "green", "orange", "red")
LONGEST = 10_000  # letters
LEAST_WIDTH, LEAST_HEIGHT, MOST = 64.0, 32.0, 10_000.0  # pixels


def add_comments(graph: Graph, comments: Iterable[Comment]) -> Graph:
    """The graph with more comments, under names of their own, behind those that it has."""
    named: dict[str, Comment] = {}
    number = 1
    for comment in comments:
        while f"comment{number}" in graph.comments or f"comment{number}" in named:
            number += 1
        named[f"comment{number}"] = comment
    return replace(graph, comments=graph.comments.update(named)) if named else graph


def change_comments(graph: Graph, changed: Mapping[str, Comment]) -> Graph:
    """The graph with some comments in the place of those of their names; names that it does not have are ignored."""
    known = {name: comment for name, comment in changed.items() if name in graph.comments}
    return replace(graph, comments=graph.comments.update(known)) if known else graph


def move_comments(graph: Graph, places: Mapping[str, Point]) -> Graph:
    """The graph with some comments elsewhere; names that it does not have are ignored."""
    return change_comments(
        graph, {n: replace(graph.comments[n], at=Point(*at)) for n, at in places.items() if n in graph.comments}
    )


def remove_comments(graph: Graph, names: Iterable[str]) -> Graph:
    """The graph without the named comments."""
    left = graph.comments.without(*names)
    return replace(graph, comments=left) if len(left) != len(graph.comments) else graph


def shifted(comments: Iterable[Comment], by: Point) -> tuple[Comment, ...]:
    """The same comments, so far right and down."""
    return tuple(replace(one, at=Point(one.at.x + by.x, one.at.y + by.y)) for one in comments)


def resized(comment: Comment, width: float, height: float) -> Comment:
    """The comment at another size, kept within what is allowed."""
    return replace(comment, width=min(max(width, LEAST_WIDTH), MOST), height=min(max(height, LEAST_HEIGHT), MOST))
