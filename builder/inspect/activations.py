"""What chosen nodes put out, and how to look without leaving a trace in the training.

Knows plans and modules; knows neither the trainer nor how values reach the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from builder.compile.plan import Plan
from builder.inspect.rewired import Rewired

REMEMBERED = 8  # rewired models kept: as many as views that take turns


@contextmanager
def at_inference(root: nn.Module) -> Iterator[None]:
    """Inside, nothing below `root` is in training mode and nothing is recorded for a backward pass.

    Dropout draws no random number and batch normalisation keeps its averages, so a run that was looked at goes on as
    one that was not.
    """
    training = [module for module in root.modules() if module.training]
    for module in training:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module in training:
            module.training = True


def sources_of(plan: Plan) -> dict[str, str]:
    """By node, the step (or the input) whose value it shows: an output node on the canvas shows what arrives there."""
    return {plan.input: plan.input, **{step.name: step.name for step in plan.steps}, **dict(plan.outputs)}


def named_classes(scores: Tensor, answer: Callable[[Tensor], Tensor]) -> Tensor:
    """The class that the network names for each sample: int64 (samples,).

    Args:
        scores: (samples, outputs); a single output tells two classes apart.
        answer: makes of scores what the network says.
    """
    return (answer(scores).reshape(-1) > 0.5).long() if scores.shape[1] == 1 else scores.argmax(1)


class Activations:
    """Runs a network as far as needed and returns the values of chosen nodes."""

    def __init__(self, root: nn.Module, plan: Plan) -> None:
        self._root = root
        self._source = sources_of(plan)
        self._models = Rewired(root, plan, REMEMBERED)

    def __call__(self, wanted: Iterable[str], x: Tensor) -> dict[str, Tensor]:
        """Values of the wanted nodes, at inference, for a batch `x`; names that it does not hold are left out."""
        names = {name: self._source[name] for name in wanted if name in self._source}
        if not names:
            return {}
        model = self._models(names.values())
        with at_inference(self._root):
            values: dict[str, Tensor] = model(x)
        return {name: values[source] for name, source in names.items()}
