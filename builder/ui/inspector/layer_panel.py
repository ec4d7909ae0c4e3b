"""The selected layer: its parameters, what is wrong with it, its arithmetic and what it is for.

Every edit goes through the document; this panel only shows what the document holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QStackedLayout, QWidget

from builder.compile.analysis import ReceptiveField, receptive_fields
from builder.compile.infer import Inference, NodeInfo
from builder.compile.plan import make_plan
from builder.graph import edits
from builder.graph.blocks import BLOCK
from builder.graph.expression import evaluate, reference
from builder.graph.frozen import thaw
from builder.graph.model import Node
from builder.graph.problems import Fix, Problem, ProblemError
from builder.layers.base import Formula, Layer, show, show_pair
from builder.layers.registry import find
from builder.ui import node_edits
from builder.ui.document import Document
from builder.ui.inspector.block_section import BlockSection
from builder.ui.inspector.definition_panel import DefinitionPanel
from builder.ui.inspector.form import Form
from builder.ui.inspector.header import Header
from builder.ui.inspector.help_card import HelpCard
from builder.ui.inspector.panel import Panel, ProblemColumn
from builder.ui.inspector.params import with_argument, with_param
from builder.ui.inspector.summary import SelectionSummary
from builder.ui.widgets.formula import FormulaBox
from builder.ui.widgets.labels import label
from builder.ui.widgets.section import Section
from builder.ui.words import sentence, told

_KEPT = 8  # forms: the kinds of layers of most networks


class LayerPanel(QWidget):
    """One layer, or a summary of the network or of several layers.

    Attributes:
        form: the form of the selected layer; None when there is none.
        arithmetic: the formula boxes shown, by title.
        mended: a problem was mended by the keyboard: its button, which had the focus, is gone.
    """

    mended = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._name = ""
        self.form: Form | None = None
        self._forms: dict[type[Layer], Form] = {}  # by kind, those that were used last at the end
        self.arithmetic: dict[str, FormulaBox] = {}
        self._looks: tuple[tuple[str, bool, bool], ...] = ()  # for each formula its title, and which forms it has
        self._boxes: dict[tuple[str, bool, bool], tuple[Section, FormulaBox]] = {}
        self._fields: tuple[Inference, dict[str, ReceptiveField | None]] | None = None
        self._stack = QStackedLayout(self)
        self._one = Panel()
        self.summary = SelectionSummary(document)
        self._others: tuple[Problem, ...] = ()
        self._stack.addWidget(self.summary)
        self._stack.addWidget(self._one)
        self.definition = DefinitionPanel(document)
        self._stack.addWidget(self.definition)
        self._build()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._follow)
        document.selected.connect(self._renew)
        document.changed.connect(self._renew)
        document.page_changed.connect(self._renew)
        self._renew()

    def _build(self) -> None:
        column = self._one.column
        self.header = Header()
        self.header.rename_asked.connect(self._rename)
        self.problems = ProblemColumn()
        self.problems.fix_asked.connect(self._mend)
        self.flow = label("", "figure", select=True)
        self.flow.setToolTip("Shapes of input and output, for one sample")
        self._form_place = Section()
        self.block = BlockSection(self._document)
        self.block.repeat_edited.connect(self._repeat)
        self.block.gesture_ended.connect(self._document.end_gesture)
        self._sums = Section()
        self._sums.body.layout().setSpacing(10)  # type: ignore[union-attr]
        self._field = Section("Receptive field")
        self._field.setToolTip("The part of the input picture that one output cell depends on")
        self.field_text = FormulaBox("", "–")
        self._field.add(self.field_text)
        self.help = HelpCard()
        for widget in (
            self.header, self.problems, self._form_place, self.block, self.flow, self._sums, self._field, self.help
        ):  # fmt: skip
            column.addWidget(widget)
        column.addStretch(1)

    # What is selected -----------------------------------------------------------------------------------------------

    def _renew(self, *_news: object) -> None:
        # While an edit is told, the selection may still name a layer that it removed or renamed.
        nodes = self._document.inference.nodes
        selection = [name for name in self._document.selection if name in nodes]
        if len(selection) != 1:
            self._name = ""
            panel = self.definition if self._document.definition is not None and not selection else self.summary
            self._stack.setCurrentWidget(panel)
            panel.renew()
            return
        name = selection[0]
        info = nodes[name]
        layer = self._document.kind_of(info.node)
        fresh = name != self._name
        self._name = name
        is_block = info.node.kind == BLOCK
        self.header.show_node(name, _kind_words(info.node, layer), layer, fresh=fresh)
        self.block.setVisible(is_block)
        if is_block:
            self.block.show_block(name)
        self._show_form(layer, info, fresh=fresh)
        inside = self.form.kind.model_fields if self.form is not None else {}
        self.problems.show_problems(p for p in self._own_problems(info) if p.field not in inside or p.fix)
        self._show_arithmetic(info)
        self.help.show_layer(layer, info.node.kind)
        self._later.start()
        if fresh:
            self._one.verticalScrollBar().setValue(0)
        self._stack.setCurrentWidget(self._one)

    def set_problems(self, found: tuple[Problem, ...]) -> None:
        """All problems of the project, which know more than the layer: whether it goes with the data, and its size."""
        known = {problem.code for problem in self._document.flat.problems()}
        others = tuple(problem for problem in found if problem.code not in known)
        if others != self._others:
            self._others = others
            self.summary.set_problems(others)
            self._renew()

    def _own_problems(self, info: NodeInfo) -> tuple[Problem, ...]:
        name = info.node.name
        network = tuple(p for p in self._document.inference.network if p.where == name)
        full = self._document.flat_name(name)
        return (*info.problems, *network, *(p for p in self._others if full is not None and p.where == full))

    def _show_form(self, layer: type[Layer] | None, info: NodeInfo, *, fresh: bool) -> None:
        wanted = layer if layer is not None and layer.model_fields else None
        if (self.form.kind if self.form is not None else None) is not wanted:
            if self.form is not None:
                self.form.hide()
            self.form = self._form_of(wanted) if wanted is not None else None
            if self.form is not None:
                self.form.show()
        self._form_place.setVisible(self.form is not None)
        if self.form is not None:
            self.form.show_values(info.layer if info.layer is not None else self._stored(info), info.problems)
            if fresh:
                self.form.reset()
            self.form.show_expressions(self._expressions(info) if self._document.definition is not None else None)

    def _form_of(self, kind: type[Layer]) -> Form:
        """The form of a kind; a few are kept, since making one takes longer than all else that a selection changes."""
        form = self._forms.pop(kind, None)
        if form is None:
            form = Form(kind)
            form.edited.connect(self._edit)
            form.expressed.connect(self._express)
            form.gesture_ended.connect(self._document.end_gesture)
            self._form_place.add(form)
        self._forms[kind] = form
        while len(self._forms) > _KEPT:
            old = self._forms.pop(next(iter(self._forms)))
            old.setParent(None)
            old.deleteLater()
        return form

    @staticmethod
    def _stored(info: NodeInfo) -> dict[str, Any]:
        """Values as they are written, where they make no layer."""
        params = info.node.params.get("arguments", {}) if info.node.kind == BLOCK else info.node.params
        return thaw(params) if isinstance(params, Mapping) else {}

    def _expressions(self, info: NodeInfo) -> dict[str, str]:
        """The fields that follow a parameter of the block, and how."""
        params = info.node.params.get("arguments", {}) if info.node.kind == BLOCK else info.node.params
        texts = {name: reference(value) for name, value in params.items()} if isinstance(params, Mapping) else {}
        return {name: text for name, text in texts.items() if text is not None}

    def _show_arithmetic(self, info: NodeInfo, *, made_now: bool = False) -> None:
        """Show the layer's formulas; those that no layer has had before are made behind the selection."""
        layer, output = info.layer, info.output
        shapes = [show(shape) for shape in info.known_inputs]
        if output is not None and layer is not None:
            arrow = " + ".join(shapes)
            self.flow.setText(f"{arrow} → {show(output)}" if arrow and layer.ports.outputs else show(output))
        else:
            self.flow.setText(" + ".join(shapes) + " → ?" if shapes else "")
        self.flow.setVisible(bool(self.flow.text()))
        formulas: tuple[Formula, ...] = ()
        if layer is not None and output is not None:
            formulas = layer.formulas(info.known_inputs, output)
        looks = tuple((f.title, bool(f.general), bool(f.numbers)) for f in formulas)
        if looks != self._looks:
            if not made_now and not self._boxes.keys() >= set(looks):
                self._sums.hide()
                return
            self._looks = looks
            self._place_arithmetic(formulas)
        for formula in formulas:
            self.arithmetic[formula.title].set_text(formula.general, formula.numbers)
        self._sums.setVisible(bool(formulas))

    def _place_arithmetic(self, formulas: tuple[Formula, ...]) -> None:
        """Show a box for each formula, in this order. They are kept: a layer has few that no other has."""
        for section, _ in self._boxes.values():
            section.hide()
        self.arithmetic = {}
        for place, (formula, look) in enumerate(zip(formulas, self._looks, strict=True)):
            if look not in self._boxes:
                box = FormulaBox(formula.general, formula.numbers)
                self._boxes[look] = Section(formula.title), box
                self._boxes[look][0].add(box)
            section, self.arithmetic[formula.title] = self._boxes[look]
            self._sums.add(section, place)
            section.show()

    def _follow(self) -> None:
        """What takes longer follows behind the edit."""
        info = self._document.inference.nodes.get(self._name)
        if info is not None:
            self._show_arithmetic(info, made_now=True)
        self._show_field()

    def _show_field(self) -> None:
        """The receptive field needs the whole network."""
        inference = self._document.flat
        name = self._document.flat_name(self._name) if self._name in self._document.graph.nodes else None
        if not self.isVisible() or name is None:
            self._field.hide()
            return
        if self._fields is None or self._fields[0] is not inference:
            try:
                self._fields = (inference, receptive_fields(make_plan(inference)))
            except ProblemError:
                self._fields = (inference, {})
        field = self._fields[1].get(name)
        self._field.setVisible(name in self._fields[1])
        self.field_text.set_text("", field_text(field))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._later.start()

    def take_keys(self) -> None:
        """Let the keyboard go to what mends the layer's problem, else to its first setting."""
        buttons = [button for card in self.problems.cards for button in card.buttons]
        if self._stack.currentWidget() is not self._one:
            return
        if buttons:
            buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
        elif self.form is not None:
            self.form.focus(next(iter(self.form.paths()), ""))

    # Edits ----------------------------------------------------------------------------------------------------------

    def _mend(self, fix: Fix) -> None:
        focused = QApplication.focusWidget()
        pressed = focused is not None and self.problems.isAncestorOf(focused)
        self._document.apply_fix(fix)
        if pressed:
            self.mended.emit()

    def _edit(self, path: str, value: object, gesture: bool) -> None:
        graph = self._document.graph
        if self._name not in graph.nodes:
            return
        if graph.nodes[self._name].kind == BLOCK:
            act = f"{self._name}.{path}" if gesture else ""
            self._commit(f"Change {self._name}", with_argument(self._document, self._name, path, value), act)
            return
        params = with_param(graph.nodes[self._name], path, value)
        self._commit(f"Change {self._name}", params, f"{self._name}.{path}" if gesture else "")

    def _commit(self, title: str, params: Mapping[str, Any], act: str = "") -> None:
        self._document.commit_graph(title, edits.set_params(self._document.graph, self._name, params), act)

    def _express(self, field: str, text: str) -> None:
        """Let a field follow the parameters of the block that is open."""
        definition = self._document.definition
        if definition is None or self.form is None:
            return
        try:
            evaluate(text, {parameter.name: parameter.default for parameter in definition.parameters})
        except ProblemError as error:
            problem = error.problems[0]
            self.form.row(field).refuse(sentence(problem.message))
            return
        self._edit(field, {"$": text}, False)

    def _repeat(self, value: object, gesture: bool) -> None:
        text = reference(value)
        definition = self._document.definition
        if text is not None and definition is not None:
            try:
                evaluate(text, {parameter.name: parameter.default for parameter in definition.parameters})
            except ProblemError as error:
                self.block.repeat.refuse(error.problems[0].message)
                return
        node_edits.set_repeat(self._document, self._name, value, f"{self._name}.repeat" if gesture else "")

    def _rename(self, name: str) -> None:
        known = self._name in self._document.graph.nodes
        problem = node_edits.rename(self._document, self._name, name) if known else None
        self.header.show_error(told(problem) if problem is not None else "")


def _kind_words(node: Node, layer: type[Layer] | None) -> str:
    """What a node is, beside its name."""
    if node.kind == BLOCK:
        return f"block {layer.title}" if layer is not None else "block"
    return node.kind if layer is None or layer is find(node.kind) else layer.title


def field_text(field: ReceptiveField | None) -> str:
    """A receptive field in words."""
    if field is None:
        return "the whole input"
    step = field.stride[0] if field.stride[0] == field.stride[1] else show_pair(field.stride)
    apart = "one pixel apart" if field.stride == (1, 1) else f"{step} pixels apart"
    return f"{show_pair(field.size).replace('×', ' × ')} pixels, {apart}"
