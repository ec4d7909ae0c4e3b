"""The backward pass of one sample: the gradient of the loss with respect to what chosen nodes give.

The loss is the one of training: of the main output and, by their weights, of auxiliary ones, but without the penalty of
L1, which does not depend on what layers give. Everything is as in use rather than in training: no dropout, averages of
batch normalisation as they stand. Written with `torch.autograd` and a model of its own, as `attribution` is, so that
nothing of the training is touched: no gradient arrives in `.grad`, and no random number is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from builder.compile.plan import Plan
from builder.inspect.activations import at_inference, sources_of
from builder.inspect.backward import FAILED, UNKNOWN, Backward
from builder.inspect.rewired import Rewired
from builder.inspect.sparing import Asked, Sparing

REMEMBERED = 4  # rewired models kept


@dataclass(frozen=True)
class Loss:
    """Where backward passes begin.

    Attributes:
        ends: the steps whose values the loss works on, that of the main output first, and how much each counts.
        of: the mean loss of a batch: such a value, and what is wanted in its place.
    """

    ends: tuple[tuple[str, float], ...]
    of: Callable[[Tensor, Tensor], Tensor]


class Gradients:
    """Goes back through one network.

    Attributes:
        reached: all steps from which the loss is worked out, and the input.
    """

    def __init__(self, root: nn.Module, plan: Plan, loss: Loss) -> None:
        self._root, self._plan, self._loss = root, plan, loss
        self._models = Rewired(root, plan, REMEMBERED)
        self._source = sources_of(plan)
        self.reached = plan.needed_for(*(name for name, _ in loss.ends))

    def __call__(self, wanted: Iterable[str], x: Tensor, target: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Gradients by name, each shaped like the node's value for `x`, and the loss of the main output.

        Nodes behind the loss, and names that the network does not hold, are left out. Where no gradient comes through
        (a step is flat), it is 0.

        Args:
            x, target: a batch, as training has it.
        """
        sources = {name: self._source[name] for name in wanted if self._source.get(name) in self.reached}
        steps, ends = sorted(set(sources.values())), self._loss.ends
        model = self._models({*steps, *(name for name, _ in ends)}, whole=steps)
        with at_inference(self._root), torch.enable_grad():
            values = model(x.detach().requires_grad_(True))
            losses = [self._loss.of(values[name], target) for name, _ in ends]
            whole = torch.stack([weight * loss for (_, weight), loss in zip(ends, losses, strict=True)]).sum()
            open_ = [name for name in steps if values[name].requires_grad]
            found: tuple[Tensor | None, ...] = ()
            if open_ and whole.requires_grad:
                found = torch.autograd.grad(whole, [values[name] for name in open_], allow_unused=True)
        known = {name: gradient for name, gradient in zip(open_, found, strict=False) if gradient is not None}
        gradients = {
            name: known[step] if step in known else torch.zeros_like(values[step]) for name, step in sources.items()
        }
        return gradients, losses[0].detach()

    def behind(self, wanted: Iterable[str]) -> dict[str, str]:
        """Of these nodes those that the loss does not need, each with the step before it whose value it works on."""
        found = {}
        for name in wanted:
            source = self._source.get(name)
            while source is not None and source not in self.reached:
                step = self._plan.step(source)
                source = step.inputs[0] if step is not None and step.inputs else None
            if source is not None and source != self._source[name]:
                found[name] = source
        return found


class Returning(Sparing[Backward]):
    """Makes the `Backward` of a sample, now and then."""

    def __init__(self, gradients: Gradients) -> None:
        super().__init__()
        self._gradients = gradients
        self._about = Backward()  # what is known of the one that is being fetched

    def begin(
        self, asked: Asked | None, wanted: Iterable[str], x: Tensor, aim: Aim | None, *, fresh: bool | None
    ) -> Mapping[str, Tensor]:
        """Go back, where that is wanted and due: what is to be fetched for `end`.

        Args:
            aim: None where nobody knows what would be right.
            fresh: as of `Sparing`.
        """

        def work() -> Mapping[str, Tensor]:
            if aim is None:
                self.newest = Backward(missing=UNKNOWN)
                return {}
            found, loss = self._gradients(wanted, x, aim.target)
            reached, behind = self._gradients.reached, self._gradients.behind(wanted)
            self._about = Backward(guessed=aim.guessed, reached=reached, behind=behind)
            fetched = {f"gradient {name}": gradient[0] for name, gradient in found.items()}
            fetched["backward"] = loss.reshape(1)
            if aim.is_class:
                fetched["right"] = aim.target.reshape(1)
            return fetched

        return self.work_out(asked, work, lambda: Backward(missing=FAILED), fresh=fresh)

    def end(self, arrays: Mapping[str, NDArray[Any]]) -> Backward | None:
        """The newest backward pass, with what has arrived."""
        if "backward" in arrays:
            gradients = {
                name.removeprefix("gradient "): values
                for name, values in arrays.items()
                if name.startswith("gradient ")
            }
            right = int(arrays["right"][0]) if "right" in arrays else None
            loss = float(arrays["backward"][0])
            self.newest = replace(self._about, loss=loss, right=right, gradients=gradients)
        return self.newest


@dataclass(frozen=True)
class Aim:
    """What would be right for a sample.

    Attributes:
        target: as the loss takes it, of a batch of one.
        is_class: it is the number of a class.
        guessed: nobody knows it, and the network's own answer stands for it.
    """

    target: Tensor
    is_class: bool
    guessed: bool = False
