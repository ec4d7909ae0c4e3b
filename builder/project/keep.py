"""Weights of a project that stands in no file yet: kept in the user's data folder, and brought along when it is saved.

A project that is saved has its weights beside it, under its own name, so that the two can be moved together. No Qt.
"""

from __future__ import annotations

import contextlib
import filecmp
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from builder import writing
from builder.graph.problems import Problem, ProblemError
from builder.project.autosave import recovery_folder
from builder.project.document import Project
from builder.project.weights import located, with_weights

SUFFIX = ".safetensors"
FORGOTTEN_AFTER = 7 * 24 * 3600  # seconds that weights stay which no project refers to


def kept_folder() -> Path:
    """Where weights are kept, for this user: each in a folder of its own."""
    return platformdirs.user_data_path("torchcanvas", appauthor=False) / "kept"


def new_folder() -> Path:
    """An empty folder to keep weights in. Raises `ProblemError`."""
    try:
        kept_folder().mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="weights-", dir=kept_folder()))
    except OSError as error:
        message = f"the weights cannot be kept ({(error.strerror or type(error).__name__).lower()})."
        raise ProblemError(Problem("unwritable", message, where=str(kept_folder()))) from None


def is_kept(path: Path) -> bool:
    """Whether this file lies in the user's data folder only until its project is saved.

    Projects come from strangers: a path that only begins like one of ours and leads elsewhere is none.
    """
    return path.parent.parent == kept_folder() and ".." not in path.parts


def forget(path: Path) -> None:
    """Remove weights that were kept and are needed no more; leaves any other file alone."""
    if is_kept(path):
        shutil.rmtree(path.parent, ignore_errors=True)


def sweep(recovery: Path | None = None) -> None:
    """Remove what was kept for projects that nobody can open any more: neither saved nor autosaved for a week."""
    with contextlib.suppress(OSError):
        folders = [path for path in kept_folder().iterdir() if _old(path)]
        texts = [path.read_text("utf-8", "replace") for path in (recovery or recovery_folder()).glob("*.json")]
        for folder in folders:
            if not any(folder.name in text for text in texts):
                shutil.rmtree(folder, ignore_errors=True)


def _old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > FORGOTTEN_AFTER


def bring(project: Project, before: Path | None, path: Path) -> tuple[Project, Path | None]:
    """The project as it is to stand in the file `path`, with its weights brought along.

    Kept weights, and those that a relative path names, come to lie beside it; a full path that the user chose stays.

    Args:
        before: the file that it stood in so far; None when there was none.

    Returns:
        The project, and the file that was made for it; None when none was.

    Raises:
        ProblemError: the weights could not be written; nothing has changed.
    """
    if not project.training.weights:
        return project, None
    old, new = before.absolute().parent if before is not None else None, path.absolute().parent
    source = Path(located(project, old).training.weights)
    if not is_kept(source) and (_is_full(project.training.weights) or old == new):
        return project, None
    if not source.is_file():  # a run, or a file that is not there: what the path meant, it still means
        return with_weights(project, str(source)), None
    for target in _names(path):
        if target == path:
            continue
        if not target.exists():
            writing.copy(source, target, link=is_kept(source))
            return with_weights(project, target.name), target
        if target.is_file() and _same(source, target):
            return with_weights(project, target.name), None
    raise AssertionError("there is always another name")


def _is_full(named: str) -> bool:
    """Whether what a project calls its weights means the same file wherever the project stands."""
    return Path(named).is_absolute() or named.startswith("~")


def _names(path: Path) -> Iterator[Path]:
    """What the weights of a project may be called; nobody's file is replaced."""
    yield path.with_suffix(SUFFIX)
    number = 2
    while True:
        yield path.with_name(f"{path.stem}-{number}{SUFFIX}")
        number += 1


def _same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):
        return filecmp.cmp(one, other, shallow=False)
    return False
