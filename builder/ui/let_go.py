"""Trainers that the window has let go of: they end by themselves, and may still owe word of a file of weights."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from builder.train.messages import Event, WeightsSaved

if TYPE_CHECKING:
    from builder.train.trainer import Trainer


SAVING = 60.0  # seconds for the end of a step, and a file of weights on a slow disk


class LetGo:
    """Trainers on their way out. Nothing that they say is heard, but what became of weights to be saved."""

    def __init__(self) -> None:
        self._closing: list[Trainer] = []
        self._owing: list[Trainer] = []

    @property
    def owing(self) -> bool:
        """Whether word of a file is still to come."""
        return bool(self._owing)

    def add(self, trainer: Trainer, *, owes: bool) -> None:
        """Let a trainer end; `owes`: it was asked to save weights, and has not answered yet."""
        trainer.close(0)
        self._closing = [each for each in self._closing if each.alive]
        self._closing.append(trainer)
        if owes:
            self._owing.append(trainer)

    def heard(self) -> Iterator[WeightsSaved]:
        """What became of weights whose saving was asked for before another document or another run took the place."""
        for trainer in tuple(self._owing):
            alive = trainer.alive  # first: what an ended trainer has said, it has said by now
            for event in drain(trainer.events):
                if isinstance(event, WeightsSaved):
                    yield event
            if not alive:
                self._owing.remove(trainer)

    def close(self, seconds: float) -> bool:
        """Wait for every thread, and longer for weights that would be lost. False when one did not end in time."""
        ended = [
            trainer.close(max(seconds, SAVING) if trainer in self._owing else seconds) for trainer in self._closing
        ]
        self._closing.clear()
        return all(ended)


def drain(events: queue.SimpleQueue[Event]) -> Iterable[Event]:
    """What has come, without waiting for more."""
    while True:
        try:
            yield events.get_nowait()
        except queue.Empty:
            return
