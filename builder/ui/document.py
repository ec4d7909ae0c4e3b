"""The open document: one value, its undo stack, its shapes and problems, and what is selected.

Panels and canvas never change anything themselves: they `commit` a new value here and repaint on `changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from builder.compile.infer import Inference, infer
from builder.graph.model import Graph
from builder.graph.problems import Fix, ProblemError
from builder.project.document import Project
from builder.project.edits import apply_fix


class Document(QObject):
    """The project being edited.

    Attributes:
        value: the project; replaced, never altered.
        inference: shapes and problems of `value`'s graph, always up to date.
        undo: the stack of edits.
        path: the file it was read from or saved to; None before that.
        selection: names of the selected nodes, in the order in which they were selected.
        arrange: gives the nodes that a fix has added their places (old graph, new graph -> new graph placed).
    """

    changed = Signal(object, object)  # (old Project, new Project), also on undo and redo
    inferred = Signal(object, object)  # (old Inference, new Inference), right before `changed`
    selected = Signal(tuple)  # names of the nodes selected now
    refused = Signal(object)  # a Problem: an edit that could not be made
    path_changed = Signal(object)
    clean_changed = Signal(bool)  # whether `value` is what stands in the file

    def __init__(self, value: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.value = value
        self.inference: Inference = infer(value.graph)
        self.undo = QUndoStack(self)
        self.path: Path | None = None
        self.selection: tuple[str, ...] = ()
        self.arrange: Callable[[Graph, Graph], Graph] = lambda _old, new: new
        self._gesture = 0
        self._pushing = False
        self.undo.indexChanged.connect(self._index_changed)
        # Passed on by this object, since the stack still speaks while it is taken down with us.
        self.undo.cleanChanged.connect(self.clean_changed)

    @property
    def graph(self) -> Graph:
        """The graph on the canvas."""
        return self.value.graph

    def open(self, value: Project, path: Path | None, *, clean: bool = True) -> None:
        """Replace the whole document; what was there is gone from the undo stack too."""
        self.undo.clear()
        if not clean:
            self.undo.resetClean()
        self.path = path
        self.select(())
        self._set(value)
        self.path_changed.emit(path)

    def saved_as(self, path: Path) -> None:
        """Note that `value` now stands in this file."""
        self.path = path
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

    def commit_graph(self, title: str, graph: Graph, gesture: str = "") -> None:
        """`commit` of another graph."""
        self.commit(title, self.value.with_graph(graph), gesture)

    def apply_fix(self, fix: Fix) -> None:
        """Carry out what a problem offers."""
        try:
            value = apply_fix(self.value, fix)
            self.commit(fix.title, value.with_graph(self.arrange(self.graph, value.graph)))
        except ProblemError as error:
            self.refused.emit(error.problems[0])

    def end_gesture(self) -> None:
        """What comes next does not merge with what came before (mouse released, focus left, undone)."""
        self._gesture += 1

    def _index_changed(self, _index: int) -> None:
        # Qt would merge an edit into the top of the stack even right after an undo: a new token prevents it.
        if not self._pushing:
            self.end_gesture()

    def select(self, names: Iterable[str]) -> None:
        """Select exactly these nodes."""
        chosen = tuple(dict.fromkeys(name for name in names if name in self.value.graph.nodes))
        if chosen != self.selection:
            self.selection = chosen
            self.selected.emit(chosen)

    def _set(self, value: Project) -> None:
        old, self.value = self.value, value
        old_inference, self.inference = self.inference, infer(value.graph, self.inference)
        if self.inference is not old_inference:
            self.inferred.emit(old_inference, self.inference)
        self.changed.emit(old, value)
        self.select(self.selection)


class _Swap(QUndoCommand):
    """The only undo command: swaps two values."""

    def __init__(self, document: Document, title: str, old: Project, new: Project, gesture: str) -> None:
        super().__init__(title)
        self._document, self._old, self._new, self._gesture = document, old, new, gesture

    def id(self) -> int:
        return 1 if self._gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Swap) or other._gesture != self._gesture:
            return False
        self._new = other._new
        self.setObsolete(self._new == self._old)
        return True

    def undo(self) -> None:
        self._document._set(self._old)

    def redo(self) -> None:
        self._document._set(self._new)
