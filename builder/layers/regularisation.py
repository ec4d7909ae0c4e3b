"""Layers that make overfitting harder. They only work while training."""

from __future__ import annotations

from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, Shapes
from builder.layers.registry import register


@register
class Dropout(Layer):
    """While training, sets a random share of its inputs to zero and scales up the rest, so that no unit can rely on
    another. At inference it does nothing."""

    title: ClassVar[str] = "Dropout"
    category: ClassVar[Category] = Category.REGULARISATION
    stem: ClassVar[str] = "drop"
    compact: ClassVar[bool] = True
    keywords: ClassVar[tuple[str, ...]] = ("regularisation", "overfitting")
    use: ClassVar[str] = "Before large fully connected layers, when training does better than validation."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((84,),)), Example(((6, 5, 5),), {"p": 0.2}))

    p: float = parameter(0.5, "Share dropped", "How many of the inputs become zero.", ge=0, lt=1, slider=(0, 0.95))

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Dropout", p=self.p)

    def headline(self) -> str:
        return f"Dropout {self.p:g}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Function", "y = x / (1 − p) with probability 1 − p, otherwise 0", f"p = {self.p:g}"),)
