"""What the window's room lends to the commands: this room does not know it, so `app` hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.project.document import Project

if TYPE_CHECKING:
    from builder.train.benchmarks import Measurement

Suite = Callable[[], Mapping[str, Callable[[], "Measurement"]]]
"""Gives benchmarks by name; raises `ProblemError` where they cannot be had here (no window without Qt)."""

Draw = Callable[[Project, str, str, float | None], bytes]
"""The diagram as a file's contents: of a project, as svg, png or pdf, light or dark, so large (None for as usual).

Raises `ProblemError` where it cannot be drawn here.
"""


@dataclass(frozen=True)
class Lent:
    """All of it; what is not lent is empty."""

    suites: tuple[Suite, ...] = ()
    draw: Draw | None = None
