"""The built-in networks, in the order of the menus.

They are written in `networks/`, each as one expression: five depths of ResNet, in two sizes each, are then one page
that can be checked against the paper, and not ten files that must be kept alike.
"""

from __future__ import annotations

import difflib
from functools import lru_cache

from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.networks import alexnet, cifar, classics, first_steps, googlenet, resnet, vgg
from builder.project.networks.template import FIRST_STEPS, LARGE, PICTURES, RESIDUAL, SMALL, Template

__all__ = ["Template", "load", "near", "templates"]

_FAMILIES = (first_steps, classics, alexnet, vgg, googlenet, resnet, cifar)
_GROUPS = (FIRST_STEPS, PICTURES, LARGE, RESIDUAL, SMALL)


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """All built-in networks, group by group. Makes none of them."""
    every = [template for family in _FAMILIES for template in family.TEMPLATES]
    return tuple(sorted(every, key=lambda template: _GROUPS.index(template.group)))


def near(name: str) -> str:
    """A question for the template that was probably meant; "" where none is called alike."""
    close = difflib.get_close_matches(name, [template.name for template in templates()], 1, 0.5)
    return f"Did you mean {close[0]}?" if close else ""


@lru_cache(maxsize=8)
def load(name: str) -> Project:
    """The template of this name. Raises `ProblemError` for a name that there is not."""
    known = {template.name: template for template in templates()}
    if name not in known:
        hint = near(name) or f"There are {', '.join(known)}."
        raise ProblemError(Problem("no-such-template", f"there is no template called {name}.", hint=hint))
    template = known[name]
    notes = f"{template.help}\n{template.notes}" if template.notes else template.help
    return Project(template.title, template.make(), template.data, template.training, notes)
