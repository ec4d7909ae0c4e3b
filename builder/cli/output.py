"""What the commands print: problems one a line, plain tables, JSON. And how they open the project that was named."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from builder.compile import own_code
from builder.graph.problems import Problem, ProblemError
from builder.project import file, templates
from builder.project.document import Project
from builder.project.edits import NO_CHANGE, set_settings
from builder.project.weights import located
from builder.writing import backup_of

DONE, FAILED, USAGE, STOPPED, UNREAD = 0, 1, 2, 130, 141  # exit statuses

ProjectArgument = Annotated[
    str,
    typer.Argument(metavar="PROJECT", help="A project file, or the name of a built-in network.", show_default=False),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a setting first, such as training.epochs=3.", show_default=False
    ),
]


def _allow(files: list[Path] | None) -> list[Path] | None:
    for path in files or ():
        own_code.allow(path)
    return files


AllowOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--allow-code",
        metavar="FILE",
        callback=_allow,
        help="Let the network run this Python file, from which parts of it were imported.",
        show_default=False,
    ),
]


def open_project(named: str, changes: Iterable[str] = ()) -> Project:
    """The project in a file or the built-in one of this name, with `KEY=VALUE` changes made. Raises `ProblemError`.

    Weights that the file names are looked for beside it, those that a change names in the working folder.
    """
    path = Path(named)
    if not path.exists() and any(template.name == named for template in templates.templates()):
        project = templates.load(named)
    elif not path.exists() and not path.suffix and path.name == named:
        message = "there is no such file, and no built-in network is called so."
        hint = templates.near(named) or "List them: torchcanvas templates"
        raise ProblemError(Problem("no-such-file", message, where=named, hint=hint))
    else:
        project = located(file.load(path), path.parent)
    return changed(project, changes)


def changed(project: Project, changes: Iterable[str]) -> Project:
    """The project with `KEY=VALUE` changes made. Raises `ProblemError`."""
    try:
        return located(set_settings(project, changes), None)
    except ProblemError as error:
        if error.problems[0].code == NO_CHANGE:  # not a setting at fault, but how the command was written
            raise typer.BadParameter(error.problems[0].message, param_hint="--set") from None
        raise


def tell_kept(path: Path) -> None:
    """Say where the version before of a file lies. There is one such place, as with editors: the next takes it."""
    place = backup_of(path.resolve() if path.is_symlink() else path)
    print(f"{place}: the version before of {path.name}; only one is kept")


def give_up() -> None:
    """Print nowhere from now on: nobody reads it any more, or it cannot be written."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unwritten(error: OSError) -> Problem:
    """What was to be printed could not be written."""
    return Problem("no-output", f"the output could not be written ({(error.strerror or 'an error').lower()}).")


def complain(problems: Iterable[Problem]) -> None:
    """One line a problem on standard error."""
    for problem in problems:
        print(" ".join(str(problem).split()), file=sys.stderr)


def print_json(value: Any) -> None:
    """One JSON value on one line, at once: whoever reads it may be waiting."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> None:
    """Columns as wide as they need, with two spaces between.

    Args:
        right: for each column `>` (numbers) or `<`; columns without one go to the left.
    """
    every = [header, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(header))]
    for row in every:
        cells = [
            cell.rjust(width) if right[column : column + 1] == ">" else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def shape_of(text: str) -> tuple[int, ...]:
    """`3x32x32` as (3, 32, 32); a usage error for anything else."""
    try:
        return tuple(int(part) for part in text.lower().replace("×", "x").split("x"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no shape; write 1x32x32.", param_hint="--input") from None
