"""Fully connected layers."""

from __future__ import annotations

import math
from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import Positive, parameter
from builder.layers.base import (
    INSERT_FLATTEN,
    Call,
    Category,
    Example,
    Formula,
    Layer,
    ShapeError,
    Shapes,
    Window,
    show,
    unusual,
)
from builder.layers.freezing import trainable
from builder.layers.initialisation import Initialisation, initial_calls, initial_formula, initialisation
from builder.layers.registry import register


@register
class Linear(Layer):
    """Every output is a weighted sum of all inputs, plus a bias: a fully connected layer. Of a list of tokens, each
    is worked on alike."""

    title: ClassVar[str] = "Linear"
    category: ClassVar[Category] = Category.DENSE
    stem: ClassVar[str] = "fc"
    keywords: ClassVar[tuple[str, ...]] = ("fully connected", "dense", "perceptron", "affine", "FC")
    use: ClassVar[str] = "To combine all that was found into an answer."
    units: ClassVar[str] = "features"
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((120,),), {"features": 84}),
        Example(((2,),), {"features": 1, "bias": False}),
        Example(((10, 32),), {"features": 16}),
        Example(((4, 5, 8),), {"features": 6, "last_axis": True}),
        Example(((4,),), {"features": 3, "initialisation": {"kind": "normal", "deviation": 0.4}}),
    )

    features: Positive = parameter(10, "Units", "How many outputs.", slider=(1, 512))
    bias: bool = parameter(True, "Bias", "Adds one learned number to each output.")
    last_axis: bool = parameter(
        False, "Last axis only", "At each place of a picture whose channels stand last, as in ConvNeXt and Swin.",
        advanced=True,
    )  # fmt: skip
    trainable: bool = trainable()
    initialisation: Initialisation = initialisation()

    def output_shape(self, inputs: Shapes) -> Shape:
        shape = inputs[0]
        if len(shape) > 2 and not self.last_axis:
            message = f"Linear needs a flat input, got {show(shape)}."
            raise ShapeError(message, "Put a Flatten before it.", remedy=INSERT_FLATTEN)
        return (*shape[:-1], self.features)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Linear", inputs[0][-1], self.features, **unusual(self, bias=True))

    def headline(self) -> str:
        return f"Linear, {self.features:,}"

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        found: dict[str, Shape] = {"weight": (self.features, inputs[0][-1])}
        if self.bias:
            found["bias"] = (self.features,)
        return found

    def initial(self, inputs: Shapes) -> tuple[tuple[str, Call], ...]:
        return initial_calls(self.initialisation, self.weights(inputs))

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(inputs[0]) * self.features

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        *tokens, width = inputs[0]
        count = self.parameter_count(inputs)
        work = self.multiply_adds(inputs, output)
        times = "".join(f"{number}·" for number in tokens)
        size = (Formula("Output size", "M in the place of the last size", show(output)),) if len(tokens) > 1 else ()
        return (
            Formula(
                "Function",
                "y = W·x + b" if self.bias else "y = W·x",
                f"W: {self.features}×{width}" + (f", b: {self.features}" if self.bias else ""),
            ),
            Formula(
                "Parameters",
                "(N + 1)·M" if self.bias else "N·M",
                f"({width} + 1)·{self.features} = {count:,}" if self.bias else f"{width}·{self.features} = {count:,}",
            ),
            Formula("Multiply-adds", "T·N·M" if tokens else "N·M", f"{times}{width}·{self.features} = {work:,}"),
            *size,
            initial_formula(self.initialisation, self.weights(inputs)["weight"]),
        )

    def window(self, inputs: Shapes) -> Window | None:
        return None
