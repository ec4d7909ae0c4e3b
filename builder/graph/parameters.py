"""Typed, documented parameters: the base of every layer, data, training and augmentation setting.

One declaration gives the form, the validation, the file format and the documentation. Knows pydantic; knows no layer.
"""

from __future__ import annotations

import reprlib
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic.fields import FieldInfo

from builder.graph.problems import Problem


class Parameters(BaseModel):
    """A frozen set of named, validated values. Unknown names are refused."""

    # Built at first use: the schemas of sixty layers would otherwise cost the start of the program half a second.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    def changed(self, **values: Any) -> Any:
        """A validated copy with some values replaced; raises `pydantic.ValidationError`."""
        return type(self).model_validate({**self.model_dump(), **values})

    def plain(self) -> dict[str, Any]:
        """The values that differ from the defaults, as JSON: what a file stores. A variant's `kind` is always told."""
        every = self.model_dump(mode="json")
        found: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if name == "kind" or value != field.get_default(call_default_factory=True):
                found[name] = value.plain() if isinstance(value, Parameters) else every[name]
        return found


def parameter(
    default: Any = ...,
    title: str = "",
    help: str = "",
    *,
    unit: str = "",
    slider: tuple[float, float] | None = None,
    log: bool = False,
    choices: dict[Any, str] | None = None,
    advanced: bool = False,
    file: str = "",
    between: str = " × ",
    **bounds: Any,
) -> Any:
    """Declare one parameter.

    Args:
        default: value of a new node or project.
        title: label in the form, a noun of one to three words.
        help: one sentence for tooltip, documentation and `torchcanvas settings`.
        unit: printed behind the value (`px`, `%`).
        slider: the range that a slider covers; values beyond it, within the bounds, can be typed.
        log: the slider is logarithmic (learning rates).
        choices: words for the values of a `Literal`.
        advanced: folded away until asked for.
        file: the text is the path of a file, and these are the names that such files have: `Pictures (*.png)`.
        between: what stands between several numbers.
        bounds: `ge`, `gt`, `le`, `lt`, `min_length`, ... as pydantic's `Field` takes them.
    """
    extra: dict[str, Any] = {
        "unit": unit, "slider": slider, "log": log, "choices": choices, "advanced": advanced, "file": file,
        "between": between,
    }  # fmt: skip
    return Field(default, title=title, description=help, json_schema_extra=extra, **bounds)


def extras(field: FieldInfo) -> dict[str, Any]:
    """The form hints (`unit`, `slider`, `log`, ...) that `parameter` stored with a field."""
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _parse_sizes(value: Any) -> Any:
    """Accept `"5x5"`, `"5"` and `[5, 5]` where sizes are meant."""
    if isinstance(value, str):
        parts = value.lower().replace("×", "x").replace(",", "x").split("x")
        try:
            numbers = tuple(int(part) for part in parts)
        except ValueError:
            raise ValueError("write whole numbers such as 5 or 5x3") from None
        return numbers[0] if len(numbers) == 1 else numbers
    if isinstance(value, list):
        return tuple(value)
    return value


def _pair(value: Any) -> Any:
    value = _parse_sizes(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    return value


def _tuple(value: Any) -> Any:
    value = _parse_sizes(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return value


# A number that is far beyond any machine but still safe to multiply in 64 bits of C where it must be.
HUGE = 10**15

LONGEST = 10**9  # cells along an axis: PyTorch counts them in 32 bits where it slides a window

Positive = Annotated[int, Field(ge=1, le=HUGE)]
NonNegative = Annotated[int, Field(ge=0, le=HUGE)]

_Length = Annotated[int, Field(ge=1, le=LONGEST)]
_Room = Annotated[int, Field(ge=0, le=LONGEST)]

# (height, width); `5` means (5, 5) and a square pair is stored as the one number.
_square = PlainSerializer(lambda pair: pair[0] if pair[0] == pair[1] else list(pair), when_used="json")
Size2 = Annotated[tuple[_Length, _Length], BeforeValidator(_pair), _square]
Padding2 = Annotated[tuple[_Room, _Room], BeforeValidator(_pair), _square]
# (channels, height, width), (features,), ...: a shape without the batch dimension.
ShapeParameter = Annotated[tuple[Positive, ...], BeforeValidator(_tuple), Field(min_length=1, max_length=4)]


def problems_of(error: ValidationError, where: str) -> tuple[Problem, ...]:
    """One `Problem` for each fault that pydantic found, with the field and words for a reader."""
    found = []
    for fault in error.errors(include_url=False, include_context=True):
        location = [str(part) for part in fault["loc"]]
        field = location[0] if location else ""
        kind, value, context = fault["type"], _brief(fault.get("input")), fault.get("ctx") or {}
        if kind == "extra_forbidden":
            message = f"there is no parameter of this name ({field})."
        elif kind == "missing":
            message = "a value is needed here."
        elif kind in _BOUNDS:
            word, key = _BOUNDS[kind]
            message = f"{value} is out of range: it must be {word} {context.get(key)}."
        elif kind == "value_error":
            text = fault["msg"].removeprefix("Value error, ").rstrip(".")
            message = f"{text[:1].lower()}{text[1:]}."
        elif kind in ("literal_error", "union_tag_invalid", "enum"):
            choices = context.get("expected") or context.get("expected_tags") or "one of the choices"
            if "tag" in context:  # the group itself says less than its kind
                value = _brief(context["tag"])
            message = f"{value} does not fit here: it must be {_alternatives(str(choices))}."
        else:
            wanted = next((words for start, words in _WANTED.items() if kind.startswith(start)), "another value")
            message = f"{value} does not fit here: {wanted} is needed."
        found.append(Problem("bad-parameter", message, where=where, field=field))
    return tuple(found)


def _alternatives(choices: str) -> str:
    """`'sgd', 'adam'` with the word between that pydantic leaves out when it lists the kinds of a group."""
    rest, comma, last = choices.rpartition(", ")
    return f"{rest} or {last}" if comma and " or " not in last else choices


def _brief(value: Any) -> str:
    """The value as written, cut where it is too long to read: files may hold anything."""
    try:
        text = repr(value) if isinstance(value, int) else reprlib.repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}…"


# Beginnings of pydantic's names for faults, and what the reader should give instead.
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "yes or no",
    "string": "a text",
    "tuple": "a list of numbers of the right length",
    "too_": "a list of another length",
    "missing": "a complete list",
    "model": "a group of settings",
    "dict": "a group of settings",
    "union": "a group of settings with its kind",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
