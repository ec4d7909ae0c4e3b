"""Pictures in a folder for each class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from builder.data import folder as room
from builder.data.catalogue import CancelledError, Task, find
from builder.data.fit import check_fit
from builder.data.folder import EDGE, decode
from builder.data.prepare import prepare
from builder.data.samples import load
from builder.data.settings import DataSettings
from builder.graph.problems import Problem, ProblemError

COLOURS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Three classes of six one-coloured pictures, of several sizes, kinds and modes, and some other files."""
    place = tmp_path / "colours"
    for name, colour in COLOURS.items():
        (place / name).mkdir(parents=True)
        for number in range(6):
            suffix = ("png", "jpg", "bmp")[number % 3]
            Image.new("RGB", (40 + 300 * (number % 2), 50 + number), colour).save(place / name / f"{number}.{suffix}")
        (place / name / "notes.txt").write_text("no picture")
    (place / ".hidden").mkdir()
    (place / "readme.txt").write_text("no class")
    return place


def test_what_is_transparent_is_paper_as_in_a_picture_of_ones_own(tmp_path: Path) -> None:
    ink = Image.new("RGBA", (EDGE, EDGE), (0, 0, 0, 0))
    ink.paste((0, 0, 255, 255), (0, 0, EDGE, EDGE // 2))
    ink.save(tmp_path / "ink.png")
    found = decode(tmp_path / "ink.png")
    assert found[:, EDGE - 1, 9].tolist() == [255, 255, 255]
    assert found[:, 0, 9].tolist() == [0, 0, 255]


def settings(place: Path) -> DataSettings:
    return DataSettings(dataset=f"folder:{place}")


def problem(place: Path) -> Problem:
    with pytest.raises(ProblemError) as caught:
        load(settings(place))
    (found,) = caught.value.problems
    assert found.where == "data.dataset"
    assert found.hint
    return found


def test_folders_are_classes_and_files_are_samples(colours: Path) -> None:
    samples = load(settings(colours))
    info = find(f"folder:{colours}")
    assert info is not None
    assert (info.title, info.classes, info.task) == ("colours", ("blue", "green", "red"), Task.CLASSIFICATION)
    assert samples.inputs.shape == (18, 3, EDGE, EDGE)
    assert np.bincount(samples.targets).tolist() == [6, 6, 6]
    for picture, target in zip(samples.inputs, samples.targets, strict=True):
        colour = np.reshape(COLOURS[info.classes[target]], (3, 1, 1))
        assert np.abs(picture.astype(int) - colour).max() <= 3  # a JPEG is not exact


def test_it_can_be_trained_on(colours: Path) -> None:
    found = prepare(settings(colours), (3, 32, 32), "cpu")
    inputs, targets = found.train.batch(found.train.order())
    assert inputs.shape == (len(found.train), 3, 32, 32)
    assert set(targets.tolist()) == {0, 1, 2}


def test_the_middle_square_is_kept_upright(tmp_path: Path) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:50, 100:200] = 255  # the upper half of the middle square
    picture = Image.fromarray(wide)
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise
    picture.save(tmp_path / "plain.png")
    turned.save(tmp_path / "turned.png", exif=exif)
    plain = decode(tmp_path / "plain.png")
    assert plain[:, : EDGE // 2 - 4, 4:-4].min() == 255
    assert plain[:, EDGE // 2 + 4 :].max() == 0
    assert np.array_equal(decode(tmp_path / "turned.png"), plain)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_colour(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (20, 30)).save(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    (path,) = tmp_path.glob("a.*")
    assert decode(path).shape == (3, EDGE, EDGE)


def test_a_broken_picture_is_named(colours: Path) -> None:
    (colours / "red" / "broken.jpg").write_bytes(b"no picture")
    whole = (colours / "red" / "1.jpg").read_bytes()
    assert str(colours / "red" / "broken.jpg") in problem(colours).message
    (colours / "red" / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    assert str(colours / "red" / "broken.jpg") in problem(colours).message


def test_a_class_without_pictures_is_named(colours: Path) -> None:
    (colours / "empty").mkdir()
    assert str(colours / "empty") in problem(colours).message


def test_too_many_pictures_are_refused_before_memory_is_touched(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST", 1 << 20)
    assert "18 pictures" in problem(colours).message


def test_a_folder_that_is_gone_or_holds_no_classes_is_a_problem_at_once(tmp_path: Path, colours: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "gone", tmp_path / "file", colours / "red"):
        found = problem(place)
        assert str(place) in found.message
        assert check_fit(settings(place), (3, 32, 32), (3,), "cross-entropy") == (found,)


def test_what_changes_in_the_folder_is_seen(colours: Path) -> None:
    assert check_fit(settings(colours), (3, 32, 32), (3,), "cross-entropy") == ()
    (colours / "white").mkdir()
    (found,) = check_fit(settings(colours), (3, 32, 32), (3,), "cross-entropy")
    assert "4 classes" in found.message
    (colours / "white").rmdir()

    before = prepare(settings(colours), (3, 32, 32), "cpu")
    assert prepare(settings(colours), (3, 32, 32), "cpu") is before
    (colours / "red" / "0.png").unlink()
    os.utime(colours / "red", ns=(1, 1))  # the clock of a file system may be coarse
    assert len(load(settings(colours))) == 17
    assert prepare(settings(colours), (3, 32, 32), "cpu") is not before


def test_reading_can_be_stopped(colours: Path) -> None:
    told: list[Any] = []
    with pytest.raises(CancelledError):
        load(settings(colours), lambda *event: told.append(event), lambda: bool(told))


@pytest.mark.parametrize("name", ["folder:", "folder", "nothing:here"])
def test_no_folder_is_no_data_set(name: str) -> None:
    with pytest.raises(ValidationError):
        DataSettings(dataset=name)


@pytest.mark.data
def test_photographs_of_clothes(test_data: Path) -> None:
    found = prepare(settings(test_data / "clothing" / "test"), (3, 64, 64), "cpu")
    assert len(found.train) + len(found.validation) + len(found.test) == 372
    assert len(found.classes) == 10
    inputs, _ = found.train.batch(found.train.order())
    assert 0.9 < float(inputs.std()) < 1.1
