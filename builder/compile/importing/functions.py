"""Which layer of the catalogue does what a function of PyTorch does. One table, by the function's plain name.

`torch.relu`, `F.relu`, `x.relu_()` and `aten.relu.default` are all called `relu` here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from builder.compile.importing.modules import Found, Params
from builder.graph.model import Shape
from builder.layers.base import Shapes


class Value:
    """Placeholder for an argument that is a value on a wire."""


VALUE = Value()


@dataclass(frozen=True)
class Use:
    """One call of a function in a model.

    Attributes:
        args, kwargs: `VALUE` where a value arrives by wire; sizes without numbers are plain.
        inputs: shapes that arrive by wire, in the order of the arguments, batch left out.
        output: shape of the result, likewise.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: Params = field(default_factory=dict)
    inputs: Shapes = ()
    output: Shape = ()

    def get(self, position: int, name: str, default: Any = None) -> Any:
        """An argument, wherever it stands."""
        return self.args[position] if position < len(self.args) else self.kwargs.get(name, default)

    def axis(self, value: Any) -> Any:
        """An axis counted from the front, batch included."""
        return value + len(self.inputs[0]) + 1 if isinstance(value, int) and value < 0 else value

    def rest(self, position: int) -> tuple[Any, ...]:
        """Sizes that may be given one by one or as one list."""
        values = self.args[position:]
        return tuple(values[0]) if len(values) == 1 and isinstance(values[0], (tuple, list)) else values

    def only(self, count: int) -> bool:
        """Whether no more than so many arguments are given, and none by name."""
        return len(self.args) <= count and not self.kwargs


def layer_for(use: Use) -> Found | None:
    """The kind and parameters of the layer that this call is; None when there is none."""
    propose = LAYERS.get(use.name)
    return propose(use) if propose is not None and use.inputs else None


def changes_nothing(use: Use, same_type: bool) -> bool:
    """Whether the result is its first argument."""
    if use.name in ("contiguous", "detach", "alias", "clone", "lift_fresh_copy"):
        return True
    if use.name in ("to", "float", "type_as", "_to_copy"):
        return same_type
    if use.name in ("pad", "constant_pad_nd"):
        return not any(use.get(1, "pad", (1,)))
    if use.name in ("cat", "concat"):
        return bool(use.get(0, "tensors", ()) == (VALUE,))
    if use.name in ("dropout", "feature_dropout"):
        return bool(use.get(1, "p", 0.5) == 0)
    return use.name in _FORMS and use.inputs[:1] == (use.output,) and use.name not in ("permute", "transpose")


_FORMS = ("view", "reshape", "flatten", "_unsafe_view", "expand")


def _plain(kind: str) -> Callable[[Use], Found | None]:
    return lambda use: (kind, {})


def _pair(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return value[0] if len(value) == 1 else tuple(value)
    return value


def _merge(kind: str) -> Callable[[Use], Found | None]:
    def propose(use: Use) -> Found | None:
        return (kind, {}) if use.args == (VALUE, VALUE) and not use.kwargs else None

    return propose


def _concatenate(use: Use) -> Found | None:
    values = use.get(0, "tensors")
    every = isinstance(values, (tuple, list)) and len(values) > 1 and all(value is VALUE for value in values)
    axis = use.axis(use.get(1, "dim", 0))
    return ("Concatenate", {"axis": axis}) if every and axis else None


def _form(use: Use) -> Found | None:
    if len(use.output) == 1:
        return "Flatten", {}
    return ("Reshape", {"shape": use.output}) if len(use.output) <= 4 else None


def _permute(use: Use) -> Found | None:
    order = [use.axis(axis) for axis in (use.kwargs.get("dims") or use.rest(1))]
    return ("Permute", {"order": order[1:]}) if order[:1] == [0] and len(order) <= 5 else None


def _transpose(use: Use) -> Found | None:
    first, second = (use.axis(use.get(1, "dim0")), use.axis(use.get(2, "dim1")))
    if first is None or second is None or 0 in (first, second) or len(use.inputs[0]) > 4:
        return None
    order = list(range(len(use.inputs[0]) + 1))
    order[first], order[second] = order[second], order[first]
    return "Permute", {"order": order[1:]}


def _mean(use: Use) -> Found | None:
    axes = use.get(1, "dim")
    if axes is None or use.get(2, "keepdim", False) or use.kwargs.get("dtype") is not None:
        return None
    found = sorted(use.axis(axis) for axis in (axes if isinstance(axes, (tuple, list)) else (axes,)))
    return ("Mean", {"axes": found}) if 0 not in found else None


def _class_axis(kind: str) -> Callable[[Use], Found | None]:
    def propose(use: Use) -> Found | None:
        return (kind, {}) if use.axis(use.get(1, "dim")) == (2 if len(use.inputs[0]) == 2 else 1) else None

    return propose


def _pooling(kind: str, dilation: int | None) -> Callable[[Use], Found | None]:
    def propose(use: Use) -> Found | None:
        kernel = _pair(use.get(1, "kernel_size"))
        names = ["kernel_size", "stride", "padding"]
        names += ["dilation", "ceil_mode"] if dilation is not None else ["ceil_mode", "count_include_pad"]
        usual: Params = {"stride": kernel, "padding": 0, "dilation": 1, "ceil_mode": False, "count_include_pad": True}
        params = {name: _pair(use.get(place, name, usual.get(name))) for place, name in enumerate(names, 1)}
        if use.get(6, "divisor_override") or use.kwargs.get("return_indices"):
            return None
        params["stride"] = params["stride"] or kernel  # None and () mean: as the window
        return kind, params

    return propose


def _adaptive(kind: str) -> Callable[[Use], Found | None]:
    return lambda use: (kind, {"output_size": use.output[1:]}) if len(use.output) == 3 else None


def _dropout(kind: str) -> Callable[[Use], Found | None]:
    return lambda use: (kind, {"p": use.get(1, "p", 0.5)})


def _take(use: Use) -> Found | None:
    axis, start, length = use.axis(use.get(1, "dim")), use.get(2, "start"), use.get(3, "length")
    return ("Slice", {"axis": axis, "start": start, "length": length}) if axis else None


LAYERS: dict[str, Callable[[Use], Found | None]] = {
    "add": _merge("Add"),
    "mul": _merge("Multiply"),
    "cat": _concatenate,
    "concat": _concatenate,
    "flatten": _form,
    "view": _form,
    "reshape": _form,
    "_unsafe_view": _form,
    "permute": _permute,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "swapdims": _transpose,
    "mean": _mean,
    "narrow": _take,
    "relu": _plain("ReLU"),
    "relu6": lambda use: ("Hardtanh", {"low": 0.0, "high": 6.0}),
    "leaky_relu": lambda use: ("LeakyReLU", {"negative_slope": use.get(1, "negative_slope", 0.01)}),
    "elu": lambda use: ("ELU", {"alpha": use.get(1, "alpha", 1.0)}) if len(use.args) < 3 else None,
    "gelu": lambda use: ("GELU", {"approximate": use.get(1, "approximate", "none")}),
    "silu": _plain("SiLU"),
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "hardtanh": lambda use: ("Hardtanh", {"low": use.get(1, "min_val", -1.0), "high": use.get(2, "max_val", 1.0)}),
    "hardsigmoid": _plain("Hardsigmoid"),
    "hardswish": _plain("Hardswish"),
    "softplus": lambda use: ("Softplus", {"beta": use.get(1, "beta", 1.0)}) if len(use.args) < 3 else None,
    "softmax": _class_axis("Softmax"),
    "log_softmax": _class_axis("LogSoftmax"),
    "dropout": _dropout("Dropout"),
    "dropout2d": _dropout("Dropout2d"),
    "feature_dropout": _dropout("Dropout2d"),
    "max_pool2d": _pooling("MaxPool2d", 1),
    "avg_pool2d": _pooling("AvgPool2d", None),
    "adaptive_avg_pool2d": _adaptive("AdaptiveAvgPool2d"),
    "adaptive_max_pool2d": _adaptive("AdaptiveMaxPool2d"),
}
