"""A network as it was at the steps whose weights its run has stored: to be looked at, not to be trained on."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from builder.compile.stored import weights_of_run
from builder.graph.problems import Problem, ProblemError, Severity
from builder.train.learner import Learner


class Moments:
    """Brings a learner that makes no step, or none now, back to what it was, and forth."""

    def __init__(self, learner: Learner, folder: Path, *, waits: bool = False) -> None:
        """Go through the weights in the folder of the run that `learner` has made, or is to show.

        Args:
            waits: the run is to go on, from wherever in a step it waits: what the learner has now is kept meanwhile,
                and is the last moment.
        """
        self._learner, self._folder = learner, folder
        self._now = learner.step if waits else None
        self._kept: dict[str, Tensor] = {}
        self._end: tuple[int, bool, list[Tensor | None]] | None = None

    @property
    def waits(self) -> bool:
        """Whether the run is to go on."""
        return self._now is not None

    def steps(self) -> tuple[int, ...]:
        """The steps that there are by now, in their order."""
        stored = weights_of_run(self._folder)
        if self._now is None:
            return tuple(sorted(stored))
        return (*sorted(step for step in stored if step < self._now), self._now)

    def come_back(self) -> None:
        """Give a learner that waits what it had when it began to."""
        if self._end is not None and self._now is not None:
            self._give(self._kept, self._now)

    def show(self, step: int) -> None:
        """Give the learner the weights of a step. Raises `ProblemError`, and leaves all as it was, where it cannot."""
        if step == self._now:
            self.come_back()
        else:
            self._give(self._stored(step), step)

    def _stored(self, step: int) -> dict[str, Tensor]:
        learner = self._learner
        try:
            found = load_file(self._folder / "weights" / f"{step:08d}.safetensors")
            own = learner.root.state_dict()
            if {name: tensor.shape for name, tensor in found.items()} != {n: tensor.shape for n, tensor in own.items()}:
                raise ValueError("of another network")
        except (OSError, ValueError, SafetensorError):
            message = f"the weights of step {step:,} cannot be read any more."
            where = str(self._folder)
            raise ProblemError(Problem("no-weights", message, where=where, severity=Severity.WARNING)) from None
        return found

    def _give(self, found: dict[str, Tensor], step: int) -> None:
        learner = self._learner
        own = learner.root.state_dict(keep_vars=True)
        if self._end is None:
            self._kept = {name: tensor.data for name, tensor in own.items()} if self.waits else {}
            self._end = learner.step, learner.at_best, [weight.grad for weight in learner.root.parameters()]
        for name, tensor in own.items():
            # Other numbers in the place of these, not over them: a backward pass that is still to come wants the ones
            # that its forward pass had, and would take any change of them for a mistake.
            tensor.data = found[name] if found is self._kept else torch.empty_like(tensor.data).copy_(found[name])
        last, at_best, gradients = self._end
        there = step == last
        learner.step, learner.at_best = step, at_best and there
        # The gradients of the last batch belong to the last weights.
        for weight, gradient in zip(learner.root.parameters(), gradients, strict=True):
            weight.grad = gradient if there else None
