"""The one bridge between the window and the trainer: commands go down, pictures and figures come up.

Everything crosses on the window's own frame timer; nothing in the window ever waits for the trainer. No widget knows
the trainer, only this file does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from builder.graph.problems import Problem, ProblemError, Severity
from builder.inspect.picture import Attention, Picture
from builder.project.difference import parts_changed
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.weights import moved
from builder.train.messages import (
    Command,
    EpochEnded,
    Event,
    Failed,
    FindMistake,
    FindResponses,
    Finished,
    Inside,
    MistakeFound,
    Pause,
    Prepared,
    Preparing,
    Progress,
    RateChanged,
    ResponsesFound,
    Resume,
    SaveWeights,
    SetLearningRate,
    SetPace,
    State,
    StateChanged,
    StepBatch,
    StepPhase,
    Stop,
    Stored,
    TakeSnapshot,
    Warned,
    WeightsSaved,
)
from builder.ui.document import Document
from builder.ui.frame_timer import FrameTimer
from builder.ui.let_go import LetGo, drain
from builder.ui.moments import Moments
from builder.ui.news import News
from builder.ui.scout import SETTLE, Scout, at_hand, job_of

if TYPE_CHECKING:
    from builder.train.trainer import Trainer

CURVES = 0.25  # seconds between two looks at the curves: they creep, and are the dearest to draw


class Live(News):
    """Training as the window sees it.

    There is always at most one trainer. Before the first step it is parked: data loaded, model built, so that cards
    show something and Run answers at once; an edit replaces it. Once it has made a step, edits leave it alone, also
    when it has ended, until another run is asked for; what that would begin with, `scout` tells meanwhile.

    Attributes:
        state: of the trainer; FINISHED when there is none.
        progress: the newest figures.
        prepared: sizes of the data and the model, once known.
        stepped: a step was made, or asked for, since the initial weights.
        inside: where the run waits inside a step; None while it does not.
        pace: seconds that a step takes at least; 0 for full speed. Of this window, not of the document.
        changes: what of the document has changed since this run began: "network", "data", "training settings".
        moments: what one can look back at of a run that waits, or has ended.
        replayed: the folder of the run that is shown in place of one of this window's own; recorded: that of one.
    """

    def __init__(self, document: Document, runs: Callable[[], Path | None], parent: QObject | None = None) -> None:
        """Watch `document`; `runs` gives the folder of a new run (None: do not record)."""
        super().__init__(parent)
        self.state = State.FINISHED
        self.progress = Progress()
        self.prepared: Prepared | None = None
        self.pace = 0.0
        self.changes: tuple[str, ...] = ()
        self.moments = Moments(lambda step: self._trainer.look_at(step) if self._trainer is not None else None, self)
        self.replayed: Path | None = None
        self.recorded: Path | None = None
        self._document = document
        self._runs = runs
        self._project: Project | None = None
        self._trainer: Trainer | None = None
        self._fixed = False  # the run is one of several that must train alike: its learning rate stays
        self._sketch = False  # the trainer has only the part of the network that works, to be looked at
        self._attention: Callable[[], Attention] = Attention
        self.stepped = False
        self._told = (self.state, self.stepped)
        self.inside: Inside | None = None
        self._begun = False
        self._wish: Callable[[], object] | None = None  # what was asked for before PyTorch was there
        self._saves = 0  # files of weights that were asked of the trainer, and not told of yet
        self._let_go = LetGo()
        self.scout = Scout(document, self._let_go, self)
        self._picture: Picture | None = None
        self._epochs: list[EpochEnded] = []
        self._turn, self._read_at = 0, 0.0
        self._frame = FrameTimer(self)
        self._frame.timeout.connect(self._tick)
        self._settle = QTimer(self, interval=SETTLE, singleShot=True)
        self._settle.timeout.connect(self._park)
        document.changed.connect(self._document_changed)
        document.replaced.connect(self.forget)
        document.weights_moved.connect(self._weights_moved)

    # What the window asks for ---------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start looking inside: called once torch is there. What was asked for too early is done now."""
        self._begun = True
        wish, self._wish = self._wish, None
        (wish or self._park)()

    def watch(self, attention: Callable[[], Attention]) -> None:
        """Ask this function what is visible whenever `attend` is called."""
        self._attention = attention

    def attend(self) -> None:
        """What is visible has changed."""
        if self._trainer is not None:
            self._trainer.attend(self._attention())

    @property
    def training(self) -> bool:
        """Whether a run is under way: paused or not, or asked for while its data are still being loaded."""
        return self.stepped and self.state is not State.FINISHED

    @property
    def stands(self) -> bool:
        """Whether there is a run to be looked at, under way or ended: edits leave it alone."""
        ended = self.state is State.FINISHED and self._trainer is not None and self.progress.step > 0
        return self.training or (self.stepped and ended)

    def run(self) -> None:
        """Start, or go on after a pause; after the end, start over from the same initial weights."""
        self._command(Resume())

    def run_fold(self, project: Project, fold: Project) -> bool:
        """Train `fold`, which counts as a run of `project`, once PyTorch is there. False when it cannot begin."""
        self._drop()
        begun = self._make(project, quiet=False, fold=fold)
        if begun:
            self._set_changes(parts_changed(project, self._document.value))
            self._go(Resume())
        return begun

    def pause(self) -> None:
        """Wait behind the current phase."""
        self._send(Pause())

    def step_batch(self) -> None:
        """Make one whole step, then wait."""
        self._command(StepBatch())

    def step_phase(self) -> None:
        """Do one phase of a step (batch, forward, loss, backward, update), then wait."""
        self._command(StepPhase())

    def stop(self) -> None:
        """End the run behind the current step; its weights and figures stay. Also gives up what is being prepared."""
        self.scout.cancel()
        self._send(Stop())

    def reset(self) -> None:
        """Drop the run: the network as it stands now, with its initial weights."""
        self._drop()
        self._park()

    def try_again(self) -> None:
        """Build the network that could not be built before, since what was missing is there now."""
        if self._trainer is None:
            self._settle.start()

    def forget(self) -> None:
        """Drop the run, since another document is open; its network is built once the window has settled."""
        self._drop()
        self._settle.start()

    def prepare(self) -> None:
        """Load (and so download) the data and build the model now, whatever it takes but a run that stands."""
        if not self._begun:
            self.when_ready(self.prepare)
            return
        if self.training and (self.replayed is None or self.prepared is not None):
            message = "a run is under way, and loading other data would end it."
            self.warned.emit(Problem("run-under-way", message, hint="Stop it first.", severity=Severity.WARNING))
            return
        if self.stands:
            self.scout.look()
            return
        self._drop()
        self._make(self._document.value, quiet=False)

    def set_pace(self, seconds: float) -> None:
        """Let this run and those to come take at least so long for a step; 0 for full speed."""
        self.pace = seconds
        self._send(SetPace(seconds))
        self.pace_changed.emit(seconds)

    def replay(self, folder: Path) -> None:
        """Show the run in this folder, which is one of the document as it stands; one under way is followed."""
        if not self._begun:
            self.when_ready(lambda: self.replay(folder))
            return
        self._drop()
        if self._make(self._document.value, quiet=False, replayed=folder):
            self.stepped = True

    def take_snapshot(self) -> None:
        """Write the weights as they are into the run folder."""
        self._send(TakeSnapshot())

    def find_mistake(self, wish: FindMistake) -> None:
        """Look for a wrong answer; `mistake_found` tells it."""
        if not self._sketch:  # a part of a network answers nothing
            self._send(wish)

    def find_responses(self, layer: str, unit: int) -> None:
        """Look for what a unit responds to most (see `FindResponses`); `responses_found` tells it."""
        self._send(FindResponses(layer, unit))

    @property
    def no_weights(self) -> str:
        """Why there are no weights to save, in a few words; "" when there are."""
        if self.stepped and self.prepared is not None and self._trainer is not None:
            return ""
        return "nothing was trained yet"

    def save_weights(self, path: Path) -> None:
        """Write the weights as they are to a file, while training, in a pause or after the end."""
        self._saves += 1
        self._send(SaveWeights(path))

    def close(self, seconds: float = 5.0) -> bool:
        """End every trainer and wait for its thread and for weights to be saved. False when one did not end in time."""
        self._begun = False
        self._settle.stop()
        self._drop()
        ended = self._let_go.close(seconds)
        self._hear_let_go()
        self._frame.stop()
        return ended

    # The trainer ----------------------------------------------------------------------------------------------------

    def _document_changed(self, old: Project, new: Project) -> None:
        if self._project is not None and self.stands:
            if self.training:
                self._project = self._follow_rate(self._project, new)
            elif new.data != old.data or new.training.weights != old.training.weights:
                self.scout.start()  # what the next run begins with is seen now
            self._set_changes(parts_changed(self._project, new))
        elif old is new or not new.trains_like(self._project or old):
            self._settle.start()

    def _weights_moved(self, before: str, now: str) -> None:
        if self._project is not None:  # it began with the same weights, wherever they lie now
            self._project = moved(self._project, before, now)

    def _follow_rate(self, run: Project, new: Project) -> Project:
        """Another learning rate counts from the next step on; the run goes on with it, so it is no other run for that.

        Returns:
            what the run is of now.
        """
        rate, rule = new.training.optimizer.learning_rate, run.training.optimizer
        if self._fixed or rate == rule.learning_rate or new.training.optimizer.kind != rule.kind:
            return run
        self._send(SetLearningRate(rate))
        self.rate_changed.emit(self.progress.step, rate)
        return set_setting(run, "training.optimizer.learning_rate", rate)

    def when_ready(self, act: Callable[[], object]) -> None:
        """Do this as soon as PyTorch is there; imported here and now, it would stop the window."""
        if self._begun:
            act()
            return
        self._wish = act
        self.preparing.emit(Preparing("starting PyTorch"))

    def _command(self, command: Command) -> None:
        """Send a command that makes steps, to a new trainer when the present one cannot make any."""
        if not self._begun:
            self.when_ready(lambda: self._command(command))
            return
        fits = self._project is not None and not self._sketch and self._document.value.trains_like(self._project)
        if self._trainer is None or self.state is State.FINISHED or not (fits or self.training):
            self._drop()
            if not self._make(self._document.value, quiet=False):
                return
        self._go(command)

    def _go(self, command: Command) -> None:
        self.stepped = True
        self._send(command)
        self._pace()

    def _send(self, command: Command) -> None:
        if self._trainer is not None:
            self._trainer.send(command)
            self.commanded.emit(command)

    def _park(self) -> None:
        self._settle.stop()
        if not self._begun or self.stands:
            return
        project = self._document.value
        parked = self._trainer is not None and self.state is not State.FINISHED
        if parked and self._project is not None and project.trains_like(self._project):
            return
        self._drop()
        if at_hand(project):
            self._make(project, quiet=True)

    def _make(
        self, project: Project, *, quiet: bool, replayed: Path | None = None, fold: Project | None = None
    ) -> bool:
        from builder.train.trainer import Trainer

        self._settle.stop()
        try:
            job, self._sketch = job_of(self._document, sketch=quiet, replayed=replayed is not None, instead=fold)
        except ProblemError as error:
            if not quiet:
                self.failed.emit(error.problems[0])
            return False
        self._project, self.replayed, self._fixed = project, replayed, fold is not None
        self.recorded = None if self._sketch or replayed is not None else self._runs()
        self._trainer = Trainer(job, run_folder=self.recorded, attention=self._attention(), playback=replayed)
        self.prepared = None
        self._set_state(State.PREPARING)
        self._send(SetPace(self.pace))
        self._trainer.start(paused=replayed is None)
        self._pace()
        return True

    def _drop(self) -> None:
        """Let go of the trainer: it ends by itself, and nothing it still says is heard but of weights to be saved."""
        self.scout.leave()
        if self._trainer is not None:
            self._let_go.add(self._trainer, owes=self._saves > 0)
        self._saves = 0
        self._trainer = None
        self._project = None
        self._sketch = False
        self.stepped = False
        self.inside = self.replayed = self.recorded = None
        self._picture = None
        self._epochs = []
        self.moments.set_steps(())
        self.progress = Progress()
        self._set_changes(())
        self._set_state(State.FINISHED)
        self.cleared.emit()

    # The frame ------------------------------------------------------------------------------------------------------

    def _pace(self, cost: float = 0.0) -> None:
        self._frame.pace(cost, training=self.state is State.RUNNING)

    def _tick(self) -> None:
        self._hear_let_go()
        trainer = self._trainer
        if trainer is None:
            if not self._let_go.owing:
                self._frame.stop()
            return
        began = time.perf_counter()
        for event in drain(trainer.events):
            self._hear(event)
            if self._trainer is not trainer:
                return
        if self.state is State.RUNNING:
            self._turn = (self._turn + 1) % 3
            (self._look, self._look_at_cards, self._read)[self._turn](trainer)
        else:
            for part in (self._look, self._look_at_cards, self._read):
                part(trainer)
        if self.state is State.FINISHED and not (trainer.alive or self._let_go.owing) and trainer.events.empty():
            self._frame.stop()
            return
        # Painting happens after this handler: a timer of 0 ms fires behind it and so sees the cost of both.
        QTimer.singleShot(0, self, lambda: self._pace(time.perf_counter() - began))

    def _hear_let_go(self) -> None:
        for saved in self._let_go.heard():
            self.weights_saved.emit(saved.path, saved.problem)

    # While training, one of these three is done in a frame: what each redraws takes the time of the other two, and the
    # window answers in between.

    def _look(self, trainer: Trainer) -> None:
        picture = trainer.mailbox.take()
        if picture is not None:
            if self._sketch:
                picture = replace(picture, output=picture.output[:0])  # it comes from an end that the user never made
            self._picture = picture
            self.picture_taken.emit(picture)

    def _look_at_cards(self, _trainer: Trainer) -> None:
        picture, self._picture = self._picture, None
        if picture is not None:
            self.cards_due.emit(picture)

    def _read(self, trainer: Trainer) -> None:
        now = time.perf_counter()
        if self.state is State.RUNNING and now - self._read_at < CURVES:
            return
        self._read_at = now
        self._tell_epochs()
        scalars = trainer.take_scalars()
        if len(scalars):
            self.scalars_added.emit(scalars)
        if not self._sketch:
            self.progress = trainer.progress
            self.progressed.emit(self.progress)

    def _hear(self, event: Event) -> None:
        if self._sketch and isinstance(event, Preparing | Warned | Failed):
            return  # nobody has asked for it, and it is not going to be trained
        match event:
            case Preparing():
                self.preparing.emit(event)
            case Prepared():
                self.prepared = event
                self.prepared_changed.emit(event)
            case StateChanged(state, inside):
                self._tell_epochs()
                if self.replayed is None and state is State.RUNNING:
                    self.moments.set_steps(())
                self._set_state(state)
                if inside != self.inside:
                    self.inside = inside
                    self.inside_changed.emit(inside)
            case EpochEnded():
                self._epochs.append(event)
            case RateChanged(step, rate):
                self.rate_changed.emit(step, rate)
            case Stored(steps, anew):
                self.moments.set_steps(steps, anew=anew)
            case WeightsSaved(path, problem):
                self._saves -= 1
                self.weights_saved.emit(path, problem)
            case MistakeFound():
                self.mistake_found.emit(event)
            case ResponsesFound(responses):
                self.responses_found.emit(responses)
            case Warned(problem):
                self.warned.emit(problem)
            case Failed(problem):
                self._tell_epochs()
                self.failed.emit(problem)
            case Finished():
                if self._trainer is not None and not self._sketch:
                    self.progress = self._trainer.progress  # a short run ends before anybody has looked how far it is
                self._tell_epochs()
                self._set_state(State.FINISHED)
                self.finished.emit(event)
                if "data" in self.changes:
                    self.scout.start()

    def _tell_epochs(self) -> None:
        """Epochs are told when curves are: a small network ends several in the time of one look at them."""
        epochs, self._epochs = self._epochs, []
        for epoch in epochs:
            self.epoch_ended.emit(epoch)

    def _set_state(self, state: State) -> None:
        # One batch leads from waiting before the first step to waiting behind it: the state is the same, what can be
        # done next is not.
        told, self._told = self._told, (state, self.stepped)
        self.state = state
        if self._told != told:
            self.state_changed.emit(state)

    @property
    def stale(self) -> bool:
        """Whether the document has changed since this run began."""
        return bool(self.changes)

    def _set_changes(self, changes: tuple[str, ...]) -> None:
        if changes != self.changes:
            self.changes = changes
            self.stale_changed.emit(self.stale)
