"""The open document: one value, its undo stack, its shapes and problems, which graph is shown and what is selected.

Panels and canvas never change anything themselves: they `commit` a new value here and repaint on `changed`. The graph
shown is the network's own or, once a block is opened, its definition's: an edit there changes every instance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from builder.compile.infer import Inference
from builder.compile.network import NetworkInference, infer_network
from builder.graph import steps
from builder.graph.blocks import BLOCK
from builder.graph.model import Block, Graph, Network, Node
from builder.graph.problems import Fix, ProblemError
from builder.layers.base import Layer
from builder.layers.block import PORTS, layer_of
from builder.layers.registry import find
from builder.project.document import Project
from builder.project.edits import apply_fix, definition_at
from builder.project.weights import located, moved


class Document(QObject):
    """The project being edited.

    Attributes:
        value: the project; replaced, never altered.
        known: shapes and problems of the whole network with its blocks, always up to date.
        opened: the blocks that were opened one in another, and which copies; empty while the network itself is shown.
        undo: the stack of edits.
        path: the file it was read from or saved to; None before that.
        selection: names of the selected nodes, in the order in which they were selected.
        chosen_comments: names of the selected comments.
        arrange: gives the nodes that a fix has added their places (old graph, new graph -> new graph placed).
        finish: commits what is being typed over the canvas; called before the value is saved or given up.
    """

    changed = Signal(object, object)  # (old Project, new Project), also on undo and redo
    inferred = Signal(object, object)  # (old, new) Inference of the flat network, right before `changed`
    # (old Project, new Project): an edit was undone or redone, or mended a problem; behind its `changed`
    stepped = Signal(object, object)
    page_changed = Signal(tuple)  # `opened` is another now
    selected = Signal(tuple)  # names of the nodes selected now
    comments_chosen = Signal(tuple)  # names of the comments selected now
    refused = Signal(object)  # a Problem: an edit that could not be made
    path_changed = Signal(object)
    weights_moved = Signal(str, str)  # the setting that names the weights, before and now: the same ones elsewhere
    replaced = Signal()  # another document was opened, behind its `changed`
    clean_changed = Signal(bool)  # whether `value` is what stands in the file

    def __init__(self, value: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.value = value
        self.known: NetworkInference = infer_network(value.network)
        self.opened: steps.Path = ()
        self.undo = QUndoStack(self)
        self.path: Path | None = None
        self.selection: tuple[str, ...] = ()
        self.chosen_comments: tuple[str, ...] = ()
        self.arrange: Callable[[Graph, Graph], Graph] = lambda _old, new: new
        self.finish: Callable[[], None] = lambda: None
        self._gesture = 0
        self._pushing = False
        self._failure: Exception | None = None
        self.undo.indexChanged.connect(self._index_changed)
        # Passed on by this object, since the stack still speaks while it is taken down with us.
        self.undo.cleanChanged.connect(self.clean_changed)

    @property
    def title(self) -> str:
        """What the document is called: its file's name, or before it has one, the project's."""
        return self.path.stem if self.path is not None else self.value.name

    @property
    def located(self) -> Project:
        """The project with the full path of its weights: what is checked, trained and exported."""
        return located(self.value, self.path.absolute().parent if self.path is not None else None)

    # What is shown ----------------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The graph on the canvas."""
        return self.inference.graph

    @property
    def inference(self) -> Inference:
        """What is known of the graph on the canvas."""
        return self.known.page(self.opened)

    @property
    def flat(self) -> Inference:
        """What is known of the network with all blocks written out: what is compiled and trained."""
        return self.known.flat

    @property
    def definition(self) -> Block | None:
        """The block whose inside is shown; None while the network itself is."""
        name = definition_at(self.value.network, self.opened)
        return self.value.network.blocks.get(name) if name is not None else None

    def kind_of(self, node: Node) -> type[Layer] | None:
        """What a node of the graph shown is: a kind of the catalogue, a block's definition, its entrance or exit."""
        if node.kind == BLOCK:
            block = self.value.network.blocks.get(str(node.params.get("definition")))
            return layer_of(block) if block is not None else None
        return type(PORTS[node.kind]) if self.opened and node.kind in PORTS else find(node.kind)

    def instances_of(self, definition: str) -> int:
        """How often a definition is used, in the network and in other definitions; repeats count as one.

        See `copies_of` for what an edit of it changes.
        """
        graphs = [self.value.graph, *(block.graph for block in self.value.network.blocks.values())]
        return sum(
            node.kind == BLOCK and node.params.get("definition") == definition
            for graph in graphs
            for node in graph.nodes.values()
        )

    def copies_of(self, definition: str) -> int:
        """How many copies of a definition the network holds, repeats and those in other blocks counted."""
        return self.known.expansion.copied(definition)

    def full_name(self, name: str) -> str:
        """The dotted name of a node that is shown, a block or not."""
        level = self.known.expansion.level(self.opened)
        return f"{level.prefix if level is not None else ''}{name}"

    def flat_name(self, name: str) -> str | None:
        """The node of the flat graph whose value leaves a node that is shown; None when there is none."""
        if not self.opened and self.flat.graph is self.value.graph:
            return name
        return self.known.flat_name(self.opened, name)

    def shown_as(self, full: str) -> str | None:
        """The card that stands for a node of the flat graph: its own or its block's; None when none is shown."""
        path, name = self.known.expansion.locate(full)
        depth = len(self.opened)
        if path[:depth] != self.opened:
            return None
        return steps.split_step(path[depth])[0] if len(path) > depth else name

    def show_page(self, path: steps.Path) -> None:
        """Show the inside of these blocks, opened one in another; an empty path shows the network."""
        if path == self.opened or self.known.expansion.level(path) is None:
            return
        self.end_gesture()
        kept = self.selection if steps.block_names(path) == steps.block_names(self.opened) else ()
        self.select(())
        self.opened = path
        self.page_changed.emit(path)
        self.select(kept)  # another copy of the same holds the same layers

    def show_copy(self, depth: int, copy: int) -> None:
        """Look into another copy of the opened block at this place of `opened`; copies count from 0."""
        name, _ = steps.split_step(self.opened[depth])
        path = (*self.opened[:depth], steps.step(name, copy), *self.opened[depth + 1 :])
        self.show_page(self.known.expansion.nearest(path))

    def next_copy(self, by: int) -> None:
        """Look into the next copy, or (-1) the one before, of the innermost opened block that is repeated."""
        for depth in reversed(range(len(self.opened))):
            count = self.known.expansion.copies(self.opened[: depth + 1])
            if count > 1:
                _, copy = steps.split_step(self.opened[depth])
                self.show_copy(depth, min(max(0, copy + by), count - 1))
                return

    def open_block(self, name: str) -> bool:
        """Show the inside of a block; tells whether there is one of this name that can be opened."""
        path = (*self.opened, self._worth_opening(name))
        if self.known.expansion.level(path) is None:
            return False
        self.show_page(path)
        return True

    def _worth_opening(self, name: str) -> str:
        """The step into a block: of copies, into the first in which something is wrong."""
        depth = len(self.opened)
        for problem in self.flat.errors:
            path, _ = self.known.expansion.locate(problem.where)
            if path[:depth] == self.opened and len(path) > depth and steps.split_step(path[depth])[0] == name:
                return path[depth]
        return name

    def close_block(self) -> None:
        """Go back to the graph in which the opened block stands, and select the block there."""
        if self.opened:
            left, _ = steps.split_step(self.opened[-1])
            self.show_page(self.opened[:-1])
            self.select([left])

    def go_to(self, full: str) -> bool:
        """Show and select the node of this dotted name, opening the blocks in which it stands."""
        path, name = self.known.expansion.locate(full)
        if full in self.graph.nodes:
            path, name = self.opened, full
        level = self.known.expansion.level(path)
        if level is None or name not in level.graph.nodes:
            return False
        self.show_page(path)
        self.select([name])
        return True

    # Edits ----------------------------------------------------------------------------------------------------------

    def open(self, value: Project, path: Path | None, *, clean: bool = True) -> None:
        """Replace the whole document; what was there is gone from the undo stack too."""
        self.undo.clear()
        if not clean:
            self.undo.resetClean()
        self.path = path
        self.show_page(())
        self.select(())
        self._set(value)
        self.path_changed.emit(path)
        self.replaced.emit()

    def saved_as(self, path: Path, value: Project | None = None) -> None:
        """Note that `value` now stands in this file.

        Args:
            value: what stands there, where that differs in its name or in the place of its weights: it becomes the
                document's. This is no edit, and every step of the undo stack follows it.
        """
        self.path = path
        if value is not None and value != self.value:
            before, now = self.value.training.weights, value.training.weights
            for index in range(self.undo.count()):
                step = self.undo.command(index)
                if isinstance(step, _Swap):
                    step.move_weights(before, now)
                    step.rename(value.name)
            if now != before:
                self.weights_moved.emit(before, now)
            self._set(value)
        self.undo.setClean()
        self.path_changed.emit(path)

    def commit(self, title: str, value: Project, gesture: str = "") -> None:
        """Make `value` the document's value, undoable under `title`.

        Args:
            title: what the edit menu shows behind "Undo": "Move conv1".
            gesture: edits in a row with the same non-empty word (a slider being dragged) undo as one, until
                `end_gesture` or any other edit.
        """
        if value == self.value:
            return
        self._pushing = True
        try:
            self.undo.push(_Swap(self, title, self.value, value, f"{gesture}#{self._gesture}" if gesture else ""))
        finally:
            self._pushing = False
        self._raise_failure()

    def _raise_failure(self) -> None:
        """Raise what went wrong while the stack was at work."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def commit_graph(self, title: str, graph: Graph, gesture: str = "") -> None:
        """`commit` of another graph in the place of the one that is shown."""
        self.commit(title, self.with_page(graph), gesture)

    def with_page(self, graph: Graph, blocks: Network | None = None) -> Project:
        """The project with another graph in the place of the one that is shown.

        Args:
            blocks: a network whose definitions are to be the project's.
        """
        network = self.value.network
        if blocks is not None and blocks.blocks is not network.blocks:
            network = replace(network, blocks=blocks.blocks)
        definition = definition_at(network, self.opened)
        if definition is not None:
            block = network.blocks[definition]
            network = network if block.graph is graph else network.with_block(replace(block, graph=graph))
        elif graph is not network.graph:
            network = network.with_graph(graph)
        return self.value if network is self.value.network else replace(self.value, network=network)

    def apply_fix(self, fix: Fix) -> None:
        """Carry out what a problem offers."""
        try:
            value = apply_fix(self.value, fix)
            if not self.opened:
                value = value.with_graph(self.arrange(self.graph, value.graph))
            old = self.value
            self.commit(fix.title, value)
            self.stepped.emit(old, self.value)
        except ProblemError as error:
            self.refused.emit(error.problems[0])

    def end_gesture(self) -> None:
        """What comes next does not merge with what came before (mouse released, focus left, undone)."""
        self._gesture += 1

    def _index_changed(self, _index: int) -> None:
        # Qt would merge an edit into the top of the stack even right after an undo: a new token prevents it.
        if not self._pushing:
            self.end_gesture()
            self._raise_failure()

    def select(self, names: Iterable[str], comments: Iterable[str] = ()) -> None:
        """Select exactly these nodes and comments of the graph that is shown."""
        graph = self.graph
        chosen = tuple(dict.fromkeys(name for name in names if name in graph.nodes))
        written = tuple(dict.fromkeys(name for name in comments if name in graph.comments))
        if written != self.chosen_comments:
            self.chosen_comments = written
            self.comments_chosen.emit(written)
        if chosen != self.selection:
            self.selection = chosen
            self.selected.emit(chosen)

    def _set(self, value: Project) -> None:
        known = infer_network(value.network, self.known)  # before anything has changed, should it fail
        old, self.value = self.value, value
        before, self.known = self.known, known
        page = self.opened
        self.opened = self.known.expansion.nearest(page)  # the block that was open may be gone
        if self.known.flat is not before.flat:
            self.inferred.emit(before.flat, self.known.flat)
        if self.opened != page:
            self.page_changed.emit(self.opened)
        self.changed.emit(old, value)
        self.select(self.selection, self.chosen_comments)


class _Swap(QUndoCommand):
    """The only undo command: swaps two values."""

    def __init__(self, document: Document, title: str, old: Project, new: Project, gesture: str) -> None:
        super().__init__(title)
        self._document, self._old, self._new, self._gesture = document, old, new, gesture

    def id(self) -> int:
        return 1 if self._gesture else -1

    def move_weights(self, before: str, now: str) -> None:
        """The weights that were at one place are at another."""
        self._old = moved(self._old, before, now)
        self._new = moved(self._new, before, now)

    def rename(self, name: str) -> None:
        """The project is called so, whichever step is undone."""
        self._old, self._new = replace(self._old, name=name), replace(self._new, name=name)

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Swap) or other._gesture != self._gesture:
            return False
        self._new = other._new
        self.setObsolete(self._new == self._old)
        return True

    def undo(self) -> None:
        self._go(self._old)

    def redo(self) -> None:
        self._go(self._new)

    def _go(self, value: Project) -> None:
        # No exception may pass through Qt: its stack would keep a command that Python then frees, and die of it later.
        before, fresh = self._document.value, self._document._pushing
        try:
            self._document._set(value)
            if not fresh:
                self._document.stepped.emit(before, value)
        except Exception as error:
            self._document._failure = error
            self.setObsolete(True)  # the stack lets go of it
