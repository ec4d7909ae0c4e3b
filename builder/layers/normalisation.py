"""Layers that keep the size of activations in check."""

from __future__ import annotations

import math
from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, Shapes
from builder.layers.registry import register
from builder.layers.sliding import need_picture


@register
class BatchNorm2d(Layer):
    """Gives each feature map mean 0 and variance 1 over the mini-batch, then a learned scale and shift. At inference
    it uses the moving averages that it kept while training."""

    title: ClassVar[str] = "Batch norm"
    category: ClassVar[Category] = Category.NORMALISATION
    stem: ClassVar[str] = "bn"
    keywords: ClassVar[tuple[str, ...]] = ("batch normalisation", "normalization", "BN")
    use: ClassVar[str] = "Between a convolution and its activation: larger learning rates still train."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((16, 28, 28),)), Example(((3, 5, 4),), {"affine": False}))

    eps: float = parameter(1e-5, "Epsilon", "Keeps the division from zero.", gt=0, le=1, log=True, advanced=True)
    momentum: float = parameter(0.1, "Momentum", "Weight of a new batch in the moving averages.", ge=0, le=1,
                                slider=(0, 1))  # fmt: skip
    affine: bool = parameter(True, "Scale and shift", "Learn γ and β for each feature map.")

    def output_shape(self, inputs: Shapes) -> Shape:
        return need_picture(inputs[0], self.title)

    def lower(self, inputs: Shapes) -> Call:
        options = {}
        if self.eps != 1e-5:
            options["eps"] = self.eps
        if self.momentum != 0.1:
            options["momentum"] = self.momentum
        if not self.affine:
            options["affine"] = False
        return Call("torch.nn.BatchNorm2d", inputs[0][0], **options)

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        return {"weight": (inputs[0][0],), "bias": (inputs[0][0],)} if self.affine else {}

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(output)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (
            Formula("Function", "y = γ·(x − μ) / √(σ^{2} + ε) + β"),
            Formula(
                "Parameters",
                "2·N learned (γ, β) and 2·N kept (μ, σ^{2})",
                f"2·{inputs[0][0]} = {self.parameter_count(inputs):,}" if self.affine else "0 learned",
            ),
        )
