"""Pictures of one's own: a folder that holds one folder of pictures for each class, as torchvision's `ImageFolder`.

The setting `folder:PATH` names it. Nothing in it is written, and nothing but pictures is read.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.data.catalogue import Array, Asked, CancelledError, DataSet, Progress, Samples, Task, register_family
from builder.data.download import USE_DIGITS, WHERE
from builder.data.reading import READING_ERRORS, fitted
from builder.graph.problems import Problem, ProblemError

if TYPE_CHECKING:
    from builder.data.settings import DataSettings

# Pictures are kept at this size, the middle square of each: enough for every built-in network (up to 227 pixels).
EDGE = 256
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff"})
LARGEST = 4 << 30  # bytes of pictures that are kept in memory at most
_HINT = "It must hold one folder of pictures for each class."


class FolderPictures(DataSet):
    """Pictures in a folder for each class; the folders' names, sorted, are the classes."""

    help = "Pictures of your own, one folder for each class."
    licence = "yours to know"
    shape = (3, EDGE, EDGE)

    def __init__(self, path: Path, classes: tuple[str, ...], problem: Problem | None) -> None:
        self.key = f"folder:{path}"
        self.title = path.name or str(path)
        self.source = str(path)
        self.classes = classes
        self.task = Task.BINARY if len(classes) == 2 else Task.CLASSIFICATION
        self._path, self._problem = path, problem

    def trouble(self) -> Problem | None:
        return self._problem

    def stamp(self) -> Hashable:
        try:
            return tuple((self._path / name).stat().st_mtime_ns for name in self.classes)
        except OSError:
            return object()  # like nothing before: loading will say what is wrong

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        if self._problem is not None:
            raise ProblemError(self._problem)
        files, targets = self._files()
        pictures = np.empty((len(files), *self.shape), np.uint8)
        for done, picture in enumerate(_decode_all(files, cancelled)):
            pictures[done] = picture
            progress(f"Reading {self.title}: {done + 1:,} of {len(files):,} pictures", (done + 1) / len(files))
        return Samples(pictures, np.array(targets, np.int64))

    def _files(self) -> tuple[list[Path], list[int]]:
        files: list[Path] = []
        targets: list[int] = []
        for number, name in enumerate(self.classes):
            try:
                own = sorted(p for p in (self._path / name).iterdir() if p.suffix.lower() in SUFFIXES)
            except OSError as error:
                raise ProblemError(_unreadable(self._path / name, error)) from None
            if not own:
                message = f"{self._path / name} holds no pictures."
                hint = "Put pictures into it, or take it out of the folder of classes."
                raise ProblemError(Problem("no-pictures", message, where=WHERE, hint=hint, fix=USE_DIGITS))
            files += own
            targets += [number] * len(own)
        if len(files) * 3 * EDGE * EDGE > LARGEST:
            message = f"{self._path} holds {len(files):,} pictures: more than can be kept in memory."
            hint = f"Train on at most {LARGEST // (3 * EDGE * EDGE):,} of them."
            raise ProblemError(Problem("data-too-large", message, where=WHERE, hint=hint, fix=USE_DIGITS))
        return files, targets


def folder_pictures(path: str) -> FolderPictures:
    """The data set in this folder. A folder that will not do gives one whose `trouble` says why."""
    place = Path(path).expanduser()
    try:
        changed = place.stat().st_mtime_ns
    except OSError as error:
        return FolderPictures(place, (), _unreadable(place, error))
    return _look(place, changed)


@lru_cache(maxsize=32)
def _look(path: Path, changed: int) -> FolderPictures:
    """Looking into a folder takes a while, and edits come fast: once for each time that it changed."""
    try:
        classes = tuple(sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith(".")))
    except OSError as error:
        return FolderPictures(path, (), _unreadable(path, error))
    problem = None
    if len(classes) < 2:
        message = f"{path} is no folder of classes: it holds {len(classes) or 'no'} folder{'s' * (len(classes) != 1)}."
        problem = Problem("no-classes", message, where=WHERE, hint=_HINT, fix=USE_DIGITS)
    return FolderPictures(path, classes, problem)


def _unreadable(path: Path, error: OSError) -> Problem:
    message = f"{path} cannot be read: {(error.strerror or str(error)).lower()}."
    return Problem("no-folder", message, where=WHERE, hint=_HINT, fix=USE_DIGITS)


def _decode_all(files: list[Path], cancelled: Asked) -> Iterator[Array]:
    """The pictures in their order. Decoding runs beside itself: Pillow lets go of the interpreter meanwhile."""
    workers = min(8, os.cpu_count() or 1)
    ahead = 8 * workers  # so many pictures wait in memory, not all of them
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for start in range(0, len(files), ahead):
            for picture in pool.map(decode, files[start : start + ahead]):
                if cancelled():
                    raise CancelledError
                yield picture


def decode(path: Path) -> Array:
    """The middle square of a picture, upright, in colour: uint8 (3, EDGE, EDGE). Raises `ProblemError`."""
    from PIL import Image

    try:
        return fitted(path, FolderPictures.shape)
    except FileNotFoundError:
        raise ProblemError(Problem("data-damaged", f"{path} is gone.", where=WHERE, hint="Run again.")) from None
    except (*READING_ERRORS, Image.DecompressionBombError) as error:
        message = f"{path} cannot be read as a picture."
        hint = "Remove it from the folder, or save it anew with another program."
        raise ProblemError(Problem("data-damaged", message, where=WHERE, hint=hint)) from error


register_family("folder", folder_pictures)
