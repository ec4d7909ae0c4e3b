"""Training on a plain thread: commands go in by a queue, events come out by one, pictures lie in a mailbox.

Knows no window; nothing here shares memory with whoever watches, only values cross.
"""

from __future__ import annotations

import queue
import threading
from functools import partial
from pathlib import Path
from typing import Final

from builder.inspect.picture import Attention, Picture
from builder.train.job import Job
from builder.train.mailbox import Mailbox
from builder.train.messages import Command, Event, Progress
from builder.train.meter import Rows
from builder.train.pilot import Pilot
from builder.train.playback import Playback
from builder.train.session import Session


class Trainer:
    """One run on a daemon thread. Call `start` once, and `close` when nobody needs it any more.

    After the last step the thread stays to make pictures of the trained network and to save its weights, until `close`.

    Attributes:
        events: what happened, in order, nothing left out; `Finished` ends the run.
        mailbox: the newest picture; the next one is made once it was taken.
    """

    def __init__(
        self,
        job: Job,
        *,
        run_folder: Path | None = None,
        attention: Attention | None = None,
        playback: Path | None = None,
    ) -> None:
        """Plan a run.

        Args:
            run_folder: where it is recorded from its first step on (None: not at all).
            playback: the folder of a run of this job that was made before, or is being made elsewhere, to be shown in
                place of training.
        """
        self.events: Final[queue.SimpleQueue[Event]] = queue.SimpleQueue()
        self.mailbox: Final[Mailbox[Picture]] = Mailbox()
        make = partial(Session, job, folder=run_folder) if playback is None else partial(Playback, job, playback)
        self._pilot = Pilot(make, self.events, self.mailbox, attention or Attention())
        self._thread = threading.Thread(target=self._pilot.fly, name="trainer", daemon=True)

    def start(self, paused: bool = False) -> None:
        """Begin; with `paused`, prepare everything, wait before the first step, and serve pictures meanwhile."""
        if paused:
            self._pilot.hold()
        self._thread.start()

    def send(self, command: Command) -> None:
        """Ask for something; it is done behind the phase under way. After the end, weights can still be saved, and
        wrong answers and responses found."""
        self._pilot.ask(command)

    def attend(self, attention: Attention) -> None:
        """Capture this from now on, and nothing else."""
        self._pilot.attend(attention)

    def look_at(self, step: int) -> None:
        """Show the network as it was at one of the steps that `Stored` named; the newest wish counts."""
        self._pilot.look_at(step)

    def take_scalars(self) -> Rows:
        """(k, 3) rows of (step, loss, accuracy) since the last call; accuracy is NaN where there is none."""
        return self._pilot.curve.take()

    @property
    def progress(self) -> Progress:
        """Where training stands."""
        return self._pilot.progress

    @property
    def alive(self) -> bool:
        """Whether the thread runs: also after the end, while it serves pictures and weights."""
        return self._thread.is_alive()

    def close(self, timeout: float = 5.0) -> bool:
        """End the run behind its current step, and the thread; waits so many seconds. False when it still runs then."""
        self._pilot.leave()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()
