"""How weights begin: the schemes that a layer with weights offers, and one scheme for a whole network.

A scheme is a setting like any other; it *names* the function in `torch.nn.init` that fills a weight. No torch.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Graph, Network, Shape
from builder.graph.parameters import Parameters, parameter
from builder.layers.base import Call, Formula
from builder.layers.registry import find

_GAIN = "Factor on the spread: 1 for linear and sigmoid, 5/3 for tanh, √2 for ReLU."
_SLOPE = "Slope of the activation for negative numbers: 0 for ReLU, 0.01 for leaky ReLU."


class _Scheme(Parameters):
    """What all schemes share.

    Attributes:
        title: name in the form.
        formula: the general form, as in `Formula`.
        source: where it comes from.
    """

    title: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/nn.init.html"

    def weight(self) -> Call | None:
        """What fills the weight; None leaves it as PyTorch makes it."""
        raise NotImplementedError

    @property
    def same(self) -> float | None:
        """The number that every weight begins with; None where they begin with different ones."""
        return None

    def numbers(self, fan_in: int, fan_out: int) -> str:
        """The formula with a layer's numbers put in; empty when it has none to put in."""
        return ""


class Default(_Scheme):
    """As PyTorch does it: uniform, and smaller the more inputs a unit has. Biases likewise."""

    title: ClassVar[str] = "PyTorch's own"
    formula: ClassVar[str] = "w ~ U(−1/√fan_{in}, 1/√fan_{in})"
    kind: Literal["default"] = "default"

    def weight(self) -> Call | None:
        return None

    def numbers(self, fan_in: int, fan_out: int) -> str:
        return f"1/√{fan_in} = {1 / math.sqrt(fan_in):.4g}"


class Zeros(_Scheme):
    """Every weight is zero. All units of a layer then stay alike, and nothing is learned."""

    title: ClassVar[str] = "All zero"
    formula: ClassVar[str] = "w = 0"
    kind: Literal["zeros"] = "zeros"

    def weight(self) -> Call | None:
        return Call("torch.nn.init.zeros_")

    @property
    def same(self) -> float | None:
        return 0.0


class Constant(_Scheme):
    """Every weight is the same number. All units of a layer then stay alike. Biases begin at zero."""

    title: ClassVar[str] = "Constant"
    formula: ClassVar[str] = "w = c"
    kind: Literal["constant"] = "constant"
    value: float = parameter(0.1, "Value", "The number that every weight begins with.", ge=-100, le=100, slider=(-1, 1))

    def weight(self) -> Call | None:
        return Call("torch.nn.init.constant_", self.value)

    @property
    def same(self) -> float | None:
        return self.value

    def numbers(self, fan_in: int, fan_out: int) -> str:
        return f"c = {self.value:g}"


class Normal(_Scheme):
    """Weights are drawn from a bell curve. Biases begin at zero."""

    title: ClassVar[str] = "Normal"
    formula: ClassVar[str] = "w ~ N(m, s^{2})"
    kind: Literal["normal"] = "normal"
    mean: float = parameter(0.0, "Mean", "Centre of the bell curve.", ge=-100, le=100, slider=(-1, 1))
    deviation: float = parameter(0.4, "Deviation", "Spread of the bell curve.", ge=0, le=100, slider=(0, 1))

    def weight(self) -> Call | None:
        return Call("torch.nn.init.normal_", mean=self.mean, std=self.deviation)

    @property
    def same(self) -> float | None:
        return None if self.deviation else self.mean

    def numbers(self, fan_in: int, fan_out: int) -> str:
        return f"m = {self.mean:g}, s = {self.deviation:g}"


class Uniform(_Scheme):
    """Weights are drawn evenly from a range. Biases begin at zero."""

    title: ClassVar[str] = "Uniform"
    formula: ClassVar[str] = "w ~ U(a, b)"
    kind: Literal["uniform"] = "uniform"
    low: float = parameter(-0.7, "From", "Lower end of the range.", ge=-100, le=100, slider=(-1, 0))
    high: float = parameter(0.7, "To", "Upper end of the range.", ge=-100, le=100, slider=(0, 1))

    @model_validator(mode="after")
    def _in_order(self) -> Any:
        if self.low > self.high:
            raise ValueError("the range must not end before it begins")
        return self

    def weight(self) -> Call | None:
        return Call("torch.nn.init.uniform_", a=self.low, b=self.high)

    @property
    def same(self) -> float | None:
        return self.low if self.low == self.high else None

    def numbers(self, fan_in: int, fan_out: int) -> str:
        return f"a = {self.low:g}, b = {self.high:g}"


class XavierNormal(_Scheme):
    """A bell curve whose spread keeps the size of values and gradients from layer to layer, for linear, sigmoid and
    tanh units. Biases begin at zero."""

    title: ClassVar[str] = "Xavier, normal"
    formula: ClassVar[str] = "std = gain·√(2 / (fan_{in} + fan_{out}))"
    source: ClassVar[str] = "Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html"
    kind: Literal["xavier-normal"] = "xavier-normal"
    gain: float = parameter(1.0, "Gain", _GAIN, gt=0, le=100, slider=(0.1, 3))

    def weight(self) -> Call | None:
        return Call("torch.nn.init.xavier_normal_", **({} if self.gain == 1 else {"gain": self.gain}))

    def numbers(self, fan_in: int, fan_out: int) -> str:
        value = self.gain * math.sqrt(2 / (fan_in + fan_out))
        return f"{self.gain:g}·√(2 / ({fan_in} + {fan_out})) = {value:.4g}"


class XavierUniform(_Scheme):
    """The same spread as Xavier's bell curve, drawn evenly from a range. Biases begin at zero."""

    title: ClassVar[str] = "Xavier, uniform"
    formula: ClassVar[str] = "w ~ U(−a, a),  a = gain·√(6 / (fan_{in} + fan_{out}))"
    source: ClassVar[str] = XavierNormal.source
    kind: Literal["xavier-uniform"] = "xavier-uniform"
    gain: float = parameter(1.0, "Gain", _GAIN, gt=0, le=100, slider=(0.1, 3))

    def weight(self) -> Call | None:
        return Call("torch.nn.init.xavier_uniform_", **({} if self.gain == 1 else {"gain": self.gain}))

    def numbers(self, fan_in: int, fan_out: int) -> str:
        value = self.gain * math.sqrt(6 / (fan_in + fan_out))
        return f"{self.gain:g}·√(6 / ({fan_in} + {fan_out})) = {value:.4g}"


class KaimingNormal(_Scheme):
    """A bell curve whose spread keeps the size of values through ReLU units, which cut half of them off. (Some slides
    print (1 + a)² for 1 + a².) Biases begin at zero."""

    title: ClassVar[str] = "Kaiming, normal"
    formula: ClassVar[str] = "std = √(2 / ((1 + a^{2})·fan_{in}))"
    source: ClassVar[str] = "He et al. 2015, https://arxiv.org/abs/1502.01852"
    kind: Literal["kaiming-normal"] = "kaiming-normal"
    slope: float = parameter(0.0, "Slope a", _SLOPE, ge=0, le=1, slider=(0, 1))

    def weight(self) -> Call | None:
        return Call("torch.nn.init.kaiming_normal_", **({"a": self.slope} if self.slope else {}))

    def numbers(self, fan_in: int, fan_out: int) -> str:
        value = math.sqrt(2 / ((1 + self.slope**2) * fan_in))
        return f"√(2 / ((1 + {self.slope:g}^{{2}})·{fan_in})) = {value:.4g}"


class KaimingUniform(_Scheme):
    """The same spread as Kaiming's bell curve, drawn evenly from a range. Biases begin at zero."""

    title: ClassVar[str] = "Kaiming, uniform"
    formula: ClassVar[str] = "w ~ U(−b, b),  b = √(6 / ((1 + a^{2})·fan_{in}))"
    source: ClassVar[str] = KaimingNormal.source
    kind: Literal["kaiming-uniform"] = "kaiming-uniform"
    slope: float = parameter(0.0, "Slope a", _SLOPE, ge=0, le=1, slider=(0, 1))

    def weight(self) -> Call | None:
        return Call("torch.nn.init.kaiming_uniform_", **({"a": self.slope} if self.slope else {}))

    def numbers(self, fan_in: int, fan_out: int) -> str:
        value = math.sqrt(6 / ((1 + self.slope**2) * fan_in))
        return f"√(6 / ((1 + {self.slope:g}^{{2}})·{fan_in})) = {value:.4g}"


AnyScheme = (
    Default | Zeros | Constant | Normal | Uniform | XavierNormal | XavierUniform | KaimingNormal | KaimingUniform
)
Initialisation = Annotated[AnyScheme, Field(discriminator="kind")]

DEFAULT = Default()


def initialisation() -> Any:
    """The field to declare, last, on every layer with weights to draw: `initialisation: Initialisation = ...`."""
    return parameter(DEFAULT, "Initialisation", "How the weights begin, before any training.", advanced=True)


def initial_calls(scheme: AnyScheme, weights: dict[str, Shape]) -> tuple[tuple[str, Call], ...]:
    """What `Layer.initial` answers for a layer with these learned tensors: weights as the scheme says, biases zero."""
    fill = scheme.weight()
    if fill is None:
        return ()
    return tuple((name, fill if name == "weight" else Call("torch.nn.init.zeros_")) for name in weights)


def initial_formula(scheme: AnyScheme, weight: Shape) -> Formula:
    """The scheme's sum for a weight of this shape (first two sizes are maps or units, the rest is the window)."""
    area = math.prod(weight[2:])
    return Formula("Initial weights", scheme.formula, scheme.numbers(weight[1] * area, weight[0] * area))


def initialise_all(graph: Graph, scheme: AnyScheme) -> Graph:
    """The graph in which every layer that has a choice begins its weights by `scheme`."""
    changed = {}
    for name, node in graph.nodes.items():
        layer = find(node.kind)
        if layer is None or "initialisation" not in layer.model_fields:
            continue
        if isinstance(scheme, Default):
            params = node.params.without("initialisation")
        else:
            params = FrozenDict({**node.params, "initialisation": freeze(scheme.plain())})
        if params != node.params:
            changed[name] = replace(node, params=params)
    return replace(graph, nodes=graph.nodes.update(changed)) if changed else graph


def initialise_network(network: Network, scheme: AnyScheme) -> Network:
    """The network in which every layer that has a choice, also in its blocks, begins its weights by `scheme`."""
    changed = network.with_graph(initialise_all(network.graph, scheme))
    for block in network.blocks.values():
        graph = initialise_all(block.graph, scheme)
        if graph is not block.graph:
            changed = changed.with_block(replace(block, graph=graph))
    return changed
