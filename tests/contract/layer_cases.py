"""What the layer suites share: every example of every registered layer as a case, and ways to run one for real."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from builder import layers
from builder.compile.infer import infer
from builder.compile.module import execute, resolve
from builder.compile.plan import Plan, make_plan
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Node, Shape
from builder.layers.base import MODULE, Call, Input, Layer, Own, Role, Shapes
from builder.layers.registry import kinds, make

assert layers  # importing the package is what fills the registry


@dataclass(frozen=True)
class Case:
    """One example of one kind."""

    kind: str
    number: int

    @cached_property
    def params(self) -> dict[str, Any]:
        return dict(kinds()[self.kind].examples[self.number].params)

    @cached_property
    def inputs(self) -> Shapes:
        return kinds()[self.kind].examples[self.number].inputs

    @cached_property
    def layer(self) -> Layer:
        return make(self.kind, freeze(self.params))

    @cached_property
    def output(self) -> Shape:
        return self.layer.output_shape(self.inputs)

    def __repr__(self) -> str:
        return f"{self.kind}-{self.number}"


KINDS = list(kinds())
CASES = [Case(kind, number) for kind, layer in kinds().items() for number in range(len(layer.examples))]
WORKING = [case for case in CASES if kinds()[case.kind].role is Role.LAYER]


def evaluate(call: Call, tensors: list[torch.Tensor], module: torch.nn.Module | None = None) -> Any:
    """The value of a call that is evaluated in `forward`, computed directly."""

    def value(argument: Any) -> Any:
        if isinstance(argument, Input):
            return tensors if argument.port is None else tensors[argument.port]
        if isinstance(argument, Own):
            assert module is not None
            return dict(module.named_parameters())[argument.tensor]
        if isinstance(argument, Call):
            return evaluate(argument, tensors, module)
        return tuple(value(item) for item in argument) if isinstance(argument, tuple) else argument

    function = module if call.target == MODULE else resolve(call.target)
    assert function is not None
    return function(
        *(value(argument) for argument in call.args), **{key: value(item) for key, item in call.kwargs.items()}
    )


def run(layer: Layer, inputs: Shapes, tensors: list[torch.Tensor]) -> tuple[torch.Tensor, torch.nn.Module | None]:
    """The output of what the layer lowers to, and the module that made it (None for a function)."""
    call = layer.lower(inputs)
    if not call.builds_module:
        return evaluate(call, tensors), None
    module = execute(call)
    return (evaluate(call.forward, tensors, module) if call.forward else module(*tensors)), module


def on_meta(layer: Layer, inputs: Shapes, batch: int = 2) -> tuple[Shape, torch.nn.Module | None]:
    """Shape of the real output, batch left out, without computing it; and the module."""
    with torch.device("meta"):
        result, module = run(layer, inputs, [torch.empty(batch, *shape) for shape in inputs])
    assert result.shape[0] == batch
    return tuple(result.shape[1:]), module


def plan_of(case: Case) -> Plan:
    """A network around one layer, called `it`. Several inputs are each made from one small input by other layers."""
    if len(case.inputs) == 1:
        nodes = [Node("x", "Input", freeze({"shape": case.inputs[0]}))]
        edges = [Edge("x", "it")]
    else:
        nodes, edges = [Node("x", "Input", freeze({"shape": [3]}))], []
        for port, shape in enumerate(case.inputs):
            nodes.append(Node(f"fc{port}", "Linear", freeze({"features": math.prod(shape)})))
            nodes.append(Node(f"as{port}", "Reshape", freeze({"shape": shape})))
            edges += [Edge("x", f"fc{port}"), Edge(f"fc{port}", f"as{port}"), Edge(f"as{port}", "it", 0, port)]
    nodes += [Node("it", case.kind, freeze(case.params)), Node("y", "Output")]
    return make_plan(infer(Graph.of(nodes, [*edges, Edge("it", "y")])))
