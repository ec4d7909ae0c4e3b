"""Mouse gestures, each an object that moves, is released or cancelled.

A gesture previews in the items and commits once, on release; cancelling leaves everything as it was. `begin` gives
each kind of gesture first refusal on a press, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.graph.model import Edge
from builder.ui.canvas.scene import CanvasScene
from builder.ui.canvas.wires import LooseWire, WireItem

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView

SNAP = 4.0  # pixels of the canvas
_MAGNET = 8.0  # how near a node must come to its neighbour's line to jump onto it


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is: on the canvas and in the view, with what keys are held."""

    place: QPointF
    spot: QPoint
    keys: Qt.KeyboardModifier

    @property
    def adds(self) -> bool:
        """Whether a click adds to the selection instead of replacing it."""
        return bool(self.keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))


class Gesture:
    """Something that the mouse is doing from press to release.

    Attributes:
        cursor: shape of the pointer meanwhile.
    """

    cursor: Qt.CursorShape | None = None

    def __init__(self, view: CanvasView, at: Pointer) -> None:
        self.view = view
        self.scene: CanvasScene = view.canvas
        self.start = at

    def move(self, at: Pointer) -> None:
        """The mouse was moved with the button held; only called once it is far enough away to be no click."""

    def release(self, at: Pointer) -> None:
        """The button was let go after moving: commit."""

    def click(self, at: Pointer) -> None:
        """The button was let go where it was pressed."""

    def cancel(self) -> None:
        """Escape, or the view went away: put everything back."""


def begin(view: CanvasView, at: Pointer, button: Qt.MouseButton, *, hand: bool) -> Gesture | None:
    """The gesture that a press starts; None when it means nothing.

    Args:
        hand: whether the space bar is held.
    """
    if button == Qt.MouseButton.MiddleButton or (hand and button == Qt.MouseButton.LeftButton):
        return Pan(view, at)
    if button != Qt.MouseButton.LeftButton:
        return None
    hit = view.canvas.hit(at.place, view.reach())
    if hit.node is not None and hit.port is not None:
        return Connect(view, at, hit.node.name, hit.port)
    if hit.node is not None and hit.part in ("fix", "badge"):
        return Press(view, at, hit.node.name, hit.part)
    if hit.node is not None:
        return Move(view, at, hit.node.name)
    if hit.wire is not None:
        return PickWire(view, at, hit.wire)
    return RubberBand(view, at)


class Pan(Gesture):
    """Shift the view with the hand."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: CanvasView, at: Pointer) -> None:
        super().__init__(view, at)
        self._from = (view.horizontalScrollBar().value(), view.verticalScrollBar().value())

    def move(self, at: Pointer) -> None:
        way = at.spot - self.start.spot
        self.view.horizontalScrollBar().setValue(self._from[0] - way.x())
        self.view.verticalScrollBar().setValue(self._from[1] - way.y())

    def cancel(self) -> None:
        self.view.horizontalScrollBar().setValue(self._from[0])
        self.view.verticalScrollBar().setValue(self._from[1])


class Press(Gesture):
    """Push the button that offers a fix, or the badge."""

    def __init__(self, view: CanvasView, at: Pointer, name: str, part: str) -> None:
        super().__init__(view, at)
        self._name, self._part = name, part

    def click(self, at: Pointer) -> None:
        if self._part == "fix":
            self.view.take_fix(self._name)
        else:
            self.view.explain(self._name)


class _Band(QGraphicsItem):
    """The rubber band."""

    def __init__(self, scene: CanvasScene) -> None:
        super().__init__()
        self._scene = scene
        self._area = QRectF()
        self.setZValue(9)

    def set_area(self, area: QRectF) -> None:
        """Stretch it."""
        self.prepareGeometryChange()
        self._area = area

    def boundingRect(self) -> QRectF:
        return self._area.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        accent = self._scene.ink.accent
        painter.setPen(accent)
        faint = accent.toRgb()
        faint.setAlphaF(0.12)
        painter.setBrush(faint)
        painter.drawRect(self._area)


class RubberBand(Gesture):
    """Select what a stretched rectangle touches."""

    def __init__(self, view: CanvasView, at: Pointer) -> None:
        super().__init__(view, at)
        self._before = view.document.selection if at.adds else ()
        self._band: _Band | None = None
        self._names: tuple[str, ...] = ()

    def move(self, at: Pointer) -> None:
        if self._band is None:
            self._band = _Band(self.scene)
            self.scene.addItem(self._band)
        area = QRectF(self.start.place, at.place).normalized()
        self._band.set_area(area)
        self._names = self.scene.nodes_in(area)
        self._show((*self._before, *self._names))

    def release(self, at: Pointer) -> None:
        self._remove()
        self.scene.choose_wires(())
        self.view.document.select((*self._before, *self._names))

    def click(self, at: Pointer) -> None:
        if not at.adds:
            self.scene.choose_wires(())
            self.view.document.select(())

    def cancel(self) -> None:
        self._remove()
        self._show(self.view.document.selection)

    def _show(self, names: tuple[str, ...]) -> None:
        for name, item in self.scene.nodes.items():
            if item.chosen != (name in names):
                item.chosen = not item.chosen
                item.update()

    def _remove(self) -> None:
        if self._band is not None:
            self.scene.removeItem(self._band)
            self._band = None


class PickWire(Gesture):
    """Select a wire."""

    def __init__(self, view: CanvasView, at: Pointer, wire: WireItem) -> None:
        super().__init__(view, at)
        self._edge = wire.edge

    def click(self, at: Pointer) -> None:
        chosen = self.scene.chosen_wires
        if at.adds:
            self.scene.choose_wires(chosen ^ {self._edge})
        else:
            self.view.document.select(())
            self.scene.choose_wires({self._edge})


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
        if hit.port is not None and hit.port[0] == wanted:
            return hit.node.name, hit.port[1]
        return hit.node.name, self.view.editing.port_for(hit.node.name, self._old) if wanted == "in" else 0

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


class DropLayer:
    """A layer dragged from the palette over the canvas: a ghost of its card, and the wire that it would go onto."""

    def __init__(self, view: CanvasView, kind: str) -> None:
        self.kind = kind
        self._view = view
        self._scene = view.canvas
        self._ghost = _Ghost(view.canvas, view.editing.size_for_kind(kind))
        self._scene.addItem(self._ghost)
        self._may_insert = view.editing.can_insert(kind)
        self._onto: WireItem | None = None

    def move(self, place: QPointF) -> None:
        """The mouse is here."""
        self._ghost.stand(place)
        self._onto = self._scene.wire_at(place) if self._may_insert else None
        self._scene.mark(self._onto)

    def drop(self, place: QPointF) -> None:
        """Let go: add the layer, on the wire below if there is one."""
        self.move(place)
        onto = self._onto.edge if self._onto is not None else None
        self.cancel()
        if onto is not None:
            self._view.editing.insert(self.kind, onto, place)
        else:
            self._view.editing.add(self.kind, place, place)

    def cancel(self) -> None:
        """The drag left the canvas."""
        self._scene.mark(None)
        self._scene.removeItem(self._ghost)


class _Ghost(QGraphicsItem):
    """The outline of a card that is not there yet."""

    def __init__(self, scene: CanvasScene, size: QSizeF) -> None:
        super().__init__()
        self._scene = scene
        self._rect = QRectF(-size.width() / 2, -size.height() / 2, size.width(), size.height())
        self.setZValue(8)

    def stand(self, place: QPointF) -> None:
        """Stand centred at a point."""
        self.setPos(round(place.x() / SNAP) * SNAP, round(place.y() / SNAP) * SNAP)

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        ink = self._scene.ink
        painter.setOpacity(0.7)
        painter.setBrush(ink.card_brush)
        painter.setPen(ink.pens["accent"])
        radius = min(8.0, self._rect.height() / 2)
        painter.drawRoundedRect(self._rect, radius, radius)
