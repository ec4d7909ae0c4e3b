"""Steps that are layers of the catalogue though no function or module by itself is: parts of a value, self-attention,
learned numbers that are added, multiplied or put beside a value. Knows terms, places nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from builder.compile.importing.functions import Use
from builder.compile.importing.modules import Found, Params
from builder.compile.importing.terms import Applied, Batch, Learned, Wire
from builder.graph.model import Shape
from builder.layers.base import GETITEM, Call

# Parts of a value ----------------------------------------------------------------------------------------------------


def part_of(term: Call) -> tuple[Found, ...]:
    """The layers, one behind the other, that take a part out of the value on the only wire; none when it is no part."""
    name = term.target.rpartition(".")[2]
    if term.target == GETITEM and isinstance(term.args[0], Call) and isinstance(term.args[1], int):
        return _share(term)
    if not term.args or not isinstance(wire := term.args[0], Wire):
        return ()
    if term.target == GETITEM:
        index = term.args[1] if isinstance(term.args[1], tuple) else (term.args[1],)
    elif name == "select" and len(term.args) == 3:
        index = _along(term.args[1], wire.shape, term.args[2])
    elif ".slice" in term.target and 2 <= len(term.args) <= 5:
        axis, *ends = term.args[1:]
        index = _along(axis, wire.shape, slice(*(ends if len(ends) > 1 else (*ends, None))))
    else:
        return ()
    return _cut(index, wire.shape)


def _along(axis: Any, shape: Shape, item: Any) -> tuple[Any, ...]:
    """The index that takes something along one axis."""
    if not isinstance(axis, int):
        return ()
    return (slice(None),) * (axis % (len(shape) + 1)) + (item,)


def _cut(index: tuple[Any, ...], shape: Shape) -> tuple[Found, ...]:
    """What stretches and single places of some axes are, as slices and a change of form."""
    if index.count(...) > 1 or not index:
        return ()
    if ... in index:
        at = index.index(...)
        index = (*index[:at], *[slice(None)] * (len(shape) + 2 - len(index)), *index[at + 1 :])
    if index[0] != slice(None) or len(index) > len(shape) + 1:
        return ()
    found: list[Found] = []
    kept = list(shape)
    for axis, item in enumerate(index[1:], 1):
        size = shape[axis - 1]
        if isinstance(item, slice) and all(part is None or isinstance(part, int) for part in (item.start, item.stop)):
            if item.step is not None and not isinstance(item.step, int):
                return ()
            kept_places = range(*item.indices(size))
            if not kept_places or kept_places.step < 1:
                return ()
            if len(kept_places) < size:
                taken = {"start": kept_places.start, "length": len(kept_places), "step": kept_places.step}
                found.append(("Slice", {"axis": axis, **taken}))
            kept[axis - 1] = len(kept_places)
        elif isinstance(item, int) and not isinstance(item, bool) and -size <= item < size:
            found.append(("Slice", {"axis": axis, "start": item % size, "length": 1}))
            kept[axis - 1] = 0
        else:
            return ()
    if 0 in kept:
        rest = [size for size in kept if size]
        found.append(("Flatten", {}) if len(rest) == 1 else ("Reshape", {"shape": rest}))
    return tuple(found)


def _share(term: Call) -> tuple[Found, ...]:
    """One of several equal parts (or parts of given sizes) of one axis."""
    split, number = term.args
    if split.target.rpartition(".")[2] not in ("chunk", "split") and ".split" not in split.target:
        return ()
    if not split.args or not isinstance(split.args[0], Wire):
        return ()
    shape = split.args[0].shape
    use = Use("split", split.args, dict(split.kwargs), (shape,))
    axis, much = use.axis(use.get(2, "dim", 0)), use.get(1, "chunks", use.get(1, "split_size"))
    if not axis:
        return ()
    size = shape[axis - 1]
    if isinstance(much, tuple):
        lengths = list(much)
    else:
        each = -(-size // much) if split.target.endswith("chunk") else much
        lengths = [min(each, size - start) for start in range(0, size, each)]
    number %= len(lengths)
    return (("Slice", {"axis": axis, "start": sum(lengths[:number]), "length": lengths[number]}),)


# Attention -----------------------------------------------------------------------------------------------------------


def attention_of(term: Any, module_at: Callable[[str], nn.Module]) -> tuple[Params, str] | None:
    """The parameters of self-attention and the path of its module, where only the first of its results is used."""
    if not isinstance(term, Call) or term.target != GETITEM or term.args[1:] != (0,):
        return None
    used = term.args[0]
    if not isinstance(used, Applied) or len(used.args) != 3 or len(set(used.args)) != 1:
        return None
    if not isinstance(used.args[0], Wire) or dict(used.kwargs).keys() - {"need_weights", "average_attn_weights"}:
        return None
    module = module_at(used.path)
    if type(module) is not nn.MultiheadAttention or not module.batch_first or module.add_zero_attn:
        return None
    if module.bias_k is not None or not module._qkv_same_embed_dim:
        return None
    bias = module.in_proj_bias is not None
    return {"heads": module.num_heads, "dropout": module.dropout, "bias": bias}, used.path


# Learned numbers -----------------------------------------------------------------------------------------------------


def constant_of(term: Call, tensor: Callable[[str], torch.Tensor]) -> tuple[Params, Wire, str, Shape] | None:
    """A value that learned numbers are added to, or multiply: the parameters, the value, their path and their shape."""
    how = {"add": "add", "mul": "multiply"}.get(term.target.rpartition(".")[2])
    if how is None or len(term.args) != 2 or term.kwargs:
        return None
    value, learned = sorted(term.args, key=lambda item: isinstance(item, Learned))
    if not isinstance(value, Wire) or not isinstance(learned, Learned):
        return None
    numbers = tensor(learned.path)
    shape, rank = tuple(numbers.shape), len(value.shape)
    if not isinstance(numbers, nn.Parameter) or len(shape) > rank + 1 or (len(shape) > rank and shape[0] != 1):
        return None
    full = (1,) * (rank - len(shape)) + shape[-rank:]
    if full == value.shape:
        shared = "number"
    elif full == value.shape[:1] + (1,) * (len(value.shape) - 1):
        shared = "map"
    else:
        return None
    return {"how": how, "one_for": shared, **_begin(numbers, how)}, value, learned.path, full


def spread_of(term: Any, tensor: Callable[[str], torch.Tensor]) -> tuple[Params, str, Shape] | None:
    """Learned numbers that are the same for every sample: the parameters, their path and their shape."""
    if not isinstance(term, Call) or term.target.rpartition(".")[2] not in ("expand", "repeat") or term.kwargs:
        return None
    learned, *sizes = term.args
    if len(sizes) == 1 and isinstance(sizes[0], tuple):
        sizes = list(sizes[0])
    if not isinstance(learned, Learned) or not sizes or not isinstance(sizes[0], Batch):
        return None
    numbers = tensor(learned.path)
    shape = tuple(numbers.shape)
    if not isinstance(numbers, nn.Parameter) or len(shape) != len(sizes) or shape[0] != 1 or len(shape) < 2:
        return None
    same = -1 if term.target.endswith("expand") else 1
    if any(size not in ((same, own) if same < 0 else (same,)) for size, own in zip(sizes[1:], shape[1:], strict=True)):
        return None
    return {"how": "give", "shape": shape[1:], **_begin(numbers, "give")}, learned.path, shape[1:]


def _begin(numbers: torch.Tensor, how: str) -> Params:
    """How the learned numbers began: all alike, as layer scales do, or else as the catalogue has it."""
    if numbers.device.type == "meta" or numbers.numel() == 0:
        return {}
    low, high = (float(value) for value in torch.aminmax(numbers.detach()))
    if low == high and math.isfinite(low) and abs(low) <= 100:
        return {"mean": float(f"{low:.6g}"), "deviation": 0.0}
    return {"mean": 1.0, "deviation": 0.0} if how == "multiply" else {}
