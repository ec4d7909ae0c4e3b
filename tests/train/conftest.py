from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from builder.inspect.picture import Picture
from builder.train.messages import Event, Finished
from builder.train.trainer import Trainer

PATIENCE = 20.0  # seconds that a test waits for an event before it gives up


class Flight:
    """A trainer and what it has said so far."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.heard: list[Event] = []

    def until(self, kind: type[Any], fits: Callable[[Any], bool] = lambda event: True) -> Any:
        """The next event of this kind; those before it are kept in `heard`."""
        while True:
            event = self.trainer.events.get(timeout=PATIENCE)
            self.heard.append(event)
            if isinstance(event, kind) and fits(event):
                return event

    def finish(self) -> Finished:
        """The end of the run."""
        return self.until(Finished)  # type: ignore[no-any-return]

    def all(self, kind: type[Any]) -> list[Any]:
        """What was heard of this kind."""
        return [event for event in self.heard if isinstance(event, kind)]


def wait_for_picture(flight: Flight, fits: Callable[[Picture], bool] = lambda picture: True) -> Picture:
    """The next picture; the trainer makes it on its own thread, and posting it is what this waits for."""
    posted = threading.Event()
    mailbox = flight.trainer.mailbox
    real = mailbox.post

    def post(picture: Picture) -> None:
        real(picture)
        posted.set()

    mailbox.post = post  # type: ignore[method-assign]
    try:
        while True:
            picture = mailbox.take()
            if picture is not None and fits(picture):
                return picture
            assert posted.wait(PATIENCE)
            posted.clear()
    finally:
        mailbox.post = real  # type: ignore[method-assign]


@pytest.fixture
def fly() -> Iterator[Callable[..., Flight]]:
    """Starts trainers, and ends them behind the test."""
    started: list[Trainer] = []

    def start(*args: Any, paused: bool = False, **kwargs: Any) -> Flight:
        trainer = Trainer(*args, **kwargs)
        started.append(trainer)
        trainer.start(paused)
        return Flight(trainer)

    yield start
    ended = [trainer.close(PATIENCE) for trainer in started]
    assert all(ended)
