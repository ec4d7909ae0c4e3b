"""The built-in networks, in the order of the menus.

They are written in `networks/`, each as one expression: five depths of ResNet, in two sizes each, are then one page
that can be checked against the paper, and not ten files that must be kept alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.networks.template import FIRST_STEPS, LARGE, PICTURES, RESIDUAL, SMALL, Template

__all__ = ["Template", "load", "near", "templates"]

_FAMILIES = ("first_steps", "classics", "alexnet", "vgg", "googlenet", "resnet", "cifar")
_GROUPS = (FIRST_STEPS, PICTURES, LARGE, RESIDUAL, SMALL)


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """All built-in networks, group by group. Makes none of them."""
    return tuple(sorted(_every(), key=lambda template: _GROUPS.index(template.group)))


def _every() -> Iterator[Template]:
    """All of them, family by family. One is imported when it comes to it: the window begins with LeNet-5, and needs
    only those before it."""
    for family in _FAMILIES:
        yield from import_module(f"builder.project.networks.{family}").TEMPLATES


def near(name: str) -> str:
    """A question for the template that was probably meant; "" where none is called alike."""
    close = difflib.get_close_matches(name, [template.name for template in templates()], 1, 0.5)
    return f"Did you mean {close[0]}?" if close else ""


@lru_cache(maxsize=8)
def load(name: str) -> Project:
    """The template of this name. Raises `ProblemError` for a name that there is not."""
    template = next((template for template in _every() if template.name == name), None)
    if template is None:
        hint = near(name) or f"There are {', '.join(template.name for template in templates())}."
        raise ProblemError(Problem("no-such-template", f"there is no template called {name}.", hint=hint))
    notes = f"{template.help}\n{template.notes}" if template.notes else template.help
    return Project(template.title, template.make(), template.data, template.training, notes)
