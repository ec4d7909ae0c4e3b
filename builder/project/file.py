"""Project files on disk: reading within bounds, and writing with the version before kept.

Every fault is one `Problem` that names the file. Knows no Qt; the text itself is made and read by `form`.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.form import decode, encode
from builder.writing import FORBIDDEN, backup_of, write

SUFFIX = ".tcanvas"
LARGEST = 32 * 2**20  # bytes; a network of 500 layers has 60,000


def load(path: Path) -> Project:
    """The project in this file. Raises `ProblemError`; the file's contents are data and never run."""
    try:
        return decode(read(path))
    except ProblemError as error:
        raise ProblemError(*(_in_file(problem, path) for problem in error.problems)) from None


def save(project: Project, path: Path) -> bool:
    """Write the project, keeping the version before as `NAME.tcanvas~`: the last one only.

    Returns:
        Whether a version before was kept.

    Raises:
        ProblemError: it could not be written; the old file survives.
    """
    return write(path, encode(project).encode(), backup=True)


def read(path: Path) -> str:
    """The text of a file that may be anything. Raises `ProblemError` before memory is touched when it is too large."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ProblemError(Problem("unreadable", "this is not a file."))
            if status.st_size > LARGEST:
                size, most = status.st_size / 2**20, LARGEST // 2**20
                message = f"the file has {size:,.0f} MB; a project has at most {most} MB."
                raise ProblemError(Problem("too-large", message))
            return file.read(LARGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProblemError(Problem("not-a-project", "this is not a TorchCanvas project: it is not text.")) from None
    except (OSError, ValueError) as error:
        raise ProblemError(_cannot_read(error)) from None


def _in_file(problem: Problem, path: Path) -> Problem:
    place = ", ".join(part for part in (problem.where, problem.field) if part)
    message = f"{place}: {problem.message}" if place else problem.message
    hint = problem.hint
    if not hint and problem.code in ("truncated", "bad-file", "not-a-project") and backup_of(path).exists():
        hint = f"The version before is {backup_of(path)}."
    return replace(problem, message=message, where=str(path), field="", hint=hint)


def _cannot_read(error: OSError | ValueError) -> Problem:
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOENT, errno.ENOTDIR):
        return Problem("no-such-file", "there is no such file.")
    if code == errno.EISDIR:
        return Problem("unreadable", "this is a folder, not a project file.")
    if code in FORBIDDEN:
        return Problem("unreadable", "you may not read this file.", hint="Check its permissions.")
    return Problem("unreadable", f"the file cannot be read ({_reason(error)}).")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
