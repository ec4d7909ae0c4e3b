"""Project files on disk: reading within bounds, writing so that an old file survives whatever happens.

Every fault is one `Problem` that names the file. Knows no Qt; the text itself is made and read by `form`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.form import decode, encode

SUFFIX = ".tcanvas"
LARGEST = 32 * 2**20  # bytes; a network of 500 layers has 60,000

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def load(path: Path) -> Project:
    """The project in this file. Raises `ProblemError`; the file's contents are data and never run."""
    try:
        return decode(read(path))
    except ProblemError as error:
        raise ProblemError(*(_in_file(problem, path) for problem in error.problems)) from None


def save(project: Project, path: Path) -> None:
    """Write the project, keeping the version before as `NAME.tcanvas~`.

    Raises:
        ProblemError: it could not be written; the old file survives.
    """
    write(path, encode(project).encode(), backup=True)


def backup_of(path: Path) -> Path:
    """Where `save` keeps the version before."""
    return path.with_name(path.name + "~")


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


def write(path: Path, data: bytes, *, backup: bool = False) -> bool:
    """Replace a file's contents in one step: after any interruption the file is either the old or the new one.

    Args:
        backup: keep the contents before under `backup_of(path)`, when they differ.

    Returns:
        Whether contents before were kept.

    Raises:
        ProblemError: it could not be written; what was there is unchanged.
    """

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    return _replace(path, fill, data if backup else None)


def copy(source: Path, path: Path, *, link: bool = False) -> None:
    """Let `path` be a copy of another file, in one step.

    Args:
        link: the two may share their contents on the disk, where it can do that: the other is going to be removed.

    Raises:
        ProblemError: it could not be written; what was there is unchanged.
    """

    def fill(temporary: Path) -> None:
        if link:
            with contextlib.suppress(OSError):
                temporary.unlink()
                os.link(source, temporary)
                return
        with source.open("rb") as there, temporary.open("wb") as file:
            shutil.copyfileobj(there, file, 2**22)
            file.flush()
            os.fsync(file.fileno())

    _replace(path, fill, None)


def _replace(path: Path, fill: Callable[[Path], None], backup: bytes | None) -> bool:
    """Put in the place of `path` what `fill` writes; with the new contents as `backup`, keep the version before.

    Returns whether one was kept.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    temporary: Path | None = None
    try:
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "read-only", str(target))
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:50]}.", suffix=".tmp", dir=target.parent)
        temporary = Path(name)
        os.close(handle)
        fill(temporary)
        temporary.chmod(_mode_of(target))
        kept = backup is not None and _keep_version_before(target, backup)
        temporary.replace(target)
        temporary = None
        _sync_folder(target.parent)
        return kept
    except (OSError, ValueError) as error:
        raise ProblemError(_cannot_write(error, path)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _mode_of(target: Path) -> int:
    """The permissions of the file that is replaced, or those of a new one."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _keep_version_before(target: Path, data: bytes) -> bool:
    """A backup is worth having, but not worth failing for. Returns whether there is one now of these contents."""
    spare = target.with_name(f".{target.name[:50]}.{os.getpid()}.bak")
    with contextlib.suppress(OSError):
        if not target.exists():
            return False
        if target.stat().st_size == len(data) and target.read_bytes() == data:  # weights may be large
            return False
        try:
            os.link(target, spare)
        except OSError:  # a file system without links
            shutil.copy2(target, spare)
        spare.replace(backup_of(target))
        return True
    with contextlib.suppress(OSError):
        spare.unlink(missing_ok=True)
    return False


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last through a power cut, where the system can."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _in_file(problem: Problem, path: Path) -> Problem:
    place = ", ".join(part for part in (problem.where, problem.field) if part)
    message = f"{place}: {problem.message}" if place else problem.message
    hint = problem.hint
    spare = backup_of(path)
    if not hint and problem.code in ("truncated", "bad-file", "not-a-project") and spare.exists():
        hint = f"The version before is {spare}."
    return replace(problem, message=message, where=str(path), field="", hint=hint)


def _cannot_read(error: OSError | ValueError) -> Problem:
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOENT, errno.ENOTDIR):
        return Problem("no-such-file", "there is no such file.")
    if code == errno.EISDIR:
        return Problem("unreadable", "this is a folder, not a project file.")
    if code in _FORBIDDEN:
        return Problem("unreadable", "you may not read this file.", hint="Check its permissions.")
    return Problem("unreadable", f"the file cannot be read ({_reason(error)}).")


def _cannot_write(error: OSError | ValueError, path: Path) -> Problem:
    code = error.errno if isinstance(error, OSError) else None
    where = str(path)
    if code in _FULL:
        message = "there is no room left on the disk, so it was not saved."
        return Problem(
            "disk-full", message, where, hint="What was there before is unchanged. Make room and save again."
        )
    if code in _FORBIDDEN:
        message = "this place is read-only, so it was not saved."
        return Problem("read-only", message, where, hint="Save it in another folder.")
    if code in (errno.ENOENT, errno.ENOTDIR):
        return Problem("no-such-folder", f"there is no folder {path.parent}, so it was not saved.", where)
    if code in (errno.EISDIR, errno.ENOTEMPTY):
        return Problem("unwritable", "this is a folder, so it was not saved.", where, hint="Choose a file name.")
    return Problem("unwritable", f"it could not be saved ({_reason(error)}).", where)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
