"""The command `export`: a project as something other programs take. One entry in `FORMATS` for each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from builder.cli.output import ProjectArgument, open_project
from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.source import to_source
from builder.project.document import Project
from builder.project.file import write


def to_python(project: Project) -> str:
    """The model as Python source."""
    return to_source(make_plan(infer(project.graph)))


FORMATS: dict[str, Callable[[Project], str]] = {"python": to_python}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("export")(export)


def _known(wanted: str) -> str:
    if wanted not in FORMATS:
        raise typer.BadParameter(f"{wanted!r} is none of {', '.join(FORMATS)}.")
    return wanted


def export(
    project: ProjectArgument,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", callback=_known, help=f"{', '.join(FORMATS)}.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write; - for standard output.")
    ],
) -> None:
    """Write the network as PyTorch source."""
    text = FORMATS[to](open_project(project))
    if str(output) == "-":
        sys.stdout.write(text)
    else:
        write(output, text.encode())
