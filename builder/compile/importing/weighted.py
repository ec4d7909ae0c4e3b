"""Functions that are given their weights (`F.linear(x, weight, bias)`) as the modules that would hold them.

So they are drawn as the same layers, whichever way the model was written; an archive knows no other way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Tensor = torch.Tensor
Weights = dict[str, Any]
Found = tuple[nn.Module, Weights]


class Arguments:
    """The arguments of one call, by place or name; tensors of the model are what `tensor` gives for them."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs

    def get(self, place: int, name: str, default: Any = None) -> Any:
        """One argument."""
        value = self.args[place] if place < len(self.args) else self.kwargs.get(name)
        return default if value is None else value


def module_for(name: str, arguments: Arguments, tensor: Callable[[Any], Tensor | None], native: bool) -> Found | None:
    """A module without numbers that does the same, and which argument is which of its tensors.

    Args:
        name: of the function.
        tensor: the learned tensor that an argument stands for; None when it is something else.
        native: whether the arguments stand in the order of `torch.` and `aten.`, not that of `torch.nn.functional`.
    """
    make = _MAKERS.get(name)
    if make is None:
        return None
    with torch.device("meta"):
        return make(arguments, tensor, native)


def _pair(value: Any) -> Any:
    if isinstance(value, tuple):
        return value * 2 if len(value) == 1 else value
    return (value, value)


def _convolution(a: Arguments, tensor: Callable[[Any], Tensor | None], native: bool) -> Found | None:
    weight, bias = tensor(a.get(1, "weight")), a.get(2, "bias")
    padding = a.get(4, "padding", 0)
    if weight is None or weight.dim() != 4 or isinstance(padding, str):
        return None
    groups = a.get(6, "groups", 1)
    sizes: dict[str, Any] = {
        "stride": _pair(a.get(3, "stride", 1)),
        "padding": _pair(padding),
        "dilation": _pair(a.get(5, "dilation", 1)),
    }
    filters, depth, high, wide = weight.shape
    module = nn.Conv2d(depth * groups, filters, (high, wide), groups=groups, bias=bias is not None, **sizes)
    return module, _named(a, weight=1, bias=2)


def _linear(a: Arguments, tensor: Callable[[Any], Tensor | None], native: bool) -> Found | None:
    weight = tensor(a.get(1, "weight"))
    if weight is None:
        return None
    module = nn.Linear(weight.shape[1], weight.shape[0], bias=a.get(2, "bias") is not None)
    return module, _named(a, weight=1, bias=2)


def _batch_norm(a: Arguments, tensor: Callable[[Any], Tensor | None], native: bool) -> Found | None:
    order = ("weight", "bias", "running_mean", "running_var")
    places = {name: place for place, name in enumerate(order if native else (*order[2:], *order[:2]), 1)}
    mean, weight = tensor(a.get(places["running_mean"], "running_mean")), a.get(places["weight"], "weight")
    if mean is None or a.get(5, "training", False):
        return None
    options = {"eps": a.get(7, "eps", 1e-5), "momentum": a.get(6, "momentum", 0.1), "affine": weight is not None}
    return nn.BatchNorm2d(mean.shape[0], **options), _named(a, **places)


def _layer_norm(a: Arguments, tensor: Callable[[Any], Tensor | None], native: bool) -> Found | None:
    weight, bias = a.get(2, "weight"), a.get(3, "bias")
    if (weight is None) != (bias is None):
        return None
    shape = list(a.get(1, "normalized_shape"))
    return nn.LayerNorm(shape, a.get(4, "eps", 1e-5), weight is not None), _named(a, weight=2, bias=3)


def _group_norm(a: Arguments, tensor: Callable[[Any], Tensor | None], native: bool) -> Found | None:
    weight = tensor(a.get(2, "weight"))
    if weight is None:
        return None
    return nn.GroupNorm(a.get(1, "num_groups"), weight.shape[0], a.get(4, "eps", 1e-5)), _named(a, weight=2, bias=3)


def _named(a: Arguments, **places: int) -> Weights:
    found = {name: a.get(place, name) for name, place in places.items()}
    return {name: value for name, value in found.items() if value is not None}


_MAKERS: dict[str, Callable[[Arguments, Callable[[Any], Tensor | None], bool], Found | None]] = {
    "conv2d": _convolution,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
}
