"""What happens on the trainer's thread: commands are obeyed between phases, pictures made, and the state kept.

`trainer` is the side of it that others see. Knows no window.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

from builder.graph.problems import Problem, Severity
from builder.inspect.look import Look, Observer
from builder.inspect.picture import Attention, Picture
from builder.train.cutting import Cutting
from builder.train.learner import Learner
from builder.train.mailbox import Mailbox
from builder.train.messages import (
    Command,
    Event,
    Find,
    FindMistake,
    FindResponses,
    Finished,
    Inside,
    Pause,
    Phase,
    Progress,
    Resume,
    SaveWeights,
    SetLearningRate,
    SetPace,
    State,
    StateChanged,
    StepBatch,
    StepPhase,
    Stop,
    TakeSnapshot,
    Warned,
)
from builder.train.meter import Curve, Rows
from builder.train.session import Host, Session, StoppedError

SLOWEST = 3600.0  # seconds from step to step

log = logging.getLogger(__name__)


class _Wake(Enum):
    """Put among the commands to end a wait: somebody looks elsewhere."""

    LOOK = auto()
    MOMENT = auto()


class _Mode(Enum):
    """How far to go before waiting."""

    RUN = auto()
    BATCH = auto()
    PHASE = auto()
    HOLD = auto()


class Pilot(Host):
    """Leads one session.

    Attributes:
        session: the run; curve: rows on their way to whoever watches.
        state: where it stands; mode: how far it goes before it waits.
    """

    def __init__(
        self,
        make: Callable[[Host], Session],
        events: queue.SimpleQueue[Event],
        mailbox: Mailbox[Picture],
        attention: Attention,
    ) -> None:
        self.session = make(self)
        self.curve = Curve()
        self.state = State.PREPARING
        self.mode = _Mode.RUN
        self._moved = False  # whether a phase was done since the mode was chosen
        self._by_phases = False  # the last steps were made phase by phase
        self._pace = 0.0  # seconds from the beginning of a step to that of the next, at least
        self._step_began = 0.0
        self._events, self._mailbox = events, mailbox
        self._commands: queue.SimpleQueue[Command | _Wake] = queue.SimpleQueue()
        self._attention = attention
        self._sought: dict[type[Find], Find] = {}  # what to look for, once no step is under way: the newest of a kind
        self._moment: int | None = None  # the step whose weights are wished for
        self._files: list[Path] = []  # to write the weights to, once no step is under way
        self._stop = threading.Event()
        self._thread = 0  # that flies
        self._cutting: Cutting | None = None  # once the run is to stop
        self._asked = threading.Event()  # a command came since it was cleared
        self._leave = threading.Event()
        self._observer: Observer | None = None
        self._look: Look | None = None

    def hold(self) -> None:
        """Wait once all is prepared; before the thread begins."""
        self.mode = _Mode.HOLD

    # Called from other threads --------------------------------------------------------------------------------------

    def ask(self, command: Command) -> None:
        """Queue a command; a stop is also seen by preparations that read no queue, and by a pass under way."""
        if isinstance(command, Stop):
            self._stop.set()
            self._cut_short()
        self._asked.set()
        self._commands.put(command)

    def _cut_short(self) -> None:
        learner = self.session.learner
        if learner is not None and self._cutting is None and self.state is not State.FINISHED:
            self._cutting = Cutting(learner, self._thread, StoppedError)

    def attend(self, attention: Attention) -> None:
        """Look at this from now on."""
        if attention != self._attention:
            self._attention = attention
            self._commands.put(_Wake.LOOK)

    def look_at(self, step: int) -> None:
        """Go back to the weights of this step, or forward."""
        self._moment = step
        self._commands.put(_Wake.MOMENT)

    @property
    def progress(self) -> Progress:
        """Where training stands; a run that is slowed down takes as long as that."""
        progress, pace = replace(self.session.progress, state=self.state), self._pace
        if not pace or progress.seconds_left is None:
            return progress
        return replace(
            progress,
            images_per_second=min(progress.images_per_second, self._batch_size / pace),
            seconds_left=max(progress.seconds_left, pace * (progress.steps - progress.step)),
        )

    @property
    def _batch_size(self) -> int:
        learner = self.session.learner
        return learner.batch_size if learner is not None else self.session.job.training.batch_size

    def leave(self) -> None:
        """Stop, and do not stay to serve pictures."""
        self._leave.set()
        self.ask(Stop())

    # The thread -----------------------------------------------------------------------------------------------------

    def fly(self) -> None:
        """The whole life of the thread."""
        self._thread = threading.get_ident()
        self.session.run()
        if self._cutting is not None:
            self._cutting.end()
        self._serve()

    def _serve(self) -> None:
        """After the end: what was learned can still be looked at, and saved."""
        self._answer()
        self._picture()
        self._look_again()
        while self.session.learner is not None and not (self._leave.is_set() and self._commands.empty()):
            match self._commands.get():
                case SaveWeights(path):
                    self._files.append(path)
                    self._answer()
                case FindMistake() | FindResponses() as wish:
                    self._sought[type(wish)] = wish
                    self._answer()
                case _Wake.LOOK:
                    self._picture()
                case _Wake.MOMENT:
                    self._go_back()
            self._look_again()

    def emit(self, event: Event) -> None:
        if isinstance(event, Finished):
            self.state = State.FINISHED
            again = False
            while not self._commands.empty():  # what was asked of the run is not asked of what comes after it
                command = self._commands.get()
                again = again or (command is _Wake.MOMENT and self.session.moments is not None)
                if isinstance(command, SaveWeights):
                    self._files.append(command.path)
                elif isinstance(command, FindMistake | FindResponses):
                    self._sought[type(command)] = command
            if again:  # a run that was followed could be looked back at before its end, too
                self._commands.put(_Wake.MOMENT)
        self._events.put(event)

    def cancelled(self) -> bool:
        return self._stop.is_set()

    def ready(self, learner: Learner) -> None:
        self._observer = learner.observer(lambda: not self._commands.empty())
        self._obey()
        if self.mode is _Mode.HOLD:
            self._hold(None)
        if self._stop.is_set():
            raise StoppedError
        if self.mode is _Mode.RUN and self.state is not State.RUNNING:
            self._enter(State.RUNNING)

    def before(self, phase: Phase) -> None:
        if self._moved and (self.mode is _Mode.PHASE or (self.mode is _Mode.BATCH and phase is Phase.BATCH)):
            self.mode = _Mode.HOLD
        if not self._commands.empty():
            self._obey()
        inside = phase is not Phase.BATCH
        if not inside:
            self._linger()
            self._answer()
        if self.mode is _Mode.HOLD:
            self._hold(phase if inside else None)
        if self._stop.is_set() and not inside:
            raise StoppedError
        self._moved = True

    def between(self) -> None:
        if not self._commands.empty():
            self._obey()
        self._answer()
        if self.mode is _Mode.HOLD:
            self._hold(None)
        if self._stop.is_set():
            raise StoppedError

    def stepped(self) -> None:
        if self._look is not None:
            self._deliver()
        elif self._mailbox.empty and self._attention.wanted:
            self._begin_look(fresh=False)

    def read(self, rows: Rows) -> None:
        self.curve.add(rows)

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(queue.Empty):
            command = self._commands.get(timeout=seconds)
            self._carry_out(command)
            if command is _Wake.LOOK and self.mode is _Mode.RUN:
                self._picture()
        self.between()

    def went(self) -> None:
        self._picture()

    # Commands -------------------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        """Carry out what was asked, up to a command that makes part of a step: the next waits until that is done."""
        while not self._commands.empty():
            if self.mode in (_Mode.BATCH, _Mode.PHASE) and not self._stop.is_set():
                return
            self._carry_out(self._commands.get())

    def _hold(self, phase: Phase | None) -> None:
        """Wait until a command lets the run go on; pictures are made again when somebody looks elsewhere."""
        self.session.flush()
        inside = None if phase is None else self.session.inside(phase)
        self._enter(State.PAUSED, inside and replace(inside, by_phases=self._by_phases))
        self.session.wait_here()
        try:
            self._answer()
            self._picture()
            self._look_again()
            while self.mode is _Mode.HOLD and not self._stop.is_set():
                self._carry_out(self._commands.get())
                if self.mode is _Mode.HOLD:
                    self._look_again()
        finally:
            self.session.go_on_from_here()
        if self.mode is _Mode.RUN or self._stop.is_set():
            self._enter(State.RUNNING)

    def _linger(self) -> None:
        """Wait until the next step is due, with figures and picture of the last one; commands are obeyed meanwhile."""
        if not self._pace:
            return
        if self._moved and self.mode is _Mode.RUN:
            self.session.flush()
            self._glance()
        while self._moved and self.mode is _Mode.RUN and not self._stop.is_set():
            left = self._step_began + self._pace - time.monotonic()
            if left <= 0:
                break
            try:
                command = self._commands.get(timeout=left)
            except queue.Empty:
                break
            self._carry_out(command)
            self._answer()
            if command is _Wake.LOOK:
                self._glance()
        self._step_began = time.monotonic()

    def _carry_out(self, command: Command | _Wake) -> None:
        match command:
            case Resume():
                self._go(_Mode.RUN)
                if self.state is State.PAUSED:
                    return
            case Pause():
                self._go(_Mode.HOLD)
            case StepBatch():
                self._go(_Mode.BATCH)
            case StepPhase():
                self._go(_Mode.PHASE)
            case Stop():
                self._stop.set()
            case SetLearningRate(value):
                self._set_learning_rate(value)
            case SetPace(seconds):
                self._pace = min(max(0.0, seconds), SLOWEST)
            case TakeSnapshot():
                self.session.snapshot()
            case FindMistake() | FindResponses():
                self._sought[type(command)] = command
                if self.state is State.PAUSED:
                    self._answer()
            case SaveWeights(path):
                self._files.append(path)
                if self.state is State.PAUSED:
                    self._answer()
            case _Wake.LOOK:
                if self.state is State.PAUSED:
                    self._picture()
            case _Wake.MOMENT:
                self._go_back()

    def _go_back(self) -> None:
        step, self._moment = self._moment, None
        if step is not None and self.session.moments is not None:
            self.session.look_at(step)
            self._picture()

    def _go(self, mode: _Mode) -> None:
        self.mode = mode
        self._moved = False
        if mode is not _Mode.HOLD:
            self._by_phases = mode is _Mode.PHASE

    def _answer(self) -> None:
        """Find and write what was asked for; inside a step only while it waits there."""
        wishes, self._sought = self._sought, {}
        for wish in wishes.values():
            self._asked.clear()
            if isinstance(wish, FindMistake):
                self.session.find_mistake(wish)
            else:
                self.session.find_responses(wish, self._asked.is_set)
        while self._files:
            self.session.save_weights(self._files.pop(0))

    def _set_learning_rate(self, value: float) -> None:
        if math.isfinite(value) and value > 0:
            self.session.set_learning_rate(value)
            return
        where = "training.optimizer.learning_rate"
        message = f"{value:g} is no learning rate: it must be more than 0. The old one stays."
        self._events.put(Warned(Problem("bad-parameter", message, where=where, severity=Severity.WARNING)))

    def _enter(self, state: State, inside: Inside | None = None) -> None:
        self.state = state
        self._events.put(StateChanged(state, inside))

    # Pictures -------------------------------------------------------------------------------------------------------

    def _picture(self) -> None:
        """A picture of this very moment, even when the last one was not taken."""
        if not self._attention.wanted:
            return
        if self._observer is not None and self._observer.slow and self._attention.dear:
            self._finish_look(fresh=None)
        self._finish_look(fresh=True)

    def _look_again(self) -> None:
        """Go on with a look that a command has cut short, or that shows piece by piece how far it has come."""
        while self._observer is not None and self._attention.wanted and self._commands.empty():
            if self._observer.explainer.cut_short:
                self._picture()
            elif self._observer.unfinished:
                self._finish_look(fresh=False)
            else:
                break

    def _glance(self) -> None:
        """The same, with the statistics that there are: between two steps that follow each other slowly."""
        if self._attention.wanted:
            self._finish_look(fresh=False)

    def _finish_look(self, *, fresh: bool | None) -> None:
        self._begin_look(fresh=fresh)
        if self._look is not None:
            self._post(self._look)

    def _begin_look(self, *, fresh: bool | None) -> None:
        if self._observer is None or self.session.learner is None:
            return
        try:
            self._look = self._observer.look(self.session.learner.step, self._attention, fresh=fresh)
        except Exception:
            self._blind()
            return
        self._deliver()

    def _deliver(self) -> None:
        if self._look is not None and self._look.ready:
            self._post(self._look)

    def _post(self, look: Look) -> None:
        self._look = None
        try:
            self._mailbox.post(look.picture())
        except Exception:
            self._blind()

    def _blind(self) -> None:
        """Looking failed (no memory, say): that must not end the training. Nothing is shown from now on."""
        log.debug("looking inside failed", exc_info=True)
        self._observer = None
        if self.state is not State.FINISHED:
            message = "the pictures of the inside cannot be made for this network; training goes on without them."
            self._events.put(Warned(Problem("no-pictures", message, severity=Severity.WARNING)))
