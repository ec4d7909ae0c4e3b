"""A run that waits is told from one that was cut off."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builder.project.discarding import reason_against
from builder.train import heartbeat
from builder.train.messages import EpochEnded, Reason, Resume, State, StateChanged, StepBatch
from builder.train.reading import ABANDONED
from tests.train.conftest import PATIENCE, Flight
from tests.train.networks import picture_job


def beating() -> bool:
    return any(thread.name == "heartbeat" for thread in threading.enumerate())


def test_a_run_in_a_long_pause_is_not_taken_for_one_that_was_cut_off(
    fly: Callable[..., Flight], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch, beat = os.utime, threading.Event()

    def touched(*arguments: Any) -> None:
        touch(*arguments)
        beat.set()

    monkeypatch.setattr(heartbeat.os, "utime", touched)
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)
    flight = fly(picture_job(), run_folder=tmp_path / "run", paused=True)
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)
    assert not beating(), "nothing is recorded before the first step"
    flight.trainer.send(StepBatch())
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)

    for path in (tmp_path / "run", tmp_path / "run" / "weights", tmp_path / "run" / "metrics.jsonl"):
        touch(path, (9, 9))
    beat.clear()
    assert beat.wait(PATIENCE)
    assert (tmp_path / "run" / "metrics.jsonl").stat().st_mtime > time.time() - ABANDONED
    assert "may still be made" in reason_against(tmp_path / "run", tmp_path)

    flight.trainer.send(Resume())
    assert flight.finish().reason is Reason.COMPLETED
    assert flight.all(EpochEnded)
    assert not beating()
    assert reason_against(tmp_path / "run", tmp_path) == ""


def test_a_folder_that_is_gone_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def fail(_path: Path) -> None:
        tried.set()
        raise FileNotFoundError

    monkeypatch.setattr(heartbeat.os, "utime", fail)
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)
    beats = heartbeat.Heartbeat(tmp_path / "gone" / "metrics.jsonl")
    assert tried.wait(PATIENCE)
    assert beating()
    beats.stop()
    assert not beating()
