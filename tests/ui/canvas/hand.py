"""A mouse that does to a canvas what a hand would, and what must hold afterwards."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from builder.graph.model import Edge, Graph, Node, Point
from builder.ui.canvas.view import CanvasView
from builder.ui.palette import layer_data

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
PLAIN = Qt.KeyboardModifier.NoModifier


def chain(*nodes: Node, places: bool = True) -> Graph:
    """Nodes wired one behind the other, 220 pixels apart."""
    edges = [Edge(a.name, b.name) for a, b in pairwise(nodes)]
    at = {node.name: Point(220.0 * i, 0.0) for i, node in enumerate(nodes)} if places else {}
    return Graph.of(nodes, edges, at)


def small() -> Graph:
    """input -> conv1 -> fc1 -> output, in which fc1 does not fit and offers a Flatten."""
    return chain(Node("input", "Input"), Node("conv1", "Conv2d"), Node("fc1", "Linear"), Node("output", "Output"))


class Hand:
    """Drives a canvas by mouse events on its viewport; places are points of the canvas."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    def spot(self, place: QPointF) -> QPoint:
        return self.view.mapFromScene(place)

    def _send(
        self, kind: QEvent.Type, place: QPointF, button: Qt.MouseButton, held: Qt.MouseButton, keys: Qt.KeyboardModifier
    ) -> None:
        spot = QPointF(self.spot(place))
        where = QPointF(self.view.viewport().mapToGlobal(spot.toPoint()))
        QApplication.sendEvent(self.view.viewport(), QMouseEvent(kind, spot, where, button, held, keys))

    def press(self, place: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
        self._send(QEvent.Type.MouseButtonPress, place, button, button, keys)

    def move(self, place: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
        self._send(QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, button, keys)

    def release(self, place: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN) -> None:
        self._send(QEvent.Type.MouseButtonRelease, place, button, Qt.MouseButton.NoButton, keys)

    def click(self, place: QPointF, keys: Qt.KeyboardModifier = PLAIN) -> None:
        self.press(place, keys=keys)
        self.release(place, keys=keys)

    def double_click(self, place: QPointF) -> None:
        self.click(place)
        self._send(QEvent.Type.MouseButtonDblClick, place, LEFT, LEFT, PLAIN)
        self.release(place)

    def drag(
        self, start: QPointF, end: QPointF, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = PLAIN
    ) -> None:
        self.press(start, button, keys)
        for part in (0.3, 0.7, 1.0):
            self.move(start + (end - start) * part, button, keys)
        self.release(end, button, keys)

    def carry(self, kind: str, *places: QPointF, drop: bool = True) -> None:
        """Drag a layer from the palette over the places, and drop it at the last."""
        data, view = layer_data(kind), self.view.viewport()
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        QApplication.sendEvent(view, QDragEnterEvent(self.spot(places[0]), copy, data, left, PLAIN))
        for place in places:
            QApplication.sendEvent(view, QDragMoveEvent(self.spot(place), copy, data, left, PLAIN))
        if drop:
            QApplication.sendEvent(view, QDropEvent(QPointF(self.spot(places[-1])), copy, data, left, PLAIN))

    def port(self, name: str, side: str, index: int = 0) -> QPointF:
        return self.view.canvas.nodes[name].port_place(side, index)

    def body(self, name: str) -> QPointF:
        """A point of a card that is neither port, name nor badge."""
        box = self.view.canvas.nodes[name].box()
        return QPointF(box.center().x(), box.center().y() + (2 if box.height() < 60 else 14))

    def wire(self, source: str, target: str) -> QPointF:
        item = next(w for e, w in self.view.canvas.wires.items() if (e.source, e.target) == (source, target))
        return item.path.pointAtPercent(0.5)


def wires(view: CanvasView) -> set[tuple[str, str]]:
    """Source and target of every wire in the document."""
    return {(edge.source, edge.target) for edge in view.document.graph.edges}


def check_items(view: CanvasView) -> None:
    """The items are exactly the document's nodes, wires and comments, standing where it says, and the labels."""
    graph, canvas = view.document.graph, view.canvas
    assert set(canvas.nodes) == set(graph.nodes)
    assert set(canvas.wires) == set(graph.edges)
    assert {name: item.comment for name, item in canvas.comments.items()} == graph.comments
    # One item writes the labels of all wires.
    assert len(canvas.items()) == len(graph.nodes) + len(graph.edges) + len(graph.comments) + 1
    for name, comment in graph.comments.items():
        assert canvas.comments[name].box() == QRectF(*comment.at, comment.width, comment.height)
    assert {name for name, item in canvas.comments.items() if item.chosen} == set(view.document.chosen_comments)
    for name, place in graph.positions.items():
        assert (canvas.nodes[name].x(), canvas.nodes[name].y()) == place
    assert {name for name, item in canvas.nodes.items() if item.chosen} == set(view.document.selection)
    for edge, wire in canvas.wires.items():
        assert wire.isVisible()
        ends = (
            canvas.nodes[edge.source].port_place("out", edge.source_port),
            canvas.nodes[edge.target].port_place("in", edge.target_port),
        )
        assert (wire.path.pointAtPercent(0) - ends[0]).manhattanLength() < 0.01
        assert (wire.path.pointAtPercent(1) - ends[1]).manhattanLength() < 0.01
