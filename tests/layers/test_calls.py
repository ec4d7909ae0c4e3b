"""Calls as text: what is written is read back, and a stranger's file can name nothing but what calculates."""

from __future__ import annotations

import contextlib
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from builder.compile.module import resolve
from builder.graph.frozen import freeze
from builder.graph.problems import ProblemError
from builder.layers.base import GETITEM, LIST, MODULE, Call, Input, Own
from builder.layers.calls import MODULES, may_call, read, write
from builder.layers.registry import make

CALLS = [
    Call("torch.add", Input(0), Own("0"), alpha=2),
    Call("torch.cat", Input(None), dim=1),
    Call(GETITEM, Call(MODULE, Input(0), need_weights=False), 0),
    Call(GETITEM, Input(0), (..., slice(0, None, 2), None, -1)),
    Call("torch.Tensor.expand", Own("0"), Call("torch.Tensor.size", Input(0), 0), -1),
    Call("torch.nn.Linear", 3, 4, bias=False),
    Call("torch.full", (2, 3), float("-inf")),
    Call("torch.clamp", Input(0), 0.5, Call(LIST, (7, 7))),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.target)
def test_what_is_written_is_read_back(call: Call) -> None:
    assert read(write(call)) == call


@pytest.mark.parametrize(
    "target",
    [
        "torch.load", "torch.save", "torch.hub.load", "torch.jit.load", "torch.ops.load_library", "torch.compile",
        "torch.Tensor.__reduce_ex__", "torch.Tensor.tofile", "torch.Tensor.numpy.__globals__", "torch.add.__globals__",
        "torch.nn.functional.torch.load", "torch.from_file", "torch.ops.aten.from_file.default", "torch.os.system",
        "torch.ops.aten.add.out", "torch.nn.Module", "torch.nn.Module.apply", "torchvision.datasets.MNIST",
        "torchvision.models.get_model", "os.system", "builtins.eval", "operator.methodcaller", "builtins.open", "",
    ],
)  # fmt: skip
def test_nothing_else_can_be_named(target: str) -> None:
    assert not may_call(target)
    text = json.dumps({"call": target, "args": [{"input": 0}]})
    with pytest.raises(ProblemError) as caught:
        make("Operation", freeze({"forward": text}))
    assert caught.value.problems[0].field == "forward"


@pytest.mark.parametrize("target", sorted(MODULES))
def test_every_listed_module_is_one(target: str) -> None:
    assert issubclass(resolve(target), torch.nn.Module)  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["call", "args", "kwargs", "input", "own", "batch", "slice", "number", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_a_call_or_a_problem(value: object) -> None:
    for text in (json.dumps(value), json.dumps({"call": "torch.abs", "args": [value]})):
        with contextlib.suppress(ProblemError):
            make("Operation", freeze({"forward": text, "build": text, "learned": text}))


def test_what_is_too_deep_or_too_long_is_refused() -> None:
    for text in ("[" * 100_000, '{"call": "torch.abs", "args": [' * 40 + "1" + "]}" * 40, '"' + "x" * 30_000 + '"'):
        with pytest.raises(ValueError, match="call"):
            read(text)


@pytest.mark.parametrize(
    "forward", [{"call": "self", "args": [{"input": 0}]}, {"call": "torch.add", "args": [{"input": 0}, {"own": "0"}]}]
)
def test_what_is_used_must_be_there(forward: dict[str, object]) -> None:
    with pytest.raises(ProblemError) as caught:
        make("Operation", freeze({"forward": json.dumps(forward)}))
    assert caught.value.problems[0].field == "forward"
