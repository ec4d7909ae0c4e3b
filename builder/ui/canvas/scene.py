"""The scene: an item for each node, wire and comment of the document, kept up to date by comparing values by identity.

Holds what is shown, never what is true: the document is. Knows no mouse and no keyboard.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from builder.compile.infer import Inference
from builder.graph.model import Edge, Graph, Point
from builder.inspect.picture import Picture
from builder.layers.base import Role, show
from builder.project.document import Project
from builder.train.messages import Way
from builder.ui.canvas import layout, routing
from builder.ui.canvas.comments import CommentItem
from builder.ui.canvas.face import FAR, NEAR, Badge, face_of
from builder.ui.canvas.ink import Ink
from builder.ui.canvas.labels import Labels
from builder.ui.canvas.lifting import Lifted
from builder.ui.canvas.nodes import NodeItem
from builder.ui.canvas.overview import Overview
from builder.ui.canvas.thumbnails import thumbnail_of
from builder.ui.canvas.wires import WireItem
from builder.ui.document import Document
from builder.ui.theme import theme

# Cards are boxes; asking for shapes would have every wire nearby outlined.
_BOXES = Qt.ItemSelectionMode.IntersectsItemBoundingRect

_MARGIN = 2000.0  # how far beyond the network one can scroll


@dataclass(frozen=True)
class Hit:
    """What lies under a point of the canvas: a node, a wire, a comment, or nothing.

    Attributes:
        port: side ("in", "out") and number, when a port of `node` is meant.
        part: of the card: "badge", "fix", "name" or "body"; of a comment: "grip" or "body".
    """

    node: NodeItem | None = None
    port: tuple[str, int] | None = None
    part: str = "body"
    wire: WireItem | None = None
    comment: CommentItem | None = None


class CanvasScene(QGraphicsScene):
    """The items of a document.

    Attributes:
        nodes: item of each node, by name; wires: item of each wire; comments: item of each comment, by name.
        overview: all of these as they are painted from afar; others: the other items, such as a rubber band.
        lifted: the nodes that are being dragged.
        labels: writes the shapes on the wires.
        ink: pens and brushes of the theme in force.
        detail: how much is drawn: FAR, MIDDLE or NEAR; chosen by the view for its zoom.
        row: width at which automatic layout begins a new row.
        way: which way a step has just gone along the wires, where that is to be seen; not along those that begin at
            `aside`.
        refreshed: the items show another value now; whether anything looks different from afar, or stands elsewhere.
    """

    refreshed = Signal(bool)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Edge, WireItem] = {}
        self.comments: dict[str, CommentItem] = {}
        self.others: list[QGraphicsItem] = []
        self.lifted: Lifted | None = None
        self.labels = Labels()
        super().addItem(self.labels)
        self.overview = Overview(self)
        self.ink = Ink(theme())
        self.detail = NEAR
        self.row = layout.WIDTH
        self.way: Way | None = None
        self.aside: frozenset[str] = frozenset()
        self._shown: Inference | None = None
        self._placed: Graph | None = None
        self._placed_of: Graph | None = None
        self._laid: tuple[Graph, Graph] | None = None  # a graph that lacked places, and the same with all of them
        self._badges: Mapping[str, Badge] = {}
        self._note = ""
        self._bounds: QRectF | None = None
        self._chosen_wires: frozenset[Edge] = frozenset()
        document.changed.connect(self._changed)
        document.page_changed.connect(self._page_changed)
        document.selected.connect(self._show_selection)
        document.comments_chosen.connect(self._show_selection)
        theme().changed.connect(self._theme_changed)
        self._refresh()

    # The document's graph, placed -----------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The document's graph, with a place for every node, also for those that the document has none for."""
        graph = self.document.graph
        if self._placed is None or self._placed_of is not graph:
            self._placed_of, self._placed = graph, self._place(graph)
        return self._placed

    def _place(self, graph: Graph) -> Graph:
        laid = self._laid
        if (
            laid is not None
            and laid[0].positions is graph.positions
            and laid[0].edges is graph.edges
            and laid[0].nodes.keys() == graph.nodes.keys()
        ):
            # Only layers have changed: what had no place of its own stays where it was put.
            placed = replace(graph, positions=laid[1].positions)
            placed.adopt_wiring(graph)
            return placed
        placed = layout.place_missing(graph, self.sizes(), self.row)
        if placed is not graph:
            self._laid = (graph, placed)
        return placed

    def sizes(self) -> dict[str, QSizeF]:
        """Size of every node's item."""
        return {name: item.face.size for name, item in self.nodes.items()}

    def sizes_for(self, graph: Graph) -> dict[str, QSizeF]:
        """Sizes of the nodes of a graph that is not shown (yet); a new node counts as it would look alone."""
        sizes = self.sizes()
        for name, node in graph.nodes.items():
            if name not in sizes:
                sizes[name] = face_of(node, None, self._wired(graph, name), kind=self.document.kind_of(node)).size
        return sizes

    # Keeping up -----------------------------------------------------------------------------------------------------

    def _changed(self, _old: Project, _new: Project) -> None:
        if self.document.inference is not self._shown:
            self._refresh()

    def _page_changed(self, _path: tuple[str, ...]) -> None:
        # What has the same name on another page is another thing.
        for item in (*self.nodes.values(), *self.wires.values(), *self.comments.values()):
            self.removeItem(item)
        self.overview.forget(tuple(self.nodes), tuple(self.wires))
        self.nodes, self.wires, self.comments, self._placed, self._placed_of = {}, {}, {}, None, None
        self._refresh()

    def _refresh(self) -> None:
        self._shown = self.document.inference
        graph, infos = self.document.graph, self._shown.nodes
        gone = [name for name in self.nodes if name not in graph.nodes]
        for name in gone:
            self.removeItem(self.nodes.pop(name))
        cut = self.wires.keys() - set(graph.edges)
        for edge in cut:
            self.removeItem(self.wires.pop(edge))
        self.overview.forget(gone, cut)
        stale: set[str] = set()
        for name, node in graph.nodes.items():
            item = self.nodes.get(name)
            info = infos.get(name)
            wired = self._wired(graph, name)
            if item is not None and item.info is info and item.wired == wired:
                continue
            face = face_of(node, info, wired, "" if self.document.opened else self._note, self.document.kind_of(node))
            if item is None:
                item = self.nodes[name] = NodeItem(name, face, self)
                item.set_health(*self._badge(name))
                self.addItem(item)
            elif item.face != face:
                if item.face.shape != face.shape:
                    item.set_thumbnail(None)  # it showed a value of another shape
                item.set_face(face)
            item.info, item.wired = info, wired
            stale.add(name)
        for edge in graph.edges:
            if edge not in self.wires:
                self.wires[edge] = WireItem(edge, self)
                self.addItem(self.wires[edge])
                stale.update((edge.source, edge.target))
        placed = self.graph
        for name, place in placed.positions.items():
            item = self.nodes.get(name)
            if item is not None and (item.x() != place.x or item.y() != place.y):
                item.setPos(place.x, place.y)
                stale.add(name)
        # Most edits change what a card says and nothing that is seen from afar.
        elsewhere = self.overview.renew(stale) or bool(gone)
        led = self._lead(self.edges_of(stale) | (self._leading_round() if elsewhere else set()))
        changes = [elsewhere, led, bool(cut), self._refresh_comments(graph)]
        if any(changes):
            self._bounds = None
            self.renew_overview()
        self._chosen_wires &= frozenset(self.wires)
        self._show_selection()
        self.fit_scene_rect()
        self.refreshed.emit(any(changes))

    def _refresh_comments(self, graph: Graph) -> bool:
        """Show the comments of a graph; whether one looks different now."""
        changed = False
        for name in [name for name in self.comments if name not in graph.comments]:
            self.removeItem(self.comments.pop(name))
            changed = True
        for name, comment in graph.comments.items():
            item = self.comments.get(name)
            if item is not None and item.comment is comment:
                continue
            changed = True
            if item is None:
                item = self.comments[name] = CommentItem(name, comment, self)
                self.addItem(item)
            else:
                item.set_comment(comment)
        return changed

    def renew_overview(self) -> None:
        """Something looks different now: paint it anew where all is seen from afar, since no item does so itself."""
        if self.detail == FAR:
            for view in self.views():
                view.viewport().update()

    def addItem(self, item: QGraphicsItem) -> None:
        if isinstance(item, Lifted):
            self.lifted = item
            self.overview.lift(item.names, item.inner)
        elif not isinstance(item, (NodeItem, WireItem, CommentItem)):
            self.others.append(item)
        super().addItem(item)

    def removeItem(self, item: QGraphicsItem) -> None:
        if item is self.lifted and self.lifted is not None:
            self.overview.forget(self.lifted.names, self.lifted.inner)
            self.overview.lift()
            self.lifted = None
        elif item in self.others:
            self.others.remove(item)
        super().removeItem(item)

    def fit_scene_rect(self) -> None:
        """Let one scroll as far as the network reaches, and some way beyond."""
        bounds = self.network_rect()
        self.setSceneRect(bounds.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))

    def network_rect(self) -> QRectF:
        """What all cards, wires and comments cover; empty without any."""
        if self._bounds is None:
            self._bounds = covered([*self.taken(), *(wire.boundingRect() for wire in self.wires.values())])
        return self._bounds

    @staticmethod
    def _wired(graph: Graph, name: str) -> int:
        incoming = graph.incoming.get(name, ())
        return incoming[-1].target_port + 1 if incoming else 0

    # Wires ----------------------------------------------------------------------------------------------------------

    def edges_of(self, names: Iterable[str]) -> set[Edge]:
        """The wires that begin or end at these nodes."""
        graph = self.document.graph
        return {e for name in names for e in (*graph.incoming.get(name, ()), *graph.outgoing.get(name, ()))}

    def _leading_round(self) -> set[Edge]:
        """The wires that lead around what is in their way: a card that stands elsewhere may have come or gone there."""
        return {edge for edge, wire in self.wires.items() if routing.leads_round(*wire.ends)}

    def route_round(self, names: Iterable[str]) -> None:
        """Lead the wires of these nodes anew, after their items were moved."""
        moved = set(names)
        self.overview.forget(moved)
        self.route(self.edges_of(moved) | self._leading_round())
        self.renew_overview()

    def route(self, edges: Collection[Edge]) -> None:
        """Lead these wires anew; one that is carried along stays as it is until it is put down."""
        self._bounds = None
        self._lead(edges)

    def _lead(self, edges: Collection[Edge]) -> bool:
        """The same; whether one goes another way now."""
        # Only where one is asked for; what is carried stands elsewhere than the overview knows.
        known = self.overview.boxes if self.lifted is None else lambda: [item.box() for item in self.nodes.values()]
        cards = cache(lambda: routing.Cards(known()))
        led = []
        for edge in edges:
            wire = self.wires.get(edge)
            source, target = self.nodes.get(edge.source), self.nodes.get(edge.target)
            if wire is None or source is None or target is None or wire.parentItem() is not None:
                continue
            start = source.port_place("out", edge.source_port)
            end = target.port_place("in", edge.target_port)
            over = routing.level(start, end, cards)
            long = abs(end.x() - start.x()) > 160 or end.x() < start.x()
            if wire.route(start, end, self._label(edge, long=long), over, joins=target.face.inputs > 1):
                led.append(edge)
        self.overview.forget((), led)
        return bool(led)

    def show_wire(self, edge: Edge, shown: bool) -> None:
        """Show a wire, or hide it while another hangs on the mouse in its place."""
        self.wires[edge].setVisible(shown)
        self.overview.forget((), (edge,))

    def _label(self, edge: Edge, *, long: bool) -> str:
        """The shape on a wire; told again only where it changed, or where the wire comes from far away."""
        inference = self.document.inference
        info, shape = inference.nodes.get(edge.source), inference.shape(edge.source, edge.source_port)
        if info is None or shape is None:
            return ""
        if not long and info.inputs and info.inputs[0] == shape:
            return ""
        return show(shape)

    # Selection ------------------------------------------------------------------------------------------------------

    def _show_selection(self, *_news: object) -> None:
        if self.show_chosen(self.document.selection, self.document.chosen_comments):
            self.renew_overview()

    def show_chosen(self, names: Iterable[str], comments: Iterable[str]) -> bool:
        """Let exactly these nodes and comments look selected; whether one looks different now."""
        changed = False
        for items, chosen in ((self.nodes, set(names)), (self.comments, set(comments))):
            for name, item in items.items():
                if item.chosen != (name in chosen):
                    item.chosen = not item.chosen
                    if isinstance(item, NodeItem):
                        item.setZValue(2 if item.chosen else 1)
                    item.update()
                    changed = True
        return changed

    def chosen_boxes(self) -> list[QRectF]:
        """Where what is selected stands, comments before nodes."""
        written = [self.comments[name].box() for name in self.document.chosen_comments]
        return written + [self.nodes[name].box() for name in self.document.selection]

    @property
    def chosen_wires(self) -> frozenset[Edge]:
        """The selected wires."""
        return self._chosen_wires

    def choose_wires(self, edges: Iterable[Edge]) -> None:
        """Select exactly these wires."""
        self._chosen_wires = frozenset(edges) & frozenset(self.wires)
        for edge, wire in self.wires.items():
            if wire.chosen != (edge in self._chosen_wires):
                wire.chosen = not wire.chosen
                wire.update()
        self.renew_overview()

    # What is where --------------------------------------------------------------------------------------------------

    def hit(self, place: QPointF, reach: float = 11.0) -> Hit:
        """What lies under a point: ports first, then cards, wires, and comments, but for the corner of a comment.

        Args:
            reach: how far from a port still counts, in canvas pixels.
        """
        around = QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach)
        nodes = [item for item in self.items(around, _BOXES) if isinstance(item, NodeItem)]
        for item in nodes:
            port = item.port_at(place, reach)
            if port is not None:
                return Hit(item, port)
        for item in nodes:
            local = place - item.scenePos()
            if item.explains and item.closeup.badge_area.contains(local):
                return Hit(item, part="badge")
            if item.rect.contains(local):
                if item.closeup.fix_area.contains(local):
                    return Hit(item, part="fix")
                return Hit(item, part="name" if local.y() < 26 else "body")
        comment = self._comment_at(place)
        if comment is not None and comment.grip().contains(place):
            return Hit(comment=comment, part="grip")
        wire = self.wire_at(place)
        return Hit(wire=wire) if wire is not None else Hit(comment=comment)

    def _comment_at(self, place: QPointF) -> CommentItem | None:
        """The topmost comment under a point: the one that was added last."""
        over = (item for item in reversed(self.comments.values()) if item.holds(place))
        return next(over, None)

    def wire_at(self, place: QPointF, apart_from: Iterable[str] = ()) -> WireItem | None:
        """The wire under a point, leaving out those of some nodes."""
        names = set(apart_from)
        for item in self.items(place):
            if isinstance(item, WireItem) and item.edge.source not in names and item.edge.target not in names:
                return item
        return None

    def nodes_in(self, area: QRectF) -> tuple[str, ...]:
        """Names of the nodes whose cards touch an area."""
        return tuple(
            item.name for item in self.items(area, _BOXES) if isinstance(item, NodeItem) and item.box().intersects(area)
        )

    def comments_in(self, area: QRectF) -> tuple[str, ...]:
        """Names of the comments that touch an area."""
        return tuple(name for name, item in self.comments.items() if item.box().intersects(area))

    def taken(self, *, comments: Collection[str] = ()) -> list[QRectF]:
        """Where cards and comments stand, some comments left out."""
        boxes = [item.box() for item in self.nodes.values()]
        return boxes + [item.box() for name, item in self.comments.items() if name not in comments]

    def mark(self, wire: WireItem | None) -> None:
        """Show on which wire a drop would insert."""
        for other in self.wires.values():
            if other.marked != (other is wire):
                other.marked = other is wire
                other.update()
                self.renew_overview()

    # What is drawn --------------------------------------------------------------------------------------------------

    def set_input_note(self, note: str) -> None:
        """Say on the input's card where its data come from."""
        if note != self._note:
            self._note = note
            for item in self.nodes.values():
                item.info = None
            self._refresh()

    def set_badges(self, badges: Mapping[str, Badge]) -> None:
        """Badges of cards without problems, by name on the page shown."""
        if badges == self._badges:  # what was added meanwhile has its own
            return
        self._badges = dict(badges)
        for name, item in self.nodes.items():
            item.set_health(*self._badge(name))

    def _badge(self, name: str) -> Badge:
        return self._badges.get(name, Badge())

    def show_way(self, way: Way | None, aside: frozenset[str] = frozenset()) -> None:
        """Draw on the wires which way a step has just gone, but for those that begin at these nodes."""
        if (way, aside) != (self.way, self.aside):
            self.way, self.aside = way, aside
            for wire in self.wires.values():
                wire.update()

    def show_picture(
        self, picture: Picture | None, names: Iterable[str], classes: tuple[str, ...], ratio: float
    ) -> None:
        """Draw what the picture holds on the named cards; without a picture, clear all cards."""
        if picture is None:
            for item in self.nodes.values():
                item.set_thumbnail(None)
            return
        for name in names:
            item, full = self.nodes[name], self.document.flat_name(name)
            if full is None:
                continue
            face = item.face
            if self.document.opened and face.role is not Role.LAYER:
                # A block's own entrance and exit are values on the way.
                face = replace(face, role=Role.INPUT if full == self._source() else Role.LAYER)
            thumbnail = thumbnail_of(full, face, picture, classes, ratio)
            if thumbnail is not None:
                item.set_thumbnail(thumbnail)

    def forget_pictures(self, names: Container[str]) -> None:
        """Clear the cards that stand for these nodes of the flat network."""
        for name, item in self.nodes.items():
            if item.thumbnail is not None and self.document.flat_name(name) in names:
                item.set_thumbnail(None)

    def _source(self) -> str:
        """The network's input."""
        return next(iter(self.document.flat.inputs), "")

    def _theme_changed(self) -> None:
        self.ink = Ink(theme())
        self.update()

    def positions(self, names: Iterable[str]) -> dict[str, Point]:
        """Where the items of these nodes stand right now, also while they are dragged."""
        return {name: Point(*self.nodes[name].scenePos().toTuple()) for name in names}


def covered(boxes: Iterable[QRectF]) -> QRectF:
    """The smallest rectangle around all of these; empty without any."""
    edges = [box.getCoords() for box in boxes]
    if not edges:
        return QRectF()
    left, top, right, bottom = zip(*edges, strict=True)
    return QRectF(QPointF(min(left), min(top)), QPointF(max(right), max(bottom)))
