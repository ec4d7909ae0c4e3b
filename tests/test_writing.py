"""Files are replaced whole or not at all, in the face of links, pipes, devices and threads."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from builder.graph.problems import ProblemError
from builder.writing import put, write

posix = pytest.mark.skipif(os.name == "nt", reason="permissions, links and pipes of POSIX")


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fill(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        put(path, fill)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"file": "old"}


@posix
def test_permissions_of_a_new_and_of_an_old_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    write(tmp_path / "new", b"1")
    secret = tmp_path / "secret"
    secret.touch(0o600)
    write(secret, b"1")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new"


@posix
def test_a_device_is_written_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write(pipe, b"new")
    reader.join(10)
    assert found == [b"new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_device_that_is_full_says_so() -> None:
    with pytest.raises(ProblemError, match="no room left"):
        write(Path("/dev/full"), b"new")
