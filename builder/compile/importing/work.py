"""How many multiply-adds one recorded call takes: counted by PyTorch on made-up values, without calculating."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from builder.compile.module import execute, resolve
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import MODULE, Call, Input, Own, Shapes

SAMPLES = 2


def multiply_adds(call: Call, inputs: Shapes, output: Shape) -> int:
    """Multiply-adds for one sample. Also makes sure that the call gives what it is said to.

    Raises:
        ProblemError: it gives a value of another shape.
        RuntimeError, TypeError: it cannot be called so.
    """
    module = execute_on_meta(call) if call.builds_module else None
    values = [torch.empty(SAMPLES, *shape, device="meta") for shape in inputs]
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.device("meta"):
        forward = call if module is None else call.forward
        result = evaluate(forward, values, module) if forward is not None else module(*values)  # type: ignore[misc]
    if tuple(result.shape) != (SAMPLES, *output):
        raise ProblemError(Problem("cannot-import", "called by itself it gives a value of another size."))
    return int(counter.get_total_flops()) // (2 * SAMPLES)


def execute_on_meta(call: Call) -> Any:
    """The module that a call builds, without numbers."""
    with torch.device("meta"):
        return execute(call)


def evaluate(call: Call, inputs: list[torch.Tensor], module: nn.Module | None = None) -> Any:
    """The value of what `forward` calculates."""

    def value(argument: Any) -> Any:
        match argument:
            case Input(port=None):
                return inputs
            case Input(port=int(port)):
                return inputs[port]
            case Own(tensor=name):
                return module.get_parameter(name) if module is not None else None
            case Call():
                return evaluate(argument, inputs, module)
            case tuple():
                return tuple(value(item) for item in argument)
        return argument

    function = module if call.target == MODULE else resolve(call.target)
    assert function is not None
    return function(*(value(item) for item in call.args), **{key: value(item) for key, item in call.kwargs.items()})
