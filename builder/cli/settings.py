"""The command `settings`: every setting of a project with its dotted path, value, range and help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from builder.cli.output import ProjectArgument, SetOption, open_project, print_json, print_table
from builder.data.catalogue import data_sets
from builder.graph.parameters import Parameters, extras
from builder.project.document import Project


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("settings")(settings)


@dataclass(frozen=True)
class Setting:
    """One line of the list; `range` is in words, empty when everything of the type goes."""

    path: str
    value: Any
    range: str
    help: str


def settings(
    project: ProjectArgument,
    changes: SetOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead.")] = False,
) -> None:
    """Print every setting with its dotted path, value, range and help, as --set takes it."""
    found = list(every_setting(open_project(project, changes or ())))
    if json:
        print_json([asdict(setting) for setting in found])
    else:
        rows = [(s.path, _word(s.value), s.range, s.help) for s in found]
        print_table(("SETTING", "VALUE", "RANGE", "WHAT IT IS"), rows)


def every_setting(project: Project) -> Iterator[Setting]:
    """All settings of a project, data first, in the order of the forms."""
    yield from _of(project.data, "data.")
    yield from _of(project.training, "training.")


def _of(values: Parameters, prefix: str) -> Iterator[Setting]:
    for name, field in type(values).model_fields.items():
        value = getattr(values, name)
        path = prefix + name
        if isinstance(value, Parameters):
            if hasattr(value, "kind"):  # a plain group cannot be set as a whole
                yield Setting(path, value.kind, " | ".join(_variants(field)), field.description or "")
            yield from _of(value, f"{path}.")
        elif name != "kind":
            yield Setting(path, value, _range(path, field), field.description or "")


def _variants(field: FieldInfo) -> list[str]:
    """The `kind` of each class that the field may hold."""
    kinds = get_args(field.annotation) or (field.annotation,)
    return [str(kind.model_fields["kind"].default) for kind in kinds if "kind" in getattr(kind, "model_fields", {})]


def _range(path: str, field: FieldInfo) -> str:
    if path == "data.dataset":
        return " | ".join(data_sets())
    if get_origin(field.annotation) is Literal:
        return " | ".join(str(choice) for choice in get_args(field.annotation))
    if field.annotation is bool:
        return "true | false"
    bounds = []
    for sign, key in ((">=", "ge"), (">", "gt"), ("<=", "le"), ("<", "lt")):
        limit = next((getattr(part, key) for part in field.metadata if getattr(part, key, None) is not None), None)
        if limit is not None:
            bounds.append(f"{sign} {limit}")
    unit = extras(field).get("unit", "")
    return ", ".join(bounds) + (f" {unit}" if bounds and unit else "")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
