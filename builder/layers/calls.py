"""Calls as JSON text, for layers that store what they call; and the list of all that such a layer may name.

A project file is data that a stranger may have written. So nothing is called that does not stand in the lists below:
functions that only calculate, and modules that only hold weights. Knows no torch.

    {"call": "torch.add", "args": [{"input": 0}, {"own": "0"}], "kwargs": {"alpha": 2}}

`{"call": "file", "args": ["mine.py", SHA-256, "Net", "stage.3"]}` is a part of a model in a Python file; it is run only
if that very file was allowed (see `compile.own_code`). Also `{"batch": 0}` (how many samples input 0 holds), `{"slice":
[0, null, 2]}`, `{"number": "-inf"}` and `{"ellipsis": true}`; lists are tuples.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any

from builder.layers.base import FILE, GETITEM, LIST, MODULE, Call, Input, Own

# fmt: off
FUNCTIONS = frozenset({
    "abs", "acos", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "add", "addcmul", "addmm", "alpha_dropout", "amax", "amin", "arange", "argmax", "asin",
    "atan", "avg_pool1d", "avg_pool2d", "avg_pool3d", "baddbmm", "batch_norm", "bmm", "broadcast_to", "cat", "ceil",
    "celu", "chunk", "clamp", "clamp_max", "clamp_min", "clone", "concat", "concatenate", "constant_pad_nd",
    "contiguous", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "convolution", "cos", "cosh",
    "cosine_similarity", "cumsum", "detach", "diff", "div", "divide", "dropout", "dropout1d", "dropout2d", "einsum",
    "elu", "embedding", "empty", "erf", "exp", "expand", "expand_as", "expm1", "feature_dropout", "flatten", "flip",
    "float", "floor", "fold", "full", "gather", "ge", "gelu", "glu", "group_norm", "gt", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "index_select", "instance_norm", "interpolate", "layer_norm", "le", "leaky_relu", "lerp",
    "linear", "local_response_norm", "log", "log10", "log1p", "log2", "log_softmax", "logsigmoid", "logsumexp", "lt",
    "masked_fill", "matmul", "max", "max_pool1d", "max_pool2d", "max_pool3d", "maximum", "mean", "min", "minimum",
    "mish", "mm", "moveaxis", "movedim", "mul", "multiply", "narrow", "neg", "negative", "norm", "normalize", "ones",
    "pad", "permute", "pixel_shuffle", "pixel_unshuffle", "pow", "prelu", "prod", "reciprocal", "relu", "relu6",
    "repeat", "repeat_interleave", "reshape", "rms_norm", "roll", "rot90", "round", "rsqrt", "rsub",
    "scaled_dot_product_attention", "select", "selu", "sigmoid", "sign", "silu", "sin", "sinh", "size", "slice",
    "softmax", "softmin", "softplus", "softshrink", "softsign", "split", "split_with_sizes", "sqrt", "square",
    "squeeze", "stack", "std", "sub", "subtract", "sum", "swapaxes", "swapdims", "t", "tan", "tanh", "tanhshrink",
    "threshold", "tile", "to", "topk", "transpose", "tril", "triu", "true_divide", "type_as", "unbind", "unflatten",
    "unfold", "unsafe_chunk", "unsafe_split", "unsqueeze", "upsample", "upsample_bicubic2d", "upsample_bilinear2d",
    "upsample_nearest2d", "var", "view", "view_as", "where", "zeros",
})
MODULES = frozenset({
    *(f"torch.nn.{name}" for name in (
        "AlphaDropout", "AvgPool1d", "AvgPool3d", "Bilinear", "CELU", "ChannelShuffle", "ConstantPad2d", "Conv1d",
        "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "CosineSimilarity", "Dropout", "Dropout1d",
        "Dropout2d", "Embedding", "Flatten", "Fold", "GLU", "GRU", "GroupNorm", "Hardshrink", "LSTM", "LayerNorm",
        "Linear", "LogSigmoid", "MaxPool1d", "Mish", "MultiheadAttention", "PReLU", "ParameterList", "PixelShuffle",
        "PixelUnshuffle", "RMSNorm", "RNN", "ReLU6", "SELU", "Softmax", "Softmax2d", "Softmin", "Softshrink",
        "Softsign", "Tanhshrink", "Threshold", "TransformerEncoderLayer", "Unflatten", "Unfold", "UpsamplingBilinear2d",
        "UpsamplingNearest2d", "ZeroPad2d",
    )),
    "torchvision.models.maxvit.RelativePositionalMultiHeadAttention",
    "torchvision.models.swin_transformer.ShiftedWindowAttention",
    "torchvision.models.swin_transformer.ShiftedWindowAttentionV2",
    "torchvision.ops.StochasticDepth",
})
# fmt: on
PLACES = ("torch.nn.functional.", "torch.Tensor.", "torch.ops.aten.", "torch.")
LONGEST = 20_000  # letters of the text
DEEPEST = 12  # calls within calls


def may_call(target: str) -> bool:
    """Whether a stored call may name this: a function that only calculates, or a module."""
    if target in (FILE, GETITEM, LIST, MODULE) or target in MODULES:
        return True
    place = next((place for place in PLACES if target.startswith(place)), None)
    if place is None:
        return False
    name, *overload = target.removeprefix(place).split(".")
    return name in FUNCTIONS and (not overload or (place == "torch.ops.aten." and overload[0] != "out"))


def write(call: Call) -> str:
    """The text of a call."""
    return json.dumps(_plain(call), ensure_ascii=False, separators=(", ", ": "))


@lru_cache(maxsize=4096)
def read(text: str) -> Call:
    """The call that a text holds. Raises `ValueError`, in a reader's words, for everything that is none."""
    if len(text) > LONGEST:
        raise ValueError(f"a call of more than {LONGEST:,} letters is too long")
    try:
        form = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("this is no call: it is not JSON") from None
    call = _value(form, 0)
    if not isinstance(call, Call):
        raise ValueError("this is no call")
    return call


def _plain(value: Any) -> Any:
    match value:
        case Input(port=None):
            return {"input": None}
        case Input(port=port):
            return {"input": port}
        case Own(tensor=name):
            return {"own": name}
        case Call(target="torch.Tensor.size", args=(Input(port=port), 0)):
            return {"batch": port}
        case Call():
            form: dict[str, Any] = {"call": value.target}
            if value.args:
                form["args"] = [_plain(argument) for argument in value.args]
            if value.kwargs:
                form["kwargs"] = {key: _plain(argument) for key, argument in value.kwargs.items()}
            return form
        case slice():
            return {"slice": [value.start, value.stop, value.step]}
        case _ if value is ...:
            return {"ellipsis": True}
        case float() if not math.isfinite(value):
            return {"number": str(value)}
        case tuple() | list():
            return [_plain(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(f"{type(value).__name__} is no plain value")


def _value(form: Any, depth: int) -> Any:
    if depth > 2 * DEEPEST:
        raise ValueError("calls stand too deep within each other")
    match form:
        case {"call": str(target), **rest} if rest.keys() <= {"args", "kwargs"}:
            args, kwargs = rest.get("args", []), rest.get("kwargs", {})
            if not may_call(target):
                raise ValueError(f"a project may not call {target[:60]}")
            if not isinstance(args, list) or not isinstance(kwargs, dict) or not all(k.isidentifier() for k in kwargs):
                raise ValueError("a call has a list of arguments and a group of options")
            options = {key: _value(item, depth + 1) for key, item in kwargs.items()}
            return _call(target, [_value(item, depth + 1) for item in args], options)
        case {"input": int(port), **rest} if not rest and port >= 0 and not isinstance(port, bool):
            return Input(port)
        case {"input": None, **rest} if not rest:
            return Input(None)
        case {"own": str(name), **rest} if not rest and all(p.isidentifier() or p.isdigit() for p in name.split(".")):
            return Own(name)
        case {"batch": int(port), **rest} if not rest and port >= 0:
            return Call("torch.Tensor.size", Input(port), 0)
        case {"slice": [start, stop, step]} if all(part is None or type(part) is int for part in (start, stop, step)):
            return slice(start, stop, step)
        case {"ellipsis": True}:
            return ...
        case {"number": "inf" | "-inf" | "nan" as number}:
            return float(number)
        case list():
            return tuple(_value(item, depth + 1) for item in form)
        case None | bool() | int() | float() | str():
            return form
    raise ValueError("this is no call: it holds something unknown")


def _call(target: str, args: list[Any], options: dict[str, Any]) -> Call:
    if target == FILE and (options or not _names_part(args)):
        raise ValueError("a part of a Python file is told by file, SHA-256, class and path")
    call = Call(target, *args)
    object.__setattr__(call, "kwargs", type(call.kwargs)(options))  # an option may be called `target` too
    return call


def _names_part(args: list[Any]) -> bool:
    """Whether these are the name of a Python file, a digest, an identifier and a dotted path: nothing to evaluate."""
    if len(args) != 4 or not all(isinstance(argument, str) and len(argument) <= 400 for argument in args):
        return False
    file, digest, model, path = args
    named = file.endswith(".py") and file.isprintable() and not set(file) & set("/\\")
    parts = all(part.isidentifier() or part.isdigit() for part in path.split("."))
    return bool(named and re.fullmatch("[0-9a-f]{64}", digest) and model.isidentifier() and parts)
