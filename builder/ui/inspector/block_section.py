"""What the layer panel shows of a block beside its form: its definition, how often it repeats, and what it holds."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from builder.graph.expression import reference
from builder.layers.base import show
from builder.layers.block import BlockInput, BlockOutput
from builder.ui.document import Document
from builder.ui.inspector.form import Row
from builder.ui.inspector.panel import Figures
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import label
from builder.ui.widgets.number import NumberEdit
from builder.ui.widgets.scale import Scale
from builder.ui.widgets.section import Section
from builder.ui.words import sentence

MOST_REPEATS = 1000  # by hand; a file may hold more


class BlockSection(Section):
    """Repeat, uses and contents of one block.

    Attributes:
        independence_asked: the block is to have a definition of its own.
        repeat_edited: (number or `{"$": expression}`, gesture) how often it is to stand in a row.
        repeat: the row of the number; inside: the layers that it holds, with their shapes.
    """

    repeat_edited = Signal(object, bool)
    gesture_ended = Signal()
    independence_asked = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._document = document
        self._name = ""
        self.repeat = Row("Repeat", NumberEdit(Scale(1, 16, whole=True), whole=True), "How many stand in a row.")
        self.repeat.edited.connect(self._repeat_wished)
        self.repeat.misread.connect(self.repeat.refuse)
        self.repeat.finished.connect(self.gesture_ended)
        self.repeat.expressed.connect(lambda text: self.repeat_edited.emit({"$": text}, False))
        self.add(self.repeat)
        self.uses = label("", "muted", wrap=True)
        self.open = PushButton("Open the block")
        self.open.setToolTip("Show what it holds, on the canvas (double click, Alt+Down)")
        self.open.clicked.connect(lambda: document.open_block(self._name))
        self.own = PushButton("Make independent")
        self.own.setToolTip("Give this block a definition of its own, so that an edit inside changes no other")
        self.own.clicked.connect(self.independence_asked)
        self.add(self.uses)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.open)
        row.addWidget(self.own)
        row.addStretch(1)
        self.add(line)
        self._list = Section("Inside")
        self.inside = Figures()
        self._list.add(self.inside)
        self.add(self._list)

    def show_block(self, name: str) -> None:
        """Show an instance on the page."""
        self._name = name
        document = self._document
        node = document.graph.nodes[name]
        stored = node.params.get("repeat", 1)
        level = document.known.expansion.level((*document.opened, name))
        written = document.known.expansion.level(document.opened)
        shown = written.instances[name].instance if written is not None and name in written.instances else None
        editor = self.repeat.editor
        if isinstance(editor, NumberEdit):
            editor.takes_expressions = document.definition is not None
        self.repeat.show_value(shown.repeat if shown is not None else stored)
        self.repeat.show_expression(reference(stored) or "")
        definition = str(node.params.get("definition"))
        places, copies = document.instances_of(definition), document.copies_of(definition)
        self.uses.setText(uses(definition, places, copies))
        self.own.setVisible(places > 1)
        first = next((p for p in document.inference.nodes[name].problems if p.field == "repeat"), None)
        self.repeat.show_trouble(sentence(first.message) if first is not None else "")
        self.open.setEnabled(level is not None)
        self._list.setVisible(level is not None)
        if level is not None:
            self.inside.show_rows(_contents(document, (*document.opened, name)))

    def _repeat_wished(self, value: object, gesture: bool) -> None:
        if not isinstance(value, int) or not 1 <= value <= MOST_REPEATS:
            self.repeat.refuse(f"From 1 to {MOST_REPEATS:,}.")
            return
        self.repeat.accept(value)
        self.repeat_edited.emit(value, gesture)


def uses(definition: str, places: int, copies: int) -> str:
    """How often a definition stands in the network, in words: places where it was put, and all copies of these."""
    words = f"{definition} is used in {places} place{'s' * (places != 1)}"
    return f"{words}, {copies:,} copies in all." if copies > max(1, places) else f"{words}."


def _contents(document: Document, path: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each layer of an opened graph, in order of execution, with its shape."""
    page = document.known.page(path)
    rows = []
    for name in page.order:
        info = page.nodes[name]
        if not isinstance(info.layer, BlockInput | BlockOutput):
            rows.append((name, show(info.output) if info.output is not None else "?"))
    return rows


def contents(document: Document) -> list[tuple[str, str]]:
    """The same of the graph that is shown."""
    return _contents(document, document.opened)
