"""Edits that a person asks for on the canvas, by whatever means: each commits one value to the document.

Commands call the document only; the items follow by themselves. Knows no mouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRectF, QSizeF

from builder.graph import edits
from builder.graph.blocks import BLOCK, adopt, used_by
from builder.graph.frozen import FrozenDict
from builder.graph.model import Block, Edge, Graph, Network, Node, Point
from builder.graph.problems import ProblemError
from builder.layers.edits import add_after, free_port, new_node, refusal
from builder.layers.registry import find
from builder.ui.canvas import clipboard, layout
from builder.ui.canvas.grouping import Grouping
from builder.ui.canvas.scene import CanvasScene
from builder.ui.palette import KEPT_BLOCK, OWN_BLOCK

_PASTE_STEP = 32.0


class Editing:
    """The verbs of the canvas. `say` gets a sentence when something cannot be done.

    Attributes:
        grouping: those for blocks.
    """

    def __init__(self, scene: CanvasScene, say: Callable[[str], None]) -> None:
        self._scene = scene
        self._document = scene.document
        self._say = say
        self.grouping = Grouping(scene, say)
        self._pasted = ("", 0)  # text that was pasted last, and how often
        self._brought: FrozenDict[str, Block] | None = None

    # Adding ---------------------------------------------------------------------------------------------------------

    def add(self, kind: str, at: QPointF | None, middle: QPointF) -> str:
        """Add a layer: centred at a point, or, with none, wired behind the selection.

        Args:
            at: where its centre goes; nothing is wired then.
            middle: where it goes when there is no point and nothing is selected.

        Returns:
            The new node's name.
        """
        graph = self._scene.graph
        node = self._new(kind)
        if not self.grouping.may_hold(Graph.of([node]), self._brought or self._document.value.network.blocks):
            return ""
        size = self.size_of(node)
        selection = [name for name in self._document.selection if name in graph.nodes]
        if at is not None or not selection:
            place = self._centred(at if at is not None else self._free_spot(middle, size), size)
            graph = edits.add_node(graph, node, place)
        else:
            graph = self._behind(graph, node, selection[-1])
        self._commit(f"Add {node.name}", graph, (node.name,))
        return node.name

    def _behind(self, graph: Graph, node: Node, behind: str) -> Graph:
        layer, new = find(graph.nodes[behind].kind), find(node.kind)
        feeds = graph.incoming[behind]
        if layer is not None and not layer.ports.outputs and feeds and new is not None and new.ports.outputs:
            # Nothing can follow an output: the new layer goes before it.
            after = edits.insert_on_edge(graph, feeds[0], node) if new.ports.inputs else edits.add_node(graph, node)
        else:
            after = add_after(graph, node, behind)
        after = layout.settle(graph, after, self._scene.sizes_for(after))
        if node.name not in after.positions:
            size, place = self._scene.sizes()[behind], graph.positions[behind]
            after = edits.move(after, {node.name: Point(place.x, place.y + size.height() + layout.ROW)})
        return after

    def insert(self, kind: str, edge: Edge, at: QPointF) -> None:
        """Put a new layer onto a wire."""
        graph = self._scene.graph
        if not self.can_insert(kind):
            self.add(kind, at, at)
            return
        node = self._new(kind)
        if not self.grouping.may_hold(Graph.of([node]), self._brought or self._document.value.network.blocks):
            return
        after = edits.insert_on_edge(graph, edge, node, self._centred(at, self.size_of(node)))
        after = self._make_way(graph, after, node.name)
        self._commit(f"Insert {node.name}", after, (node.name,))

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
                return layout.settle(before, after, sizes)
        return after

    def settle(self, old: Graph, new: Graph) -> Graph:
        """`new` with the nodes that `old` lacks standing properly between their neighbours."""
        return layout.settle(old, new, self._scene.sizes_for(new))

    def _new(self, kind: str) -> Node:
        """A node of a kind that the palette offers; what a block of the library needs is added with the next edit."""
        self._brought = None
        if not kind.startswith((OWN_BLOCK, KEPT_BLOCK)):
            return new_node(self._scene.graph, kind)
        node, self._brought = self.grouping.new_instance(kind)
        return node

    def size_of(self, node: Node) -> QSizeF:
        """Size of the item that a new node gets."""
        return self._scene.sizes_for(Graph.of([node]))[node.name]

    def size_for_kind(self, kind: str) -> QSizeF:
        """Size of the item that a new layer of this kind gets."""
        return self.size_of(self._new(kind))

    @staticmethod
    def _centred(at: QPointF, size: QSizeF) -> Point:
        x, y = at.x() - size.width() / 2, at.y() - size.height() / 2
        return Point(round(x / 4) * 4.0, round(y / 4) * 4.0)

    def _free_spot(self, near: QPointF, size: QSizeF) -> QPointF:
        """A point near another where a node of this size covers no card."""
        spot = QPointF(near)
        for _ in range(40):
            area = QRectF(spot.x() - size.width() / 2, spot.y() - size.height() / 2, size.width(), size.height())
            if not self._scene.nodes_in(area.adjusted(-16, -16, 16, 16)):
                break
            spot += QPointF(48, 48)
        return spot

    # Wires ----------------------------------------------------------------------------------------------------------

    def why_not(self, source: str, target: str, without: Edge | None = None) -> str:
        """Why no wire may lead from one node to another; empty when it may."""
        graph = self._scene.graph
        if without is not None:
            graph = edits.disconnect(graph, without)
        problem = refusal(graph, source, target)
        return "" if problem is None else problem.message[:1].upper() + problem.message[1:]

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
            self._say(error.problems[0].message)
            return
        self._commit(f"Connect {edge.source} to {edge.target}", graph, None)

    def disconnect(self, *wires: Edge) -> None:
        """Take wires away."""
        self._commit("Disconnect", edits.disconnect(self._scene.graph, *wires), None)

    def add_wired(self, kind: str, at: QPointF, node: str, side: str, port: int) -> None:
        """Add a layer at a point and wire it to a port: what a wire dropped on empty canvas asks for."""
        graph = self._scene.graph
        new = self._new(kind)
        layer = find(kind)
        graph = edits.add_node(graph, new, self._centred(at, self.size_of(new)))
        if layer is None or (layer.ports.inputs if side == "out" else layer.ports.outputs):
            edge = Edge(node, new.name, port, 0) if side == "out" else Edge(new.name, node, 0, port)
            graph = edits.connect(graph, edge)
        self._commit(f"Add {new.name}", graph, (new.name,))

    # Taking away ----------------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """Remove the selected nodes, their wires healed, and the selected wires."""
        names, wires = self._document.selection, self._scene.chosen_wires
        graph = edits.disconnect(self._scene.graph, *wires)
        graph = edits.remove_nodes(graph, names)
        title = f"Delete {names[0]}" if len(names) == 1 else f"Delete {len(names)} layers" if names else "Disconnect"
        if names or wires:
            self._commit(title, graph, None)

    # Clipboard ------------------------------------------------------------------------------------------------------

    def copied(self) -> str:
        """The selection as text for the clipboard; empty without one."""
        names = self._document.selection
        if not names:
            return ""
        piece = edits.fragment(self._scene.graph, names)
        return clipboard.to_text(piece, used_by(piece, self._document.value.network.blocks))

    def paste(self, text: str, title: str = "Paste") -> None:
        """Add what a text holds, beside where it came from; a malformed text is explained and changes nothing."""
        try:
            piece, brought = clipboard.from_text(text)
        except ProblemError as error:
            message = error.problems[0].message
            self._say(f"Nothing was pasted: {message}")
            return
        if not piece.nodes:
            return
        blocks, piece = adopt(self._document.value.network.blocks, piece, brought)
        if not self.grouping.may_hold(piece, blocks):
            return
        times = self._pasted[1] + 1 if self._pasted[0] == text else 1
        self._pasted = (text, times)
        piece = layout.place_missing(piece, self._scene.sizes_for(piece))
        graph, names = edits.paste(self._scene.graph, piece, Point(_PASTE_STEP * times, _PASTE_STEP * times))
        title = f"{title} {len(names)} layer{'s' * (len(names) != 1)}"
        self._document.commit(title, self._document.with_page(graph, Network(graph, blocks)))
        self._document.end_gesture()
        self._document.select(names.values())

    def duplicate(self) -> None:
        """Copy and paste without touching the clipboard."""
        if self._document.selection:
            self._pasted = ("", 0)
            self.paste(self.copied(), "Duplicate")
            self._pasted = ("", 0)

    # Places ---------------------------------------------------------------------------------------------------------

    def move(self, places: dict[str, Point], onto: Edge | None = None) -> None:
        """Put nodes elsewhere; a single one perhaps onto a wire."""
        graph = edits.move(self._scene.graph, places)
        title = f"Move {next(iter(places))}" if len(places) == 1 else f"Move {len(places)} layers"
        if onto is not None:
            (name,) = places
            before = edits.remove_nodes(graph, [name], heal=False)
            graph = self._make_way(before, edits.insert_on_edge(graph, onto, graph.nodes[name]), name)
            title = f"Insert {name}"
        self._commit(title, graph, None)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection a little; a row of nudges undoes as one."""
        graph = self._scene.graph
        places = {n: graph.positions[n] for n in self._document.selection}
        if places:
            moved = {name: Point(place.x + dx, place.y + dy) for name, place in places.items()}
            self._document.commit_graph("Move", edits.move(graph, moved), "nudge " + " ".join(places))

    def arrange(self) -> None:
        """Lay the whole network out anew."""
        graph = self._scene.graph
        if not graph.nodes:
            return
        places = layout.auto_layout(graph, self._scene.sizes(), self._scene.row)
        self._commit("Arrange the network", edits.move(graph, places), None)

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
        try:
            graph = edits.rename(self._scene.graph, old, new)
        except ProblemError as error:
            problem = error.problems[0]
            message = problem.message if problem.code == "name-taken" else problem.hint
            return message[:1].upper() + message[1:]
        if old != new:
            chosen = tuple(new if name == old else name for name in self._document.selection)
            self._commit(f"Rename {old} to {new}", graph, chosen)
        return ""

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

    def _commit(self, title: str, graph: Graph, select: tuple[str, ...] | None) -> None:
        brought, self._brought = self._brought, None
        blocks = Network(graph, brought) if brought is not None else None
        self._document.commit(title, self._document.with_page(graph, blocks))
        self._document.end_gesture()
        if select is not None:
            self._document.select(select)
