"""Training without a window, on the calling thread: the same session, told to a function."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from builder.graph.problems import Problem
from builder.train.job import Job
from builder.train.messages import EpochEnded, Event, Failed, Finished, Phase, Progress, Reason
from builder.train.session import Host, Session, StoppedError


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        epochs: the figures of each epoch.
        problem: why it failed, when it did.
    """

    finished: Finished
    epochs: tuple[EpochEnded, ...] = ()
    problem: Problem | None = None

    @property
    def reason(self) -> Reason:
        """Why it ended."""
        return self.finished.reason


def train(
    job: Job,
    on_event: Callable[[Event], None] | None = None,
    run_folder: Path | None = None,
    stop: threading.Event | None = None,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    resume: bool = False,
) -> Result:
    """Train, and return how it ended. A failure is in the result (and was told as `Failed`); nothing is raised.

    Args:
        on_event: told each event, on this thread.
        run_folder: where the run is recorded; None for nowhere. A folder that cannot be written fails the run.
        stop: when set (by Ctrl-C, say), the run ends behind the current step and is saved.
        on_progress: called after every step with where training stands; must be quick.
        resume: go on with the run that `run_folder` holds, exactly where it stopped.
    """
    host = _Headless(on_event, on_progress, stop or threading.Event())
    session = Session(job, host, run_folder, must_record=True, go_on=resume)
    host.session = session
    finished = session.run()
    return Result(finished, tuple(host.epochs), host.problem)


class _Headless(Host):
    def __init__(
        self,
        on_event: Callable[[Event], None] | None,
        on_progress: Callable[[Progress], None] | None,
        stop: threading.Event,
    ) -> None:
        self.epochs: list[EpochEnded] = []
        self.problem: Problem | None = None
        self.session: Session | None = None
        self._on_event, self._on_progress, self._stop = on_event, on_progress, stop

    def emit(self, event: Event) -> None:
        if isinstance(event, EpochEnded):
            self.epochs.append(event)
        if isinstance(event, Failed):
            self.problem = event.problem
        if self._on_event is not None:
            self._on_event(event)

    def cancelled(self) -> bool:
        return self._stop.is_set()

    def before(self, phase: Phase) -> None:
        if phase is Phase.BATCH and self._stop.is_set():
            raise StoppedError

    def between(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def stepped(self) -> None:
        if self._on_progress is not None and self.session is not None:
            self._on_progress(self.session.progress)
