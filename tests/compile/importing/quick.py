"""Models of torchvision for tests: built without the hours of its initial weights, filled with numbers that matter."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import nn

from builder.vision import import_torchvision


@contextmanager
def no_initial_weights() -> Iterator[None]:
    """The functions of `torch.nn.init` do nothing: memory is as it was found."""
    names = [name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")]
    with mock.patch.multiple(nn.init, **dict.fromkeys(names, _leave)):
        yield


def _leave(tensor: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
    return tensor


def model_of(name: str, **options: Any) -> nn.Module:
    """A model of torchvision with uninitialised weights (they take no memory before they are touched), at inference."""
    models = import_torchvision("torchvision.models")
    with no_initial_weights(), warnings.catch_warnings(action="ignore"):
        return models.get_model(name, weights=None, **options).eval()  # type: ignore[no-any-return]


@torch.no_grad()
def fill(model: nn.Module, seed: int = 0) -> None:
    """Give every tensor numbers of its own, none zero, such that values neither vanish nor explode on the way."""
    generator = torch.Generator().manual_seed(seed)
    some = torch.randn(1_000_003, generator=generator)
    start = 0
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if not tensor.is_floating_point():
            continue
        end = start + tensor.numel()
        numbers = torch.cat([some[start:], *[some] * (tensor.numel() // len(some) + 1)])[: tensor.numel()]
        start = end % len(some)
        numbers = numbers.view(tensor.shape)
        if tensor.dim() > 1:
            tensor.copy_(numbers * math.sqrt(2 / (tensor.numel() / tensor.shape[0])))
        elif name.endswith(("running_var", "weight")):
            tensor.copy_(1 + 0.1 * numbers.tanh())
        elif not name.endswith("relative_coords_table"):
            tensor.copy_(0.1 * numbers)
