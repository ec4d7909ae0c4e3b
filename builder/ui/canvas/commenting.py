"""What one does with comments on the canvas: write one, change its text, size and colour.

Each is one commit to the document. Moving, copying and deleting are the same as for layers: see `Editing`.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF

from builder.graph import comments as rules
from builder.graph.comments import LONGEST
from builder.graph.model import Comment, Graph, Point
from builder.ui.canvas import paper
from builder.ui.canvas.room import way_to_room
from builder.ui.canvas.scene import CanvasScene


class Commenting:
    """The verbs for comments."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene, self._document = scene, scene.document

    def add(self, at: QPointF) -> str:
        """Put an empty comment near a point, where it covers nothing, and select it; returns its name.

        `write` is to follow: with it, and only with it, this is one edit.
        """
        size = QRectF(0, 0, paper.WIDTH, paper.HEIGHT)
        size.moveTo(round((at.x() - size.width() / 2) / 4) * 4.0, round((at.y() - size.height() / 2) / 4) * 4.0)
        corner = size.topLeft() + way_to_room(size, self._scene.taken(), gap=8.0)
        graph = self._scene.graph
        added = Comment("", Point(corner.x(), corner.y()), size.width(), size.height())
        after = rules.add_comments(graph, [added])
        name = next(name for name in after.comments if name not in graph.comments)
        self._commit("Add a comment", after, _gesture(name))
        self._document.select((), (name,))
        return name

    def write(self, name: str, text: str, *, new: bool = False) -> None:
        """Give a comment its text; one without any is taken away. The card grows as far as the text needs.

        Args:
            new: the comment was added for this.
        """
        graph = self._scene.graph
        comment = graph.comments.get(name)
        if comment is None:
            return
        text = text.rstrip()[:LONGEST]
        if not text.strip():
            after = rules.remove_comments(graph, [name])
        else:
            needed = paper.height_for(text, comment.width)
            high = needed if new or (text != comment.text and needed > comment.height) else comment.height
            written = self._clear(name, comment, rules.resized(replace(comment, text=text), comment.width, high))
            after = rules.change_comments(graph, {name: written})
        self._commit("Change a comment" if text.strip() else "Delete a comment", after, _gesture(name) if new else "")
        self._document.end_gesture()

    def _clear(self, name: str, before: Comment, grown: Comment) -> Comment:
        """A comment that grew with its text, moved aside if it would get under something that it did not cover."""
        taken = self._scene.taken(comments=(name,))
        old, now = (QRectF(*one.at, one.width, one.height) for one in (before, grown))
        if any(box.intersects(old) for box in taken) or not any(box.intersects(now) for box in taken):
            return grown
        (moved,) = rules.shifted([grown], Point(*way_to_room(now, taken, gap=8.0).toTuple()))
        return moved

    def resize(self, name: str, width: float, height: float) -> None:
        """Make a comment so large."""
        graph = self._scene.graph
        comment = graph.comments.get(name)
        if comment is not None:
            resized = rules.resized(comment, width, height)
            self._commit("Resize a comment", rules.change_comments(graph, {name: resized}))
            self._document.end_gesture()

    def colour(self, colour: str) -> bool:
        """Give the selected comments a colour; tells whether there are any."""
        graph = self._scene.graph
        chosen = {name: graph.comments[name] for name in self._document.chosen_comments}
        changed = {name: replace(comment, colour=colour) for name, comment in chosen.items()}
        self._commit("Colour of a comment", rules.change_comments(graph, changed))
        self._document.end_gesture()
        return bool(chosen)

    def _commit(self, title: str, graph: Graph, gesture: str = "") -> None:
        self._document.commit_graph(title, graph, gesture)


def _gesture(name: str) -> str:
    return f"write {name}"
