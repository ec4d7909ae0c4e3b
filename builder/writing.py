"""The one way onto the disk: every file that the program writes whole is replaced in one step.

Whatever interrupts it (a full disk, a power cut, a kill), the file is either the old or the new one. Knows nothing of
the program; any room may use it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from builder.graph.problems import Problem, ProblemError

FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write(path: Path, data: bytes, *, backup: bool = False) -> bool:
    """Replace a file's contents in one step: after any interruption the file is either the old or the new one.

    Args:
        backup: keep the contents before under `backup_of(path)`, when they differ.

    Returns:
        Whether contents before were kept.

    Raises:
        ProblemError: it could not be written; what was there is unchanged.
    """

    return _told(path, lambda: put(path, lambda temporary: _write(temporary, data), data if backup else None))


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

    _told(path, lambda: put(path, fill))


def put(path: Path, fill: Callable[[Path], object], backup: bytes | None = None, *, lasting: bool = True) -> bool:
    """Put in the place of `path` what `fill` writes into the file that it is given, beside it.

    A pipe or a device cannot be replaced: it is written straight.

    Args:
        backup: the new contents, where the version before is to be kept when it differs from them.
        lasting: it survives a power cut too, not only the end of this program; takes the time of the disk.

    Returns:
        Whether a version before was kept.

    Raises:
        OSError: it could not be written; what was there is unchanged. `problem_of` says it in words.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        fill(path)
        return False
    target = Path(os.path.realpath(path))  # a link stays a link
    temporary = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.tmp")
    mode = _mode_of(target)
    made = False
    try:
        if mode is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "read-only", str(target))
        temporary.touch(0o666 if mode is None else mode | stat.S_IWUSR, exist_ok=False)
        made = True
        if mode is None:
            mode = _mode_of(temporary)
        fill(temporary)
        if mode is not None:  # safetensors, for one, makes its file anew, for nobody else to read
            temporary.chmod(mode)
        if lasting:
            _sync(temporary)
        kept = backup is not None and _keep_version_before(target, backup)
        temporary.replace(target)
        made = False
        if lasting:
            with contextlib.suppress(OSError):
                _sync(target.parent)
        return kept
    finally:
        if made:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _told(path: Path, work: Callable[[], bool]) -> bool:
    try:
        return work()
    except (OSError, ValueError) as error:
        raise ProblemError(problem_of(error, path)) from None


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)


def _mode_of(target: Path) -> int | None:
    """The permissions of the file that is replaced; None for a new one, which has those that the user's are given."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return None


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


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, last through a power cut, where the system can."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def backup_of(path: Path) -> Path:
    """Where the version before is kept."""
    return path.with_name(path.name + "~")


def problem_of(error: OSError | ValueError, path: Path) -> Problem:
    """Why a file could not be written, in words."""
    code = error.errno if isinstance(error, OSError) else None
    where = str(path)
    if code in _FULL:
        message = "there is no room left on the disk, so it was not saved."
        return Problem(
            "disk-full", message, where, hint="What was there before is unchanged. Make room and save again."
        )
    if code in FORBIDDEN:
        message = "this place is read-only, so it was not saved."
        return Problem("read-only", message, where, hint="Save it in another folder.")
    if code in (errno.ENOENT, errno.ENOTDIR):
        return Problem("no-such-folder", f"there is no folder {path.parent}, so it was not saved.", where)
    if code in (errno.EISDIR, errno.ENOTEMPTY):
        return Problem("unwritable", "this is a folder, so it was not saved.", where, hint="Choose a file name.")
    return Problem("unwritable", f"it could not be saved ({_reason(error)}).", where)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
