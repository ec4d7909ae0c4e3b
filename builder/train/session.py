"""One run from first message to last, on the calling thread: prepare, train, evaluate, record, explain failures.

The window's trainer and the command line both run this; a `Host` is what differs between them.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from builder.compile.weights import initial
from builder.data.catalogue import CancelledError
from builder.data.samples import examples, load
from builder.graph.problems import Problem, ProblemError, Severity
from builder.inspect.response import Responses
from builder.train import memory, threads
from builder.train.clock import Clock
from builder.train.divergence import Divergence
from builder.train.failure import all_frozen, astray, problem_of
from builder.train.job import Job
from builder.train.learner import Learner, NotFiniteError, make_learner
from builder.train.loop import Figures, evaluate, evaluate_test, step, train_epoch
from builder.train.messages import (
    EpochEnded,
    Event,
    Failed,
    FindMistake,
    FindResponses,
    Finished,
    Inside,
    MistakeFound,
    Phase,
    Prepared,
    Preparing,
    Progress,
    Reason,
    ResponsesFound,
    State,
    Stored,
    Warned,
    WeightsSaved,
)
from builder.train.meter import Rows, joined, mean
from builder.train.mistakes import Mistakes
from builder.train.moments import Moments
from builder.train.responses import strongest
from builder.train.run import Record, disk_problem, resume, write_weights
from builder.writing import problem_of as problem_of_writing

READ_EVERY = 0.05  # seconds between two readings of the losses that gather on the device
LARGE = 5_000_000  # parameters; a larger model is not copied to measure which number of threads suits it

log = logging.getLogger(__name__)


class StoppedError(Exception):
    """Raised by a host to end the run behind the current step."""


class Host:
    """Who runs a session. Every method is called on the session's thread."""

    def emit(self, event: Event) -> None:
        """Something happened."""

    def cancelled(self) -> bool:
        """Whether the preparations are to be given up."""
        return False

    def ready(self, learner: Learner) -> None:
        """Data and model are there, no step is made. May wait."""

    def before(self, phase: Phase) -> None:
        """This phase of a step comes next. May wait; may raise `StoppedError` before the first phase."""

    def between(self) -> None:
        """Between two batches of an evaluation. May wait; may raise `StoppedError`."""

    def stepped(self) -> None:
        """A step is complete."""

    def read(self, rows: Rows) -> None:
        """The losses of some steps have arrived."""

    def wait(self, seconds: float) -> None:
        """There is nothing to do for so long. May raise `StoppedError`."""

    def went(self) -> None:
        """The network has other weights, without a step."""


class Session:
    """One run.

    Attributes:
        progress: where it stands; replaced as a whole, so any thread may read it.
        learner: None until it is prepared.
        moments: what the network can go back to, to be looked at; None while the run goes on.
    """

    def __init__(
        self, job: Job, host: Host, folder: Path | None = None, *, must_record: bool = False, go_on: bool = False
    ) -> None:
        """Plan a run.

        Args:
            folder: where it is recorded, made at the first step; None for nowhere.
            must_record: fail when the folder cannot be made, instead of warning.
            go_on: continue the run that is in `folder`.
        """
        self.job = job
        self.progress = Progress(epochs=job.training.epochs, learning_rate=job.training.optimizer.learning_rate)
        self.learner: Learner | None = None
        self.moments: Moments | None = None
        self._host, self._folder, self._must_record, self._go_on = host, folder, must_record, go_on
        self._record: Record | None = None
        self._keeper: threads.Keeper | None = None
        self._mistakes: Mistakes | None = None
        self._threads = 1
        self._clock = Clock()
        self._divergence = Divergence()
        self._read_at = 0.0

    def run(self) -> Finished:
        """Do all of it. No failure is raised, and the last event is the `Finished` that it returns."""
        try:
            finished = self._train()
        except (StoppedError, CancelledError):
            finished = self._end(Reason.STOPPED)
        except Exception as error:
            finished = self._fail(error)
        finally:
            if self._record is not None:
                self._record.close()
            memory.give_back()
        self.progress = replace(self.progress, state=State.FINISHED, seconds_left=None)
        self._host.emit(finished)
        return finished

    # The course of a run --------------------------------------------------------------------------------------------

    def _train(self) -> Finished:
        learner = self.prepare()
        self._host.ready(learner)
        if not learner.parameter_count:
            raise ProblemError(all_frozen(self.job.graph))
        if self._go_on:  # also when every epoch is done already and only the test is left
            self._open_record(learner)
        self._clock.start()
        while learner.epoch < self.job.training.epochs and not learner.out_of_patience:
            train_epoch(learner, self)
            self._end_epoch(learner)
        reason = Reason.EARLY if learner.epoch < self.job.training.epochs else Reason.COMPLETED
        learner.take_best()
        test = evaluate_test(learner, self._host.between)
        return self._end(reason, test)

    def prepare(self) -> Learner:
        """Load the data, build the model, choose the number of threads. Raises `ProblemError`."""
        # A run that goes on has weights of its own.
        job = replace(self.job, weights=None) if self._go_on else self.job
        learner = make_learner(job, self._tell, self._host.cancelled)
        if self._go_on and self._folder is not None:
            resume(learner, self._folder)
        self.learner = learner
        if learner.device.type == "cpu":
            self._choose_threads(learner)
        self._note_progress(0.0)
        data = learner.data
        self._host.emit(
            Prepared(
                device=str(learner.device),
                parameters=learner.parameter_count,
                train_samples=len(data.train),
                validation_samples=len(data.validation),
                test_samples=len(data.test),
                classes=data.classes,
                samples=tuple(examples(load(data.settings), data.info)),
                carried=learner.carried,
                data=data.settings.dataset,
                loss=self.job.training.loss,
                class_counts=data.class_counts,
            )
        )
        return learner

    def _tell(self, message: str, share: float | None) -> None:
        self._host.emit(Preparing(message, share))

    def _end_epoch(self, learner: Learner) -> None:
        self._open_record(learner)  # a resumed run may have nothing left of its epoch but this
        self._read(wait=True)
        rows = joined(learner.rows)
        training = self._clock.epoch_seconds
        figures = evaluate(learner, learner.data.validation, self._host.between)
        learner.end_epoch()
        learner.judge(figures.loss if figures else None)
        loss, accuracy = mean(rows)
        ended = EpochEnded(
            epoch=learner.epoch,
            step=learner.step,
            train_loss=loss,
            train_accuracy=accuracy,
            validation_loss=figures.loss if figures else None,
            validation_accuracy=figures.accuracy if figures else None,
            seconds=self._clock.epoch_seconds,
            images_per_second=float(rows[:, 3].sum()) / training if training else 0.0,
            confusion=figures.confusion if figures else None,
            validation_top5=figures.top5 if figures else None,
        )
        self._write(lambda record: record.epoch(ended))
        self._host.emit(ended)
        self._clock.start()

    def _end(self, reason: Reason, test: Figures | None = None) -> Finished:
        if self.learner is not None:
            try:
                self._read(wait=True)
            except NotFiniteError as error:
                return self._fail(error)
            self._note_progress(self._clock.pace)
        step = self.learner.step if self.learner is not None else 0
        loss, accuracy, confusion, top5 = test or (None, None, None, None)
        folder = str(self._folder) if self._record is not None else ""
        finished = Finished(reason, step, loss, accuracy, folder, confusion, *self._best(), top5)
        self._write(lambda record: record.end(finished))
        self._tell_stored()
        return finished if self._record is not None else replace(finished, run="")

    def _best(self) -> tuple[int | None, float | None]:
        """The epoch whose weights the network has again, and its loss."""
        if self.learner is None or not self.learner.at_best:
            return None, None
        return self.learner.patience.epoch, self.learner.patience.best

    def _fail(self, error: BaseException) -> Finished:
        log.debug("the run failed", exc_info=error)
        try:
            self._take_rows(wait=True)  # the last losses say what led to it
        except Exception:  # a device that has failed does not give them
            log.debug("the last losses could not be read", exc_info=True)
        try:
            problem = problem_of(error, self.job, self.learner)
        except Exception:  # whatever was wrong is still wrong while we look for it
            log.debug("the failure could not be explained", exc_info=True)
            problem = Problem("training-failed", f"training cannot go on ({type(error).__name__}).")
        folder = str(self._folder) if self._record is not None else ""
        finished = Finished(Reason.FAILED, self.learner.step if self.learner else 0, run=folder)
        if self._record is not None:
            text = "".join(traceback.format_exception(error))
            self._write(lambda record: record.note("failed", code=problem.code, problem=str(problem)))
            self._write(lambda record: record.log_error(text))
            # Off the CPU it shows some steps later that a loss was no number; see `Learner.check`.
            late = self.learner is not None and self.learner.device.type != "cpu"
            spoiled = isinstance(error, NotFiniteError) and late
            try:
                self._write(lambda record: record.end(finished, spoiled=spoiled))
            except (RuntimeError, MemoryError):  # a device that has failed does not give the weights back
                log.debug("the last weights could not be stored", exc_info=True)
        self._tell_stored()
        self._host.emit(Failed(problem))
        return finished

    # What the loop tells --------------------------------------------------------------------------------------------

    def before(self, phase: Phase) -> None:
        """A phase comes next: the host may wait here, and that time does not count."""
        began = time.perf_counter()
        self._host.before(phase)
        if self._record is None and self._folder is not None and self.learner is not None:
            self._open_record(self.learner)  # not sooner: a run that never makes a step leaves no folder
        waited = time.perf_counter() - began
        if waited > 0.002:
            self._clock.waited(waited)

    def stepped(self) -> None:
        """A step is complete: read figures now and then, and watch the speed."""
        if self.learner is not None and self.learner.epoch == 0:
            self._write(lambda record: record.stepped())
        now = time.perf_counter()
        seconds = self._clock.step(now)
        if self._keeper is not None:
            self._keep(self._keeper.step(seconds))
        if now - self._read_at > READ_EVERY:
            self._read_at = now
            self._read(wait=False)
            self._note_progress(self._clock.pace)
        self._host.stepped()

    def inside(self, phase: Phase) -> Inside:
        """What is known inside a step before `phase`. Waits for the device."""
        learner = self.learner
        samples = len(learner.batch[0]) if learner is not None and learner.batch is not None else 0
        step = learner.step + 1 if learner is not None else 1
        if learner is None or learner.loss is None or phase not in (Phase.BACKWARD, Phase.UPDATE):
            return Inside(phase, step, samples, sample=learner.lone_sample if learner is not None else "")
        gradient = learner.gradient_length() if phase is Phase.UPDATE else None
        return Inside(phase, step, samples, float(learner.loss), gradient)

    def flush(self) -> None:
        """Read every loss so far: before a pause, say."""
        self._read(wait=True)
        self._note_progress(self._clock.pace)

    def snapshot(self) -> None:
        """Write the weights as they are into the run folder."""
        if self.learner is not None:
            if self.moments is not None:
                self.moments.come_back()
            self._open_record(self.learner)
            self._write(lambda record: record.snapshot())
            if self.moments is not None:
                self._host.emit(Stored(self.moments.steps(), anew=True))
                self._host.went()

    def save_weights(self, path: Path) -> None:
        """Write the weights as they are into a file, and tell how that went; nothing happens to the run."""
        if self.learner is None:
            return
        problem = None
        try:
            write_weights(self.learner, path)
        except (OSError, ValueError) as error:
            problem = problem_of_writing(error, path)
        except (MemoryError, RuntimeError) as error:
            log.debug("the weights could not be copied", exc_info=error)
            message = "there is not enough memory to copy the weights, so they were not saved."
            problem = Problem("out-of-memory", message, where=str(path))
        self._host.emit(WeightsSaved(path, problem))

    def look_at(self, step: int) -> None:
        """Give the network the weights that the run has stored of this step; only while it makes none."""
        if self.moments is not None:
            try:
                self.moments.show(step)
            except ProblemError as error:
                self._host.emit(Warned(error.problems[0]))

    def wait_here(self) -> None:
        """The run waits, and can be looked back at until `go_on_from_here`."""
        if self.learner is not None and self.learner.step and self._record is not None:
            self.moments = Moments(self.learner, self._record.folder, waits=True)
            self._host.emit(Stored(self.moments.steps(), anew=True))

    def go_on_from_here(self) -> None:
        """The wait is over: the network has what it had when it began."""
        if self.moments is not None and self.moments.waits:
            self.moments.come_back()
            self.moments = None

    def _tell_stored(self) -> None:
        if self.learner is not None and self._record is not None:
            self.moments = Moments(self.learner, self._record.folder)
            self._host.emit(Stored(self.moments.steps()))

    def find_mistake(self, wish: FindMistake) -> None:
        """Tell which sample is answered wrongly, as wished; nothing happens to the run."""
        if self.learner is not None:
            self._mistakes = self._mistakes or Mistakes(self.learner)
            self._host.emit(MistakeFound(self._mistakes.find(wish, self._host.cancelled), wish.part))

    def find_responses(self, wish: FindResponses, enough: Callable[[], bool]) -> None:
        """Tell what a unit responds to; nothing happens to the run. It ends early when `enough` says so."""
        if self.learner is None:
            return
        try:
            found = strongest(self.learner, wish, enough)
        except (MemoryError, RuntimeError) as error:  # it is only looked at: training goes on
            log.debug("looking for responses failed", exc_info=error)
            found = Responses(wish.layer, wish.unit)
        self._host.emit(ResponsesFound(found))

    def set_learning_rate(self, value: float) -> None:
        """Use another learning rate from the next update on."""
        learner = self.learner
        if learner is not None:
            learner.learning_rate = value
            self._divergence.rearm()
            self.progress = replace(self.progress, learning_rate=value, rate=learner.rate)
            self._write(lambda record: record.note("learning-rate", step=learner.step, value=value))

    def _read(self, *, wait: bool) -> None:
        rows = self._take_rows(wait=wait)
        if rows is None or self.learner is None:
            return
        if not np.isfinite(rows[:, 1]).all():
            raise NotFiniteError
        times = self._divergence.times(rows[:, 1])
        if times is not None:
            self._host.emit(Warned(astray(self.learner, times)))

    def _take_rows(self, *, wait: bool) -> Rows | None:
        """Hand on the figures of steps that have gathered; None where there are none."""
        if self.learner is None:
            return None
        rows = self.learner.meter.take(wait=wait)
        if not len(rows):
            return None
        self.learner.rows.append(rows)
        self._host.read(rows)
        self._write(lambda record: record.steps(rows))
        return rows

    def _note_progress(self, pace: float) -> None:
        learner = self.learner
        assert learner is not None
        left = learner.steps - learner.step
        self.progress = replace(
            self.progress,
            epoch=min(learner.epoch + 1, self.job.training.epochs) if learner.step else 0,
            step=learner.step,
            steps=learner.steps,
            images_per_second=learner.batch_size / pace if pace else 0.0,
            seconds_left=left * pace if pace else None,
            learning_rate=learner.learning_rate,
            rate=learner.rate,
        )

    def use_threads(self) -> None:
        """Compute with the number of threads that this session has chosen, where another was in use meanwhile."""
        if self.learner is not None and self.learner.device.type == "cpu":
            torch.set_num_threads(self._threads)

    # Files ----------------------------------------------------------------------------------------------------------

    def _open_record(self, learner: Learner) -> None:
        if self._folder is None or self._record is not None:
            return
        try:
            self._record = Record(self._folder, learner, self._threads, resumed=self._go_on)
        except OSError as error:
            problem = disk_problem(self._folder, error)
            if self._must_record:
                raise ProblemError(problem) from error
            self._lose_record(problem)

    def _write(self, writing: Callable[[Record], object]) -> None:
        """Write into the run folder; when that fails, say so once and train on without a record."""
        if self._record is None:
            return
        try:
            writing(self._record)
        except OSError as error:
            record, self._record = self._record, None
            record.close()
            self._lose_record(disk_problem(record.folder, error))

    def _lose_record(self, problem: Problem) -> None:
        self._folder = None
        hint = "Training goes on, but is no longer recorded."
        self._host.emit(Warned(replace(problem, hint=hint, severity=Severity.WARNING)))

    # Threads --------------------------------------------------------------------------------------------------------

    def _choose_threads(self, learner: Learner) -> None:
        full = self._threads = torch.get_num_threads()
        if threads.fixed() or full == 1:
            return
        chosen = full
        if learner.parameter_count < LARGE:
            try:
                chosen = threads.choose(full, _rehearsal(learner), torch.set_num_threads)
            except Exception:  # the first real step will meet it again, and explain it
                log.debug("a rehearsed step failed", exc_info=True)
                torch.set_num_threads(full)
        self._threads = chosen
        self._keeper = threads.Keeper(full, chosen)

    def _keep(self, number: int | None) -> None:
        if number is None or self._keeper is None:
            return
        torch.set_num_threads(number)
        learner = self.learner
        self._write(lambda record: record.note("threads", step=learner.step if learner else 0, threads=number))
        if number < self._threads and self._keeper.collapses == 1:
            message = "another program keeps the processor busy, so training now uses fewer of its cores."
            self._host.emit(Warned(Problem("busy-machine", message, severity=Severity.WARNING)))
        self._threads = number


def _rehearsal(learner: Learner) -> Callable[[], None]:
    """A step on a copy of the model, for measuring: nothing of the real one changes."""
    root = initial(learner.plan, 0)
    twin = Learner(learner.job, learner.plan, root, learner.data, learner.device)
    twin.learning_rate = 0.0
    rows = learner.data.train.order()[: learner.batch_size]

    def work() -> None:
        for _ in step(twin, rows):
            pass

    return work
