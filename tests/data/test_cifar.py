"""CIFAR-10 and CIFAR-100 from small archives of the makers' binary form, made here."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builder.data.catalogue import CancelledError
from builder.data.cifar import Cifar10, Cifar100, CifarPictures
from builder.data.download import Archive
from builder.data.prepare import prepare
from builder.data.samples import load
from builder.data.settings import DataSettings
from builder.graph.edits import set_params
from builder.graph.problems import Problem, ProblemError
from builder.project.script import to_script
from builder.project.templates import load as template
from builder.vision import import_torchvision

KINDS = (Cifar10, Cifar100)
each = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
COUNT = 20


def content(kind: type[CifarPictures], seed: int = 0) -> dict[str, bytes]:
    """A few random records for each part, by name."""
    rng = np.random.default_rng(seed)
    found = {}
    for number, name in enumerate(kind.parts):
        rows = rng.integers(0, 256, (COUNT, kind.labels + 3072), np.uint8)
        rows[:, kind.labels - 1] = (np.arange(COUNT) + number) % len(kind.classes)
        found[name] = rows.tobytes()
    return found


def packed(files: Mapping[str, bytes], *members: tarfile.TarInfo) -> bytes:
    """An archive of these files, and of other members in front."""
    space = io.BytesIO()
    with tarfile.open(fileobj=space, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return space.getvalue()


def inside(kind: type[CifarPictures], files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{kind.unpacked}/{name}": body for name, body in files.items()}


def publish(kind: type[CifarPictures], body: bytes, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be the archive that the program expects, at this address."""
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    name = kind.archive.name
    monkeypatch.setattr(kind, "archive", Archive(name, md5, (url + name,)))


def settings(kind: type[CifarPictures]) -> DataSettings:
    return DataSettings(dataset=kind.key)


def problem_of(kind: type[CifarPictures], folder: Path) -> Problem:
    with pytest.raises(ProblemError) as caught:
        load(settings(kind), folder=folder)
    found = caught.value.problems[0]
    assert found.where == "data.dataset"
    assert found.fix is not None
    return found


@each
def test_it_is_fetched_checked_and_read(
    kind: type[CifarPictures], server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = content(kind)
    server.files[kind.archive.name] = packed(inside(kind, files))
    publish(kind, server.files[kind.archive.name], server.url, monkeypatch)
    assert not kind().at_hand(tmp_path)
    told: list[str] = []
    samples = load(settings(kind), lambda message, _: told.append(message), folder=tmp_path)
    assert kind().at_hand(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [kind.archive.name]
    assert told[0].startswith("Looking for CIFAR")
    assert told[-1].startswith("Reading CIFAR")
    assert samples.test is not None
    train = len(kind.parts) - 1
    assert samples.inputs.shape == (train * COUNT, 3, 32, 32)
    assert samples.test.inputs.shape == (COUNT, 3, 32, 32)
    assert samples.targets[:3].tolist() == [0, 1, 2]
    record = kind.labels + 3072
    second = files[kind.parts[0]][record : 2 * record]
    assert samples.inputs[1].tobytes() == second[kind.labels :]
    assert samples.targets[1] == second[kind.labels - 1]
    assert samples.test.inputs[0].tobytes() == files[kind.parts[-1]][kind.labels : record]


def test_a_folder_that_somebody_unpacked_is_read(tmp_path: Path, dead_url: str) -> None:
    files = content(Cifar10)
    (tmp_path / Cifar10.unpacked).mkdir()
    for name, body in files.items():
        (tmp_path / Cifar10.unpacked / name).write_bytes(body)
    assert Cifar10().at_hand(tmp_path)
    assert len(load(settings(Cifar10), folder=tmp_path)) == 5 * COUNT


def test_without_a_network_the_digits_are_offered(
    tmp_path: Path, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(Cifar10, b"", dead_url, monkeypatch)
    found = problem_of(Cifar10, tmp_path)
    assert found.code == "download-failed"
    assert found.fix is not None
    assert "digits" in found.fix.title


def test_nothing_is_unpacked_and_strangers_are_passed_over(
    tmp_path: Path, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = f"{Cifar10.unpacked}/{Cifar10.parts[0]}"
    link = tarfile.TarInfo(first)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    outside = tarfile.TarInfo("../outside.bin")
    outside.size = 10
    huge = tarfile.TarInfo(first)
    huge.size = 10_001 * 3073
    body = packed(inside(Cifar10, content(Cifar10)), link, outside, huge)
    publish(Cifar10, body, dead_url, monkeypatch)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / Cifar10.archive.name).write_bytes(body)
    assert len(load(settings(Cifar10), folder=tmp_path / "data")) == 5 * COUNT
    assert [path.name for path in tmp_path.rglob("*")] == ["data", Cifar10.archive.name]


def damage(files: dict[str, bytes], how: str) -> bytes:
    name = Cifar10.parts[2]
    if how == "a part is missing":
        del files[name]
    elif how == "half a record":
        files[name] = files[name][:-1]
    elif how == "a class beyond the last":
        files[name] = bytes([10]) + files[name][1:]
    elif how == "too many pictures":
        files[name] = bytes(3073) * 10_001
    elif how == "empty":
        files[name] = b""
    body = packed(inside(Cifar10, files))
    return {"cut off": body[: len(body) // 2], "no archive": b"PK" + bytes(600)}.get(how, body)


@pytest.mark.parametrize(
    "how",
    ["a part is missing", "half a record", "a class beyond the last", "too many pictures", "empty", "cut off",
     "no archive"],
)  # fmt: skip
def test_a_damaged_archive_is_one_problem(
    how: str, tmp_path: Path, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = damage(content(Cifar10), how)
    publish(Cifar10, body, dead_url, monkeypatch)
    (tmp_path / Cifar10.archive.name).write_bytes(body)
    found = problem_of(Cifar10, tmp_path)
    assert found.code == "data-damaged"
    assert str(tmp_path / Cifar10.archive.name) in found.hint


def test_reading_stops_when_asked(tmp_path: Path, dead_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = packed(inside(Cifar10, content(Cifar10)))
    publish(Cifar10, body, dead_url, monkeypatch)
    (tmp_path / Cifar10.archive.name).write_bytes(body)
    told: list[float | None] = []
    with pytest.raises(CancelledError):
        load(settings(Cifar10), lambda _, share: told.append(share), lambda: len(told) > 2, folder=tmp_path)
    assert len(told) == 3


def test_colour_pictures_keep_their_colours_on_the_way_to_the_network(
    tmp_path: Path, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = packed(inside(Cifar10, content(Cifar10)))
    publish(Cifar10, body, dead_url, monkeypatch)
    (tmp_path / Cifar10.archive.name).write_bytes(body)
    found = prepare(settings(Cifar10).changed(normalise="unit"), (3, 32, 32), "cpu", folder=tmp_path)
    raw = found.train.raw(3)
    assert found.train.sample(3)[0][0].numpy() == pytest.approx(raw / 255, abs=1e-6)
    assert len(found.test) == COUNT


def test_the_classes_are_numbered_by_the_alphabet() -> None:
    assert list(Cifar10.classes) == sorted(Cifar10.classes)
    assert [name.replace(" ", "_") for name in Cifar100.classes] == sorted(
        n.replace(" ", "_") for n in Cifar100.classes
    )
    assert (len(Cifar10.classes), len(Cifar100.classes)) == (10, 100)


@each
def test_a_script_reads_the_same(
    kind: type[CifarPictures], tmp_path: Path, dead_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = packed(inside(kind, content(kind)))
    publish(kind, body, dead_url, monkeypatch)
    (tmp_path / kind.archive.name).write_bytes(body)
    project = template("plain20")
    units = {"features": len(kind.classes)}
    project = project.with_graph(set_params(project.graph, "fc", units))
    project = type(project)(project.name, project.network, settings(kind), project.training)
    import_torchvision()  # so that a torchvision for another torch can be imported by the script
    space: dict[str, Any] = {}
    monkeypatch.setenv("TORCHCANVAS_DATA", str(tmp_path))
    exec(to_script(project), space)  # our own text
    inputs, targets, test = space["load"]()
    wanted = load(settings(kind), folder=tmp_path)
    assert wanted.test is not None
    assert np.array_equal(inputs, wanted.inputs)
    assert np.array_equal(targets, wanted.targets)
    assert np.array_equal(test[0], wanted.test.inputs)
    assert np.array_equal(test[1], wanted.test.targets)
