"""Dragging what is selected, and the corner of a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.graph.comments import resized
from builder.graph.model import Comment, Point
from builder.ui.canvas.gesture import SNAP, Gesture, Pointer
from builder.ui.canvas.lifting import Lifted
from builder.ui.canvas.wires import WireItem

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

_MAGNET = 8.0  # how near a node must come to its neighbour's line to jump onto it


class Move(Gesture):
    """Drag the selection; a single node that is wired to nothing can be put onto a wire.

    What was pressed, a node or a comment, is held at the pointer; the rest keeps its place beside it.
    """

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, view: CanvasView, at: Pointer, name: str = "", comment: str = "") -> None:
        super().__init__(view, at)
        self._name, self._comment = name, comment
        document = view.document
        self._was_chosen = name in document.selection or comment in document.chosen_comments
        pressed = ((name,) if name else (), (comment,) if comment else ())
        if not self._was_chosen:
            self.scene.choose_wires(())
            before = (document.selection, document.chosen_comments) if at.adds else ((), ())
            document.select((*before[0], *pressed[0]), (*before[1], *pressed[1]))
        elif not at.adds and self.scene.chosen_wires:
            self.scene.choose_wires(())
        self._names, self._written = document.selection, document.chosen_comments
        self._from = self.scene.positions(self._names)
        self._written_from = {each: self.scene.comments[each].comment.at for each in self._written}
        self._lifted: Lifted | None = None
        self._onto: WireItem | None = None
        self._may_insert = len(self._names) == 1 and not self._written and self._fits_wires(self._names[0])

    @property
    def gone(self) -> bool:
        return self._name not in self.scene.nodes and self._comment not in self.scene.comments

    def _fits_wires(self, name: str) -> bool:
        graph = self.scene.graph
        wired = graph.incoming[name] or graph.outgoing[name]
        return not wired and self.view.editing.can_insert(graph.nodes[name].kind)

    def move(self, at: Pointer) -> None:
        way = at.place - self.start.place
        main = self._from[self._name] if self._name else self._written_from[self._comment]
        x, y = round((main.x + way.x()) / SNAP) * SNAP, round((main.y + way.y()) / SNAP) * SNAP
        if self._name and not at.keys & Qt.KeyboardModifier.AltModifier:
            y = self._on_line(x, y)
        self._shift(x - main.x, y - main.y)
        self.scene.renew_overview()
        if self._may_insert:
            self._onto = self.scene.wire_at(self.scene.nodes[self._name].box().center())
            self.scene.mark(self._onto)

    def _shift(self, dx: float, dy: float) -> None:
        if self._lifted is None:
            self._lifted = Lifted(self.scene, self._names)
        self._lifted.shift(dx, dy)
        for name, place in self._written_from.items():
            if name in self.scene.comments:
                self.scene.comments[name].setPos(place.x + dx, place.y + dy)

    def _on_line(self, x: float, y: float) -> float:
        """The height at which the wire to a neighbour beside is straight, when that is near."""
        graph, nodes = self.scene.graph, self.scene.nodes
        item = nodes[self._name]
        half = item.rect.height() / 2
        for edge in (*graph.incoming[self._name], *graph.outgoing[self._name]):
            other = edge.source if edge.target == self._name else edge.target
            if other in self._from or other not in nodes:
                continue
            line = nodes[other].box().center().y()
            if abs(y + half - line) <= _MAGNET:
                return line - half
        return y

    def _put_down(self) -> None:
        if self._lifted is not None:
            self._lifted.put_down()
            self._lifted = None

    def release(self, at: Pointer) -> None:
        self._put_down()
        places = self.scene.positions(name for name in self._names if name in self.scene.nodes)
        items = {name: self.scene.comments[name] for name in self._written if name in self.scene.comments}
        written = {name: Point(item.x(), item.y()) for name, item in items.items()}
        self.scene.route_round(self._names)
        onto = self._onto.edge if self._onto is not None else None
        self.scene.mark(None)
        self.view.editing.move(places, onto, written)
        self.scene.fit_scene_rect()

    def click(self, at: Pointer) -> None:
        document = self.view.document
        if self._was_chosen and at.adds:
            names = (name for name in document.selection if name != self._name)
            document.select(names, (name for name in document.chosen_comments if name != self._comment))
        elif self._was_chosen and len(self._names) + len(self._written) > 1:
            document.select((self._name,), (self._comment,))
        if self._name and not at.adds:
            self.view.node_clicked.emit(self._name)

    def cancel(self) -> None:
        self.scene.mark(None)
        self._shift(0, 0)
        self._put_down()
        self.scene.route_round(self._names)


class Resize(Gesture):
    """Pull at the corner of a comment."""

    cursor = Qt.CursorShape.SizeFDiagCursor

    def __init__(self, view: CanvasView, at: Pointer, name: str) -> None:
        super().__init__(view, at)
        self._name = name
        self._before = self.scene.comments[name].comment
        self.scene.choose_wires(())
        view.document.select((), (name,))

    @property
    def gone(self) -> bool:
        return self._name not in self.scene.comments

    def _resized(self, at: Pointer) -> Comment:
        way = at.place - self.start.place
        wide, high = self._before.width + way.x(), self._before.height + way.y()
        return resized(self._before, round(wide / SNAP) * SNAP, round(high / SNAP) * SNAP)

    def _show(self, comment: Comment) -> None:
        if not self.gone:
            self.scene.comments[self._name].set_comment(comment)

    def move(self, at: Pointer) -> None:
        self._show(self._resized(at))

    def release(self, at: Pointer) -> None:
        now = self._resized(at)
        self._show(self._before)
        self.view.editing.commenting.resize(self._name, now.width, now.height)

    def cancel(self) -> None:
        self._show(self._before)
