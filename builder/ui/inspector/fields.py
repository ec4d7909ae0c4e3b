"""From one declared field to the widget that edits it. The one place that knows which type gets which widget."""

from __future__ import annotations

import html
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, Union, get_args, get_origin, runtime_checkable

from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.graph.parameters import Parameters, extras
from builder.ui.theme import font
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.file_edit import FileEdit
from builder.ui.widgets.number import Entry, NumberEdit, ShapeEdit, SizeEdit
from builder.ui.widgets.scale import Scale
from builder.ui.widgets.toggle import Toggle


@runtime_checkable
class Editor(Protocol):
    """What every editing widget offers: it shows a value without telling anybody, and signals `edited`."""

    edited: Any

    def set_value(self, value: Any) -> None:
        """Show a value."""


class TextEdit(Entry):
    """Any value as a line of text.

    Attributes:
        edited: (value, gesture) the text was finished; never part of a gesture.
    """

    edited = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(font())
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.entered.connect(lambda text: self.edited.emit(text.strip(), False))

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody."""
        self.show_text("" if value is None else str(value))


def variants(field: FieldInfo) -> dict[str, type[Parameters]]:
    """The alternatives of a field that is a discriminated union, by their `kind`; empty for any other field."""
    members = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else (field.annotation,)
    if not members or not all(isinstance(member, type) and issubclass(member, Parameters) for member in members):
        return {}
    return {str(member.model_fields["kind"].default): member for member in members if "kind" in member.model_fields}


def nested(field: FieldInfo) -> type[Parameters] | None:
    """The class of a field that is a set of parameters of its own; None for any other field."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Parameters) else None


def variant_title(kind: type[Parameters]) -> str:
    """The name of an alternative for a reader."""
    return str(getattr(kind, "title", "") or kind.__name__)


def first_paragraph(kind: type[Parameters]) -> str:
    """The help text of a set of parameters: the first paragraph of its docstring on one line."""
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())


def make_editor(name: str, field: FieldInfo, choices: Mapping[Any, str] | None = None) -> QWidget:
    """The widget for a field that is neither nested nor a union; `choices` overrides what the field declares."""
    hints = extras(field)
    kind = _plain_type(field.annotation)
    if choices is None and get_origin(kind) is Literal:
        words = hints.get("choices") or {}
        choices = {value: str(words.get(value, value)) for value in get_args(kind)}
    elif choices is None and hints.get("choices"):
        choices = {value: str(words) for value, words in hints["choices"].items()}
    if choices is not None:
        return Choice(choices)
    if kind is bool:
        return Toggle()
    if kind in (int, float):
        return NumberEdit(_scale(hints, whole=kind is int), whole=kind is int)
    parts = get_args(kind) if get_origin(kind) is tuple else ()
    if len(parts) == 2 and parts[1] is Ellipsis and _plain_type(parts[0]) is int:
        return ShapeEdit(str(hints.get("between", " × ")))
    if len(parts) == 2 and all(_plain_type(part) is int for part in parts):
        return SizeEdit(_scale(hints, whole=True), spelled=name.endswith("_size"))
    if hints.get("file"):
        return FileEdit(str(hints["file"]))
    return TextEdit()


def tip(field: FieldInfo) -> str:
    """The tool tip of a field: title, unit, and what it means."""
    unit = extras(field).get("unit")
    head = f"<b>{html.escape(field.title or '')}</b>" + (f" ({html.escape(str(unit))})" if unit else "")
    # A paragraph makes it rich text, which Qt wraps.
    return f"<p>{head}<br>{html.escape(field.description or '')}</p>"


def _plain_type(kind: Any) -> Any:
    """A type without its annotations and without None."""
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        rest = [member for member in get_args(kind) if member is not NoneType]
        return _plain_type(rest[0]) if len(rest) == 1 else kind
    return kind


def _scale(hints: Mapping[str, Any], *, whole: bool) -> Scale | None:
    slider = hints.get("slider")
    if not slider:
        return None
    low, high = slider
    return Scale(low, high, whole=whole, log=bool(hints.get("log")))
