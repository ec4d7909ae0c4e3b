"""What somebody may have meant who names a setting that is not there. Knows the settings; no torch, no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import get_args

from builder.graph.parameters import Parameters
from builder.project.document import Project

LIST = "See `torchcanvas settings`."
_MOST = 3  # suggestions that one line holds


def hint(project: Project, path: str) -> str:
    """One sentence: the setting that is probably meant, what has to be chosen before it, or where all are listed."""
    known: dict[str, list[str]] = {}
    for candidate, needed in (*_known(project.data, "data."), *_known(project.training, "training.")):
        known.setdefault(candidate, []).extend([needed] * bool(needed))
    if choices := known.get(path):
        return f"It needs {' or '.join(choices)}: set that before it."
    names = {candidate: _plain(candidate.rpartition(".")[2]) for candidate in known}
    wanted = _plain(path.rpartition(".")[2])
    alike = [wanted] if wanted in names.values() else get_close_matches(wanted, names.values(), _MOST)
    found = [candidate for candidate, name in names.items() if name in alike]
    if not found:
        return LIST
    return f"Do you mean {' or '.join(found[:_MOST])}?"


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def _known(settings: Parameters, prefix: str) -> Iterator[tuple[str, str]]:
    """Every setting that there could be, and the choice that it needs ("training.optimizer=adam"); "" for none."""
    for name, field in type(settings).model_fields.items():
        value, path = getattr(settings, name), prefix + name
        yield path, ""
        if not isinstance(value, Parameters):
            continue
        for variant in get_args(field.annotation) or (type(value),):
            chosen = isinstance(value, variant)
            needed = "" if chosen else f"{path}={variant.model_fields['kind'].default}"
            others = () if chosen else type(value).model_fields  # those it has in common need no other choice
            yield from ((f"{path}.{own}", needed) for own in variant.model_fields if own not in ("kind", *others))
