"""Project files: whatever the disk does, the old file survives and one Problem says what happened."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.graph.problems import Problem, ProblemError
from builder.project import file
from builder.project.document import Project
from builder.project.file import load, save
from builder.writing import backup_of

OLD, NEW = Project(name="old"), Project(name="new")


def refused(work: Callable[[], object], path: Path) -> Problem:
    with pytest.raises(ProblemError) as caught:
        work()
    (problem,) = caught.value.problems
    assert problem.where == str(path)
    return problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "network.tcanvas"
    save(OLD, path)
    return path


def test_saves_and_loads(path: Path) -> None:
    assert load(path) == OLD
    assert not backup_of(path).exists()


def test_keeps_the_version_before(path: Path) -> None:
    save(NEW, path)
    save(NEW, path)  # saving the same again loses nothing
    assert load(path) == NEW
    assert load(backup_of(path)) == OLD
    assert sorted(entry.name for entry in path.parent.glob("*network*")) == ["network.tcanvas", "network.tcanvas~"]


def test_keeps_permissions_and_links(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.tcanvas"
    link.symlink_to(path)
    save(NEW, link)
    assert link.is_symlink()
    assert load(path) == NEW
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("call", ["fsync", "link"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_failing_disk(path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int) -> None:
    def fail(*_args: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    if call == "fsync":
        problem = refused(lambda: save(NEW, path), path)
        expected = {errno.ENOSPC: "disk-full", errno.EROFS: "read-only"}
        assert problem.code == expected.get(code, "unwritable")
        assert load(path) == OLD
    else:  # without links the version before is copied
        save(NEW, path)
        assert load(backup_of(path)) == OLD
    assert not list(path.parent.glob(".*.tmp"))
    assert not list(path.parent.glob(".*.bak"))


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_full_disk(path: Path) -> None:
    """A process that may write no file over 1 KB meets the same refusal as on a full disk."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from builder.project.document import Project; from builder.project.file import save\n"
        "from builder.graph.problems import ProblemError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "try: save(Project(name='new', notes='x' * 5000), Path(sys.argv[1]))\n"
        "except ProblemError as error: print(error.problems[0].code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("disk-full", "")
    assert load(path) == OLD
    assert not list(path.parent.glob(".*.tmp"))


def test_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "network.tcanvas"
    assert refused(lambda: save(NEW, path), path).code == "no-such-folder"


def test_folder_instead_of_file(tmp_path: Path) -> None:
    path = tmp_path / "folder.tcanvas"
    path.mkdir()
    assert refused(lambda: save(NEW, path), path).code == "unwritable"
    assert refused(lambda: load(path), path).code == "unreadable"
    assert [entry.name for entry in tmp_path.glob("*folder*")] == ["folder.tcanvas"]


def test_read_only_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name == "nt" or os.geteuid() == 0:  # root may write everywhere: let the system say no

        def forbid(*_args: object, **_options: object) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(Path, "touch", forbid)
    else:
        path.parent.chmod(0o555)
    try:
        assert refused(lambda: save(NEW, path), path).code == "read-only"
    finally:
        path.parent.chmod(0o755)
    assert load(path) == OLD


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "absent.tcanvas"
    assert refused(lambda: load(path), path).message == "there is no such file."


def test_a_file_too_large_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with path.open("r+b") as handle:
        handle.truncate(100 * 2**20)  # sparse: takes no room
    monkeypatch.setattr(file, "decode", lambda text: pytest.fail("it was read"))
    problem = refused(lambda: load(path), path)
    assert problem.code == "too-large"
    assert "100 MB" in problem.message


def test_nested_brackets_up_to_the_limit(path: Path) -> None:
    path.write_bytes(b"[" * (2 * 2**20))
    assert "nested" in refused(lambda: load(path), path).message


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_endless_device() -> None:
    path = Path("/dev/zero")
    assert refused(lambda: load(path), path).code == "unreadable"


def test_not_text(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert refused(lambda: load(path), path).code == "not-a-project"


def test_byte_order_mark(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(path) == OLD


def test_damage_names_the_place_and_the_version_before(path: Path) -> None:
    save(NEW, path)
    path.write_text(path.read_text()[:60])
    problem = refused(lambda: load(path), path)
    assert problem.code == "truncated"
    assert str(backup_of(path)) in problem.hint
    path.write_text('{"format": "torchcanvas-project", "version": 1, "training": {"epochs": -1}}')
    assert refused(lambda: load(path), path).message.startswith("training, epochs: -1 is out of range")
