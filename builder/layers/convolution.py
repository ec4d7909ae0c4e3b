"""Layers that slide learned filters over their input."""

from __future__ import annotations

import math
from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import Padding2, Positive, Size2, parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, ShapeError, Shapes, Window, brief, show_pair
from builder.layers.registry import register
from builder.layers.sliding import need_picture, output_size_formula, slide


@register
class Conv2d(Layer):
    """Slides learned filters over the picture. Each filter makes one feature map: bright where the picture
    looks like the filter."""

    title: ClassVar[str] = "Conv"
    category: ClassVar[Category] = Category.CONVOLUTION
    stem: ClassVar[str] = "conv"
    keywords: ClassVar[tuple[str, ...]] = ("convolution", "filter", "kernel", "feature map")
    use: ClassVar[str] = "To find the same pattern anywhere in a picture, with few parameters."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((1, 32, 32),), {"filters": 6, "kernel_size": 5}),
        Example(((3, 11, 9),), {"filters": 4, "kernel_size": [3, 5], "stride": 2, "padding": [1, 2], "dilation": 2}),
        Example(((4, 8, 8),), {"filters": 6, "kernel_size": 3, "groups": 2, "bias": False}),
        Example(((2, 7, 7),), {"filters": 3, "kernel_size": 1}),
    )

    filters: Positive = parameter(16, "Filters", "How many filters, and so how many feature maps.", slider=(1, 128))
    kernel_size: Size2 = parameter((3, 3), "Kernel size", "Height and width of each filter.", unit="px", slider=(1, 11))
    stride: Size2 = parameter((1, 1), "Stride", "How far the filter moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((0, 0), "Padding", "Zeros added at each border.", unit="px", slider=(0, 5))
    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the filter's cells.", slider=(1, 4), advanced=True)
    groups: Positive = parameter(
        1, "Groups", "Channels are split into so many parts that do not see each other.", slider=(1, 8), advanced=True
    )
    bias: bool = parameter(True, "Bias", "Adds one learned number to each feature map.")

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, *size = need_picture(inputs[0], "Conv")
        self._check_groups(channels)
        return (self.filters, *slide(size, self.kernel_size, self.stride, self.padding, self.dilation))

    def _check_groups(self, channels: int) -> None:
        for what, number in (("input channels", channels), ("filters", self.filters)):
            if number % self.groups:
                raise ShapeError(
                    f"{number} {what} cannot be split into {self.groups} equal groups.",
                    "Choose a number of groups that divides both.",
                    field="groups",
                )

    def lower(self, inputs: Shapes) -> Call:
        options = {
            name: value if value[0] != value[1] else value[0]
            for name, value, usual in (
                ("stride", self.stride, (1, 1)),
                ("padding", self.padding, (0, 0)),
                ("dilation", self.dilation, (1, 1)),
            )
            if value != usual
        }
        if self.groups != 1:
            options["groups"] = self.groups
        if not self.bias:
            options["bias"] = False
        kernel = self.kernel_size if self.kernel_size[0] != self.kernel_size[1] else self.kernel_size[0]
        return Call("torch.nn.Conv2d", inputs[0][0], self.filters, kernel_size=kernel, **options)

    def headline(self) -> str:
        text = f"Conv {show_pair(self.kernel_size)}, {self.filters}"
        if self.stride != (1, 1):
            text += f", stride {brief(self.stride)}"
        if self.padding != (0, 0):
            text += f", pad {brief(self.padding)}"
        return text

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        found: dict[str, Shape] = {"weight": (self.filters, inputs[0][0] // self.groups, *self.kernel_size)}
        if self.bias:
            found["bias"] = (self.filters,)
        return found

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(output) * math.prod(self.kernel_size) * inputs[0][0] // self.groups

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        high, wide = self.kernel_size
        depth = inputs[0][0] // self.groups
        count = self.parameter_count(inputs)
        return (
            output_size_formula(inputs[0], output, self.kernel_size, self.stride, self.padding, self.dilation),
            Formula(
                "Parameters",
                "(K_{h}·K_{w}·N_{in} + 1)·N_{out}" if self.bias else "K_{h}·K_{w}·N_{in}·N_{out}",
                f"({high}·{wide}·{depth} + 1)·{self.filters} = {count:,}"
                if self.bias
                else f"{high}·{wide}·{depth}·{self.filters} = {count:,}",
            ),
            Formula(
                "Multiply-adds",
                "H_{out}·W_{out}·K_{h}·K_{w}·N_{in}·N_{out}",
                f"{output[1]}·{output[2]}·{high}·{wide}·{depth}·{self.filters} = "
                f"{self.multiply_adds(inputs, output):,}",
            ),
        )

    def window(self, inputs: Shapes) -> Window:
        return Window(self.kernel_size, self.stride, self.padding, self.dilation)
