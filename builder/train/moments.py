"""A network as it was at the steps whose weights its run has stored: to be looked at, not to be trained on."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from builder.compile.stored import weights_of_run
from builder.graph.problems import Problem, ProblemError, Severity
from builder.train.learner import Learner


class Moments:
    """Brings a learner that makes no step any more back to what it was, and forth."""

    def __init__(self, learner: Learner, folder: Path) -> None:
        """Go through the weights in the folder of the run that `learner` has made, or is to show."""
        self._learner, self._folder = learner, folder
        self._end: tuple[int, bool, list[Tensor | None]] | None = None

    def steps(self) -> tuple[int, ...]:
        """The steps that there are by now, in their order."""
        return tuple(sorted(weights_of_run(self._folder)))

    def show(self, step: int) -> None:
        """Give the learner the weights of a step. Raises `ProblemError`, and leaves all as it was, where it cannot."""
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
        if self._end is None:
            self._end = learner.step, learner.at_best, [weight.grad for weight in learner.root.parameters()]
        learner.root.load_state_dict(found)
        last, at_best, gradients = self._end
        there = step == last
        learner.step, learner.at_best = step, at_best and there
        # The gradients of the last batch belong to the last weights.
        for weight, gradient in zip(learner.root.parameters(), gradients, strict=True):
            weight.grad = gradient if there else None
