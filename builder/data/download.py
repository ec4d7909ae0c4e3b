"""Fetching archives: checked, with progress, stopped at once when asked, and continued where the last try ended.

An archive stands under its final name only when it is whole and its checksum is right; until then it is a `.part` file.
Knows no data set.
"""

from __future__ import annotations

import errno
import hashlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from builder import __version__
from builder.data.catalogue import Asked, CancelledError, Progress
from builder.graph.problems import Fix, Problem, ProblemError, SetSetting

_CHUNK = 1 << 16
_PATIENCE = 20.0  # seconds without a byte after which a server counts as gone
_MEGABYTE = 1_000_000

WHERE = "data.dataset"
USE_DIGITS = Fix("Use the built-in digits", (SetSetting(WHERE, "digits"),))


@dataclass(frozen=True)
class Archive:
    """One file to fetch: its name, its MD5 checksum in hexadecimal digits, and the addresses that have it."""

    name: str
    md5: str
    urls: tuple[str, ...]


def fetch(
    title: str, archives: Sequence[Archive], folder: Path, size: int, progress: Progress, cancelled: Asked
) -> list[Path]:
    """The path of each archive in `folder`, after downloading those that are missing or damaged.

    An archive that is missing but whose unpacked content is there (the name without its ending) is not fetched; the
    path is then that of the content. A folder in which all is there is only read.

    Args:
        title: what is fetched, for a reader.
        size: bytes of all archives together.

    Raises:
        ProblemError: no connection, no space, no permission, or a wrong checksum, each with what to do.
        CancelledError: `cancelled` said so; what has come so far is kept as a `.part` file.
    """
    here: dict[Archive, Path] = {}
    for archive in archives:
        found = _on_disk(archive, folder, cancelled)
        if found is not None:
            here[archive] = found
    done = sum(_size(path) for path in here.values())
    for archive in archives:
        if archive in here:
            continue
        before = done

        def report(count: int, before: int = before) -> None:
            come = before + count
            share = min(1.0, come / size) if size else None
            progress(f"Downloading {title}: {come / _MEGABYTE:.1f} of {size / _MEGABYTE:.1f} MB", share)

        here[archive] = _download(title, archive, folder, report, cancelled)
        done += _size(here[archive])
    return [here[archive] for archive in archives]


def damaged(message: str, path: Path) -> Problem:
    """What to say of a file or folder that was fetched and cannot be used."""
    hint = f"Remove {path} and run again to download it afresh."
    return Problem("data-damaged", message, where=WHERE, hint=hint, fix=USE_DIGITS)


def _on_disk(archive: Archive, folder: Path, cancelled: Asked) -> Path | None:
    packed = folder / archive.name
    try:
        if packed.is_file() and _md5(packed, cancelled) == archive.md5:
            return packed
        unpacked = packed.with_suffix("")
        return unpacked if unpacked.is_file() and not packed.is_file() else None
    except OSError as error:
        raise ProblemError(_file_problem(error, packed)) from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # only a figure for the progress; reading it will say what is wrong


def _md5(path: Path, cancelled: Asked) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            _stop_if(cancelled)
            digest.update(chunk)
    return digest.hexdigest()


def _stop_if(cancelled: Asked) -> None:
    if cancelled():
        raise CancelledError


def _download(title: str, archive: Archive, folder: Path, report: Callable[[int], None], cancelled: Asked) -> Path:
    part = folder / f"{archive.name}.part"
    why = "no address is known for it"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.touch()
        for url in archive.urls:
            fault = _try(url, archive, part, report, cancelled)
            if fault is None:
                return part.replace(folder / archive.name)
            why = fault
    except OSError as error:
        raise ProblemError(_file_problem(error, folder)) from None
    finally:
        if part.exists() and not _size(part):
            part.unlink()
    message = f"{title} could not be downloaded: {why}."
    hint = f"Try again to go on where it stopped, or put {archive.name} into {folder}."
    raise ProblemError(Problem("download-failed", message, where=WHERE, hint=hint, fix=USE_DIGITS))


def _try(url: str, archive: Archive, part: Path, report: Callable[[int], None], cancelled: Asked) -> str | None:
    """Complete `part` from one address. The reason in words when that fails; `OSError` when the disk is at fault."""
    while True:
        continued = _size(part) > 0
        try:
            _receive(url, part, report, cancelled)
        except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
            return _words(error, url)
        if _md5(part, cancelled) == archive.md5:
            return None
        part.write_bytes(b"")
        if not continued:
            return f"{_host(url)} sent something else than {archive.name} (the checksum is wrong)"
        # What an earlier try left may have belonged to something else: once more, from the start.


def _receive(url: str, part: Path, report: Callable[[int], None], cancelled: Asked) -> None:
    """Bring `part` to the whole length of what `url` has. Raises what urllib raises, and `OSError` for the file."""
    have = part.stat().st_size
    headers = {"User-Agent": f"torchcanvas/{__version__}"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = urlopen(Request(url, headers=headers), timeout=_PATIENCE)
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing lies behind what is there: the checksum decides
            return
        raise
    with response:
        if have and getattr(response, "status", None) != 206:  # the server begins at the beginning
            have = 0
        expected = response.headers.get("Content-Length")
        whole = have + int(expected) if expected and expected.isdigit() else None
        with part.open("r+b") as file:
            file.seek(have)
            file.truncate()
            while chunk := _read(response):
                _stop_if(cancelled)
                file.write(chunk)
                have += len(chunk)
                report(have)
        if whole is not None and have < whole:
            raise ConnectionError("the connection broke off")


def _read(response: Any) -> bytes:
    """What has come; in parts as small as they come, so that stopping does not wait for a slow network."""
    try:
        found: bytes = response.read1(_CHUNK)
    except TimeoutError:
        raise
    except OSError as error:  # a reset, a broken encryption layer: the network's fault, not the disk's
        raise ConnectionError(str(error)) from None
    return found


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _words(error: Exception, url: str) -> str:
    if isinstance(error, HTTPError):
        return f"{_host(url)} answered {error.code}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return f"{_host(url)} does not answer"
    if isinstance(reason, ssl.SSLError):
        return f"the certificate of {_host(url)} is not one that this computer trusts"
    if isinstance(error, URLError):
        return f"{_host(url)} cannot be reached (is there a network?)"
    return f"the connection to {_host(url)} broke off"


def _file_problem(error: OSError, path: Path) -> Problem:
    """A full disk, a folder without permission, a file in the way: one problem with what to do."""
    elsewhere = "set TORCHCANVAS_DATA to a folder on another disk"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        message = f"the disk with {path} is full."
        return Problem("disk-full", message, where=WHERE, hint=f"Make room, or {elsewhere}.", fix=USE_DIGITS)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        message = f"{path} may not be read or written."
        hint = "Change its permissions, or set TORCHCANVAS_DATA to a folder that is yours."
        return Problem("no-permission", message, where=WHERE, hint=hint, fix=USE_DIGITS)
    message = f"{path} cannot be used: {(error.strerror or str(error)).lower()}."
    hint = "Set TORCHCANVAS_DATA to another folder."
    return Problem("data-folder", message, where=WHERE, hint=hint, fix=USE_DIGITS)
