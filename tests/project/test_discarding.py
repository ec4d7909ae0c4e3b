"""Which runs may be deleted, and that nothing else goes with them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.graph.problems import ProblemError
from builder.project import templates
from builder.project.discarding import bytes_of, delete, reason_against
from builder.project.form import to_json

links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
NOT_HERE = "it does not lie where runs are kept"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def make(folder: Path, *rows: str, old: bool = True) -> Path:
    (folder / "weights").mkdir(parents=True)
    document = to_json(templates.load("perceptron"))
    (folder / "run.json").write_text(json.dumps({"format": "torchcanvas-run", "version": 1, "document": document}))
    (folder / "metrics.jsonl").write_text("".join(f"{row}\n" for row in rows))
    (folder / "weights" / "00000000.safetensors").write_bytes(bytes(1000))
    if old:
        for path in (*folder.rglob("*"), folder):
            os.utime(path, (9, 9))
    return folder


END = '{"event": "end", "reason": "completed"}'


def test_runs_that_have_ended_or_were_cut_off_may_go(base: Path) -> None:
    ended, cut, fold = make(base / "a", END, old=False), make(base / "b"), make(base / "folds" / "1", END)
    for run in (ended, cut, fold):
        assert reason_against(run, base) == ""
        assert 1000 < bytes_of(run) < 10_000
        delete(run, base)
        assert not run.exists()
    assert list(base.iterdir()) == [base / "folds"]


def test_one_that_is_being_made_stays(base: Path) -> None:
    run = make(base / "a", '{"event": "epoch", "epoch": 1}', old=False)
    assert "may still be made" in reason_against(run, base)
    with pytest.raises(ProblemError, match="may still be made"):
        delete(run, base)
    assert (run / "weights" / "00000000.safetensors").is_file()


def test_what_lies_elsewhere_stays(base: Path, tmp_path: Path) -> None:
    elsewhere = make(tmp_path / "mine", END)
    for folder in (elsewhere, base, base / ".." / "mine", base.parent, base / "nowhere"):
        assert reason_against(folder, base) == NOT_HERE
    with pytest.raises(ProblemError):
        delete(elsewhere, base)
    assert (elsewhere / "run.json").is_file()


@links
def test_no_link_is_followed(base: Path, tmp_path: Path) -> None:
    elsewhere = make(tmp_path / "mine", END)
    (base / "link").symlink_to(elsewhere, target_is_directory=True)
    (base / "folds").symlink_to(tmp_path, target_is_directory=True)
    assert reason_against(base / "link", base) == NOT_HERE
    assert reason_against(base / "folds" / "mine", base) == NOT_HERE
    run = make(base / "a", END)
    (run / "weights" / "00000001.safetensors").symlink_to(elsewhere / "weights" / "00000000.safetensors")
    assert "holds what belongs to no run (00000001" in reason_against(run, base)
    (run / "weights" / "00000001.safetensors").unlink()
    (run / "run.json").unlink()
    (run / "run.json").symlink_to(elsewhere / "run.json")
    assert reason_against(run, base) == "it is not the folder of a run"


@links
def test_runs_may_be_kept_behind_a_link(base: Path, tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(base, target_is_directory=True)
    run = make(base / "a", END)
    delete(tmp_path / "here" / "a", tmp_path / "here")
    assert not run.exists()


@links
def test_weights_behind_a_link_stay(base: Path, tmp_path: Path) -> None:
    run = make(base / "a", END)
    (run / "weights").rename(tmp_path / "large disk")
    (run / "weights").symlink_to(tmp_path / "large disk", target_is_directory=True)
    assert bytes_of(run) < 1000 + (run / "run.json").stat().st_size
    delete(run, base)
    assert not run.exists()
    assert (tmp_path / "large disk" / "00000000.safetensors").is_file()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda run: (run / "run.json").write_text("{}"), "not the folder of a run"),
        (lambda run: (run / "run.json").unlink(), "not the folder of a run"),
        (lambda run: (run / "theses").mkdir(), "belongs to no run (theses)"),
        (lambda run: (run / "weights" / "more").mkdir(), "belongs to no run (more)"),
    ],
)
def test_what_is_more_than_a_run_stays(spoil: Callable[[Path], object], reason: str, base: Path) -> None:
    run = make(base / "a", END)
    spoil(run)
    assert reason in reason_against(run, base)
