"""A form made from a `Parameters` class: one row a field, errors beside the field, updated in place.

It holds no truth. It shows the values that it is given, says what the user wants, and keeps a value that is refused as
text in its field until it is mended. It knows neither layers nor documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSlider, QVBoxLayout, QWidget

from builder.graph.expression import reference
from builder.graph.parameters import Parameters, extras, problems_of
from builder.graph.problems import Problem
from builder.ui.inspector.fields import first_paragraph, make_editor, nested, tip, variant_title, variants
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.labels import label
from builder.ui.widgets.number import NumberEdit
from builder.ui.widgets.section import Section
from builder.ui.widgets.toggle import Toggle
from builder.ui.words import sentence

LABEL_WIDTH = 100

_UNSET = object()
# Whose advanced fields the user has opened, and which groups of fields (by class and name); holds for the session.
_unfolded: set[object] = set()


def _remember(key: object, folded: bool) -> None:
    (_unfolded.discard if folded else _unfolded.add)(key)


class Row(QWidget):
    """Label, editor, and below them what is wrong.

    Attributes:
        editor: the widget that edits the value.
        refused: (message) of the text that stands in the editor; empty when it is fine.
    """

    edited = Signal(object, bool)
    finished = Signal()
    misread = Signal(str)
    expressed = Signal(str)

    def __init__(self, title: str, editor: QWidget, help: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.refused = ""
        self._trouble = ""
        self._value: Any = _UNSET
        self._expression = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.label = label(title, "muted", wrap=True)
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setBuddy(editor)
        row.addWidget(self.label)
        if isinstance(editor, Toggle):
            row.addStretch(1)
        row.addWidget(editor, 0 if isinstance(editor, Toggle) else 1)
        column.addLayout(row)
        self.gives = label("", "note", wrap=True)
        self.gives.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.gives.hide()
        column.addWidget(self.gives)
        self._error = label("", "bad", wrap=True)
        self._error.hide()
        column.addWidget(self._error)
        self.label.setToolTip(help)
        editor.setToolTip(help)
        editor.setAccessibleName(title)
        for slider in editor.findChildren(QSlider):
            slider.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if isinstance(editor, NumberEdit):
            editor.edited.connect(self.edited)
            editor.finished.connect(self.finished)
            editor.misread.connect(self.misread)
            editor.expressed.connect(self.expressed)
            editor.entry.setAccessibleName(title)
        elif isinstance(editor, Toggle | Choice):
            editor.edited.connect(self._once)
        else:
            editor.edited.connect(self.edited)  # type: ignore[attr-defined]

    def _once(self, value: Any) -> None:
        self.edited.emit(value, False)

    def show_value(self, value: Any) -> None:
        """Show the value that holds; half-typed or refused text stays as long as that value is the same."""
        if self._value is _UNSET or type(value) is not type(self._value) or value != self._value:
            self.accept(value)

    def show_expression(self, text: str) -> None:
        """Show the expression of the block's parameters that the value comes from; empty when it stands for itself."""
        if text == self._expression:
            if text and not self.refused and isinstance(self.editor, NumberEdit):
                self.editor.show_expression(text)
                self._say_what_it_gives(text)
            return
        self._expression = text
        if not isinstance(self.editor, NumberEdit):
            return
        if text:
            self.refuse("")
            self.editor.show_expression(text)
            self._say_what_it_gives(text)
        else:
            self.accept(self._value)
            self.gives.hide()

    def _say_what_it_gives(self, text: str) -> None:
        assert isinstance(self.editor, NumberEdit)
        known = reference(self._value) is None  # of a wrong expression nothing but itself is known
        self.gives.setText(f"{text} = {self.editor.text_of(self._value)}" if known else "")
        self.gives.setVisible(known)

    def show_note(self, text: str) -> None:
        """Say below the editor what came of its value; empty for nothing."""
        self.gives.setText(text)
        self.gives.setVisible(bool(text))

    def accept(self, value: Any) -> None:
        """Show this value, whatever stands in the editor."""
        self._value = value
        self.editor.set_value(value)  # type: ignore[attr-defined]
        self.refuse("")

    def refuse(self, message: str) -> None:
        """Say what is wrong with the text that stands in the editor; empty when nothing is."""
        self.refused = message
        self._show_error()

    def show_trouble(self, message: str) -> None:
        """Say what is wrong with the value that holds (it fits its type, but not the network)."""
        self._trouble = message
        self._show_error()

    @property
    def error(self) -> str:
        """The message shown; empty when there is none."""
        return self.refused or self._trouble

    def _show_error(self) -> None:
        if self._error.text() == self.error:
            return
        self._error.setText(self.error)
        self._error.setVisible(bool(self.error))
        entry = self.editor.entry if isinstance(self.editor, NumberEdit) else self.editor
        if isinstance(entry, QLineEdit) and bool(entry.property("bad")) != bool(self.error):
            entry.setProperty("bad", bool(self.error))
            entry.style().polish(entry)


class Form(QWidget):
    """Rows for every field of a `Parameters` class; rarely used ones are folded away.

    Attributes:
        edited: (path, value, gesture) the user wants this field, named by its dotted path, to have this validated
            value. With `gesture`, more may follow that belong to the same act (a slider being dragged).
        gesture_ended: the act is over.
        expressed: (field, expression) the user wants a field to follow the parameters of a block.
    """

    edited = Signal(str, object, bool)
    gesture_ended = Signal()
    expressed = Signal(str, str)

    def __init__(
        self,
        kind: type[Parameters],
        *,
        choices: Mapping[str, Mapping[Any, str]] | None = None,
        more: str = "More",
        parent: QWidget | None = None,
    ) -> None:
        """Build the rows.

        Args:
            choices: by field name, the values of a field that does not declare them itself.
            more: heading over the rarely used fields.
        """
        super().__init__(parent)
        self.kind = kind
        self._values: dict[str, Any] = {}
        self._choices = dict(choices or {})
        self._rows: dict[str, Row] = {}
        self._inner: dict[str, Form | _Variant] = {}
        self._groups: dict[str, Section] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._advanced: Section | None = None
        self._more = more
        self._apart: list[str] = []  # the rarely used fields that apply
        advanced = []
        for name, field in kind.model_fields.items():
            if name == "kind":
                continue
            if extras(field).get("advanced"):
                advanced.append((name, field))
            else:
                column.addWidget(self._make(name, field))
        if advanced:
            self._advanced = Section(more, foldable=True, folded=kind not in _unfolded)
            self._advanced.folded_changed.connect(lambda folded: _remember(kind, folded))
            for name, field in advanced:
                self._advanced.add(self._make(name, field))
            self._apart = [name for name, _ in advanced]
            column.addWidget(self._advanced)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _make(self, name: str, field: FieldInfo) -> QWidget:
        inner: Form | _Variant
        if kinds := variants(field):
            inner = _Variant(name, field, kinds)
            self._rows[name] = inner.row
        elif (kind := nested(field)) is not None:
            # A group of its own, folded away while all in it is as usual.
            inner = Form(kind, more=f"More for {(field.title or name).lower()}")
        else:
            row = Row(field.title or name, make_editor(name, field, self._choices.get(name)), tip(field))
            row.edited.connect(lambda value, gesture: self._wish(name, value, gesture))
            row.misread.connect(row.refuse)
            row.finished.connect(self.gesture_ended)
            row.expressed.connect(lambda text: self.expressed.emit(name, text))
            self._rows[name] = row
            return row
        inner.edited.connect(lambda path, value, gesture: self._wish_inside(name, path, value, gesture))
        inner.gesture_ended.connect(self.gesture_ended)
        self._inner[name] = inner
        if not isinstance(inner, Form):
            return inner
        key = (self.kind, name)
        group = Section(field.title or name, foldable=True, folded=key not in _unfolded)
        group.folded_changed.connect(lambda folded: _remember(key, folded))
        group.add(inner)
        self._groups[name] = group
        return group

    # What holds -----------------------------------------------------------------------------------------------------

    def show_values(self, values: Parameters | Mapping[str, Any], problems: Iterable[Problem] = ()) -> None:
        """Show these values in place, and beside their fields the problems that name one.

        A mapping may hold values that do not fit (from a file); they are shown as they are.
        """
        known = {name: getattr(values, name) for name in self.kind.model_fields} if isinstance(
            values, Parameters
        ) else {
            name: values.get(name, field.get_default(call_default_factory=True))
            for name, field in self.kind.model_fields.items()
        }  # fmt: skip
        for name, group in self._groups.items():
            usual = self._usual(name)
            if known[name] != usual and self._values.get(name, usual) == usual:
                group.fold(False)
        self._values = known
        told: dict[str, str] = {}
        within: dict[str, list[Problem]] = {name: [] for name in self._groups}
        for problem in problems:
            name, _, rest = problem.field.partition(".")
            if rest and name in within:
                within[name].append(replace(problem, field=rest))
            else:
                told.setdefault(name, sentence(problem.message))
        for name, inner in self._inner.items():
            if isinstance(inner, Form):
                inner.show_values(known[name], within[name])
            else:
                inner.show_values(known[name])
        for name, row in self._rows.items():
            if name not in self._inner:
                row.show_value(known[name])
            row.show_trouble(told.get(name, ""))
            if told.get(name) and self._advanced is not None and extras(self.kind.model_fields[name]).get("advanced"):
                self._advanced.fold(False)
        self._count_changed()

    def _usual(self, name: str) -> Any:
        return self.kind.model_fields[name].get_default(call_default_factory=True)

    def _count_changed(self) -> None:
        """Tell in the heading over the rarely used fields how many are not as usual: they may be folded away."""
        if self._advanced is not None:
            count = sum(name in self._values and self._values[name] != self._usual(name) for name in self._apart)
            self._advanced.set_title(f"{self._more} · {count} changed" if count else self._more)

    def show_expressions(self, texts: Mapping[str, str] | None) -> None:
        """Show the expressions that fields come from, by field; None where there is nothing to refer to."""
        for name, row in self._rows.items():
            if name not in self._inner and isinstance(row.editor, NumberEdit):
                row.editor.takes_expressions = texts is not None
                row.show_expression((texts or {}).get(name, ""))

    def reset(self) -> None:
        """Forget refused and half-typed text: another thing is going to be shown."""
        for name, row in self._rows.items():
            if name in self._values and name not in self._inner:
                row.accept(self._values[name])
        for inner in self._inner.values():
            inner.reset()

    # Access ---------------------------------------------------------------------------------------------------------

    def paths(self) -> tuple[str, ...]:
        """The dotted paths of all fields shown now."""
        found: list[str] = []
        for name in self.kind.model_fields:
            if name in self._rows:
                found.append(name)
            if name in self._inner:
                found += [f"{name}.{path}" for path in self._inner[name].paths()]
        return tuple(found)

    def row(self, path: str) -> Row:
        """The row of a field. Raises `KeyError` for a path that is not shown."""
        name, _, rest = path.partition(".")
        return self._inner[name].row_of(rest) if rest else self._rows[name]

    row_of = row

    def group(self, name: str) -> Section:
        """What holds the fields of a group; more can be added to them. Raises `KeyError`."""
        return self._groups[name]

    def set_choices(self, name: str, choices: Mapping[Any, str]) -> None:
        """Offer other values for a field that is a choice."""
        editor = self._rows[name].editor
        if isinstance(editor, Choice):
            editor.set_choices(choices)

    def show_fields(self, names: Iterable[str]) -> None:
        """Hide the rows of all other fields: they do not apply. Those of a group are named by dotted paths."""
        wanted = set(names)
        for name in self.kind.model_fields:
            widget: QWidget | None = self._groups.get(name) or self._inner.get(name) or self._rows.get(name)
            inner = [path.removeprefix(f"{name}.") for path in wanted if path.startswith(f"{name}.")]
            if inner and isinstance(form := self._inner[name], Form):
                form.show_fields(inner)
            if widget is not None:
                widget.setVisible(name in wanted or bool(inner))
        if self._advanced is not None:
            fields = self.kind.model_fields
            self._apart = [name for name in fields if name in wanted and extras(fields[name]).get("advanced")]
            self._advanced.setVisible(bool(self._apart))
            self._count_changed()

    def focus(self, path: str) -> None:
        """Put the cursor into a field, unfolding what hides it; an unknown path does nothing."""
        if path in self.paths():
            self._unfold(path)
            self.row(path).editor.setFocus(Qt.FocusReason.TabFocusReason)

    def _unfold(self, path: str) -> None:
        name, _, rest = path.partition(".")
        if self._advanced is not None and extras(self.kind.model_fields[name]).get("advanced"):
            self._advanced.fold(False)
        if name in self._groups:
            self._groups[name].fold(False)
        if rest and isinstance(inner := self._inner[name], Form):
            inner._unfold(rest)

    # What the user wants --------------------------------------------------------------------------------------------

    def _wish(self, name: str, value: Any, gesture: bool) -> None:
        row = self._rows[name]
        fitting, message = self._fit(name, value)
        if message:
            row.refuse(message)
            return
        row.accept(fitting)
        self.edited.emit(name, fitting, gesture)

    def _wish_inside(self, name: str, path: str, value: Any, gesture: bool) -> None:
        if not path:  # another variant as a whole
            self.edited.emit(name, value, gesture)
            return
        self.edited.emit(f"{name}.{path}", value, gesture)

    def _fit(self, name: str, value: Any) -> tuple[Any, str]:
        """The value as its type has it, or why it cannot be. Faults that other fields have anyway do not count."""
        try:
            return getattr(self.kind.model_validate({**self._values, name: value}), name), ""
        except ValidationError as error:
            found = problems_of(error, "")
        own = next((problem for problem in found if problem.field in ("", name)), None)
        if own is None and self._sound():
            own = found[0]  # it would make another field unfit
        return value, sentence(own.message) if own else ""

    def _sound(self) -> bool:
        try:
            self.kind.model_validate(self._values)
        except ValidationError:
            return False
        return True


class _Variant(QWidget):
    """One of several sets of parameters: which one, what it is, and its fields."""

    edited = Signal(str, object, bool)  # an empty path: another variant
    gesture_ended = Signal()

    def __init__(self, name: str, field: FieldInfo, kinds: Mapping[str, type[Parameters]]) -> None:
        super().__init__()
        self._kinds = kinds
        self._form: Form | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._choice = Choice({key: variant_title(kind) for key, kind in kinds.items()})
        self.row = Row(field.title or name, self._choice, tip(field))
        self.row.edited.connect(self._chosen)
        self._column.addWidget(self.row)
        self._about = label("", "note", wrap=True)
        self._column.addWidget(self._about)

    def show_values(self, value: Any) -> None:
        """Show a variant; anything else (from a broken file) leaves the choice open."""
        kind = type(value) if isinstance(value, Parameters) else None
        self.row.show_value(getattr(value, "kind", None))
        if self._form is not None and self._form.kind is not kind:
            self._column.removeWidget(self._form)
            self._form.hide()
            self._form.deleteLater()
            self._form = None
        if kind is None:
            return
        self._about.setText(first_paragraph(kind))
        if self._form is None:
            self._form = Form(kind, more=f"More for {variant_title(kind)}")
            self._form.edited.connect(self.edited)
            self._form.gesture_ended.connect(self.gesture_ended)
            self._column.addWidget(self._form)
        self._form.show_values(value)

    def paths(self) -> tuple[str, ...]:
        """The dotted paths of the variant's fields."""
        return self._form.paths() if self._form is not None else ()

    def row_of(self, path: str) -> Row:
        """The row of one of the variant's fields."""
        if self._form is None:
            raise KeyError(path)
        return self._form.row(path)

    def reset(self) -> None:
        """Forget refused and half-typed text."""
        if self._form is not None:
            self._form.reset()

    def _chosen(self, key: Any, _gesture: bool) -> None:
        self.edited.emit("", self._kinds[key](), False)
