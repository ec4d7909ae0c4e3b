"""Deleting runs: which folders may go, how much room they take, and that nothing else goes with them. No torch."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from builder.graph.problems import Problem, ProblemError
from builder.project.runs import summary_of
from builder.train.reading import ABANDONED


def reason_against(folder: Path, base: Path) -> str:
    """Why this folder is not to be deleted, as the end of a sentence; "" when it may be.

    Only the folder of a run may be that lies in `base`, where runs are kept, in no other place by way of links, and is
    not being written.
    """
    try:
        inside = folder.absolute().relative_to(base.absolute())
        real = inside.parts and ".." not in inside.parts and folder.resolve(strict=True) == base.resolve() / inside
    except (OSError, ValueError):
        real = False
    if not real:
        return "it does not lie where runs are kept"
    if (folder / "run.json").is_symlink():
        return "it is not the folder of a run"
    try:
        ended = summary_of(folder).reason is not None
        others = [entry.name for entry in os.scandir(folder) if entry.name != "weights" and not _plain(entry)]
        others += [entry.name for entry in os.scandir(folder / "weights") if not _plain(entry)] if _has(folder) else []
    except (OSError, ProblemError):
        return "it is not the folder of a run, or cannot be read"
    if others:
        return f"it holds what belongs to no run ({sorted(others)[0]})"
    if not ended and _changed(folder) > time.time() - ABANDONED:
        return "it may still be made: it has no end, and gave a sign of life a few minutes ago"
    return ""


def _plain(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _has(folder: Path) -> bool:
    """Whether there is a folder of weights, and not only a link to one."""
    weights = folder / "weights"
    return weights.is_dir() and not weights.is_symlink()


def _changed(folder: Path) -> float:
    """When something was last written there."""
    paths = (folder, folder / "metrics.jsonl", folder / "weights")
    return max(path.lstat().st_mtime for path in paths if path.exists())


def bytes_of(folder: Path) -> int:
    """How much room the files of a run take; links count nothing."""
    total = 0
    for place in (folder, folder / "weights"):
        if place.is_symlink() or not place.is_dir():
            continue
        total += sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(place) if _plain(entry))
    return total


def delete(folder: Path, base: Path) -> None:
    """Delete a run for good. Raises `ProblemError`: it may not be, or could not."""
    reason = reason_against(folder, base)
    if reason:
        raise ProblemError(Problem("not-deleted", f"{reason}, so it was not deleted.", str(folder)))
    try:
        shutil.rmtree(folder)
    except OSError as error:
        words = (error.strerror or type(error).__name__).lower()
        raise ProblemError(Problem("not-deleted", f"it could not be deleted ({words}).", str(folder))) from None
