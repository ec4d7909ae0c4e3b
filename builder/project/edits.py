"""Edits of the whole document: settings by dotted path, and the fixes that a problem offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError

from builder.graph.expansion import expand
from builder.graph.model import Network
from builder.graph.parameters import Parameters, problems_of
from builder.graph.problems import (
    AddAfter,
    Fix,
    InsertBefore,
    Problem,
    ProblemError,
    RemoveNode,
    ReplaceNode,
    SetParams,
    SetSetting,
)
from builder.graph.steps import Path, block_names
from builder.layers import edits as layer_edits
from builder.project import near
from builder.project.document import Project

NO_CHANGE = "no-change"  # code of the problem that a change is none

P = TypeVar("P", bound=Parameters)
GraphEdit = InsertBefore | SetParams | RemoveNode | ReplaceNode | AddAfter


def apply_fix(project: Project, fix: Fix) -> Project:
    """The project with a fix carried out. Raises `ProblemError` when it does not apply any more."""
    for edit in fix.edits:
        if isinstance(edit, SetSetting):
            project = set_setting(project, edit.path, edit.value)
        else:
            project = _mended(project, edit)
    return project


def _mended(project: Project, edit: GraphEdit) -> Project:
    """The project with an edit of its graph made; of a definition's, where the node stands in a block."""
    path, name = expand(project.network).locate(edit.node)
    if not path:
        return project.with_graph(layer_edits.apply(project.graph, edit))
    level = expand(project.network).level(path)
    definition = definition_at(project.network, path)
    if level is None or definition is None or name not in level.graph.nodes:
        raise ProblemError(Problem("no-such-node", f"there is no layer called {edit.node} any more."))
    graph = layer_edits.apply(level.graph, replace(edit, node=name))
    block = replace(project.network.blocks[definition], graph=graph)
    return replace(project, network=project.network.with_block(block))


def definition_at(network: Network, path: Path) -> str | None:
    """Name of the definition whose inside one sees after opening these blocks one in another; None for none."""
    graph, found = network.graph, None
    for name in block_names(path):
        node = graph.nodes.get(name)
        found = node.params.get("definition") if node is not None else None
        block = network.blocks.get(found) if isinstance(found, str) else None
        if block is None:
            return None
        graph = block.graph
    return found


def set_setting(project: Project, path: str, value: Any) -> Project:
    """The project with one setting changed: `data.dataset`, `training.optimizer.learning_rate`, ...

    Text is read as the setting's type. Raises `ProblemError` for an unknown path or an unfit value.
    """
    room, _, rest = path.partition(".")
    if room not in ("data", "training") or not rest:
        raise _no_setting(project, path)
    names = rest.split(".")
    try:
        if room == "data":
            return replace(project, data=_with_value(project.data, names, value, path))
        return replace(project, training=_with_value(project.training, names, value, path))
    except _NoSettingError:
        raise _no_setting(project, path) from None


def set_settings(project: Project, changes: Iterable[str]) -> Project:
    """The project with `KEY=VALUE` changes made, in their order. Raises `ProblemError`."""
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise ProblemError(Problem(NO_CHANGE, f"{change!r} is not of the form KEY=VALUE."))
        project = set_setting(project, key.strip(), value.strip())
    return project


class _NoSettingError(Exception):
    pass


def _no_setting(project: Project, path: str) -> ProblemError:
    message = "there is no such setting."
    return ProblemError(Problem("no-such-setting", message, where=path, hint=near.hint(project, path)))


def _with_value(settings: P, names: list[str], value: Any, path: str) -> P:
    """The settings with one changed; raises `_NoSettingError` where there is none of this name."""
    name = names[0]
    if name not in type(settings).model_fields:
        raise _NoSettingError
    if len(names) > 1:
        inner = getattr(settings, name)
        if not isinstance(inner, Parameters):
            message = f"{name} is one value and has no part {names[1]}."
            raise ProblemError(Problem("no-such-setting", message, where=path))
        if names[1:] == ["kind"] and value != getattr(inner, "kind", value):
            # Another variant has other settings: `adam` instead of `sgd` would not fit those that are here.
            group = path.removesuffix(".kind")
            _with_value(settings, [name], value, group)  # says which there are, when it is none of them
            hint = f"Write {group}={value}"
            raise ProblemError(Problem("bad-parameter", f"{group} is chosen as a whole.", path, hint=hint))
        value = _with_value(inner, names[1:], value, path)
    elif isinstance(getattr(settings, name), Parameters) and not hasattr(getattr(settings, name), "kind"):
        message = f"{name} is a group of settings: each is set by itself."
        hint = f"Write {path}.{next(iter(type(getattr(settings, name)).model_fields))}, for example."
        raise ProblemError(Problem("no-such-setting", message, where=path, hint=hint))
    elif isinstance(getattr(settings, name), Parameters) and isinstance(value, str):
        value = {"kind": value}  # `training.optimizer=adam` chooses a variant with its own defaults
    try:
        changed: P = settings.changed(**{name: value.model_dump() if isinstance(value, Parameters) else value})
    except ValidationError as error:
        raise ProblemError(*(replace(problem, field="") for problem in problems_of(error, path))) from None
    return changed
