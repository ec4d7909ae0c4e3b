"""Which samples are answered wrongly: the next one, or of a kind the worst one first. Changes nothing of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from builder.inspect.activations import at_inference
from builder.inspect.look import part_of
from builder.inspect.picture import Part as PartName
from builder.train.loop import at_once
from builder.train.messages import FindMistake

if TYPE_CHECKING:
    from builder.data.resident import Part
    from builder.train.learner import Learner


class _Answers(NamedTuple):
    """What the network says of all samples of a part: the class, the true one, and how sure it is; (samples,) each."""

    said: Tensor
    true: Tensor
    sure: Tensor


class Mistakes:
    """Finds wrong answers, and keeps what the network said as long as its weights are the same."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._kept: dict[PartName, tuple[tuple[int, bool], _Answers]] = {}

    def find(self, wish: FindMistake, cancelled: Callable[[], bool]) -> int | None:
        """Position in the wished part; None where there is no such mistake, or when `cancelled` said so."""
        part = part_of(self._learner.data, wish.part)
        if not self._learner.objective.counts or not len(part):
            return None
        if wish.true is None and wish.said is None:
            return self._next(part, wish.after, cancelled)
        answers = self._all(wish.part, part, cancelled)
        return None if answers is None else _worst_behind(answers, wish)

    def _next(self, part: Part, after: int, cancelled: Callable[[], bool]) -> int | None:
        """The first one behind this position, and around: as a rule, only some samples must be asked for it."""
        for rows, scores, target in self._ask(part, part.order().roll(-after - 1)):
            if cancelled():
                return None
            wrong = (~self._learner.objective.correct(scores, target)).nonzero()
            if len(wrong):
                return int(rows[int(wrong[0, 0])])
        return None

    def _all(self, name: PartName, part: Part, cancelled: Callable[[], bool]) -> _Answers | None:
        weights = self._learner.step, self._learner.at_best  # early stopping goes back to others without a step
        kept = self._kept.get(name)
        if kept is not None and kept[0] == weights:
            return kept[1]
        objective, found = self._learner.objective, []
        for _, scores, target in self._ask(part, part.order()):
            if cancelled():
                return None
            said, true = objective.classes(scores, target)
            found.append((said.cpu(), true.cpu(), objective.certainty(scores).cpu()))
        answers = _Answers(*(torch.cat(column) for column in zip(*found, strict=True)))
        self._kept[name] = weights, answers
        return answers

    def _ask(self, part: Part, positions: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Positions, scores and targets, batch by batch."""
        learner = self._learner
        for rows in positions.split(at_once(learner)):  # type: ignore[no-untyped-call]
            with at_inference(learner.root):
                x, target = learner.load(rows, part)
                scores = learner.model(x)
            yield rows, scores, target


def _worst_behind(answers: _Answers, wish: FindMistake) -> int | None:
    """The one that is next behind `wish.after` in the order of how sure the network is; without that, the first."""
    wrong = answers.said != answers.true
    for found, wished in ((answers.said, wish.said), (answers.true, wish.true)):
        if wished is not None:
            wrong &= found == wished
    places = wrong.nonzero()[:, 0]
    if not len(places):
        return None
    ranked = places[answers.sure[places].argsort(descending=True, stable=True)].tolist()
    at = ranked.index(wish.after) + 1 if wish.after in ranked else 0
    return int(ranked[at % len(ranked)])
