"""Where the weights lie that a project begins with, seen from the folder of its file. No torch, no Qt."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from builder.compile.stored import file_of
from builder.project.document import Project


def located(project: Project, folder: Path | None) -> Project:
    """The project with the full path of its weights, where a relative one counts from `folder`, that of its file.

    Without a folder it counts from the working folder.
    """
    named = project.training.weights
    if not named:
        return project
    path = Path(named)
    with contextlib.suppress(RuntimeError):  # "~somebody" who has no home here is a plain name
        path = path.expanduser()
    return with_weights(project, str(((folder or Path()) / path).absolute()))


def beginning(project: Project) -> Path | None:
    """The file that a training begins with, None for fresh weights. Raises `ProblemError` for a run without any."""
    named = project.training.weights
    return file_of(Path(named)) if named else None


def with_weights(project: Project, named: str) -> Project:
    """The project that begins with the weights in another file."""
    if named == project.training.weights:
        return project
    return replace(project, training=project.training.changed(weights=named))


def moved(project: Project, before: str, now: str) -> Project:
    """The same project, where its setting names the file that has another name now."""
    return with_weights(project, now) if project.training.weights == before else project
