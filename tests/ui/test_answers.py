"""The benchmarks of the window's answers measure what they say; how fast this machine is, is not tested."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from builder.ui import answers
from builder.ui.heartbeat import HEARTBEAT, Heartbeat


@pytest.fixture
def _thawed() -> Iterator[None]:
    """The collector as it was: a benchmark freezes what is there, and later tests look for what is left behind."""
    yield
    gc.unfreeze()


def test_a_heart_notes_for_how_long_nothing_answered(qtbot: QtBot) -> None:
    heart = Heartbeat()

    def work() -> None:
        end = QTimer(singleShot=True, interval=5 * HEARTBEAT)
        end.start()
        while end.remainingTime() > 0:
            pass

    heart.start()
    qtbot.waitUntil(lambda: len(heart.late) > 2)
    heart.late.clear()
    QTimer.singleShot(0, work)
    qtbot.waitUntil(lambda: bool(heart.late) and max(heart.late) > HEARTBEAT)
    heart.stop()
    assert max(heart.late) >= 3 * HEARTBEAT


@pytest.mark.usefixtures("_thawed")
def test_all_that_a_window_does_is_watched(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SECONDS", 0.2)
    monkeypatch.setattr(answers, "TIMES", 1)
    found = answers.window_answers()
    assert found.low <= found.ratio == found.high
    for work in ("training", "compiling", "opening", "saving"):
        assert work in found.detail


def test_a_start_is_timed_from_outside_and_leaves_the_users_settings_alone() -> None:
    found = answers.started()
    assert 0 < found.painted < found.ready
    assert found.longest > 0
