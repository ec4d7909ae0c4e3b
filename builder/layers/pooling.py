"""Layers that slide a window over a picture and shrink it without learning."""

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
    Input,
    Layer,
    Remedy,
    Shapes,
    Window,
    brief,
    product,
    short,
    show_pair,
    unusual,
)
from builder.layers.registry import register
from builder.layers.sliding import Pair, need_picture, output_size_formula, reach, slide, too_small

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."
_EXAMPLES = (
    Example(((6, 28, 28),)),
    Example(((3, 13, 11),), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    Example(((2, 9, 8),), {"kernel_size": [2, 3], "stride": [1, 2]}),
    Example(((1, 5, 4),), {"kernel_size": 1, "stride": 3, "ceil_mode": True}),
)


class _Pool(Layer):
    """What poolings share: a window that slides, stride and padding."""

    category: ClassVar[Category] = Category.POOLING
    stem: ClassVar[str] = "pool"
    examples: ClassVar[tuple[Example, ...]] = _EXAMPLES
    formula: ClassVar[str]

    kernel_size: Size2 = parameter((2, 2), "Window", "Height and width of the window.", unit="px", slider=(1, 7))
    stride: Size2 = parameter((2, 2), "Stride", "How far the window moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((0, 0), "Padding", "Cells added at each border.", unit="px", slider=(0, 3))
    ceil_mode: bool = parameter(
        False, "Round up", "Let the last window reach over the border instead of dropping it.", advanced=True
    )

    @field_validator("padding")
    @classmethod
    def _padding_fits(cls, padding: Pair, info: ValidationInfo) -> Pair:
        kernel = info.data.get("kernel_size")
        if kernel is not None and any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
            raise ValueError("the padding may be at most half of the window")
        return padding

    @property
    def _dilation(self) -> Pair:
        return (1, 1)

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, *size = need_picture(inputs[0], self.title)
        window = reach(self.kernel_size, self._dilation)
        found = slide(size, window, self.stride, self.padding, self.ceil_mode)
        if found is None:
            raise too_small(size, window, self.padding, self._smaller(size))
        return (channels, *found)

    def _smaller(self, size: list[int]) -> Remedy:
        """An offer of the largest window of this shape that fits the picture without padding."""
        fitting = tuple(
            max(1, min(k, (n - 1) // d + 1)) for k, n, d in zip(self.kernel_size, size, self._dilation, strict=True)
        )
        kernel = (fitting[0], fitting[1])
        change: dict[str, Any] = {"kernel_size": short(kernel)}
        if self.padding != (0, 0):
            change["padding"] = 0
        return Remedy(f"Set the window to {show_pair(kernel)}", change=FrozenDict(change))

    def _options(self) -> dict[str, Any]:
        sizes = {"kernel_size": short(self.kernel_size), "stride": short(self.stride)}
        return sizes | unusual(self, padding=(0, 0), ceil_mode=False)

    def lower(self, inputs: Shapes) -> Call:
        return Call(f"torch.nn.{self.kind()}", **self._options())

    def headline(self) -> str:
        text = f"{self.title} {show_pair(self.kernel_size)}"
        if self.stride != self.kernel_size:
            text += f", stride {brief(self.stride)}"
        return text

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        window = (self.kernel_size, self.stride, self.padding, self._dilation)
        return (
            output_size_formula(inputs[0], output, *window, up=self.ceil_mode),
            Formula(
                "Function", self.formula, f"{product(self.kernel_size)} = {math.prod(self.kernel_size)} cells each"
            ),
            Formula("Parameters", "nothing is learned", "0"),
        )

    def window(self, inputs: Shapes) -> Window:
        return Window(self.kernel_size, self.stride, self.padding, self._dilation)


@register
class MaxPool2d(_Pool):
    """Keeps the largest value of each window: whether a pattern is there counts, where exactly does not."""

    title: ClassVar[str] = "Max pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "maximum", "downsample", "subsampling")
    use: ClassVar[str] = "To shrink feature maps and keep their strongest answers."
    source: ClassVar[str] = _PAGE + "MaxPool2d.html"
    formula: ClassVar[str] = "y = max of the window"
    examples: ClassVar[tuple[Example, ...]] = (
        *_EXAMPLES,
        Example(((2, 9, 9),), {"kernel_size": [2, 3], "stride": 1, "dilation": 2}),
    )

    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the window's cells.", slider=(1, 4), advanced=True)

    @property
    def _dilation(self) -> Pair:
        return self.dilation

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.MaxPool2d", **self._options(), **unusual(self, dilation=(1, 1)))


@register
class AvgPool2d(_Pool):
    """Replaces each window by its average: smooths the feature map while shrinking it."""

    title: ClassVar[str] = "Average pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "mean", "downsample", "subsampling")
    use: ClassVar[str] = "To shrink feature maps and keep how strongly each window answered on the whole."
    source: ClassVar[str] = _PAGE + "AvgPool2d.html"
    formula: ClassVar[str] = "y = sum of the window / its number of cells"
    examples: ClassVar[tuple[Example, ...]] = (
        *_EXAMPLES,
        Example(((2, 6, 6),), {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False}),
    )

    count_include_pad: bool = parameter(
        True, "Count padding", "Cells of the padding count as zeros in the average.", advanced=True
    )

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.AvgPool2d", **self._options(), **unusual(self, count_include_pad=True))


@register
class MinPool2d(_Pool):
    """Keeps the smallest value of each window: the counterpart of max pooling, for dark details on bright ground."""

    title: ClassVar[str] = "Min pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "minimum", "downsample", "erosion")
    use: ClassVar[str] = "To compare with max pooling, or where small values carry the meaning."
    source: ClassVar[str] = "Minus the max pooling of minus x, " + _PAGE + "MaxPool2d.html"
    formula: ClassVar[str] = "y = min of the window = −max(−x)"

    def lower(self, inputs: Shapes) -> Call:
        largest = Call("torch.nn.functional.max_pool2d", Call("torch.neg", Input()), **self._options())
        return Call("torch.neg", largest)


@register
class L2Pool2d(_Pool):
    """Replaces each window by the root of its sum of squares: strong values count more than in an average, and the
    sign is lost."""

    title: ClassVar[str] = "L2-norm pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "euclidean norm", "root mean square", "lp", "downsample")
    use: ClassVar[str] = "Between max and average pooling: for the energy of a window."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html"
    formula: ClassVar[str] = "y = √(Σ x^{2} over the window)"

    def lower(self, inputs: Shapes) -> Call:
        # torch.nn.LPPool2d has no padding, and its gradient is NaN where a whole window is zero (behind a ReLU).
        squares = Call("torch.square", Input())
        total = Call("torch.nn.functional.avg_pool2d", squares, **self._options(), divisor_override=1)
        return Call("torch.sqrt", Call("torch.add", total, 1e-12))


@register
class WeightedAvgPool2d(Layer):
    """Averages each window with weights that fall off evenly from its centre to its border, so that near cells count
    more than far ones."""

    title: ClassVar[str] = "Weighted average pool"
    category: ClassVar[Category] = Category.POOLING
    stem: ClassVar[str] = "pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "distance", "blur", "tent", "anti-aliasing", "downsample")
    use: ClassVar[str] = "To shrink a picture smoothly, without jagged edges."
    source: ClassVar[str] = "Zhang 2019, https://arxiv.org/abs/1904.11486"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 28, 28),)),
        Example(((2, 11, 9),), {"radius": 3, "stride": [1, 2], "padding": [1, 0]}),
    )

    radius: Positive = parameter(
        2, "Radius", "Distance from the centre at which the weight gets to zero.", unit="px", slider=(1, 5)
    )
    stride: Size2 = parameter((2, 2), "Stride", "How far the window moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((1, 1), "Padding", "Zeros added at each border.", unit="px", slider=(0, 3))

    @field_validator("padding")
    @classmethod
    def _padding_fits(cls, padding: Pair, info: ValidationInfo) -> Pair:
        if any(p > info.data.get("radius", math.inf) - 1 for p in padding):
            raise ValueError("the padding must be smaller than the radius")
        return padding

    @property
    def _kernel(self) -> Pair:
        return (2 * self.radius - 1, 2 * self.radius - 1)

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, *size = need_picture(inputs[0], self.title)
        found = slide(size, self._kernel, self.stride, self.padding)
        if found is None:
            radius = (min(size) + 1) // 2
            change = FrozenDict({"radius": radius, "padding": 0})
            remedy = Remedy(f"Set the radius to {radius}", change=change)
            raise too_small(size, self._kernel, self.padding, remedy, "radius")
        return (channels, *found)

    def lower(self, inputs: Shapes) -> Call:
        # A box averaged with a box is a tent: two plain averages give weights that fall off evenly.
        high, wide = self.padding
        pad = () if self.padding == (0, 0) else (Call("torch.nn.ZeroPad2d", (wide, wide, high, high)),)
        boxes = (
            Call("torch.nn.AvgPool2d", kernel_size=self.radius, stride=1),
            Call("torch.nn.AvgPool2d", kernel_size=self.radius, stride=short(self.stride)),
        )
        return Call("torch.nn.Sequential", *pad, *boxes)

    def headline(self) -> str:
        return f"Weighted {show_pair(self._kernel)}, stride {brief(self.stride)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (
            output_size_formula(inputs[0], output, self._kernel, self.stride, self.padding, (1, 1)),
            Formula("Weights", "w_{ij} = (r − |i|)·(r − |j|) / r^{4}", self._weights_in_numbers()),
            Formula("Parameters", "nothing is learned", "0"),
        )

    def _weights_in_numbers(self) -> str:
        slope = range(1, self.radius)
        falling = ", ".join(map(str, (*slope, self.radius, *reversed(slope))))
        across = f"; across and down {falling}, each / {self.radius**2}" if self.radius <= 4 else ""
        return f"r = {self.radius}{across}"

    def window(self, inputs: Shapes) -> Window:
        return Window(self._kernel, self.stride, self.padding)


@register
class Downsample(Layer):
    """Keeps every so many-th cell of the picture and drops the others: the plainest way to shrink."""

    title: ClassVar[str] = "Down-sampling"
    category: ClassVar[Category] = Category.POOLING
    stem: ClassVar[str] = "down"
    keywords: ClassVar[tuple[str, ...]] = ("strided", "subsampling", "decimation", "pooling", "shrink")
    use: ClassVar[str] = "To compare with pooling: what the dropped cells knew is lost."
    source: ClassVar[str] = "Max pooling with a 1×1 window, " + _PAGE + "MaxPool2d.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((6, 28, 28),)), Example(((2, 7, 5),), {"stride": [3, 1]}))

    stride: Size2 = parameter((2, 2), "Stride", "Distance of the cells that are kept.", unit="px", slider=(1, 4))

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, high, wide = need_picture(inputs[0], self.title)
        return (channels, (high - 1) // self.stride[0] + 1, (wide - 1) // self.stride[1] + 1)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.MaxPool2d", kernel_size=1, stride=short(self.stride))

    def headline(self) -> str:
        return f"Down by {brief(self.stride)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (
            output_size_formula(inputs[0], output, (1, 1), self.stride, (0, 0), (1, 1)),
            Formula("Parameters", "nothing is learned", "0"),
        )

    def window(self, inputs: Shapes) -> Window:
        return Window(stride=self.stride)
