"""The training loop. All of it, for the window and for the command line alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from builder.inspect.activations import at_inference
from builder.train.messages import Confusion, Phase

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
    loss = learner.objective.training_loss(scores, target)
    learner.loss = loss.detach()
    whole = learner.whole_loss(loss, extra, target)
    learner.check(whole)
    yield Phase.BACKWARD
    learner.forget_gradients()
    whole.backward()  # type: ignore[no-untyped-call]
    yield Phase.UPDATE
    learner.follow_schedule()
    learner.update()
    learner.limit_weights()
    learner.step += 1
    learner.meter.add(learner.step, loss, scores, target)


class Figures(NamedTuple):
    """Mean loss, and where there are classes the share of right answers and who was taken for whom.

    Attributes:
        confusion: see `messages.Confusion`.
        top5: the share of samples of which the true class has one of the five highest scores; None for up to five
            classes.
    """

    loss: float
    accuracy: float | None = None
    confusion: Confusion | None = None
    top5: float | None = None


def evaluate(learner: Learner, part: Part, between: Callable[[], None]) -> Figures | None:
    """Figures of a part of the data; None when it holds nothing. `between` is called between batches."""
    if not len(part):
        return None
    loss = learner.zero()
    count: _Count | None = None
    for rows in part.order().split(at_once(learner)):  # type: ignore[no-untyped-call]
        between()
        with at_inference(learner.root):
            x, target = learner.load(rows, part)
            scores = learner.model(x)
            loss += learner.objective.loss(scores, target) * len(rows)
            if learner.objective.counts:
                count = count or _Count(learner.objective.class_count(scores), scores.device)
                count.add(*learner.objective.classes(scores, target))
                count.add_near(learner.objective.in_top(scores, target))
    if count is None:
        return Figures(float(loss) / len(part))
    confusion, near = count.read()
    top5 = None if near is None else near / len(part)
    return Figures(float(loss) / len(part), float(confusion.trace()) / len(part), confusion, top5)


def evaluate_test(learner: Learner, between: Callable[[], None]) -> Figures | None:
    """Figures of the test part; None for a fold: folds are for choosing, the test part is for what was chosen."""
    return None if learner.job.data.in_folds else evaluate(learner, learner.data.test, between)


class _Count:
    """Counts pairs of said and true class on the device, and answers that were near; nothing waits before `read`."""

    def __init__(self, classes: int, device: torch.device) -> None:
        self._classes, self._near = classes, False
        # Not every device adds up whole numbers of 64 bits.
        kind = torch.int64 if device.type in ("cpu", "cuda") else torch.int32
        self._cells = torch.zeros(classes * classes + 1, dtype=kind, device=device)
        self._one = torch.ones((), dtype=kind, device=device)

    def add(self, said: Tensor, true: Tensor) -> None:
        """Count these samples. (`bincount` would do, but on CUDA it waits to learn the largest number.)"""
        self._cells.index_add_(0, true * self._classes + said, self._one.expand(len(said)))

    def add_near(self, near: Tensor | None) -> None:
        """Count the samples, bool (samples,), whose class was among the best; None where that is not counted."""
        if near is not None:
            self._near = True
            self._cells[-1] += near.sum().to(self._cells.dtype)

    def read(self) -> tuple[Confusion, int | None]:
        """The counts (true class, said class), and how many were near; in one transfer."""
        cells = self._cells.cpu().numpy().astype(np.int64)
        return cells[:-1].reshape(self._classes, self._classes), int(cells[-1]) if self._near else None


def at_once(learner: Learner) -> int:
    """As many samples as 2^20 input numbers: large enough to be fast, small enough for any memory."""
    return min(1024, max(learner.job.training.batch_size, 2**20 // math.prod(learner.plan.input_shape)))
