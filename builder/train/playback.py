"""A run that was made before, shown as a run is, and followed while another process or machine still makes it.

Reads the folder of the run, and nothing else of it. The network has the weights of the newest step that has some
stored, to be looked into, and can be brought back to earlier ones.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from builder.data.catalogue import find
from builder.data.folders import data_folder
from builder.graph.problems import Problem, ProblemError, Severity
from builder.train.job import Job
from builder.train.learner import Learner
from builder.train.loop import Figures
from builder.train.messages import Finished, Progress, RateChanged, Reason, State, Stored, Warned
from builder.train.moments import Moments
from builder.train.reading import ABANDONED, Reader
from builder.train.session import Host, Session

EVERY = 0.5  # seconds between two looks into the folder


class Playback(Session):
    """Shows the run in a folder to a host; makes no step."""

    def __init__(self, job: Job, folder: Path, host: Host) -> None:
        """Plan to show the run of `job` in `folder`, on whatever device this machine has."""
        here = job.training.model_copy(update={"device": "auto"})
        super().__init__(replace(job, training=here, weights=None), host)
        self._shown = folder
        self._steps = self._epochs = self._rates = 0  # told so far
        self._last = 0.0  # the last step that was told
        self._stored: tuple[int, ...] = ()

    def _train(self) -> Finished:
        reader = Reader(self._shown)
        learner = self._prepared()
        if learner is not None:
            self._host.ready(learner)
            self.moments = Moments(learner, self._shown)
        while True:
            reader.read()
            self._tell_rows(reader)
            over = reader.end is not None or self._abandoned()
            self._show_newest(patient=not over)
            if over:
                return self._ended(reader)
            self._host.wait(EVERY)

    def _prepared(self) -> Learner | None:
        """The network and its data; None where these would have to be downloaded, which nobody has asked for."""
        chosen = find(self.job.data.dataset)
        if chosen is not None and chosen.at_hand(data_folder()):
            return self.prepare()
        name = chosen.title if chosen is not None else self.job.data.dataset
        message = (
            f"{name} is not on this machine: the curves of this run are shown, and not what its network makes of it."
        )
        hint = "Once it is downloaded, all of it is seen."
        self._host.emit(Warned(Problem("no-data", message, where="data.dataset", hint=hint, severity=Severity.WARNING)))
        return None

    def _choose_threads(self, learner: Learner) -> None:
        """All of them: nothing is trained here."""

    def _tell_rows(self, reader: Reader) -> None:
        # A run that went on has trained some steps again, with the same figures: what was told stays.
        fresh = [row for row in reader.steps[min(self._steps, len(reader.steps)) :] if row[0] > self._last]
        if fresh:
            table = np.full((len(fresh), 4), np.nan)
            table[:, :3] = fresh
            self._host.read(table)
            self._last = fresh[-1][0]
        self._steps = len(reader.steps)
        for epoch in reader.epochs[self._epochs :]:
            self._host.emit(epoch)
        self._epochs = max(self._epochs, len(reader.epochs))
        for step, rate in reader.rates[self._rates :]:
            self._host.emit(RateChanged(step, rate))
        self._rates = max(self._rates, len(reader.rates))
        self._note(reader)

    def _note(self, reader: Reader) -> None:
        training = self.job.training
        newest = reader.epochs[-1] if reader.epochs else None
        steps = self.learner.steps if self.learner is not None else 0
        step = max(int(self._last), newest.step if newest is not None else 0)
        epoch = newest.epoch if newest is not None else 0
        rate = reader.rates[-1][1] if reader.rates else training.optimizer.learning_rate
        self.progress = Progress(
            state=State.RUNNING,
            epoch=min(epoch + 1, training.epochs),
            epochs=training.epochs,
            step=step,
            steps=max(steps, step),
            images_per_second=newest.images_per_second if newest is not None else 0.0,
            learning_rate=rate,
            rate=rate,
        )

    def _show_newest(self, *, patient: bool) -> None:
        """Tell which weights there are; the network takes the newest, unless somebody looks at earlier ones.

        Args:
            patient: a file that cannot be read may still be on its way from another machine.
        """
        if self.moments is None or self.learner is None:
            return
        steps = self.moments.steps()
        if steps == self._stored:
            return
        follows = not self._stored or self.learner.step == self._stored[-1]
        try:
            if follows:
                self.moments.show(steps[-1])
        except ProblemError as error:
            if not patient:
                self._host.emit(Warned(error.problems[0]))
                self.moments = None
            return
        self._stored = steps
        self._host.emit(Stored(steps))
        if follows:
            self._host.went()

    def _end(self, reason: Reason, test: Figures | None = None) -> Finished:
        return Finished(reason, self.progress.step, run=str(self._shown))  # nobody wants to follow it any more

    def _abandoned(self) -> bool:
        try:
            return time.time() - (self._shown / "metrics.jsonl").stat().st_mtime > ABANDONED
        except OSError:
            return True

    def _ended(self, reader: Reader) -> Finished:
        end = reader.end or {}
        reasons = {reason.value: reason for reason in Reason}
        return Finished(
            reasons.get(end.get("reason", ""), Reason.STOPPED),
            int(end.get("step", self.progress.step)),
            end.get("test_loss"),
            end.get("test_accuracy"),
            str(self._shown),
            reader.test,
            end.get("best_epoch"),
            end.get("best_validation_loss"),
            end.get("test_top5"),
        )
