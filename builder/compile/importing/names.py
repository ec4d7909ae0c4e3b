"""What the functions in a model are called, plainly and in full."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from builder.layers import calls
from builder.layers.base import GETITEM

SIZED = frozenset({"view", "reshape", "_unsafe_view", "expand", "repeat"})
_PYTHON = {"truediv": "div", "iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "div", "matmul": "matmul",
           "concat": "cat", "concatenate": "cat", "multiply": "mul", "boolean_dispatch": ""}  # fmt: skip


def plain_name(node: fx.Node) -> str:
    """What the function of a step is called, whichever of its forms is used."""
    target: Any = node.target
    if node.op == "call_method":
        name = str(target)
    elif isinstance(target, torch._ops.OpOverload):
        name = target._schema.name.split("::")[1]
    else:
        name = getattr(target, "__name__", str(target))
    name = name if name.startswith("_") else name.rstrip("_")
    name = {"_softmax": "softmax", "_log_softmax": "log_softmax", "_max_pool2d": "max_pool2d"}.get(name, name)
    return _PYTHON.get(name, name)


def full_name(node: fx.Node, name: str) -> str | None:
    """The full name by which a step's function can be called again; None when it must not be."""
    target: Any = node.target
    if target is operator.getitem:
        return GETITEM
    if isinstance(target, torch._ops.OpOverload):
        full = f"torch.{name}" if hasattr(torch, name) else f"torch.ops.aten.{name}.{target._overloadname}"
    elif node.op == "call_method":
        full = f"torch.Tensor.{name}"
    elif getattr(torch.nn.functional, name, None) is target or not hasattr(torch, name):
        full = f"torch.nn.functional.{name}"
    else:
        full = f"torch.{name}"
    return full if calls.may_call(full) else None
