"""Drawing a wire from port to port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.graph.model import Edge
from builder.ui.canvas.gesture import Gesture, Pointer
from builder.ui.canvas.wires import LooseWire

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView


class Connect(Gesture):
    """Draw a wire from a port; pulling at an input that has a wire takes that wire off and leads it elsewhere."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView, at: Pointer, name: str, port: tuple[str, int]) -> None:
        super().__init__(view, at)
        self._pressed = name
        self._old: Edge | None = None
        side, number = port
        if side == "in":
            incoming = self.scene.graph.incoming[name]
            self._old = next((edge for edge in incoming if edge.target_port == number), None)
            if self._old is not None:
                name, side, number = self._old.source, "out", self._old.source_port
        self._name, self._side, self._port = name, side, number
        self._loose: LooseWire | None = None
        self._may: dict[str, str] = {}  # why each node may not be the other end; empty text where it may
        self._said = ""

    @property
    def gone(self) -> bool:
        return not self.scene.nodes.keys() >= {self._pressed, self._name}

    def _lift(self) -> None:
        self._loose = LooseWire(self.scene)
        self.scene.addItem(self._loose)
        for other, item in self.scene.nodes.items():
            source, target = (self._name, other) if self._side == "out" else (other, self._name)
            self._may[other] = self.view.editing.why_not(source, target, self._old)
            item.target = "" if other == self._name else "no" if self._may[other] else "good"
            item.update()
        if self._old is not None:
            self.scene.show_wire(self._old, False)

    def _end(self, at: Pointer) -> tuple[str, int] | None:
        """The node under the mouse that is meant as the other end, and its port."""
        hit = self.scene.hit(at.place, self.view.reach() * 1.5)
        if hit.node is None or (hit.node.name == self._name and hit.port is None):
            return None
        wanted = "in" if self._side == "out" else "out"
        name, given = hit.node.name, hit.port[1] if hit.port is not None and hit.port[0] == wanted else None
        if wanted == "out":
            return name, given or 0
        if given is None or (self._old is None and self.view.editing.has_room(name)):
            return name, self.view.editing.port_for(name, self._old)
        return name, given

    def move(self, at: Pointer) -> None:
        if self._loose is None:
            self._lift()
        assert self._loose is not None
        anchor = self.scene.nodes[self._name].port_place(self._side, self._port)
        end, role, tip = self._end(at), "muted", at.place
        why = ""
        if end is not None:
            name, port = end
            why = self._may.get(name, "")
            role = "bad" if why else "accent"
            if not why:
                tip = self.scene.nodes[name].port_place("in" if self._side == "out" else "out", port)
        self._say(why)
        start, finish = (anchor, tip) if self._side == "out" else (tip, anchor)
        self._loose.lead(start, finish, tip, role)

    def _say(self, words: str) -> None:
        if words != self._said:
            self._said = words
            self.view.hint.emit(words)

    def release(self, at: Pointer) -> None:
        end = self._end(at)
        why = self._may.get(end[0], "") if end is not None else ""
        self._put_back()
        if end is not None:
            name, port = end
            if why:
                self.view.hint.emit(why)
                return
            edge = (
                Edge(self._name, name, self._port, port)
                if self._side == "out"
                else Edge(name, self._name, port, self._port)
            )
            self.view.editing.connect(edge, self._old)
        elif self._old is not None:
            self.view.editing.disconnect(self._old)
        elif not self.scene.nodes[self._name].box().contains(at.place):
            self.view.ask_what(at.place, (self._name, self._side, self._port))

    def click(self, at: Pointer) -> None:
        # A port is small: a click on it means its card.
        self.view.document.select((self._pressed,))

    def cancel(self) -> None:
        self._put_back()
        self._say("")

    def _put_back(self) -> None:
        if self._loose is not None:
            self.scene.removeItem(self._loose)
            self._loose = None
        for item in self.scene.nodes.values():
            if item.target:
                item.target = ""
                item.update()
        if self._old is not None and self._old in self.scene.wires:
            self.scene.show_wire(self._old, True)
