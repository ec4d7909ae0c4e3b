"""Layers that shrink a picture without learning."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from builder.graph.model import Shape
from builder.graph.parameters import Padding2, Size2, parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, Shapes, Window, brief, show_pair
from builder.layers.registry import register
from builder.layers.sliding import need_picture, output_size_formula, slide


def _short(pair: tuple[int, int]) -> Any:
    return pair[0] if pair[0] == pair[1] else pair


class _Pool(Layer):
    """What max and average pooling share: a window that slides, stride and padding."""

    category: ClassVar[Category] = Category.POOLING
    stem: ClassVar[str] = "pool"

    kernel_size: Size2 = parameter((2, 2), "Window", "Height and width of the window.", unit="px", slider=(1, 7))
    stride: Size2 = parameter((2, 2), "Stride", "How far the window moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((0, 0), "Padding", "Cells added at each border.", unit="px", slider=(0, 3))
    ceil_mode: bool = parameter(
        False, "Round up", "Let the last window reach over the border instead of dropping it.", advanced=True
    )

    @model_validator(mode="after")
    def _padding_fits(self) -> Any:
        if any(p > k // 2 for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError("the padding may be at most half of the window")
        return self

    def _dilation(self) -> tuple[int, int]:
        return (1, 1)

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, *size = need_picture(inputs[0], self.title)
        window = (self.kernel_size, self.stride, self.padding, self._dilation())
        return (channels, *slide(size, *window, up=self.ceil_mode))

    def _call(self, target: str, **more: Any) -> Call:
        options: dict[str, Any] = {"kernel_size": _short(self.kernel_size), "stride": _short(self.stride)}
        if self.padding != (0, 0):
            options["padding"] = _short(self.padding)
        options.update(more)
        if self.ceil_mode:
            options["ceil_mode"] = True
        return Call(target, **options)

    def headline(self) -> str:
        text = f"{self.title} {show_pair(self.kernel_size)}"
        if self.stride != self.kernel_size:
            text += f", stride {brief(self.stride)}"
        return text

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        window = (self.kernel_size, self.stride, self.padding, self._dilation())
        return (
            output_size_formula(inputs[0], output, *window, up=self.ceil_mode),
            Formula("Parameters", "nothing is learned", "0"),
        )

    def window(self, inputs: Shapes) -> Window:
        return Window(self.kernel_size, self.stride, self.padding, self._dilation())


@register
class MaxPool2d(_Pool):
    """Keeps the largest value of each window: whether a pattern is there counts, where exactly does not."""

    title: ClassVar[str] = "Max pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "maximum", "downsample", "subsampling")
    use: ClassVar[str] = "To shrink feature maps and keep their strongest answers."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 28, 28),)),
        Example(((3, 13, 11),), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        Example(((2, 9, 9),), {"kernel_size": [2, 3], "stride": 1, "dilation": 2}),
    )

    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the window's cells.", slider=(1, 4), advanced=True)

    def _dilation(self) -> tuple[int, int]:
        return self.dilation

    def lower(self, inputs: Shapes) -> Call:
        more = {"dilation": _short(self.dilation)} if self.dilation != (1, 1) else {}
        return self._call("torch.nn.MaxPool2d", **more)


@register
class AvgPool2d(_Pool):
    """Replaces each window by its average: smooths the feature map while shrinking it."""

    title: ClassVar[str] = "Average pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "mean", "downsample", "subsampling")
    use: ClassVar[str] = "To shrink feature maps and keep how strongly each window answered on the whole."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 28, 28),)),
        Example(((3, 13, 11),), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    )

    def lower(self, inputs: Shapes) -> Call:
        return self._call("torch.nn.AvgPool2d")


@register
class AdaptiveAvgPool2d(Layer):
    """Averages so that the output has the size asked for, whatever the input's. With 1×1 it is global average
    pooling: one number for each feature map."""

    title: ClassVar[str] = "Adaptive average pool"
    category: ClassVar[Category] = Category.POOLING
    stem: ClassVar[str] = "pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "global average", "GAP", "mean")
    use: ClassVar[str] = "Before the classifier, instead of large fully connected layers."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((6, 7, 7),)), Example(((6, 9, 7),), {"output_size": [3, 2]}))

    output_size: Size2 = parameter((1, 1), "Output size", "Height and width of the output.", unit="px", slider=(1, 14))

    def output_shape(self, inputs: Shapes) -> Shape:
        return (need_picture(inputs[0], self.title)[0], *self.output_size)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.AdaptiveAvgPool2d", _short(self.output_size))

    def headline(self) -> str:
        return "Global average" if self.output_size == (1, 1) else f"Average to {show_pair(self.output_size)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Parameters", "nothing is learned", "0"),)

    def window(self, inputs: Shapes) -> Window | None:
        _, high, wide = inputs[0]
        if high % self.output_size[0] or wide % self.output_size[1]:
            return None
        size = (high // self.output_size[0], wide // self.output_size[1])
        return Window(size, size)
