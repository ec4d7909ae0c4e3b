"""Commands about project files: `templates`, `new`, `check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from builder.cli.output import AllowOption, ProjectArgument, SetOption, complain, open_project, print_table, tell_kept
from builder.data.count import training_count
from builder.graph.problems import Severity
from builder.project import file, templates
from builder.project.check import check as check_project


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("templates")(list_templates)
    app.command("new")(new)
    app.command("check")(check)


def list_templates() -> None:
    """List the built-in networks."""
    print_table(("NAME", "TITLE", "WHAT IT IS"), [(t.name, t.title, t.help) for t in templates.templates()])


def new(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Name of a built-in network.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The project file to write.")],
) -> None:
    """Write a new project file from a built-in network. A file that is there is kept as FILE~, until the next time."""
    if file.save(templates.load(template), output):
        tell_kept(output)


def check(project: ProjectArgument, changes: SetOption = None, allow: AllowOption = None) -> None:
    """Print what is wrong with a project, one line a problem, or nothing. Warnings alone do not fail."""
    opened = open_project(project, changes or ())
    problems = check_project(opened)
    complain(problems)
    training, samples = opened.training, training_count(opened.data)
    if samples and (note := training.batch_note(samples)):  # right, but seldom meant
        print(f"training.batch_size: {training.batch_size:,} is {note}.", file=sys.stderr)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise typer.Exit(1)
