"""Runs that were made before, as commands name them: a folder, or one file of weights in it."""

from __future__ import annotations

from pathlib import Path

from builder.graph.problems import Problem, ProblemError


def weights_file(named: Path) -> Path:
    """The newest weights of the run in a folder; a file is taken as it is. Raises `ProblemError` without any."""
    if named.is_file():
        return named
    from builder.train.reading import load_run

    run = load_run(named)
    if not run.weights:
        raise ProblemError(Problem("no-weights", "this run has stored no weights yet.", where=str(named)))
    return run.weights[max(run.weights)]


def is_run(named: str) -> bool:
    """Whether a folder is meant that a run may be in, and no project."""
    return Path(named).is_dir()
