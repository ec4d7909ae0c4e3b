"""Statistics of every layer over one batch: spread, dead units, saturation, size of the gradient.

They belong to a sampled step and not to every one: measured at each step they cost a quarter of the training's speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from builder.inspect.picture import FLAT_ENDS, Health

NO_GRADIENT = -1.0  # in a row; a gradient that is not a number is one that exploded


def measure(values: Mapping[str, Tensor], kinds: Mapping[str, str], root: nn.Module) -> Tensor:
    """One row for each node: mean, deviation, dead, saturated, gradient (-1 without one); float32 (nodes, 5).

    Args:
        values: by node, what it put out for a batch: (samples, units, ...).
        kinds: by node, the kind of its layer.
        root: holds the modules, whose gradients are those of the last backward pass.
    """
    modules = dict(root.named_modules())
    rows = [_row(value, kinds.get(name, ""), modules.get(name)) for name, value in values.items()]
    return torch.stack(rows) if rows else torch.empty(0, 5)


def _row(value: Tensor, kind: str, module: nn.Module | None) -> Tensor:
    value = value.detach().float()
    mean = value.mean()
    others = [axis for axis in range(value.dim()) if axis != 1]
    dead = (value == 0).all(others[0]) if len(others) == 1 else (value == 0).flatten(2).all(2).all(0)
    low, high = FLAT_ENDS.get(kind, (-torch.inf, torch.inf))
    weight = getattr(module, "weight", None)
    gradient = weight.grad if isinstance(weight, Tensor) else None
    return torch.stack(
        (
            mean,
            (value - mean).square().mean().sqrt(),
            dead.float().mean(),
            ((value < low) | (value > high)).float().mean(),
            mean.new_full((), NO_GRADIENT) if gradient is None else gradient.detach().float().square().mean().sqrt(),
        )
    )


def healths(names: Sequence[str], rows: NDArray[np.float32]) -> dict[str, Health]:
    """The rows of `measure` as values by node."""
    found = {}
    for name, (mean, deviation, dead, saturated, gradient) in zip(names, rows.tolist(), strict=True):
        found[name] = Health(mean, deviation, dead, saturated, None if gradient == NO_GRADIENT else gradient)
    return found
