"""Where the weights of a project go when it is saved, and that nothing of them is lost on the way."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from builder import writing
from builder.graph.problems import ProblemError
from builder.project import keep
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.weights import located


@pytest.fixture(autouse=True)
def kept_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user" / "kept"
    monkeypatch.setattr(keep, "kept_folder", lambda: folder)
    return folder


def project(weights: Path | str) -> Project:
    return set_setting(Project(), "training.weights", str(weights))


def kept(contents: bytes = b"weights") -> Path:
    path = keep.new_folder() / "resnet18.safetensors"
    path.write_bytes(contents)
    return path


def test_kept_weights_come_to_lie_beside_the_project(tmp_path: Path) -> None:
    source = kept()
    saved, made = keep.bring(project(source), None, tmp_path / "mine.tcanvas")
    assert saved.training.weights == "mine.safetensors"
    assert made == tmp_path / "mine.safetensors"
    assert made.read_bytes() == b"weights"
    assert located(saved, tmp_path).training.weights == str(made)
    assert keep.bring(saved, tmp_path / "mine.tcanvas", tmp_path / "mine.tcanvas") == (saved, None)
    keep.forget(source)
    assert not source.parent.exists()
    assert made.read_bytes() == b"weights"


def test_nobodys_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes(b"other weights")
    saved, made = keep.bring(project(kept()), None, tmp_path / "mine.tcanvas")
    assert saved.training.weights == "mine-2.safetensors"
    assert (tmp_path / "mine.safetensors").read_bytes() == b"other weights"
    again, none = keep.bring(project(kept()), None, tmp_path / "mine.tcanvas")
    assert (again, none) == (saved, None), "the same contents are not written twice"
    assert made is not None


def test_a_copy_elsewhere_takes_its_weights_along(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "w.safetensors").write_bytes(b"weights")
    saved, made = keep.bring(project("w.safetensors"), here / "a.tcanvas", there / "b.tcanvas")
    assert (saved.training.weights, made) == ("b.safetensors", there / "b.safetensors")
    assert (here / "w.safetensors").exists()
    keep.forget(here / "w.safetensors")
    assert (here / "w.safetensors").exists(), "only kept weights are forgotten"


def test_a_full_path_stays_and_a_lost_file_keeps_its_meaning(tmp_path: Path) -> None:
    chosen = project(tmp_path / "chosen.safetensors")
    assert keep.bring(chosen, None, tmp_path / "x.tcanvas") == (chosen, None)
    here = tmp_path / "here"
    saved, made = keep.bring(project("lost.safetensors"), here / "a.tcanvas", tmp_path / "b.tcanvas")
    assert (saved.training.weights, made) == (str(here / "lost.safetensors"), None)
    assert keep.bring(Project(), None, tmp_path / "x.tcanvas") == (Project(), None)


def test_a_strangers_path_cannot_lead_out_of_the_kept_folder(tmp_path: Path, kept_folder: Path) -> None:
    """Saving a project forgets the weights that were kept for it: nothing else may be removed by that."""
    ours = kept()
    (tmp_path / "thesis").mkdir()
    precious = tmp_path / "thesis" / "w.safetensors"
    precious.write_bytes(b"weights")
    for path in (ours.parent / "../../../thesis/w.safetensors", kept_folder / "../../thesis/w.safetensors", precious):
        assert path.read_bytes() == b"weights"
        assert not keep.is_kept(path)
        keep.forget(path)
        assert keep.bring(project(path), None, tmp_path / "mine.tcanvas") == (project(path), None)
    assert precious.exists()
    assert ours.exists()
    keep.forget(kept_folder / ours.parent.name)
    assert ours.exists(), "a folder is no file of weights"


def test_a_place_that_cannot_be_written_is_one_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = kept()
    with pytest.raises(ProblemError) as raised:
        keep.bring(project(source), None, tmp_path / "absent" / "mine.tcanvas")
    assert [problem.code for problem in raised.value.problems] == ["no-such-folder"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(writing.shutil, "copyfileobj", full)
    with pytest.raises(ProblemError) as raised:
        keep.bring(project(source), None, tmp_path / "mine.tcanvas")
    assert [problem.code for problem in raised.value.problems] == ["disk-full"]
    assert source.read_bytes() == b"weights"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["user"]


def test_what_nobody_can_open_any_more_is_swept(tmp_path: Path, kept_folder: Path) -> None:
    recovery = tmp_path / "recovery"
    recovery.mkdir()
    young, wanted, old = kept(), kept(), kept()
    (recovery / "1.json").write_text(json.dumps({"project": {"training": {"weights": str(wanted)}}}))
    before = time.time() - 2 * keep.FORGOTTEN_AFTER
    for path in (wanted, old):
        os.utime(path.parent, (before, before))
    keep.sweep(recovery)
    assert young.exists()
    assert wanted.exists()
    assert not old.exists()
