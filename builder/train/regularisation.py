"""What keeps weights small besides the optimiser's weight decay: the L1 penalty and the max-norm constraint.

Both are for weights that learn: not for biases, not for what a normalisation learns, and not for frozen layers. Made
only where one of them is asked for, so that other runs pay nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from builder.train.settings import TrainingSettings


def weights_of(root: nn.Module) -> Iterator[tuple[nn.Module, Tensor]]:
    """Each weight that learns, with its module."""
    for module in root.modules():
        for name, weight in module.named_parameters(recurse=False):
            matters = weight.requires_grad and weight.dim() > 1 and name.endswith("weight")
            if matters and "Norm" not in type(module).__name__:
                yield module, weight


class Regularisation:
    """L1 and max norm for the weights of a network."""

    def __init__(self, root: nn.Module, l1: float, max_norm: float) -> None:
        self._l1, self._most = l1, max_norm
        found = list(weights_of(root))
        self._weights = [weight for _, weight in found]
        with torch.no_grad():
            self._units = [_by_unit(module, weight) for module, weight in found] if max_norm else []

    def penalty(self, loss: Tensor) -> Tensor:
        """The loss with l1 · Σ|w| added."""
        if not self._l1 or not self._weights:
            return loss
        return loss + self._l1 * sum(weight.abs().sum() for weight in self._weights)

    def limit(self) -> None:
        """Scale the weights into each unit back to the length that they may have, where they are longer."""
        with torch.no_grad():
            for weight, along in self._units:
                length = torch.linalg.vector_norm(weight, dim=along, keepdim=True)
                weight.mul_((self._most / length).clamp(max=1))


def make_regularisation(root: nn.Module, settings: TrainingSettings) -> Regularisation | None:
    """What the settings ask for; None when that is nothing."""
    asked = settings.l1 or settings.max_norm
    return Regularisation(root, settings.l1, settings.max_norm) if asked else None


def _by_unit(module: nn.Module, weight: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """The weight, and the dimensions along which the weights into one unit lie. What it is called is its own memory."""
    if not getattr(module, "transposed", False):
        return weight, tuple(range(1, weight.dim()))
    # Of a transposed convolution the inputs come first, all groups' one behind the other.
    count: int = getattr(module, "groups", 1)
    groups = weight.view(count, -1, *weight.shape[1:])
    return groups, (1, *range(3, groups.dim()))
