"""The learned weights of chosen nodes. Knows modules only."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn


def filters(root: nn.Module, names: Iterable[str]) -> dict[str, Tensor]:
    """The weights of the named nodes: (out, in, height, width) or (out, in). Nodes without such are left out."""
    modules = dict(root.named_modules())
    found = {name: getattr(modules.get(name), "weight", None) for name in names}
    return {name: weight for name, weight in found.items() if isinstance(weight, Tensor) and weight.dim() >= 2}


def biases(root: nn.Module, names: Iterable[str]) -> dict[str, Tensor]:
    """The biases of the named nodes, (out,). Nodes without one are left out."""
    modules = dict(root.named_modules())
    found = {name: getattr(modules.get(name), "bias", None) for name in names}
    return {name: bias for name, bias in found.items() if isinstance(bias, Tensor) and bias.dim() == 1}
