"""The training loop. All of it, for the window and for the command line alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from builder.inspect.activations import at_inference
from builder.train.messages import Phase

if TYPE_CHECKING:
    from builder.data.resident import Part
    from builder.train.learner import Learner


class Watcher(Protocol):
    """Who is told how the loop goes; may wait, and may end the run by raising."""

    def before(self, phase: Phase) -> None:
        """This phase comes next."""

    def stepped(self) -> None:
        """A step is complete."""


def train_epoch(learner: Learner, watcher: Watcher) -> None:
    """Every training sample once (or what is left of the epoch, after a resume)."""
    for rows in learner.batches():
        for phase in step(learner, rows):
            watcher.before(phase)
        watcher.stepped()


def step(learner: Learner, rows: Tensor) -> Iterator[Phase]:
    """One update from the samples in `rows`. Yields each phase before doing it, so that whoever iterates can wait."""
    yield Phase.BATCH
    learner.batch = x, target = learner.load(rows)
    yield Phase.FORWARD
    with learner.chance:
        scores, extra = learner.forward(x)
    yield Phase.LOSS
    loss = learner.objective.loss(scores, target)
    learner.loss = loss.detach()
    whole = learner.whole_loss(loss, extra, target)
    learner.check(whole)
    yield Phase.BACKWARD
    learner.forget_gradients()
    whole.backward()  # type: ignore[no-untyped-call]
    yield Phase.UPDATE
    learner.follow_schedule()
    learner.optimizer.step()
    learner.step += 1
    learner.meter.add(learner.step, loss, scores, target)


class Figures(NamedTuple):
    """Mean loss, and the share of right answers where that makes sense."""

    loss: float
    accuracy: float | None


def evaluate(learner: Learner, part: Part, between: Callable[[], None]) -> Figures | None:
    """Loss and accuracy over a part of the data; None when it holds nothing. `between` is called between batches."""
    if not len(part):
        return None
    loss, right = learner.zero(), learner.zero()
    for rows in torch.arange(len(part)).split(_at_once(learner)):  # type: ignore[no-untyped-call]
        between()
        with at_inference(learner.root):
            x, target = learner.load(rows, part)
            scores = learner.model(x)
            loss += learner.objective.loss(scores, target) * len(rows)
            if learner.objective.counts:
                right += learner.objective.correct(scores, target).sum()
    return Figures(float(loss) / len(part), float(right) / len(part) if learner.objective.counts else None)


def first_wrong(learner: Learner, part: Part, after: int, cancelled: Callable[[], bool]) -> int | None:
    """Position of the first sample that is answered wrongly, from the one behind `after` on and around."""
    if not learner.objective.counts:
        return None
    for rows in ((torch.arange(len(part)) + after + 1) % max(1, len(part))).split(_at_once(learner)):  # type: ignore[no-untyped-call]
        if cancelled():
            return None
        with at_inference(learner.root):
            x, target = learner.load(rows, part)
            wrong = (~learner.objective.correct(learner.model(x), target)).nonzero()
        if len(wrong):
            return int(rows[int(wrong[0, 0])])
    return None


def _at_once(learner: Learner) -> int:
    """As many samples as 2^20 input numbers: large enough to be fast, small enough for any memory."""
    return min(1024, max(learner.job.training.batch_size, 2**20 // math.prod(learner.plan.input_shape)))
