"""Dragging what is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.ui.canvas.gesture import SNAP, Gesture, Pointer
from builder.ui.canvas.wires import WireItem

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

_MAGNET = 8.0  # how near a node must come to its neighbour's line to jump onto it


class Move(Gesture):
    """Drag the selection; a single node that is wired to nothing can be put onto a wire."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, view: CanvasView, at: Pointer, name: str) -> None:
        super().__init__(view, at)
        self._name = name
        selection = view.document.selection
        self._was_chosen = name in selection
        if not self._was_chosen:
            self.scene.choose_wires(())
            view.document.select((*selection, name) if at.adds else (name,))
        elif not at.adds and self.scene.chosen_wires:
            self.scene.choose_wires(())
        self._names = view.document.selection if self._was_chosen or at.adds else (name,)
        self._from = self.scene.positions(self._names)
        self._onto: WireItem | None = None
        graph = self.scene.graph
        kind = graph.nodes[name].kind
        wired = graph.incoming[name] or graph.outgoing[name]
        self._may_insert = len(self._names) == 1 and not wired and view.editing.can_insert(kind)

    def move(self, at: Pointer) -> None:
        way = at.place - self.start.place
        main = self._from[self._name]
        x, y = round((main.x + way.x()) / SNAP) * SNAP, round((main.y + way.y()) / SNAP) * SNAP
        if not at.keys & Qt.KeyboardModifier.AltModifier:
            y = self._on_line(x, y)
        dx, dy = x - main.x, y - main.y
        for name, place in self._from.items():
            self.scene.nodes[name].setPos(place.x + dx, place.y + dy)
        self.scene.route_round(self._names, moving=True)
        if self._may_insert:
            self._onto = self.scene.wire_at(self.scene.nodes[self._name].box().center())
            self.scene.mark(self._onto)

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

    def release(self, at: Pointer) -> None:
        places = self.scene.positions(self._names)
        self.scene.route_round(self._names)
        onto = self._onto.edge if self._onto is not None else None
        self.scene.mark(None)
        self.view.editing.move(places, onto)
        self.scene.fit_scene_rect()

    def click(self, at: Pointer) -> None:
        selection = self.view.document.selection
        if not self._was_chosen:
            return
        if at.adds:
            self.view.document.select(name for name in selection if name != self._name)
        elif len(selection) > 1:
            self.view.document.select((self._name,))

    def cancel(self) -> None:
        self.scene.mark(None)
        for name, place in self._from.items():
            if name in self.scene.nodes:
                self.scene.nodes[name].setPos(place.x, place.y)
        self.scene.route_round(self._names)
