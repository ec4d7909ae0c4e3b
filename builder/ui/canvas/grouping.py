"""What one does with blocks on the canvas: group, take apart, repeat, put one there, edit its definition.

Each is one commit to the document. Knows no mouse and no menu.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF

from builder.graph import blocks as rules
from builder.graph import edits
from builder.graph.blocks import BLOCK
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Block, Graph, Network, Node, Point
from builder.graph.problems import ProblemError
from builder.project.block_library import keep, kept
from builder.ui.canvas import layout
from builder.ui.canvas.scene import CanvasScene
from builder.ui.palette import OWN_BLOCK
from builder.ui.words import told


class Grouping:
    """The verbs for blocks. `say` gets a sentence when something cannot be done."""

    def __init__(self, scene: CanvasScene, say: Callable[[str], None]) -> None:
        self._scene, self._document, self._say = scene, scene.document, say
        self.kept: Callable[[], None] = lambda: None  # told when the library holds another block

    # Of the selection -----------------------------------------------------------------------------------------------

    def group(self) -> str:
        """Put the selection into a new block; returns the name of its instance, empty when that cannot be."""
        blocks = self._document.value.network.blocks
        graph = self._scene.graph
        names = self._document.selection
        definition = next(name for number in range(1, 10_000) if (name := f"Block{number}") not in blocks)
        instance = edits.free_name(graph, "block")
        try:
            after = rules.group(Network(graph, blocks), names, instance, definition, self._document.chosen_comments)
        except ProblemError as error:
            self._refuse(error)
            return ""
        closed = self._closed_up(graph, after.graph, frozenset(names), instance)
        title = f"Group {len(names)} layer{'s' * (len(names) != 1)}"
        self._commit(title, closed, Network(after.graph, after.blocks), (instance,))
        return instance

    def _closed_up(self, before: Graph, after: Graph, gone: frozenset[str], instance: str) -> Graph:
        """What stands right of the new block, moved so that no hole is left where the layers stood."""
        sizes = self._scene.sizes()
        places = [(before.positions[name], sizes[name]) for name in gone if name in before.positions]
        if instance not in after.positions or not places:
            return after
        left = min(place.x for place, _ in places)
        right = max(place.x + size.width() for place, size in places)
        top = min(place.y for place, _ in places)
        bottom = max(place.y + size.height() for place, size in places)
        card = self._scene.sizes_for(Graph.of([after.nodes[instance]]))[instance]
        spare = right - left - card.width()
        middle = (top + bottom - card.height()) / 2 if bottom - top < 2 * card.height() else top
        box = QRectF(QPointF(left, middle), card)
        others = [QRectF(QPointF(*place), sizes[name]) for name, place in after.positions.items() if name in sizes]
        if any(box.intersects(other) for other in others):  # layers of several rows: it stands for the first of them
            first, size = min(places, key=lambda one: (one[0].y + one[1].height() / 2, one[0].x))
            return edits.move(after, {instance: Point(first.x, first.y + (size.height() - card.height()) / 2)})
        moved = {instance: Point(left, middle)}
        for name, place in after.positions.items():
            high = sizes[name].height() if name in sizes else 0.0
            if name != instance and place.x >= right and place.y < bottom and place.y + high > top:
                moved[name] = Point(place.x - max(0.0, spare), place.y)
        return edits.move(after, moved)

    def take_apart(self) -> None:
        """Put what the selected blocks hold in their place."""
        graph, blocks = self._scene.graph, self._document.value.network.blocks
        names = self.chosen()
        if not names:
            self._say("Select a block to take it apart.")
            return
        before = graph.nodes.keys()
        try:
            for name in names:
                apart = rules.ungroup(graph, name, blocks)
                sizes = {**self._scene.sizes_for(graph), **self._scene.sizes_for(apart)}
                graph = layout.unfold(graph, apart, name, sizes)
        except ProblemError as error:
            self._refuse(error)
            return
        fresh = tuple(name for name in graph.nodes if name not in before)
        self._commit(f"Take {names[0] if len(names) == 1 else f'{len(names)} blocks'} apart", graph, None, fresh)

    def chosen(self) -> tuple[str, ...]:
        """The blocks in the selection."""
        nodes = self._document.graph.nodes
        return tuple(name for name in self._document.selection if nodes[name].kind == BLOCK)

    # Of one instance ------------------------------------------------------------------------------------------------

    def make_unique(self) -> None:
        """Give the selected block a definition of its own, so that an edit inside changes no other."""
        chosen = self.chosen()
        if not chosen:
            self._say("Select a block to make it independent of the others of its kind.")
            return
        before = Network(self._document.graph, self._document.value.network.blocks)
        name = chosen[-1]
        try:
            after = rules.made_unique(before, name)
        except ProblemError as error:
            self._refuse(error)
            return
        self._commit(f"Make {name} independent", after.graph, after, (name,))
        self._say(f"{name} is a {after.graph.nodes[name].params['definition']} now: nothing else is.")

    def remove_unused(self) -> None:
        """Drop the project's definitions that nothing uses."""
        document = self._document
        before = document.value.network
        after = rules.without_unused(before)
        gone = [name for name in before.blocks if name not in after.blocks]
        if not gone:
            self._say("Every block of this project is in use.")
            return
        document.commit("Remove unused blocks", replace(document.value, network=after))
        self._say(f"Removed {', '.join(gone)}: nothing uses {'it' if len(gone) == 1 else 'them'}.")

    # Putting one there ----------------------------------------------------------------------------------------------

    def new_instance(self, kind: str) -> tuple[Node, FrozenDict[str, Block]]:
        """A node for a block that the palette offers, and the project's definitions with those that it brings."""
        blocks = self._document.value.network.blocks
        _, _, definition = kind.partition(":")
        node = Node(edits.free_name(self._scene.graph, _stem(definition)), BLOCK, freeze({"definition": definition}))
        if kind.startswith(OWN_BLOCK) or definition not in (library := kept()):
            return node, blocks
        blocks, piece = rules.adopt(blocks, Graph.of([node]), library[definition].blocks)
        return piece.nodes[node.name], blocks

    def keep(self) -> None:
        """Put the definition of the selected block, or of the one that is open, into the library."""
        chosen, blocks = self.chosen(), self._document.value.network.blocks
        name = str(self._document.graph.nodes[chosen[-1]].params.get("definition")) if chosen else ""
        block = blocks.get(name) if name else self._document.definition
        if block is None:
            self._say("Select a block to keep it for other projects.")
            return
        try:
            keep(block, blocks)
        except ProblemError as error:
            self._refuse(error)
            return
        self._say(f"{block.name} is in the library: the palette offers it in every project.")
        self.kept()

    def may_hold(self, piece: Graph, blocks: Mapping[str, Block]) -> bool:
        """Whether nodes can be put onto the page shown: a block cannot hold itself. Says so when not."""
        open_ = self._document.definition
        for node in piece.nodes.values():
            name = str(node.params.get("definition"))
            if node.kind == BLOCK and open_ is not None and rules.holds(blocks, name, open_.name):
                self._say(f"The block {open_.name} cannot hold itself.")
                return False
        return True

    def _commit(self, title: str, graph: Graph, blocks: Network | None, select: tuple[str, ...]) -> None:
        self._document.commit(title, self._document.with_page(graph, blocks))
        self._document.end_gesture()
        self._document.select(select)

    def _refuse(self, error: ProblemError) -> None:
        self._say(told(error.problems[0]))


def _stem(name: str) -> str:
    return name.lower() if name.isidentifier() else "block"
