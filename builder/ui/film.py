"""Goes through the moments of a run and takes a picture of each, as it is seen; the pictures become a film on the disk.

The window goes on answering: between two pictures it waits for what belongs to the next moment, and a picture is taken
piece by piece. Knows no widget.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from builder.graph.problems import Problem
from builder.inspect.picture import Picture
from builder.inspect.question import Attribution
from builder.ui.film_file import FilmFile, Frame
from builder.ui.live import Live

SETTLE = 80  # milliseconds without another picture of a moment after which all views show it
FIRST = 600  # the same for the first moment, of which what is shown may have been before
LONGEST = 20.0  # seconds that a moment may take until all of it is shown: some views get theirs piece by piece
UNDER_WAY = 180.0  # the same for what is worked out when it is asked for; how far it is can be seen
NOTED = 1.0  # seconds after which it is told what is waited for
PATIENCE = 30_000  # milliseconds that the first picture of a moment may take
LAST = 2000  # milliseconds that the last frame stands, or twice as long as the others
WAITING = 2  # pictures that may wait to be packed until no more are taken: a large one has 30 MB


class Taking(Protocol):
    """A picture that is being taken."""

    def go_on(self) -> Frame | None:
        """Take some more of it; the whole when it is complete."""


class Seen(Protocol):
    """What is seen of a run."""

    @property
    def wanted(self) -> bool:
        """Whether any of it needs a look inside the network."""

    @property
    def under_way(self) -> str:
        """What of it is still being worked out, in a few words; "" for nothing."""

    def follow(self, step: int, *, first: bool) -> None:
        """Begin what there is to work out for this step, which is looked at from now on."""


class Film(QObject):
    """Makes one film.

    Attributes:
        taken: how many moments were taken so far.
        waits: for what is worked out of this moment, in a few words.
        ended: the Problem that has ended it, or None when it is written; nothing is told after `stop`.
        given_up: the run was dropped, and the film with it.
        steps: the moments that it shows.
    """

    taken = Signal(int)
    waits = Signal(str)
    ended = Signal(object)
    given_up = Signal()
    _written = Signal(object)

    def __init__(self, live: Live, seen: Seen, parent: QObject | None = None) -> None:
        """Film what is `seen` of a run."""
        super().__init__(parent)
        self._live, self._seen = live, seen
        self.steps: tuple[int, ...] = ()
        self._place = 0
        self._before: int | None = None  # the step that was looked at before
        self._file: FilmFile | None = None
        self._take: Callable[[int], Taking] | None = None
        self._taking: Taking | None = None
        self._sees = True  # there are pictures of the inside
        self._explained: tuple[Attribution | None, int] = None, -1  # the newest, and the step that it came with
        self._came: float | None = None  # when the first picture of this moment came
        self._due = QTimer(self, singleShot=True)
        self._due.timeout.connect(self._shoot)
        live.cards_due.connect(self._note_picture)
        live.warned.connect(self._note_warning)
        live.cleared.connect(self._cleared)
        self._written.connect(self._end)

    @property
    def making(self) -> bool:
        """Whether it is under way."""
        return self._file is not None

    def start(self, path: Path, milliseconds: int, take: Callable[[int], Taking]) -> None:
        """Begin; `take` begins the picture of a step as it is seen now, all of one size."""
        moments = self._live.moments
        self.steps, self._place = moments.steps, 0
        self._before = moments.steps[moments.place]
        self._take, self._sees = take, True
        self._file = FilmFile(path, milliseconds, max(LAST, 2 * milliseconds), self._written.emit)
        self._go()

    def stop(self) -> None:
        """Give it up, and look again at what was looked at before."""
        file = self._leave()
        if file is not None:
            file.stop()

    def _leave(self) -> FilmFile | None:
        self._due.stop()
        file, self._file = self._file, None
        self._take = self._taking = None
        if file is not None and self._before is not None:
            self._live.moments.look_at(self._before)
        return file

    def _go(self) -> None:
        step = self.steps[self._place]
        self._came = None
        # Curves alone need no look inside; they are at this moment at once.
        self._due.start(PATIENCE if self._sees and self._seen.wanted else SETTLE)
        self._live.moments.look_at(step)
        self._seen.follow(step, first=self._place == 0)

    @property
    def _shooting(self) -> bool:
        return self._file is not None and self._place < len(self.steps)

    def _note_picture(self, picture: Picture) -> None:
        if picture.attribution is not self._explained[0]:
            self._explained = picture.attribution, picture.step
        if not self._shooting or picture.step != self.steps[self._place]:
            return
        self._taking = None  # half of it would be older
        now, first = time.monotonic(), self._came is None
        self._came = came = now if self._came is None else self._came
        if self._whole(picture) and now - came < LONGEST:
            self._due.start(SETTLE if self._place else FIRST)
        elif first:
            self._due.start(round(1000 * LONGEST))

    @property
    def _waited(self) -> float:
        """Seconds since the first picture of this moment, or since it should have come."""
        return time.monotonic() - self._came if self._came is not None else 0.0

    def _whole(self, picture: Picture) -> bool:
        """Whether what takes longer than a look at the sample is of this moment, too."""
        wish, cloud = picture.attention, picture.cloud
        if wish.question is not None and picture.attribution is not None and self._explained[1] != picture.step:
            return False
        sought = picture.preferred if wish.seeking is not None else None
        if sought is not None and sought.units and (sought.step != picture.step or sought.made < 1):
            return False
        if wish.cloud is None or (cloud is not None and cloud.failed):
            return True
        return cloud is not None and cloud.step == picture.step and not cloud.more

    def _note_warning(self, problem: Problem) -> None:
        if self._shooting and problem.code == "no-weights":
            self._fail(problem)

    def _shoot(self) -> None:
        file, take = self._file, self._take
        if file is None or take is None:
            return
        if self._came is None:
            self._came = time.monotonic()
            self._sees = not self._seen.wanted  # none came, so none is waited for any more
        step = self.steps[self._place]
        if self._live.moments.steps[self._live.moments.place] != step:
            message = f"the weights of step {step:,} are not there any more, so the film was not saved."
            self._fail(Problem("no-weights", message, str(file.path)))
            return
        words = self._seen.under_way
        if (words and self._waited < UNDER_WAY) or file.waiting >= WAITING:
            self._taking = None
            self._due.start(SETTLE)
            if words and self._waited > NOTED:
                self.waits.emit(words)
            return
        self._taking = taking = self._taking or take(step)
        frame = taking.go_on()
        if frame is None:
            self._due.start(0)
            return
        self._taking = None
        file.add(frame)
        self._place += 1
        self.taken.emit(self._place)
        if self._shooting:
            self._go()
        elif self._file is not None:
            file.close()

    def _fail(self, problem: Problem) -> None:
        self.stop()
        self.ended.emit(problem)

    def _end(self, problem: Problem | None) -> None:
        if self._leave() is not None:
            self.ended.emit(problem)

    def _cleared(self) -> None:
        if self.making:
            self.stop()
            self.given_up.emit()
