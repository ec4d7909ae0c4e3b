"""Animated pictures on the disk."""

from __future__ import annotations

import errno
import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builder.graph.problems import Problem
from builder.ui.film_file import FilmFile, Frame, Raw

Told = queue.SimpleQueue[Problem | None]
SIZE = (64, 40)
PATIENCE = 20.0


def pixels(*colour: int) -> bytes:
    """A picture of one colour (red, green, blue) with a dark edge."""
    made = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    made[4:-4, 4:-4, :3] = colour[::-1]
    return made.tobytes()


def frame(made: bytes) -> Frame:
    return Frame(Raw(*SIZE, made), SIZE)


def write(path: Path, *colours: tuple[int, int, int]) -> Problem | None:
    told: Told = queue.SimpleQueue()
    film = FilmFile(path, 300, 2000, told.put)
    for colour in colours:
        film.add(frame(pixels(*colour)))
    film.close()
    problem = told.get(timeout=PATIENCE)
    assert film.join(PATIENCE)
    return problem


def frames(path: Path) -> tuple[list[tuple[int, ...]], list[int]]:
    """The colour in the middle of each frame, and the milliseconds that it stands."""
    colours, times = [], []
    with Image.open(path) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            colours.append(film.convert("RGB").getpixel((32, 20)))
            times.append(film.info["duration"])
        assert film.size == SIZE
        assert film.info["loop"] == 0
    return colours, times


RED, GREEN, BLUE = (200, 10, 20), (30, 180, 60), (20, 60, 220)


@pytest.mark.parametrize("ending", [".gif", ".webp", ".GIF"])
def test_frames_stand_in_their_order_and_the_last_one_longer(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"film{ending}"
    assert write(path, RED, GREEN, BLUE) is None
    found, times = frames(path)
    assert np.abs(np.array(found) - [RED, GREEN, BLUE]).max() <= 8
    assert times == [300, 300, 2000]
    assert list(tmp_path.iterdir()) == [path]


def test_frames_that_are_alike_keep_their_time(tmp_path: Path) -> None:
    assert write(tmp_path / "film.gif", RED, RED, GREEN) is None
    assert sum(frames(tmp_path / "film.gif")[1]) == 2600


def test_rare_colours_stay(tmp_path: Path) -> None:
    told: Told = queue.SimpleQueue()
    noise = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 4), dtype=np.uint8)
    noise[..., 1] = 40  # nothing is green but one spot
    noise[18:22, 30:34, :3] = GREEN[::-1]
    film = FilmFile(tmp_path / "film.gif", 300, 2000, told.put)
    film.add(frame(noise.tobytes()))
    film.close()
    assert told.get(timeout=PATIENCE) is None
    with Image.open(tmp_path / "film.gif") as made:
        assert np.abs(np.array(made.convert("RGB").getpixel((32, 20))) - GREEN).max() <= 8


def test_a_large_picture_is_made_smaller_and_has_its_line_below(tmp_path: Path) -> None:
    told: Told = queue.SimpleQueue()
    film = FilmFile(tmp_path / "film.webp", 300, 2000, told.put)
    wide, high = 1100, 700  # more than one band of those that are unpacked at a time
    large = np.zeros((high, wide, 4), np.uint8)
    large[:, : wide // 2, :3] = RED[::-1]
    large[:, wide // 2 :, :3] = BLUE[::-1]
    line = np.zeros((20, 1000, 4), np.uint8)
    line[..., :3] = GREEN[::-1]
    for _ in range(2):
        film.add(Frame(Raw(wide, high, large.data.cast("B")), (1000, 600), Raw(1000, 20, line.tobytes())))
    film.close()
    assert told.get(timeout=PATIENCE) is None
    with Image.open(tmp_path / "film.webp") as made:
        assert made.size == (1000, 620)
        seen = made.convert("RGB")
        for spot, colour in (((100, 5), RED), ((100, 590), RED), ((900, 590), BLUE), ((500, 610), GREEN)):
            assert np.abs(np.array(seen.getpixel(spot)) - colour).max() <= 12


@pytest.mark.parametrize(("place", "code"), [("nowhere/film.gif", "no-such-folder"), ("film.mov", "unwritable")])
def test_a_place_that_cannot_be_is_told_before_the_last_frame(place: str, code: str, tmp_path: Path) -> None:
    told: Told = queue.SimpleQueue()
    film = FilmFile(tmp_path / place, 300, 2000, told.put)
    problem = told.get(timeout=PATIENCE)
    assert problem is not None
    assert problem.code == code
    assert film.join(PATIENCE)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"before")

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    problem = write(path, RED, GREEN)
    assert problem is not None
    assert problem.code == "disk-full"
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("act", [FilmFile.stop, lambda film: (film.close(), film.stop())])
def test_one_that_is_given_up_leaves_nothing(act: Callable[[FilmFile], object], tmp_path: Path) -> None:
    told: Told = queue.SimpleQueue()
    film = FilmFile(tmp_path / "film.webp", 300, 2000, told.put)
    for _ in range(40):
        film.add(Frame(Raw(640, 400, bytes(640 * 400 * 4)), (640, 400)))
    act(film)
    assert film.join(PATIENCE)
    assert told.empty()
    assert list(tmp_path.iterdir()) == []
