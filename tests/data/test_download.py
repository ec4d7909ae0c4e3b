"""Fetching: whole and checked, or not there at all."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any

import pytest

from builder.data.catalogue import CancelledError
from builder.data.download import Archive, fetch
from builder.graph.problems import Problem, ProblemError

BODY = bytes(range(256)) * 2000
NAME = "pictures.gz"


def archive(server: Any, body: bytes = BODY, *, first: str = "") -> Archive:
    server.files[NAME] = body
    urls = (first + NAME, server.url + NAME) if first else (server.url + NAME,)
    return Archive(NAME, hashlib.md5(BODY, usedforsecurity=False).hexdigest(), urls)


def get(wanted: Archive, folder: Path, cancelled: Any = lambda: False, told: list[Any] | None = None) -> list[Path]:
    def tell(message: str, share: float | None) -> None:
        if told is not None:
            told.append((message, share))

    return fetch("Pictures", [wanted], folder, len(BODY), tell, cancelled)


def problem(wanted: Archive, folder: Path) -> Problem:
    with pytest.raises(ProblemError) as caught:
        get(wanted, folder)
    assert len(caught.value.problems) == 1
    found = caught.value.problems[0]
    assert found.where == "data.dataset"
    assert found.hint
    assert not (folder / NAME).exists()
    return found


def test_fetches_checks_and_reports(server: Any, tmp_path: Path) -> None:
    told: list[Any] = []
    folder = tmp_path / "not" / "there" / "yet"

    assert get(archive(server), folder, told=told) == [folder / NAME]

    assert (folder / NAME).read_bytes() == BODY
    assert [path.name for path in folder.iterdir()] == [NAME]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert told[-1][0] == "Downloading Pictures: 0.5 of 0.5 MB"


def test_what_is_there_is_not_fetched_again(server: Any, tmp_path: Path) -> None:
    get(archive(server), tmp_path)
    get(archive(server), tmp_path)
    assert len(server.requests) == 1


def test_unpacked_content_is_enough(server: Any, tmp_path: Path) -> None:
    (tmp_path / "pictures").write_bytes(b"unpacked")
    assert get(archive(server), tmp_path) == [tmp_path / "pictures"]
    assert server.requests == []


def test_a_damaged_archive_is_replaced(server: Any, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(BODY[:-1])
    get(archive(server), tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_damaged_archive_stays_when_nothing_better_comes(dead_url: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"damaged")
    with pytest.raises(ProblemError):
        get(Archive(NAME, "0" * 32, (dead_url + NAME,)), tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"damaged"


def test_cancelling_keeps_what_came_and_running_again_goes_on_there(server: Any, tmp_path: Path) -> None:
    told: list[Any] = []
    with pytest.raises(CancelledError):
        get(archive(server), tmp_path, lambda: bool(told), told)
    have = (tmp_path / f"{NAME}.part").stat().st_size
    assert 0 < have < len(BODY)
    assert not (tmp_path / NAME).exists()

    get(archive(server), tmp_path)

    assert server.requests == [(NAME, None), (NAME, f"bytes={have}-")]
    assert (tmp_path / NAME).read_bytes() == BODY
    assert not (tmp_path / f"{NAME}.part").exists()


def test_a_broken_connection_says_so_and_running_again_goes_on(server: Any, tmp_path: Path) -> None:
    server.break_after = 300_000
    assert "broke off" in problem(archive(server), tmp_path).message
    server.break_after = None
    get(archive(server), tmp_path)
    assert server.requests[-1] == (NAME, "bytes=300000-")
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_server_that_cannot_go_on_begins_again(server: Any, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 1000)
    get(archive(server), tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY


@pytest.mark.parametrize("left", [b"x" * 1000, BODY + b"more", b"y" * len(BODY)])
def test_a_foreign_remainder_does_no_harm(server: Any, tmp_path: Path, left: bytes) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(left)
    get(archive(server), tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_whole_remainder_only_needs_its_name(server: Any, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(BODY)
    get(archive(server), tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY
    assert len(server.requests) == 1


def test_a_wrong_checksum_is_refused_and_leaves_nothing(server: Any, tmp_path: Path) -> None:
    assert "checksum" in problem(archive(server, b"something else"), tmp_path).message
    assert list(tmp_path.iterdir()) == []


def test_the_second_address_helps_out(server: Any, dead_url: str, tmp_path: Path) -> None:
    get(archive(server, first=dead_url), tmp_path)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_no_network(dead_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    found = problem(Archive(NAME, "0" * 32, (dead_url + NAME,)), tmp_path)
    assert found.code == "download-failed"
    assert "127.0.0.1 cannot be reached" in found.message
    assert str(tmp_path) in found.hint
    assert found.fix is not None
    assert list(tmp_path.iterdir()) == []


def test_a_missing_page(server: Any, tmp_path: Path) -> None:
    wanted = Archive("gone.gz", "0" * 32, (server.url + "gone.gz",))
    assert "answered 404" in problem(wanted, tmp_path).message


def test_a_full_disk(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def open_on_full_disk(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = real(path, mode, *args, **kwargs)
        if mode == "r+b":
            file.close()
            raise OSError(errno.ENOSPC, "No space left on device")
        return file

    monkeypatch.setattr(Path, "open", open_on_full_disk)
    found = problem(archive(server), tmp_path)
    assert found.code == "disk-full"
    assert str(tmp_path) in found.message


def test_a_folder_that_may_not_be_written(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert problem(archive(server), tmp_path / "closed").code == "no-permission"


def test_a_file_where_the_folder_should_be(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert problem(archive(server), tmp_path / "file" / "raw").code == "data-folder"
