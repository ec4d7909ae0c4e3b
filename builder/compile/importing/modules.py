"""Which layer of the catalogue does what a module of `torch.nn` does; and how any module could be built anew.

A layer is taken only if what it lowers to is the same module: same class, same settings, same weights.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from builder.compile.module import execute
from builder.graph.frozen import freeze
from builder.graph.problems import ProblemError
from builder.layers import calls
from builder.layers.base import LIST, Call, ShapeError, Shapes
from builder.layers.registry import make

Params = dict[str, Any]
Found = tuple[str, Params]  # a kind, and the parameters that differ from its defaults


def layer_for(module: nn.Module, inputs: Shapes) -> Found | None:
    """The kind and parameters of the layer that is this module, for inputs of these shapes; None when there is none."""
    kind = type(module)
    propose = LAYERS.get(kind) or OTHERS.get(f"{kind.__module__}.{kind.__name__}")
    if propose is None or (found := propose(module, inputs)) is None:
        return None
    name, params = found
    try:
        layer = make(name, freeze(params))
        layer.output_shape(inputs)
        call = layer.lower(inputs)
    except (ProblemError, ShapeError):
        return None
    exact = propose in OTHERS.values() or isinstance(module, (nn.Softmax, nn.LogSoftmax))
    if call.builds_module and not exact and not same(call, module):
        return None
    return name, layer.plain()


def same(call: Call, module: nn.Module) -> bool:
    """Whether what the call builds is such a module: class, settings, names and sizes of its weights."""
    try:
        with torch.device("meta"):
            built = execute(call)
    except (ProblemError, RuntimeError, ValueError, TypeError):
        return False
    return type(built) is type(module) and _settings(built) == _settings(module) and _sizes(built) == _sizes(module)


def _settings(module: nn.Module) -> str:
    text = re.sub(r"(, )?inplace=(True|False)", "", repr(module))
    return re.sub(r"\((\d+(?:\.\d+)?),(?: \1)?\)", r"\1", text)  # (2, 2) and 2 are the same; so are (768,) and 768


def _sizes(module: nn.Module) -> dict[str, Any]:
    return {name: tensor.shape for name, tensor in module.state_dict().items()}


def rebuild(module: nn.Module) -> Call | None:
    """A call that builds such a module, from the settings that it keeps; None when that cannot be told."""
    kind = type(module)
    target = f"{_HOMES.get(kind.__module__.partition('.')[0], kind.__module__)}.{kind.__name__}"
    if kind.__module__.startswith("torchvision.ops"):
        target = f"torchvision.ops.{kind.__name__}"
    if target not in calls.MODULES:
        return None
    extra = _EXTRA.get(kind.__name__, lambda _module: {})(module)
    options: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        value = extra.get(name, getattr(module, name, parameter.default))
        if name in ("bias", "qkv_bias", "proj_bias") and not isinstance(value, bool):
            value = value is not None
        if name == "bias" and isinstance(module, nn.MultiheadAttention):
            value = module.in_proj_bias is not None
        if value is inspect.Parameter.empty or isinstance(value, torch.Tensor):
            return None
        if value == parameter.default or name in ("device", "dtype", "args", "kwargs", "inplace"):
            continue
        options[name] = Call(LIST, tuple(value)) if isinstance(value, list) else value
    call = Call(target, **options)
    try:
        calls.write(call)
    except TypeError:
        return None
    return call if same(call, module) else None


_HOMES = {"torch": "torch.nn"}
_EXTRA: dict[str, Callable[[Any], Params]] = {  # settings that are kept under other names than they are given by
    "ShiftedWindowAttention": lambda m: {"dim": m.qkv.in_features, "qkv_bias": m.qkv.bias is not None,
                                         "proj_bias": m.proj.bias is not None},
    "ShiftedWindowAttentionV2": lambda m: {"dim": m.qkv.in_features, "qkv_bias": m.qkv.bias is not None,
                                           "proj_bias": m.proj.bias is not None},
    "RelativePositionalMultiHeadAttention": lambda m: {"feat_dim": m.to_qkv.in_features},
}  # fmt: skip


# The table -----------------------------------------------------------------------------------------------------------


def _convolution(m: nn.Conv2d, inputs: Shapes) -> Found | None:
    if isinstance(m.padding, str):
        return None
    bias = m.bias is not None
    plain = m.padding_mode == "zeros"
    if plain and m.groups == 1 and (m.kernel_size, m.padding, m.dilation) == ((1, 1), (0, 0), (1, 1)):
        return "PointwiseConv2d", {"filters": m.out_channels, "stride": m.stride, "bias": bias}
    shared: Params = {"stride": m.stride, "padding": m.padding, "dilation": m.dilation, "bias": bias}
    if plain and 1 < m.groups == m.in_channels:
        multiplier = m.out_channels // m.in_channels
        return "DepthwiseConv2d", {"kernel_size": m.kernel_size, "multiplier": multiplier, **shared}
    modes = {"padding_mode": m.padding_mode, "groups": m.groups}
    return "Conv2d", {"filters": m.out_channels, "kernel_size": m.kernel_size, **modes, **shared}


def _transposed(m: nn.ConvTranspose2d, inputs: Shapes) -> Found | None:
    if m.groups != 1 or isinstance(m.padding, str):
        return None
    sizes = {name: getattr(m, name) for name in ("kernel_size", "stride", "padding", "dilation", "output_padding")}
    return "ConvTranspose2d", {"filters": m.out_channels, "bias": m.bias is not None, **sizes}


def _attributes(kind: str, **names: str) -> Callable[[Any, Shapes], Found]:
    """A layer whose parameters are attributes of the module: `eps="eps"`."""
    return lambda m, _inputs: (kind, {name: getattr(m, attribute) for name, attribute in names.items()})


def _pooling(kind: str, *more: str) -> Callable[[Any, Shapes], Found]:
    names = ("kernel_size", "stride", "padding", "ceil_mode", *more)
    return lambda m, _inputs: (kind, {name: getattr(m, name) for name in names})


def _adaptive(m: Any, inputs: Shapes) -> Found | None:
    size = m.output_size if isinstance(m.output_size, tuple) else (m.output_size, m.output_size)
    if len(inputs[0]) != 3:
        return None
    size = tuple(inputs[0][axis + 1] if wanted is None else wanted for axis, wanted in enumerate(size))
    return type(m).__name__, {"output_size": size}


def _flat(m: nn.Flatten, inputs: Shapes) -> Found | None:
    return ("Flatten", {}) if m.start_dim == 1 and m.end_dim in (-1, len(inputs[0])) else None


def _classes(m: Any, inputs: Shapes) -> Found | None:
    rank = len(inputs[0])
    axis = m.dim + rank + 1 if m.dim is not None and m.dim < 0 else m.dim
    return (type(m).__name__, {}) if axis == (2 if rank == 2 else 1) else None


def _norm(m: nn.LayerNorm, inputs: Shapes) -> Found | None:
    last = len(inputs[0]) > 2 and len(m.normalized_shape) == 1
    return "LayerNorm", {"eps": m.eps, "affine": m.elementwise_affine, "last_axis": last}


def _norm_each_place(m: Any, inputs: Shapes) -> Found | None:
    return "LayerNorm2d", {"eps": m.eps, "affine": m.elementwise_affine}


def _linear(m: nn.Linear, inputs: Shapes) -> Found | None:
    return "Linear", {"features": m.out_features, "bias": m.bias is not None, "last_axis": len(inputs[0]) > 2}


def _depth(m: Any, inputs: Shapes) -> Found | None:
    return ("StochasticDepth", {"p": m.p}) if m.mode == "row" else None


LAYERS: dict[type[nn.Module], Callable[[Any, Shapes], Found | None]] = {
    nn.Conv2d: _convolution,
    nn.ConvTranspose2d: _transposed,
    nn.Linear: _linear,
    nn.BatchNorm2d: _attributes("BatchNorm2d", eps="eps", momentum="momentum", affine="affine"),
    nn.BatchNorm1d: _attributes("BatchNorm1d", eps="eps", momentum="momentum", affine="affine"),
    nn.InstanceNorm2d: _attributes("InstanceNorm2d", eps="eps", affine="affine"),
    nn.GroupNorm: _attributes("GroupNorm", groups="num_groups", eps="eps", affine="affine"),
    nn.LayerNorm: _norm,
    nn.LocalResponseNorm: _attributes("LocalResponseNorm", size="size", alpha="alpha", beta="beta", k="k"),
    nn.MaxPool2d: _pooling("MaxPool2d", "dilation"),
    nn.AvgPool2d: lambda m, i: None if m.divisor_override else _pooling("AvgPool2d", "count_include_pad")(m, i),
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.AdaptiveMaxPool2d: _adaptive,
    nn.Dropout: _attributes("Dropout", p="p"),
    nn.Dropout2d: _attributes("Dropout2d", p="p"),
    nn.Flatten: _flat,
    nn.Identity: _attributes("Identity"),
    nn.ReLU: _attributes("ReLU"),
    nn.ReLU6: lambda _m, _inputs: ("Hardtanh", {"low": 0.0, "high": 6.0}),
    nn.LeakyReLU: _attributes("LeakyReLU", negative_slope="negative_slope"),
    nn.PReLU: lambda m, _inputs: ("PReLU", {"shared": m.num_parameters == 1, "slope": m.init}),
    nn.ELU: _attributes("ELU", alpha="alpha"),
    nn.GELU: _attributes("GELU", approximate="approximate"),
    nn.SiLU: _attributes("SiLU"),
    nn.Softplus: lambda m, _inputs: ("Softplus", {"beta": m.beta}) if m.threshold == 20 else None,
    nn.Sigmoid: _attributes("Sigmoid"),
    nn.Tanh: _attributes("Tanh"),
    nn.Hardtanh: _attributes("Hardtanh", low="min_val", high="max_val"),
    nn.Hardsigmoid: _attributes("Hardsigmoid"),
    nn.Hardswish: _attributes("Hardswish"),
    nn.Softmax: _classes,
    nn.LogSoftmax: _classes,
}
# Of torchvision, by name, since importing it takes long. What they lower to is built of other modules, and the same.
OTHERS: dict[str, Callable[[Any, Shapes], Found | None]] = {
    "torchvision.models.convnext.LayerNorm2d": _norm_each_place,
    "torchvision.ops.stochastic_depth.StochasticDepth": _depth,
}
