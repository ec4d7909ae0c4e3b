"""What chosen nodes put out, and how to look without leaving a trace in the training.

Knows plans and modules; knows neither the trainer nor how values reach the window.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, fx, nn

from builder.compile.module import rewire
from builder.compile.plan import Plan

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


class Activations:
    """Runs a network as far as needed and returns the values of chosen nodes.

    The rewired model of each choice is kept, since the window asks for the same nodes thirty times a second.
    """

    def __init__(self, root: nn.Module, plan: Plan) -> None:
        self._root, self._plan = root, plan
        # An output node on the canvas shows what arrives there.
        self._source = {plan.input: plan.input, **{step.name: step.name for step in plan.steps}, **dict(plan.outputs)}
        self._models: OrderedDict[frozenset[str], fx.GraphModule] = OrderedDict()

    def __call__(self, wanted: Iterable[str], x: Tensor) -> dict[str, Tensor]:
        """Values of the wanted nodes, at inference, for a batch `x`; names that it does not hold are left out."""
        names = {name: self._source[name] for name in wanted if name in self._source}
        if not names:
            return {}
        model = self._model(frozenset(names.values()))
        with at_inference(self._root):
            values: dict[str, Tensor] = model(x)
        return {name: values[source] for name, source in names.items()}

    def _model(self, sources: frozenset[str]) -> fx.GraphModule:
        model = self._models.get(sources)
        if model is None:
            model = self._models[sources] = rewire(self._root, self._plan, sorted(sources))
            if len(self._models) > REMEMBERED:
                self._models.popitem(last=False)
        self._models.move_to_end(sources)
        return model
