"""The plan: what is executed, in which order. Module, source and analysis are all made from it. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from builder.compile.infer import Inference, NodeInfo
from builder.graph.model import Edge, Shape
from builder.graph.problems import ProblemError
from builder.layers.base import Call, Layer, Role


@dataclass(frozen=True)
class Step:
    """One layer's work.

    Attributes:
        name: name of the node; also of the submodule, when the call builds one.
        call: what the layer lowers to.
        inputs: names of the steps whose values it gets, in port order.
        input_shapes, output_shape: without the batch dimension.
        initial: the functions of `torch.nn.init` that fill learned tensors, by `state_dict` name; see `Layer.initial`.
        memo: what others have worked out from it; an edit elsewhere leaves a step and its memo as they are.
    """

    name: str
    layer: Layer
    call: Call
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    initial: tuple[tuple[str, Call], ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def builds_module(self) -> bool:
        """Whether the step owns a submodule (rather than being a function call in `forward`)."""
        return self.call.builds_module


@dataclass(frozen=True)
class Plan:
    """Steps in order of execution, from one input to one or more outputs; what no output needs is left out.

    Attributes:
        input: name and shape of the input node.
        outputs: for each output node, its name and the step whose value leaves there; the first is the main one.
        weights: how much the loss of each output counts in training, in the same order.
        memo: what others have worked out from it.
    """

    input: str
    input_shape: Shape
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, str], ...]
    weights: tuple[float, ...] = (1.0,)
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def step(self, name: str) -> Step | None:
        """The step of this name, None when there is none (the input, say)."""
        return self._steps.get(name)

    def shape(self, name: str) -> Shape:
        """Shape of the value that a step gives, or that the input brings. Raises `KeyError`."""
        return self.input_shape if name == self.input else self._steps[name].output_shape

    def before_loss(self, loss: str, output: int = 0) -> str:
        """The step whose value goes into the named loss: that of an output, or what a fused last layer gets.

        Cross-entropy works on the scores before a final softmax, binary cross-entropy on those before a sigmoid.
        """
        name = self.outputs[output][1]
        last = self.step(name)
        return last.inputs[0] if last is not None and last.layer.fused_with == loss else name

    def needed_for(self, *names: str) -> frozenset[str]:
        """The steps (and the input) whose values the named ones are computed from, themselves included."""
        needed = set(names)
        for step in reversed(self.steps):
            if step.name in needed:
                needed.update(step.inputs)
        return frozenset(needed)

    @cached_property
    def _steps(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}


def make_plan(inference: Inference) -> Plan:
    """The plan of a graph without errors; the same one every time. Raises `ProblemError` with all errors otherwise."""
    if inference.errors:
        raise ProblemError(*inference.errors)
    plan: Plan | None = inference.memo.get("plan")
    if plan is None:
        plan = inference.memo["plan"] = _make_plan(inference)
    return plan


_NONE: tuple[tuple[Edge, ...] | None, Any] = (None, None)  # the wires of a step that was not made yet, and the step


def _make_plan(inference: Inference) -> Plan:
    graph, infos = inference.graph, inference.nodes
    # By the order in which they were added, so that the main output stays the main one whatever is wired.
    ends = frozenset(inference.outputs)
    outputs = [name for name in graph.nodes if name in ends]
    outputs.sort(key=lambda name: _auxiliary(infos[name]))
    needed = set(outputs)
    for name in reversed(inference.order):
        if name in needed:
            needed.update(edge.source for edge in graph.incoming[name])
    source = inference.inputs[0]
    steps = []
    for name in inference.order:
        info = infos[name]
        if name not in needed or info.layer is None or info.output is None or info.layer.role is not Role.LAYER:
            continue
        edges = graph.incoming[name]
        wired, step = info.memo.get("step", _NONE)
        if wired is not edges or step.name != name:
            inputs = tuple([edge.source for edge in edges])
            if step is None or step.name != name or step.inputs != inputs:
                call, initial = info.lowered
                step = Step(name, info.layer, call, inputs, info.known_inputs, info.output, initial)
            info.memo["step"] = edges, step
        steps.append(step)
    leaving = tuple((name, graph.incoming[name][0].source) for name in outputs)
    weights = tuple(_weight(infos[name]) for name in outputs)
    return Plan(source, infos[source].output or (), tuple(steps), leaving, weights)


def _auxiliary(info: NodeInfo) -> bool:
    return info.layer is not None and info.layer.auxiliary


def _weight(info: NodeInfo) -> float:
    """How much the loss of an output counts."""
    return float(getattr(info.layer, "weight", 1.0)) if _auxiliary(info) else 1.0
