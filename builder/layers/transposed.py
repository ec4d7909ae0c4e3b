"""The convolution that makes pictures larger."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pydantic import ValidationInfo, field_validator

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import Padding2, Positive, Size2, parameter
from builder.layers.base import (
    Call,
    Category,
    Example,
    Formula,
    Layer,
    Remedy,
    ShapeError,
    Shapes,
    Window,
    brief,
    short,
    show_pair,
    unusual,
)
from builder.layers.freezing import trainable
from builder.layers.initialisation import Initialisation, initial_calls, initial_formula, initialisation
from builder.layers.registry import register
from builder.layers.sliding import Pair, need_picture, size_formula


@register
class ConvTranspose2d(Layer):
    """Lays a copy of each filter into the output at every place of the input, weighted by the number there, and adds
    up where copies overlap. With a stride, the picture grows."""

    title: ClassVar[str] = "Transposed conv"
    category: ClassVar[Category] = Category.CONVOLUTION
    stem: ClassVar[str] = "up"
    keywords: ClassVar[tuple[str, ...]] = ("deconvolution", "upsampling", "decoder", "image to image", "filter")
    use: ClassVar[str] = "To get from small feature maps back to a large picture."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((8, 7, 7),), {"filters": 4}),
        Example(((3, 5, 4),), {"filters": 2, "kernel_size": [3, 5], "stride": 2, "padding": [1, 2], "bias": False}),
        Example(((2, 5, 5),), {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "filters": 1}),
        Example(((2, 4, 4),), {"kernel_size": 3, "stride": 1, "dilation": 2, "filters": 3}),
    )

    filters: Positive = parameter(16, "Filters", "How many feature maps come out.", slider=(1, 128))
    kernel_size: Size2 = parameter((2, 2), "Kernel size", "Height and width of each filter.", unit="px", slider=(1, 11))
    stride: Size2 = parameter((2, 2), "Stride", "Distance of the copies in the output.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((0, 0), "Padding", "Cells cut off at each border.", unit="px", slider=(0, 5))
    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the filter's cells.", slider=(1, 4), advanced=True)
    output_padding: Padding2 = parameter(
        (0, 0), "Output padding", "Cells added below and on the right.", unit="px", slider=(0, 3), advanced=True
    )
    bias: bool = parameter(True, "Bias", "Adds one learned number to each feature map.")
    trainable: bool = trainable()
    initialisation: Initialisation = initialisation()

    @field_validator("output_padding")
    @classmethod
    def _less_than_a_step(cls, value: Pair, info: ValidationInfo) -> Pair:
        stride, dilation = info.data.get("stride"), info.data.get("dilation")
        if stride and dilation and any(v >= max(s, d) for v, s, d in zip(value, stride, dilation, strict=True)):
            raise ValueError("the output padding must be smaller than the stride or the dilation")
        return value

    def output_shape(self, inputs: Shapes) -> Shape:
        _, *size = need_picture(inputs[0], self.title)
        values = zip(size, self.kernel_size, self.stride, self.padding, self.dilation, self.output_padding, strict=True)
        high, wide = ((n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, k, s, p, d, o in values)
        if high < 1 or wide < 1:
            raise ShapeError(
                f"a padding of {brief(self.padding)} cuts off the whole output.",
                "Use less padding.",
                field="padding",
                remedy=Remedy("Set padding to 0", change=FrozenDict({"padding": 0})),
            )
        return (self.filters, high, wide)

    def lower(self, inputs: Shapes) -> Call:
        options: dict[str, Any] = {"kernel_size": short(self.kernel_size)}
        options |= unusual(self, stride=(1, 1), padding=(0, 0), output_padding=(0, 0), dilation=(1, 1), bias=True)
        return Call("torch.nn.ConvTranspose2d", inputs[0][0], self.filters, **options)

    def headline(self) -> str:
        text = f"Transposed {show_pair(self.kernel_size)}, {self.filters}"
        return text if self.stride == (1, 1) else f"{text}, stride {brief(self.stride)}"

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        found: dict[str, Shape] = {"weight": (inputs[0][0], self.filters, *self.kernel_size)}
        if self.bias:
            found["bias"] = (self.filters,)
        return found

    def initial(self, inputs: Shapes) -> tuple[tuple[str, Call], ...]:
        return initial_calls(self.initialisation, self.weights(inputs))

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(inputs[0]) * math.prod(self.kernel_size) * self.filters

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        (high, wide), (channels, *size) = self.kernel_size, inputs[0]
        lines = [
            f"{output[axis + 1]} = ({size[axis]} − 1)·{self.stride[axis]} − 2·{self.padding[axis]} + "
            f"{self.dilation[axis]}·({self.kernel_size[axis]} − 1) + {self.output_padding[axis]} + 1"
            for axis in (0, 1)
        ]
        plus = f" + {self.filters}" if self.bias else ""
        return (
            size_formula("H_{out} = (H_{in} − 1)·s − 2p + d·(k − 1) + o + 1", lines),
            Formula(
                "Parameters",
                "K_{h}·K_{w}·N_{in}·N_{out}" + (" + N_{out}" if self.bias else ""),
                f"{high}·{wide}·{channels}·{self.filters}{plus} = {self.parameter_count(inputs):,}",
            ),
            Formula(
                "Multiply-adds",
                "H_{in}·W_{in}·K_{h}·K_{w}·N_{in}·N_{out}",
                f"{size[0]}·{size[1]}·{high}·{wide}·{channels}·{self.filters} = {self.multiply_adds(inputs, output):,}",
            ),
            initial_formula(self.initialisation, self.weights(inputs)["weight"]),
        )

    def window(self, inputs: Shapes) -> Window | None:
        # With a stride, neighbouring outputs see different numbers of inputs: no single window tells it.
        if self.stride != (1, 1):
            return None
        high, wide = (d * (k - 1) - p for d, k, p in zip(self.dilation, self.kernel_size, self.padding, strict=True))
        return Window(self.kernel_size, (1, 1), (high, wide), self.dilation)
