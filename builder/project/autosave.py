"""Autosave: the newest value of the document, written in the background, and found again after a crash.

Each running program keeps one recovery file and a lock on a file beside it. The system drops the lock when the program
ends, however it ends: a recovery file whose lock can be had was left by a crash. Knows no Qt.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs

from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.file import read
from builder.project.form import from_json, parse, to_json
from builder.writing import write


def recovery_folder() -> Path:
    """Where recovery files are kept, for this user."""
    return platformdirs.user_state_path("torchcanvas", appauthor=False) / "recovery"


@dataclass(frozen=True)
class Recovered:
    """What a crash left behind.

    Attributes:
        project: the last value that was autosaved.
        path: the file that it was opened from or saved to; None when it never had one.
        saved: when it was autosaved, in seconds since 1970.
        file: the recovery file.
    """

    project: Project
    path: Path | None
    saved: float
    file: Path

    def discard(self) -> None:
        """Forget it: it was opened and autosaved anew, or is not wanted."""
        for path in (self.file, _lock_of(self.file)):
            with contextlib.suppress(OSError):
                path.unlink()


def recovered(folder: Path | None = None) -> tuple[Recovered, ...]:
    """What crashed programs left behind, newest first. What cannot be read is not counted."""
    found = []
    for file in (folder or recovery_folder()).glob("*.json"):
        lock = _lock(_lock_of(file))
        if lock is None:
            continue  # that program is running
        lock.close()
        try:
            form = parse(read(file))
            path = form["path"]
            project = from_json(form["project"])
            found.append(Recovered(project, Path(path) if path else None, file.stat().st_mtime, file))
        except (ProblemError, OSError, KeyError, TypeError):
            continue
    return tuple(sorted(found, key=lambda entry: entry.saved, reverse=True))


Told = Callable[[Problem | None], object]
"""What is called with None when a value was written, or with why it was not."""


class Autosave:
    """Writes the newest value that it was given, on a thread of its own that starts with the first one.

    Attributes:
        problem: why the last writing failed; None when it did not.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or recovery_folder()
        self._changed = threading.Condition()
        self._wanted: tuple[Project, Path | None] | None = None  # None: nothing is to be recovered
        self._told: list[Told] = []
        self._dirty = False
        self._busy = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._file: Path | None = None
        self._lock: IO[bytes] | None = None
        self.problem: Problem | None = None

    def put(self, project: Project, path: Path | None, told: Told | None = None) -> None:
        """Write this value soon; one still waiting is skipped. Returns at once.

        Args:
            told: called on the autosave's thread once this value or one put behind it is on the disk, or with why it is
                not; never, where `discard` comes first.
        """
        self._want((project, path), told)

    def discard(self) -> None:
        """There is nothing to recover any more (all is saved): take the recovery file away soon. Returns at once."""
        if self._thread is not None:
            self._want(None)

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until the newest value is on the disk. False when it is not after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._dirty or self._busy), seconds)

    def close(self, seconds: float = 5.0, *, keep: bool = False) -> None:
        """The program ends: nothing is left to recover, or with `keep` what was put last."""
        if not keep:
            self.discard()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
        if self._lock is not None:
            self._lock.close()
            with contextlib.suppress(OSError):
                Path(self._lock.name).unlink()

    def _want(self, value: tuple[Project, Path | None] | None, told: Told | None = None) -> None:
        with self._changed:
            if self._ended:
                return
            self._wanted, self._dirty = value, True
            if value is None:
                self._told.clear()
            elif told is not None:
                self._told.append(told)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="autosave", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._dirty or self._ended)
                if not self._dirty:
                    return
                wanted, told, self._dirty, self._busy = self._wanted, self._told, False, True
                self._told = []
            try:
                self._carry_out(wanted)
                self.problem = None
            except ProblemError as error:
                self.problem = error.problems[0]
            except OSError as error:
                self.problem = Problem("unwritable", f"it could not be written ({error.strerror}).")
            for each in told:
                each(self.problem)

    def _carry_out(self, wanted: tuple[Project, Path | None] | None) -> None:
        if wanted is None:
            if self._file is not None:
                self._file.unlink(missing_ok=True)
            return
        project, path = wanted
        form = {"path": str(path.absolute()) if path else None, "project": to_json(project)}
        write(self._own_file(), json.dumps(form).encode())

    def _own_file(self) -> Path:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".lock", dir=self._folder)
            os.close(handle)
            self._lock = _lock(Path(name))
            self._file = Path(name).with_suffix(".json")
        return self._file


def _lock_of(file: Path) -> Path:
    return file.with_suffix(".lock")


def _lock(path: Path) -> IO[bytes] | None:
    """The open file, locked until it is closed or the process ends; None when another program holds the lock."""
    try:
        file = path.open("ab")
    except OSError:
        return None
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
