"""Autosave: the newest value is on the disk, a crash leaves it there, a good end does not."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.graph.problems import Problem, ProblemError
from builder.project import autosave
from builder.project.autosave import Autosave, recovered
from builder.project.document import Project


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[Autosave]:
    saver = Autosave(tmp_path / "recovery")
    yield saver
    saver.close()


def crash(folder: Path, name: str, path: str = "None") -> None:
    """Another program autosaves and then dies without a word."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from builder.project.autosave import Autosave; from builder.project.document import Project\n"
        f"saver = Autosave(Path(sys.argv[1])); saver.put(Project(name={name!r}), {path})\n"
        "assert saver.flush(); os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == 9


def test_a_crash_leaves_the_newest_value(tmp_path: Path) -> None:
    crash(tmp_path, "lost", "Path('/somewhere/lost.tcanvas')")
    (found,) = recovered(tmp_path)
    assert found.project == Project(name="lost")
    assert found.path == Path("/somewhere/lost.tcanvas")
    found.discard()
    assert recovered(tmp_path) == ()
    assert list(tmp_path.iterdir()) == [] or all(entry.is_dir() for entry in tmp_path.iterdir())


def test_a_running_program_is_no_crash(saver: Autosave, tmp_path: Path) -> None:
    saver.put(Project(name="open"), None)
    assert saver.flush()
    assert list((tmp_path / "recovery").glob("*.json"))
    code = (
        "import sys; from pathlib import Path; from builder.project.autosave import recovered\n"
        "print(len(recovered(Path(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "recovery")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


def test_a_good_end_leaves_nothing(saver: Autosave, tmp_path: Path) -> None:
    saver.put(Project(name="open"), None)
    assert saver.flush()
    saver.close()
    assert list((tmp_path / "recovery").iterdir()) == []


def test_saving_takes_the_recovery_file_away(saver: Autosave, tmp_path: Path) -> None:
    saver.put(Project(name="open"), None)
    saver.discard()
    assert saver.flush()
    assert not list((tmp_path / "recovery").glob("*.json"))
    saver.put(Project(name="edited again"), None)
    assert saver.flush()
    assert list((tmp_path / "recovery").glob("*.json"))


def test_nothing_is_written_before_the_first_edit(saver: Autosave, tmp_path: Path) -> None:
    saver.discard()
    saver.close()
    assert not (tmp_path / "recovery").exists()


def test_newest_wins(saver: Autosave, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    begun, go_on = threading.Event(), threading.Event()

    def slow(_path: Path, data: bytes) -> None:
        begun.set()
        assert go_on.wait(5)
        written.append(data)

    monkeypatch.setattr(autosave, "write", slow)
    saver.put(Project(name="first"), None)
    assert begun.wait(5)
    for number in range(100):
        saver.put(Project(name=f"later {number}"), None)
    go_on.set()
    assert saver.flush()
    assert len(written) == 2
    assert b"later 99" in written[-1]


def test_a_value_that_a_newer_one_replaced_counts_as_written(saver: Autosave, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, began = threading.Event(), threading.Event()
    write = autosave.write

    def slow(path: Path, data: bytes) -> None:
        began.set()
        assert gate.wait(10)
        write(path, data)

    monkeypatch.setattr(autosave, "write", slow)
    told: list[str] = []
    saver.put(Project(name="first"), None)
    assert began.wait(10)
    saver.put(Project(name="skipped"), None, lambda _problem: told.append("skipped"))
    saver.put(Project(name="newest"), None, lambda _problem: told.append("newest"))
    gate.set()
    assert saver.flush()
    assert told == ["skipped", "newest"]


def test_a_full_disk_is_told_and_outlived(saver: Autosave, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise ProblemError(Problem("disk-full", "there is no room left."))

    with monkeypatch.context() as broken:
        broken.setattr(autosave, "write", full)
        saver.put(Project(name="first"), None)
        assert saver.flush()
        assert saver.problem is not None
        assert saver.problem.code == "disk-full"
    saver.put(Project(name="second"), None)
    assert saver.flush()
    assert saver.problem is None


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    saver = Autosave(tmp_path / "file" / "recovery")
    saver.put(Project(), None)
    assert saver.flush()
    assert saver.problem is not None
    saver.close()


def test_damaged_recovery_files_are_passed_over(tmp_path: Path) -> None:
    for number, text in enumerate(["", "{", "[]", '{"path": 1, "project": {}}', '{"path": null}']):
        (tmp_path / f"{number}.json").write_text(text)
    assert recovered(tmp_path) == ()
