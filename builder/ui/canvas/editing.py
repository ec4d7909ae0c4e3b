"""Edits that a person asks for on the canvas, by whatever means: each commits one value to the document.

Commands call the document only; the items follow by themselves. Knows no mouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF

from builder.graph import edits
from builder.graph.blocks import BLOCK, adopt, used_by
from builder.graph.comments import move_comments, remove_comments
from builder.graph.frozen import FrozenDict
from builder.graph.model import Block, Edge, Graph, Network, Node, Point
from builder.graph.problems import ProblemError
from builder.layers.edits import add_after, free_port, new_node, refusal
from builder.layers.registry import find
from builder.ui import node_edits
from builder.ui.canvas import clipboard, layout
from builder.ui.canvas.commenting import Commenting
from builder.ui.canvas.grouping import Grouping
from builder.ui.canvas.room import DOWN, carried_along, way_to_room
from builder.ui.canvas.scene import CanvasScene, covered
from builder.ui.palette import KEPT_BLOCK, OWN_BLOCK
from builder.ui.words import sentence


class Editing:
    """The verbs of the canvas. `say` gets a sentence when something cannot be done.

    Attributes:
        grouping: those for blocks; commenting: those for comments.
    """

    def __init__(self, scene: CanvasScene, say: Callable[[str], None]) -> None:
        self._scene = scene
        self._document = scene.document
        self._say = say
        self.grouping = Grouping(scene, say)
        self.commenting = Commenting(scene)

    # Adding ---------------------------------------------------------------------------------------------------------

    def add(self, kind: str, at: QPointF | None, middle: QPointF) -> str:
        """Add a layer: centred at a point, or, with none, wired behind the selection.

        Args:
            at: where its centre goes, or clear of the card that it would cover or touch there, so that a wire can be
                drawn between the two; nothing is wired then.
            middle: where it goes when there is no point and nothing is selected.

        Returns:
            The new node's name.
        """
        graph = self._scene.graph
        node, blocks = self._new(kind)
        if not self.grouping.may_hold(Graph.of([node]), blocks):
            return ""
        size = self.size_of(node)
        selection = [name for name in self._document.selection if name in graph.nodes]
        if at is not None or not selection:
            spot = self._free_spot(middle, size) if at is None else self._clear_of_cards(at, size)
            place = self._centred(spot, size)
            graph = edits.add_node(graph, node, place)
        else:
            graph = self._behind(graph, node, selection[-1])
        self._commit(f"Add {node.name}", graph, (node.name,), blocks)
        return node.name

    def _behind(self, graph: Graph, node: Node, behind: str) -> Graph:
        layer, new = find(graph.nodes[behind].kind), find(node.kind)
        feeds = graph.incoming[behind]
        if layer is not None and not layer.ports.outputs and feeds and new is not None and new.ports.outputs:
            # Nothing can follow an output: the new layer goes before it.
            after = edits.insert_on_edge(graph, feeds[0], node) if new.ports.inputs else edits.add_node(graph, node)
        else:
            after = add_after(graph, node, behind)
        after = self.settle(graph, after)
        if node.name not in after.positions:
            size, place = self._scene.sizes()[behind], graph.positions[behind]
            after = edits.move(after, {node.name: Point(place.x, place.y + size.height() + layout.ROW)})
        return after

    def insert(self, kind: str, edge: Edge, at: QPointF) -> str:
        """Put a new layer onto a wire, near a point of it. Returns the new node's name."""
        graph = self._scene.graph
        if not self.can_insert(kind):
            return self.add(kind, at, at)
        node, blocks = self._new(kind)
        if not self.grouping.may_hold(Graph.of([node]), blocks):
            return ""
        size = self.size_of(node)
        after = edits.insert_on_edge(graph, edge, node, self._centred(self._scene.wires[edge].seat(at, size), size))
        after = self._make_way(graph, after, node.name)
        self._commit(f"Insert {node.name}", after, (node.name,), blocks)
        return node.name

    @staticmethod
    def can_insert(kind: str) -> bool:
        """Whether a layer has both an input and an output, so that it can stand on a wire."""
        layer = find(kind)
        return (
            kind == BLOCK
            or kind.startswith((OWN_BLOCK, KEPT_BLOCK))
            or (layer is not None and bool(layer.ports.inputs) and bool(layer.ports.outputs))
        )

    def _make_way(self, before: Graph, after: Graph, name: str) -> Graph:
        """`after`, with its new node between its neighbours if it would cover one where it was dropped."""
        sizes = self._scene.sizes_for(after)
        at, size = after.positions[name], sizes[name]
        for other, place in before.positions.items():
            wide = sizes[other]
            apart = (
                place.x - at.x - size.width() > 16
                or at.x - place.x - wide.width() > 16
                or place.y - at.y - size.height() > 8
                or at.y - place.y - wide.height() > 8
            )
            if other != name and not apart:
                return self.settle(before, after)
        return after

    def settle(self, old: Graph, new: Graph) -> Graph:
        """`new` with the nodes that `old` lacks standing properly between their neighbours."""
        return self._with_comments(old, layout.settle(old, new, self._scene.sizes_for(new)))

    def _with_comments(self, old: Graph, new: Graph) -> Graph:
        """`new`, whose cards were moved for somebody, with each comment moved along with the card beside it."""
        if not new.comments:
            return new
        sizes = self._scene.sizes_for(new)
        before, after = (
            {name: QRectF(QPointF(*place), sizes[name]) for name, place in graph.positions.items() if name in sizes}
            for graph in (old, new)
        )
        return move_comments(new, carried_along(new.comments, before, after))

    def _new(self, kind: str) -> tuple[Node, FrozenDict[str, Block]]:
        """A node of a kind that the palette offers, and the project's definitions with those that it brings."""
        if not kind.startswith((OWN_BLOCK, KEPT_BLOCK)):
            return new_node(self._scene.graph, kind), self._document.value.network.blocks
        return self.grouping.new_instance(kind)

    def size_of(self, node: Node) -> QSizeF:
        """Size of the item that a new node gets."""
        return self._scene.sizes_for(Graph.of([node]))[node.name]

    def size_for_kind(self, kind: str) -> QSizeF:
        """Size of the item that a new layer of this kind gets."""
        return self.size_of(self._new(kind)[0])

    @staticmethod
    def _centred(at: QPointF, size: QSizeF) -> Point:
        x, y = at.x() - size.width() / 2, at.y() - size.height() / 2
        return Point(round(x / 4) * 4.0, round(y / 4) * 4.0)

    def _free_spot(self, near: QPointF, size: QSizeF) -> QPointF:
        """A point near another where a node of this size covers nothing."""
        area = QRectF(near.x() - size.width() / 2, near.y() - size.height() / 2, size.width(), size.height())
        return near + way_to_room(area, self._scene.taken())

    def _clear_of_cards(self, near: QPointF, size: QSizeF) -> QPointF:
        """The same, but the point itself where no card is in the way: a comment may lie there."""
        area = QRectF(near - QPointF(size.width() / 2, size.height() / 2), size)
        cards = [item.box() for item in self._scene.nodes.values()]
        free = way_to_room(area, cards).isNull()
        return near if free else self._free_spot(near, size)

    # Wires ----------------------------------------------------------------------------------------------------------

    def why_not(self, source: str, target: str, without: Edge | None = None) -> str:
        """Why no wire may lead from one node to another; empty when it may."""
        graph = self._scene.graph
        if without is not None:
            graph = edits.disconnect(graph, without)
        problem = refusal(graph, source, target)
        return "" if problem is None else sentence(problem.message)

    def port_for(self, target: str, without: Edge | None = None) -> int:
        """The input port that a wire dropped on a node gets: a free one, or the first, whose wire gives way."""
        graph = self._scene.graph
        if without is not None:
            graph = edits.disconnect(graph, without)
        kind = self._document.kind_of(graph.nodes[target])
        if graph.nodes[target].kind == BLOCK and kind is not None:
            taken = {edge.target_port for edge in graph.incoming[target]}
            return next((port for port in range(len(kind.ports.inputs)) if port not in taken), 0)
        port = free_port(graph, target)
        return 0 if port is None else port

    def has_room(self, target: str) -> bool:
        """Whether a node takes any number of wires: their ports stand close, and none has to give way to another."""
        kind = self._document.kind_of(self._scene.graph.nodes[target])
        return kind is not None and kind.ports.variadic

    def connect(self, edge: Edge, without: Edge | None = None) -> None:
        """Draw a wire, perhaps in the place of another."""
        if edge == without:
            return
        graph = self._scene.graph
        if without is not None:
            graph = edits.disconnect(graph, without)
        try:
            graph = edits.connect(graph, edge)
        except ProblemError as error:
            self._say(sentence(error.problems[0].message))
            return
        self._commit(f"Connect {edge.source} to {edge.target}", graph, None)

    def disconnect(self, *wires: Edge) -> None:
        """Take wires away."""
        self._commit("Disconnect", edits.disconnect(self._scene.graph, *wires), None)

    def add_wired(self, kind: str, at: QPointF, node: str, side: str, port: int) -> None:
        """Add a layer at a point and wire it to a port: what a wire dropped on empty canvas asks for."""
        graph = self._scene.graph
        new, blocks = self._new(kind)
        layer = find(kind)
        graph = edits.add_node(graph, new, self._centred(at, self.size_of(new)))
        if layer is None or (layer.ports.inputs if side == "out" else layer.ports.outputs):
            edge = Edge(node, new.name, port, 0) if side == "out" else Edge(new.name, node, 0, port)
            graph = edits.connect(graph, edge)
        self._commit(f"Add {new.name}", graph, (new.name,), blocks)

    # Taking away ----------------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """Remove the selected nodes, their wires healed, the selected wires, and the selected comments."""
        names, wires, written = self._document.selection, self._scene.chosen_wires, self._document.chosen_comments
        graph = edits.disconnect(self._scene.graph, *wires)
        graph = remove_comments(edits.remove_nodes(graph, names), written)
        if names or written:
            self._commit(f"Delete {_counted(names, written)}", graph, None)
        elif wires:
            self._commit("Disconnect", graph, None)

    # Clipboard ------------------------------------------------------------------------------------------------------

    def copied(self) -> str:
        """The selection as text for the clipboard; empty without one."""
        names, written = self._document.selection, self._document.chosen_comments
        if not names and not written:
            return ""
        piece = edits.fragment(self._scene.graph, names, written)
        return clipboard.to_text(piece, used_by(piece, self._document.value.network.blocks))

    def paste(self, text: str, at: QPointF | None = None, shown: QRectF | None = None, title: str = "Paste") -> None:
        """Add what a text holds, clear of what is there; a malformed text is explained and changes nothing.

        Args:
            at: point of the canvas around which it goes; without one, it goes below where it came from.
            shown: the visible part of the canvas: what came from elsewhere goes to its middle.
        """
        try:
            piece, brought = clipboard.from_text(text)
        except ProblemError as error:
            message = error.problems[0].message
            self._say(f"Nothing was pasted: {message}")
            return
        if not piece.nodes and not piece.comments:
            return
        blocks, piece = adopt(self._document.value.network.blocks, piece, brought)
        if not self.grouping.may_hold(piece, blocks):
            return
        piece = layout.place_missing(piece, self._scene.sizes_for(piece))
        before = self._scene.graph
        graph, names = edits.paste(before, piece, self._room_for(piece, at, shown))
        written = [name for name in graph.comments if name not in before.comments]
        title = f"{title} {_counted(tuple(names.values()), tuple(written))}"
        self._document.commit(title, self._document.with_page(graph, Network(graph, blocks)))
        self._document.end_gesture()
        self._document.select(names.values(), written)

    def _room_for(self, piece: Graph, at: QPointF | None, shown: QRectF | None) -> Point:
        """How far a piece must be shifted to stand at a point, or where it came from, and cover nothing."""
        sizes = self._scene.sizes_for(piece)
        boxes = [QRectF(QPointF(*place), sizes[name]) for name, place in piece.positions.items()]
        boxes += [QRectF(*c.at, c.width, c.height) for c in piece.comments.values()]
        area, taken = covered(boxes), self._scene.taken()
        if at is None and shown is not None and not shown.intersects(area):
            at = shown.center()
        if at is None:
            by = way_to_room(area, taken, (DOWN,))
        else:
            way = at - area.center()
            by = QPointF(round(way.x() / 4) * 4.0, round(way.y() / 4) * 4.0)
            by += way_to_room(area.translated(by), taken)
        return Point(by.x(), by.y())

    def duplicate(self) -> None:
        """Put a copy of the selection below it, without touching the clipboard."""
        text = self.copied()
        if text:
            self.paste(text, title="Duplicate")

    # Places ---------------------------------------------------------------------------------------------------------

    def move(
        self, places: Mapping[str, Point], onto: Edge | None = None, comments: Mapping[str, Point] | None = None
    ) -> None:
        """Put nodes and comments elsewhere; a single node perhaps onto a wire."""
        written = comments or {}
        graph = move_comments(edits.move(self._scene.graph, places), written)
        title = f"Move {_counted(tuple(places), tuple(written))}"
        if onto is not None:
            (name,) = places
            size = self._scene.nodes[name].box().size()
            seat = self._scene.wires[onto].seat(QRectF(QPointF(*places[name]), size).center(), size)
            graph = edits.move(graph, {name: self._centred(seat, size)})
            before = edits.remove_nodes(graph, [name], heal=False)
            graph = self._make_way(before, edits.insert_on_edge(graph, onto, graph.nodes[name]), name)
            title = f"Insert {name}"
        self._commit(title, graph, None)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection a little; a row of nudges undoes as one."""
        graph = self._scene.graph
        places = {n: graph.positions[n] for n in self._document.selection}
        written = {n: graph.comments[n].at for n in self._document.chosen_comments}
        if places or written:
            graph = edits.move(graph, {n: Point(place.x + dx, place.y + dy) for n, place in places.items()})
            graph = move_comments(graph, {n: Point(place.x + dx, place.y + dy) for n, place in written.items()})
            self._document.commit_graph("Move", graph, f"nudge {' '.join(places)} {' '.join(written)}")

    def arrange(self) -> None:
        """Lay the whole network out anew."""
        graph = self._scene.graph
        if not graph.nodes:
            return
        places = layout.auto_layout(graph, self._scene.sizes(), self._scene.row)
        self._commit("Arrange the network", self._with_comments(graph, edits.move(graph, places)), None)

    def align(self, how: str) -> None:
        """Line the selected nodes up: "left", "centre", "right", "top", "middle", "bottom"; or spread them evenly:
        "across", "down"."""
        names = self._document.selection
        if len(names) < 2:
            self._say("Select several layers to line them up.")
            return
        graph, sizes = self._scene.graph, self._scene.sizes()
        across = how in ("left", "centre", "right", "across")
        low = {n: graph.positions[n].x if across else graph.positions[n].y for n in names}
        long = {n: sizes[n].width() if across else sizes[n].height() for n in names}
        start, end = min(low.values()), max(low[n] + long[n] for n in names)
        if how in ("left", "top"):
            at = dict.fromkeys(names, start)
        elif how in ("right", "bottom"):
            at = {n: end - long[n] for n in names}
        elif how in ("centre", "middle"):
            at = {n: (start + end - long[n]) / 2 for n in names}
        else:
            space = (end - start - sum(long.values())) / (len(names) - 1)
            at, edge = {}, start
            for name in sorted(names, key=lambda n: low[n]):
                at[name] = edge
                edge += long[name] + space
        places = {
            n: Point(at[n], graph.positions[n].y) if across else Point(graph.positions[n].x, at[n]) for n in names
        }
        self._commit("Align", edits.move(graph, places), None)

    def rename(self, old: str, new: str) -> str:
        """Give a node another name; returns why not, or an empty text."""
        problem = node_edits.rename(self._document, old, new)
        if problem is None:
            return ""
        return sentence(problem.message if problem.code == "name-taken" else problem.hint)

    def neighbour(self, way: str) -> str | None:
        """The node that an arrow key leads to from the selection: along a wire, or the nearest above or below."""
        graph = self._scene.graph
        if not graph.nodes:
            return None
        selection = self._document.selection
        if not selection:
            return next(iter(graph.nodes))
        name = selection[-1]
        if way in ("left", "right"):
            edges: Iterable[Edge] = graph.incoming[name] if way == "left" else graph.outgoing[name]
            return next((e.source if way == "left" else e.target for e in edges), None)
        here = self._scene.nodes[name].box().center()
        down = 1 if way == "down" else -1
        found = []
        for other, item in self._scene.nodes.items():
            away = item.box().center() - here
            if away.y() * down > 20:
                found.append((abs(away.y()) + 2 * abs(away.x()), other))
        return min(found)[1] if found else None

    # ----------------------------------------------------------------------------------------------------------------

    def _commit(
        self, title: str, graph: Graph, select: tuple[str, ...] | None, blocks: FrozenDict[str, Block] | None = None
    ) -> None:
        network = Network(graph, blocks) if blocks is not None else None
        self._document.commit(title, self._document.with_page(graph, network))
        self._document.end_gesture()
        if select is not None:
            self._document.select(select)


def _counted(names: Sequence[str], written: Sequence[str]) -> str:
    """What an edit concerns, for the Edit menu: "conv1", "3 layers", "a comment", "2 layers and 3 comments"."""
    layers = names[0] if len(names) == 1 else f"{len(names)} layers"
    comments = "a comment" if len(written) == 1 else f"{len(written)} comments"
    return " and ".join(words for words, some in ((layers, names), (comments, written)) if some)
