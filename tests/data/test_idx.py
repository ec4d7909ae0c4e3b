"""MNIST and Fashion-MNIST from small archives in torchvision's layout."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builder.data import catalogue
from builder.data.idx import read_idx
from builder.data.samples import load
from builder.data.settings import DataSettings
from builder.graph.problems import Problem, ProblemError
from builder.vision import import_torchvision

MNIST = DataSettings(dataset="mnist")


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_a_folder_with_the_archives_is_read_and_left_as_it_is(filled: Path) -> None:
    before = snapshot(filled)
    samples = load(MNIST, folder=filled)
    assert samples.test is not None
    assert (samples.inputs.shape, samples.test.inputs.shape) == ((200, 1, 28, 28), (50, 1, 28, 28))
    assert samples.targets.tolist() == [i % 10 for i in range(200)]
    assert snapshot(filled) == before


def test_torchvision_reads_the_same(filled: Path) -> None:
    ours = load(MNIST, folder=filled)
    theirs = import_torchvision("torchvision.datasets").MNIST(filled, train=False, download=True)
    assert ours.test is not None
    assert np.array_equal(ours.test.inputs[:, 0], theirs.data.numpy())
    assert np.array_equal(ours.test.targets, theirs.targets.numpy())


def test_unpacked_files_are_read_too(filled: Path) -> None:
    wanted = load(MNIST, folder=filled).inputs.copy()
    raw = filled / "MNIST" / "raw"
    for packed in list(raw.glob("*.gz")):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    again = catalogue.data_sets()["mnist"].load(MNIST, filled, lambda *_: None, lambda: False)
    assert np.array_equal(again.inputs, wanted)


def test_missing_archives_are_downloaded(
    archives: dict[str, bytes], server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files.update(archives)
    monkeypatch.setattr(import_torchvision("torchvision.datasets").FashionMNIST, "mirrors", [server.url])
    told: list[str] = []
    samples = load(
        DataSettings(dataset="fashion-mnist"), lambda message, _: told.append(message), folder=tmp_path / "new"
    )
    assert len(samples) == 200
    assert {name for name, _ in server.requests} == set(archives)
    assert {path.name for path in (tmp_path / "new" / "FashionMNIST" / "raw").iterdir()} == set(archives)
    assert any(message.startswith("Downloading Fashion-MNIST") for message in told)


def test_no_network_and_no_archives(archives: dict[str, bytes], tmp_path: Path) -> None:
    found = _problem_of(lambda: load(MNIST, folder=tmp_path))
    assert found.code == "download-failed"
    assert "MNIST" in found.message


def test_class_names_are_those_of_torchvision() -> None:
    datasets = import_torchvision("torchvision.datasets")
    sets = catalogue.data_sets()
    assert list(sets["fashion-mnist"].classes) == datasets.FashionMNIST.classes
    assert [name[0] for name in datasets.MNIST.classes] == list(sets["mnist"].classes)


def _problem_of(work: Any) -> Problem:
    with pytest.raises(ProblemError) as caught:
        work()
    return caught.value.problems[0]


GOOD = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gz", gzip.compress(GOOD, mtime=0)[:-9]),
        ("a.gz", b"no archive"),
        ("a.gz", gzip.compress(GOOD, mtime=0)[:12] + b"\xff\xff\xff" + gzip.compress(GOOD, mtime=0)[15:]),
        ("a", GOOD[:-1]),
        ("a", GOOD + b"x"),
        ("a", b""),
        ("a", bytes([0, 0, 8, 1, 255, 255, 255, 255])),
        ("a", bytes([0, 0, 13, 1, 0, 0, 0, 0])),
        ("a", bytes([0, 0, 8, 3, 0, 0, 0, 1])),
    ],
)
def test_damaged_files_are_one_problem(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found = _problem_of(lambda: read_idx(tmp_path / name, 1))
    assert found.code == "data-damaged"
    assert str(tmp_path / name) in found.hint


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)
    assert read_idx(tmp_path / "a", 1).tolist() == [7, 8, 9]


def test_a_file_that_vanished_is_one_problem(tmp_path: Path) -> None:
    assert "is gone" in _problem_of(lambda: read_idx(tmp_path / "a.gz", 1)).message


def test_labels_that_do_not_belong_to_the_pictures(filled: Path) -> None:
    raw = filled / "MNIST" / "raw"
    for packed in list(raw.glob("*.gz")):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    (raw / "train-labels-idx1-ubyte").write_bytes(GOOD)
    assert "do not belong together" in _problem_of(lambda: load(MNIST, folder=filled)).message
