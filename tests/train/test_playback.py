"""Runs that were made before or are being made elsewhere, and networks brought back to earlier steps."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from builder.inspect.picture import Attention
from builder.train import headless, playback
from builder.train.job import Job
from builder.train.messages import (
    EpochEnded,
    Failed,
    FindMistake,
    Finished,
    MistakeFound,
    RateChanged,
    Reason,
    SaveWeights,
    State,
    StateChanged,
    Stop,
    Stored,
    Warned,
    WeightsSaved,
)
from builder.train.reading import Reader, load_run
from tests.train.conftest import Flight, wait_for_picture
from tests.train.networks import picture_job

Made = tuple[Job, Path, tuple[EpochEnded, ...], Finished]
Fly = Callable[..., Flight]
LOOK = Attention(frozenset({"conv1", "output"}), frozenset({"conv1"}))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run that has ended: 2 epochs of 4 steps."""
    folder = tmp_path_factory.mktemp("made") / "run"
    job = picture_job()
    result = headless.train(job, lambda _event: None, folder)
    return job, folder, result.epochs, result.finished


def test_a_run_that_has_ended_is_told_as_it_was(fly: Fly, made: Made) -> None:
    job, folder, epochs, finished = made
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    flight = fly(job, playback=folder, attention=LOOK)
    told = flight.finish()
    assert told == finished
    assert told.confusion is not None
    assert (told.confusion == finished.confusion).all()
    assert tuple(flight.all(EpochEnded)) == epochs
    assert all(
        (one.confusion == other.confusion).all() for one, other in zip(flight.all(EpochEnded), epochs, strict=True)
    )
    assert flight.trainer.take_scalars()[:, 0].tolist() == list(range(1, 9))
    assert flight.all(Stored)[-1].steps == (0, 1, 2, 4, 8)
    assert flight.trainer.progress.step == 8
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_its_network_is_the_one_that_was_stored(fly: Fly, made: Made, tmp_path: Path) -> None:
    job, folder, *_ = made
    flight = fly(job, playback=folder, attention=LOOK)
    flight.finish()
    seen = {}
    for step in (8, 0, 2, 8):
        flight.trainer.look_at(step)
        picture = wait_for_picture(flight, lambda picture, step=step: picture.step == step)
        weight = load_file(folder / "weights" / f"{step:08d}.safetensors")["conv1.weight"].numpy()
        assert np.array_equal(picture.filters["conv1"], weight)
        assert step not in seen or np.array_equal(seen[step], picture.output)
        seen[step] = picture.output
    flight.trainer.look_at(2)
    wait_for_picture(flight, lambda picture: picture.step == 2)
    flight.trainer.send(SaveWeights(tmp_path / "two.safetensors"))
    assert flight.until(WeightsSaved).problem is None
    stored, saved = load_file(folder / "weights" / "00000002.safetensors"), load_file(tmp_path / "two.safetensors")
    assert all(bool((stored[name] == tensor).all()) for name, tensor in saved.items())


def test_a_run_of_its_own_can_be_gone_back_through_once_it_has_ended(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), run_folder=tmp_path / "run", attention=LOOK)
    flight.trainer.look_at(0)  # too early
    assert flight.finish().reason is Reason.COMPLETED
    assert flight.all(Stored)[-1].steps == (0, 1, 2, 4, 8)
    last = wait_for_picture(flight, lambda picture: picture.step == 8)
    flight.trainer.send(FindMistake(-1, 0, 1))
    found = flight.until(MistakeFound)
    flight.trainer.look_at(0)
    first = wait_for_picture(flight, lambda picture: picture.step == 0)
    assert not np.array_equal(first.output, last.output)
    flight.trainer.look_at(8)
    again = wait_for_picture(flight, lambda picture: picture.step == 8)
    assert np.array_equal(again.output, last.output)
    flight.trainer.send(FindMistake(-1, 0, 1))
    assert flight.until(MistakeFound) == found


def test_weights_that_are_gone_are_told_of_and_the_network_stays(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), run_folder=tmp_path / "run", attention=LOOK)
    flight.finish()
    (tmp_path / "run" / "weights" / "00000002.safetensors").unlink()
    flight.trainer.look_at(2)
    assert "step 2 cannot be read" in flight.until(Warned).problem.message
    assert wait_for_picture(flight).step == 8


def part_of(folder: Path, whole: Path, rows: int, weights: int) -> None:
    """Make a folder hold what a run had written after so many rows; weights of the steps up to `weights`."""
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    for path in (whole / "weights").iterdir():
        if int(path.stem) <= weights:
            shutil.copy(path, folder / "weights" / path.name)
    shutil.copy(whole / "run.json", folder)
    lines = (whole / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_bytes(
        b"".join(lines[:rows]) + lines[rows][:5] if rows < len(lines) else b"".join(lines)
    )


def test_a_run_under_way_elsewhere_is_followed_to_its_end(
    fly: Fly, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "EVERY", 0.01)
    job, whole, epochs, finished = made
    part_of(tmp_path, whole, 2, 2)
    flight = fly(job, playback=tmp_path, attention=LOOK)
    flight.until(Stored, lambda event: event.steps == (0, 1, 2))
    assert wait_for_picture(flight, lambda picture: picture.step == 2)
    assert flight.trainer.progress.state is State.RUNNING
    assert not flight.all(Finished)
    part_of(tmp_path, whole, 10_000, 8)
    assert flight.until(EpochEnded) == epochs[0]
    told = flight.finish()
    assert (told.reason, told.step, told.test_loss) == (finished.reason, 8, finished.test_loss)
    assert flight.all(Stored)[-1].steps == (0, 1, 2, 4, 8)
    assert wait_for_picture(flight, lambda picture: picture.step == 8)
    assert flight.trainer.take_scalars()[:, 0].tolist() == list(range(1, 9))


def test_who_looks_back_meanwhile_stays_there(
    fly: Fly, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "EVERY", 0.01)
    job, whole, *_ = made
    part_of(tmp_path, whole, 2, 2)
    flight = fly(job, playback=tmp_path, attention=LOOK)
    flight.until(Stored)
    flight.trainer.look_at(0)
    wait_for_picture(flight, lambda picture: picture.step == 0)
    part_of(tmp_path, whole, 2, 8)
    flight.until(Stored, lambda event: event.steps == (0, 1, 2, 4, 8))
    flight.trainer.send(Stop())
    assert flight.finish().reason is Reason.STOPPED
    flight.trainer.attend(replace(LOOK, sample=1))
    assert wait_for_picture(flight, lambda picture: picture.attention.sample == 1).step == 0


def test_who_looks_back_just_when_it_ends_is_heard(fly: Fly, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    job, folder, *_ = made
    asked: list[Callable[[int], None]] = []
    real = playback.Playback._ended

    def ended(self: playback.Playback, reader: Reader) -> Finished:
        while not asked:  # until the test holds the trainer
            self._host.wait(0.001)
        asked[0](2)
        return real(self, reader)

    monkeypatch.setattr(playback.Playback, "_ended", ended)
    flight = fly(job, playback=folder, attention=LOOK)
    asked.append(flight.trainer.look_at)
    flight.finish()
    assert wait_for_picture(flight, lambda picture: picture.step == 2)


def test_one_that_was_cut_off_is_not_waited_for(fly: Fly, made: Made, tmp_path: Path) -> None:
    job, whole, *_ = made
    part_of(tmp_path, whole, 3, 2)
    os.utime(tmp_path / "metrics.jsonl", (0, 0))
    flight = fly(job, playback=tmp_path)
    told = flight.finish()
    assert (told.reason, told.test_accuracy) == (Reason.STOPPED, None)


def test_data_that_are_not_here_are_not_downloaded(fly: Fly, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    job, folder, epochs, _ = made
    elsewhere = replace(job, data=job.data.model_copy(update={"dataset": "cifar100"}))
    flight = fly(elsewhere, playback=folder)
    assert flight.finish().step == 8
    assert "not on this machine" in flight.all(Warned)[0].problem.message
    assert tuple(flight.all(EpochEnded)) == epochs
    assert len(flight.trainer.take_scalars()) == 8


def test_learning_rates_that_were_set_by_hand_are_told(fly: Fly, made: Made, tmp_path: Path) -> None:
    job, whole, *_ = made
    part_of(tmp_path, whole, 10_000, 8)
    notes = [("learning-rate", 3, 0.5), ("learning-rate", 6, 0.25), ("resume", 4, None), ("learning-rate", 5, 0.125)]
    rows = [{"event": event, "step": step, **({"value": value} if value else {})} for event, step, value in notes]
    lines = (tmp_path / "metrics.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "metrics.jsonl").write_text(
        "\n".join([*map(json.dumps, rows), '{"event": "learning-rate"}', *lines, ""])
    )
    flight = fly(job, playback=tmp_path)
    flight.finish()
    assert flight.all(RateChanged) == [RateChanged(3, 0.5), RateChanged(5, 0.125)]
    assert flight.trainer.progress.learning_rate == 0.125


def test_no_run_at_all(fly: Fly, tmp_path: Path) -> None:
    flight = fly(picture_job(), playback=tmp_path)
    assert flight.until(Failed).problem.code == "no-such-run"
    assert flight.finish().reason is Reason.FAILED


def test_weights_of_another_network(fly: Fly, made: Made, tmp_path: Path) -> None:
    job, whole, *_ = made
    part_of(tmp_path, whole, 10_000, 8)
    for path in (tmp_path / "weights").iterdir():
        path.write_bytes(b"no weights")
    flight = fly(job, playback=tmp_path)
    flight.finish()
    assert flight.all(Warned)[0].problem.code == "no-weights"
    assert not flight.all(Stored)


def test_reading_goes_on_where_it_stopped(made: Made, tmp_path: Path) -> None:
    _, whole, epochs, _ = made
    part_of(tmp_path, whole, 3, 0)
    reader = Reader(tmp_path)
    assert reader.read()
    assert not reader.read()
    assert len(reader.steps) == 3
    part_of(tmp_path, whole, 10_000, 0)
    assert reader.read()
    assert tuple(reader.epochs) == epochs
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"event": "resume", "step": 5}) + "\n")
    assert reader.read()
    assert [row[0] for row in reader.steps] == [1, 2, 3, 4, 5]
    assert tuple(reader.epochs) == epochs[:1]
    assert reader.end is None
    assert load_run(tmp_path).end is None


def test_states_of_a_run_that_is_followed(fly: Fly, made: Made) -> None:
    job, folder, *_ = made
    flight = fly(job, playback=folder)
    flight.finish()
    assert [event.state for event in flight.all(StateChanged)] == [State.RUNNING]
    assert flight.trainer.progress.state is State.FINISHED
