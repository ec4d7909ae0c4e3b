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
)
from builder.layers.registry import register


@register
class Linear(Layer):
    """Every output is a weighted sum of all inputs, plus a bias: a fully connected layer."""

    title: ClassVar[str] = "Linear"
    category: ClassVar[Category] = Category.DENSE
    stem: ClassVar[str] = "fc"
    keywords: ClassVar[tuple[str, ...]] = ("fully connected", "dense", "perceptron", "affine", "FC")
    use: ClassVar[str] = "To combine all that was found into an answer."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((120,),), {"features": 84}),
        Example(((2,),), {"features": 1, "bias": False}),
    )

    features: Positive = parameter(10, "Units", "How many outputs.", slider=(1, 512))
    bias: bool = parameter(True, "Bias", "Adds one learned number to each output.")

    def output_shape(self, inputs: Shapes) -> Shape:
        if len(inputs[0]) != 1:
            raise ShapeError(
                f"Linear needs a flat input, got {show(inputs[0])}.",
                "Put a Flatten before it.",
                remedy=INSERT_FLATTEN,
            )
        return (self.features,)

    def lower(self, inputs: Shapes) -> Call:
        options = {} if self.bias else {"bias": False}
        return Call("torch.nn.Linear", inputs[0][0], self.features, **options)

    def headline(self) -> str:
        return f"Linear, {self.features:,}"

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        found: dict[str, Shape] = {"weight": (self.features, inputs[0][0])}
        if self.bias:
            found["bias"] = (self.features,)
        return found

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(inputs[0]) * self.features

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        count = self.parameter_count(inputs)
        return (
            Formula("Function", "y = W·x + b" if self.bias else "y = W·x"),
            Formula(
                "Parameters",
                "(N + 1)·M" if self.bias else "N·M",
                f"({inputs[0][0]} + 1)·{self.features} = {count:,}"
                if self.bias
                else f"{inputs[0][0]}·{self.features} = {count:,}",
            ),
        )

    def window(self, inputs: Shapes) -> Window | None:
        return None
