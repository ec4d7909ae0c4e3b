"""What several trained networks say together: the mean of their probabilities, judged on the test part.

Each run brings its own data to the form that its network learned from; only the samples must be the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from builder.compile.module import rewire
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.weights import initial, load_weights
from builder.data.catalogue import CancelledError, Task
from builder.data.prepare import prepare
from builder.data.resident import Part
from builder.data.samples import data_set, load
from builder.data.settings import DataSettings
from builder.graph.problems import Problem, ProblemError
from builder.inspect.activations import at_inference
from builder.project.document import Project
from builder.project.form import from_json
from builder.train.messages import MANY
from builder.train.objective import Objective
from builder.train.reading import Run, load_run
from builder.train.settings import WEIGHED


@dataclass(frozen=True)
class Member:
    """A run of an ensemble, and its share of right answers alone."""

    run: Path
    accuracy: float


@dataclass(frozen=True)
class Ensemble:
    """What the runs are worth alone and together.

    Attributes:
        samples: of the test part.
        accuracy: of the mean of all probabilities; top5: see `loop.Figures`.
    """

    members: tuple[Member, ...]
    samples: int
    accuracy: float
    top5: float | None = None

    @property
    def mean(self) -> float:
        """The accuracy of a single run, on average."""
        return math.fsum(member.accuracy for member in self.members) / len(self.members)


def ensemble(runs: Sequence[Path], progress: Callable[[int], object], cancelled: Callable[[], bool]) -> Ensemble:
    """Let the runs answer the test part, on the CPU, each with the weights that it ended with.

    Args:
        progress: told the number of runs that have answered.
        cancelled: looked at between batches.

    Raises:
        ProblemError: a folder is no run that tells classes apart, or the runs do not belong together.
        CancelledError: `cancelled` said so.
    """
    if len(runs) < 2:
        message = "an ensemble needs two runs at least."
        raise ProblemError(Problem("too-few-runs", message, where=str(runs[0]) if runs else ""))
    read = [_read(folder) for folder in runs]
    for other in read[1:]:
        _check_together(read[0], other)
    members: list[Member] = []
    total: Tensor | None = None
    truth = torch.empty(0, dtype=torch.int64)
    for run, project in read:
        answers, true = _answers(run, project, cancelled)
        if total is not None and not torch.equal(true, truth):
            raise _apart(read[0][0], run, "the samples of their test parts")
        truth = true
        members.append(Member(run.folder, _share(answers.argmax(1) == true)))
        total = answers if total is None else total + answers
        progress(len(members))
    assert total is not None
    top5 = None
    if total.shape[1] >= MANY:
        near = Objective("cross-entropy", counts=True).in_top(total, truth)
        top5 = _share(near) if near is not None else None
    return Ensemble(tuple(members), len(truth), _share(total.argmax(1) == truth), top5)


def _read(folder: Path) -> tuple[Run, Project]:
    run = load_run(folder)
    if not run.weights:
        raise ProblemError(Problem("no-weights", "this run has stored no weights yet.", where=str(folder)))
    project = from_json(run.description.get("document"))
    info = data_set(project.data)
    if info.task is Task.REGRESSION:
        message = f"this run learned from {info.title}: its answers are no classes."
        raise ProblemError(Problem("no-classes", message, where=str(folder)))
    if project.training.loss not in WEIGHED:
        message = "this run was not trained by cross-entropy, so its answers are no probabilities to average."
        raise ProblemError(Problem("no-probabilities", message, where=str(folder)))
    return run, project


def _check_together(first: tuple[Run, Project], other: tuple[Run, Project]) -> None:
    """Raise `ProblemError` when two runs do not answer the same question of the same samples, with what differs."""
    one, two = first[1].data, other[1].data
    if one.dataset != two.dataset:
        titles = (data_set(two).title, data_set(one).title)
        raise _apart(first[0], other[0], f"their data ({titles[0]} and {titles[1]})")
    if list(first[0].description.get("classes", ())) != list(other[0].description.get("classes", ())):
        raise _apart(first[0], other[0], "their classes")
    names = {name: DataSettings.model_fields[name].title or name for name in data_set(one).options}
    if load(one).test is None:  # a test part of its own is the same whatever is chosen
        names |= {"test": "Test share", "seed": "Seed of the data"}
    for name, title in sorted(names.items()):
        before, now = getattr(one, name), getattr(two, name)
        if before != now:
            raise _apart(first[0], other[0], f"their {title[:1].lower()}{title[1:]} ({now} and {before})")


def _apart(first: Run, other: Run, what: str) -> ProblemError:
    message = f"this run and {first.folder} do not belong together: they differ in {what}."
    hint = "An ensemble is judged on one test part."
    return ProblemError(Problem("runs-apart", message, where=str(other.folder), hint=hint))


def _answers(run: Run, project: Project, cancelled: Callable[[], bool]) -> tuple[Tensor, Tensor]:
    """Probabilities (samples, classes) of the test part, and its class numbers."""
    plan = make_plan(infer_flat(project.network))
    part: Part = prepare(project.data, plan.input_shape, "cpu", cancelled=cancelled).test
    if not len(part):
        message = "this run kept no samples for the test."
        raise ProblemError(Problem("no-samples", message, where=str(run.folder)))
    # Not `trained`: it sets the random numbers of the whole process, of which a training may just draw.
    root = initial(plan, 0)
    load_weights(root, run.weights[max(run.weights)])
    model = rewire(root, plan, plan.before_loss(project.training.loss))
    objective = Objective(project.training.loss, counts=True)
    answers, targets = [], []
    for rows in part.order().split(max(1, min(1024, 2**20 // math.prod(plan.input_shape)))):  # type: ignore[no-untyped-call]
        if cancelled():
            raise CancelledError
        with at_inference(root):
            x, target = part.batch(rows)
            answer = objective.answer(model(x)).flatten(1)
        answers.append(torch.cat([1 - answer, answer], 1) if answer.shape[1] == 1 else answer)
        targets.append(target)
    return torch.cat(answers), torch.cat(targets)


def _share(right: Tensor) -> float:
    return float(right.sum()) / len(right)
