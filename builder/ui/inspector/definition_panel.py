"""An opened block while none of its layers is selected: its name, its parameters, and what it holds.

Every edit goes through the document and changes every instance.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from builder.graph.block_parameters import add_parameter, remove_parameter, rename_parameter, set_default
from builder.graph.blocks import rename_block
from builder.graph.frozen import thaw
from builder.graph.model import Block, BlockParameter, Network
from builder.graph.problems import ProblemError
from builder.ui import icons
from builder.ui.document import Document
from builder.ui.inspector.block_section import contents, uses
from builder.ui.inspector.fields import TextEdit
from builder.ui.inspector.panel import Figures, Panel
from builder.ui.theme import font
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import label
from builder.ui.widgets.number import ENTRY_WIDTH, Entry
from builder.ui.widgets.section import Section
from builder.ui.words import told


class DefinitionPanel(Panel):
    """The definition of the opened block.

    Attributes:
        name, help: its entries; parameters: name and default entry of each parameter.
        error: what is wrong with what was typed last.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._shown: Block | None = None
        self.name = Entry()
        self.name.setProperty("role", "title")
        self.name.setAccessibleName("Name of the block")
        self.name.setToolTip("The block's name, also in the code; click to change it")
        self.name.entered.connect(self._rename)
        self.uses = label("", "muted", wrap=True)
        self.error = label("", "bad", wrap=True)
        self.error.hide()
        self.help = TextEdit()
        self.help.setPlaceholderText("What it does, in a sentence")
        self.help.setAccessibleName("What the block does")
        self.help.edited.connect(self._set_help)
        self._parameters = Section("Parameters")
        self.parameters: list[tuple[Entry, Entry]] = []
        self.add_button = PushButton("Add a parameter")
        self.add_button.clicked.connect(self._add)
        hint = "A layer inside follows a parameter when its field says so: type =channels, or =2*channels."
        self._inside = Section("Inside")
        self.inside = Figures()
        self._inside.add(self.inside)
        rows: tuple[QWidget, ...] = (
            self.name, self.uses, self.error, self.help, self._parameters, self.add_button,
            label(hint, "note", wrap=True), self._inside,
        )  # fmt: skip
        for widget in rows:
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def renew(self) -> None:
        """Show the definition that is open now."""
        block = self._document.definition
        if block is None:
            self._shown = None
            return
        self.uses.setText(
            uses(block.name, self._document.instances_of(block.name), self._document.copies_of(block.name))
        )
        self.inside.show_rows(contents(self._document))
        if self._shown is not None and (self._shown.name, self._shown.parameters, self._shown.help) == (
            block.name, block.parameters, block.help
        ):  # fmt: skip
            return
        self._shown = block
        self._say("")
        self.name.show_text(block.name)
        self.help.set_value(block.help)
        self.help.setToolTip(block.help)  # longer than the field, as a rule
        self._parameters.clear()
        self.parameters = []
        for parameter in block.parameters:
            self._parameters.add(self._row(parameter))
        self._parameters.setVisible(bool(block.parameters))

    def _row(self, parameter: BlockParameter) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        name, default = Entry(), Entry()
        name.show_text(parameter.name)
        name.setAccessibleName("Name of the parameter")
        default.show_text(_text(thaw(parameter.default)))
        default.setFont(font(mono=True))
        default.setFixedWidth(2 * ENTRY_WIDTH)
        default.setAccessibleName(f"Default of {parameter.name}")
        default.setToolTip("Its value where an instance gives none")
        remove = QToolButton()
        remove.setIconSize(QSize(14, 14))
        icons.dress(remove, "close", "muted")
        remove.setToolTip(f"Remove {parameter.name}; its default takes its place")
        remove.setAccessibleName(f"Remove {parameter.name}")
        name.entered.connect(lambda text: self._rename_parameter(parameter.name, text))
        default.entered.connect(lambda text: self._set_default(parameter.name, text))
        remove.clicked.connect(lambda: self._remove(parameter.name))
        for widget in (name, default, remove):
            row.addWidget(widget)
        self.parameters.append((name, default))
        return made

    # Edits ----------------------------------------------------------------------------------------------------------

    def _rename(self, new: str) -> None:
        if self._shown is not None:
            old = self._shown.name
            self._do(f"Rename {old}", lambda network: rename_block(network, old, new.strip()))

    def _set_help(self, text: str, _gesture: bool) -> None:
        block = self._document.definition
        if block is not None:
            changed = replace(block, help=text)
            self._do(f"Describe {block.name}", lambda network: network.with_block(changed))

    def _add(self) -> None:
        block = self._document.definition
        if block is None:
            return
        taken = {parameter.name for parameter in block.parameters}
        first = [name for name in ("channels", "stride") if name not in taken]
        name = next((n for n in (*first, *(f"number{i}" for i in range(1, 1000))) if n not in taken), "number")
        default = 1 if name == "stride" else 16
        self._do(f"Add {name}", lambda network: add_parameter(network, block.name, name, default))
        if self.parameters:
            self.parameters[-1][0].setFocus()
            self.parameters[-1][0].selectAll()

    def _remove(self, name: str) -> None:
        if self._shown is not None:
            definition = self._shown.name
            self._do(f"Remove {name}", lambda network: remove_parameter(network, definition, name))

    def _rename_parameter(self, old: str, new: str) -> None:
        if self._shown is not None:
            definition = self._shown.name
            self._do(f"Rename {old}", lambda network: rename_parameter(network, definition, old, new.strip()))

    def _set_default(self, name: str, text: str) -> None:
        if self._shown is not None:
            definition = self._shown.name
            self._do(f"Change {name}", lambda network: set_default(network, definition, name, _value(text)))

    def _do(self, title: str, edit: Any) -> None:
        value = self._document.value
        try:
            network: Network = edit(value.network)
        except ProblemError as error:
            problem = error.problems[0]
            self._say(told(problem))
            return
        self._say("")
        self._document.commit(title, replace(value, network=network))
        self._document.end_gesture()

    def _say(self, message: str) -> None:
        self.error.setText(message)
        self.error.setVisible(bool(message))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(text: str) -> Any:
    """What was typed: a number, a switch, or a word."""
    try:
        value = json.loads(text)
    except ValueError:
        return text.strip()
    return value if isinstance(value, bool | int | float | str) else text.strip()
