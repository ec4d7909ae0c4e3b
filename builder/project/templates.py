"""The built-in networks: project files in `resources/templates`, listed in `index.json` in the order of the menus."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import lru_cache

from builder import resources
from builder.graph.problems import Problem, ProblemError
from builder.project import file
from builder.project.document import Project


@dataclass(frozen=True)
class Template:
    """One built-in network, without its contents.

    Attributes:
        name: on the command line, and of its file.
        title: in menus; also the name of the project that it opens as.
        help: what it is, one sentence.
        group: heading in menus.
    """

    name: str
    title: str
    help: str
    group: str


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """All built-in networks, in the order of the menus. Reads one small file, not the networks."""
    entries = json.loads(resources.path("templates", "index.json").read_text(encoding="utf-8"))
    return tuple(Template(**entry) for entry in entries)


def load(name: str) -> Project:
    """The template of this name. Raises `ProblemError` for a name that there is not."""
    known = [template.name for template in templates()]
    if name not in known:
        close = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
        raise ProblemError(Problem("no-such-template", f"there is no template called {name}.", hint=hint))
    return file.load(resources.path("templates", f"{name}{file.SUFFIX}"))
