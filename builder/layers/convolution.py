"""Layers that slide learned filters over their input."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

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
    Own,
    Remedy,
    ShapeError,
    Shapes,
    Window,
    brief,
    short,
    show_pair,
)
from builder.layers.freezing import trainable
from builder.layers.initialisation import Initialisation, initial_calls, initial_formula, initialisation
from builder.layers.registry import register
from builder.layers.sliding import (
    Pair,
    enough_padding,
    need_picture,
    output_size_formula,
    reach,
    slide,
    too_small,
)

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


class _Filters(NamedTuple):
    """The filters of one convolution; `padding` is what lies above and left of the picture."""

    number: int
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1


class _Convolution(Layer):
    """What all convolutions share: the arithmetic of filters, whatever their parameters are called."""

    category: ClassVar[Category] = Category.CONVOLUTION
    stem: ClassVar[str] = "conv"

    @abstractmethod
    def _filters(self, channels: int) -> _Filters:
        """The filters over an input of so many channels."""

    @property
    def _biased(self) -> bool:
        return getattr(self, "bias", True)

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, *size = need_picture(inputs[0], self.title)
        filters = self._filters(channels)
        window = reach(filters.kernel, filters.dilation)
        found = slide(size, window, filters.stride, filters.padding)
        if found is None:
            raise too_small(size, window, filters.padding, enough_padding(size, window, filters.padding))
        return (filters.number, *found)

    def lower(self, inputs: Shapes) -> Call:
        channels = inputs[0][0]
        filters = self._filters(channels)
        options: dict[str, Any] = {}
        for name, value, usual in (
            ("stride", filters.stride, (1, 1)),
            ("padding", filters.padding, (0, 0)),
            ("dilation", filters.dilation, (1, 1)),
            ("groups", filters.groups, 1),
            ("bias", self._biased, True),
        ):
            if value != usual:
                options[name] = short(value)
        return Call("torch.nn.Conv2d", channels, filters.number, kernel_size=short(filters.kernel), **options)

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        channels = inputs[0][0]
        filters = self._filters(channels)
        found: dict[str, Shape] = {"weight": (filters.number, channels // filters.groups, *filters.kernel)}
        if self._biased:
            found["bias"] = (filters.number,)
        return found

    def initial(self, inputs: Shapes) -> tuple[tuple[str, Call], ...]:
        return initial_calls(self.initialisation, self.weights(inputs))  # type: ignore[attr-defined]

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        filters = self._filters(inputs[0][0])
        return math.prod(output) * math.prod(filters.kernel) * inputs[0][0] // filters.groups

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        filters = self._filters(inputs[0][0])
        (high, wide), depth = filters.kernel, str(inputs[0][0])
        if filters.groups > 1:
            depth = f"{inputs[0][0]}/{filters.groups}"
        inner = "N_{in}" if filters.groups == 1 else "N_{in}/groups"
        one = (
            f"({high}·{wide}·{depth} + 1)·{filters.number}"
            if self._biased
            else f"{high}·{wide}·{depth}·{filters.number}"
        )
        products = math.prod(filters.kernel) * inputs[0][0] // filters.groups
        general = f"(K_{{h}}·K_{{w}}·{inner} + 1)·N_{{out}}" if self._biased else f"K_{{h}}·K_{{w}}·{inner}·N_{{out}}"
        return (
            Formula("Function", self._function(filters), f"{high}·{wide}·{depth} = {products:,} products in each sum"),
            output_size_formula(inputs[0], output, filters.kernel, filters.stride, filters.padding, filters.dilation),
            Formula("Parameters", general, f"{one} = {self.parameter_count(inputs):,}"),
            Formula(
                "Multiply-adds",
                f"H_{{out}}·W_{{out}}·K_{{h}}·K_{{w}}·{inner}·N_{{out}}",
                f"{output[1]}·{output[2]}·{high}·{wide}·{depth}·{filters.number} = "
                f"{self.multiply_adds(inputs, output):,}",
            ),
            initial_formula(self.initialisation, self.weights(inputs)["weight"]),  # type: ignore[attr-defined]
        )

    def _function(self, filters: _Filters) -> str:
        """What one cell of the output is; c counts the channels that a filter sees."""
        step = "s·" if filters.stride != (1, 1) else ""
        apart = "d·" if filters.dilation != (1, 1) else ""
        edge = "−p" if filters.padding != (0, 0) else ""
        cell = ",".join(f"{step}{to}+{apart}{by}{edge}" for to, by in ("im", "jn"))
        return f"y[i,j] = Σ_{{c,m,n}} w[c,m,n]·x[c,{cell}]" + (" + b" if self._biased else "")

    def window(self, inputs: Shapes) -> Window:
        filters = self._filters(inputs[0][0])
        return Window(filters.kernel, filters.stride, filters.padding, filters.dilation)


@register
class Conv2d(_Convolution):
    """Slides learned filters over the picture. Each filter makes one feature map: bright where the picture
    looks like the filter."""

    title: ClassVar[str] = "Conv"
    keywords: ClassVar[tuple[str, ...]] = ("convolution", "filter", "kernel", "feature map", "grouped", "dilated")
    use: ClassVar[str] = "To find the same pattern anywhere in a picture, with few parameters."
    source: ClassVar[str] = _PAGE + "Conv2d.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((1, 32, 32),), {"filters": 6, "kernel_size": 5}),
        Example(((3, 11, 9),), {"filters": 4, "kernel_size": [3, 5], "stride": 2, "padding": [1, 2], "dilation": 2}),
        Example(((4, 8, 8),), {"filters": 6, "kernel_size": 3, "groups": 2, "bias": False}),
        Example(((2, 7, 7),), {"filters": 3, "kernel_size": 1}),
        Example(((2, 9, 7),), {"filters": 3, "kernel_size": [1, 7], "padding": [0, 3]}),
        Example(((2, 9, 8),), {"filters": 2, "kernel_size": 5, "stride": [2, 3], "border": "same"}),
        Example(((2, 6, 5),), {"filters": 2, "border": "full", "padding_mode": "replicate"}),
        Example(((1, 6, 7),), {"filters": 3, "padding": 2, "padding_mode": "reflect"}),
        Example(((1, 6, 7),), {"filters": 3, "initialisation": {"kind": "kaiming-normal"}}),
    )

    filters: Positive = parameter(16, "Filters", "How many filters, and so how many feature maps.", slider=(1, 128))
    kernel_size: Size2 = parameter((3, 3), "Kernel size", "Height and width of each filter.", unit="px", slider=(1, 11))
    stride: Size2 = parameter((1, 1), "Stride", "How far the filter moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((0, 0), "Padding", "Zeros added at each border.", unit="px", slider=(0, 5))
    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the filter's cells.", slider=(1, 4), advanced=True)
    border: Literal["padding", "same", "full"] = parameter(
        "padding",
        "Border",
        "How far the filter may reach over the border; without padding the convolution is called valid.",
        choices={
            "padding": "as padding says",
            "same": "same: as large as the input",
            "full": "full: wherever filter and picture touch",
        },
        advanced=True,
    )
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = parameter(
        "zeros",
        "Beyond the border",
        "What stands in the padding.",
        choices={"zeros": "zeros", "reflect": "mirrored", "replicate": "border repeated", "circular": "other side"},
        advanced=True,
    )
    groups: Positive = parameter(
        1, "Groups", "Channels are split into so many parts that do not see each other.", slider=(1, 8), advanced=True
    )
    bias: bool = parameter(True, "Bias", "Adds one learned number to each feature map.")
    trainable: bool = trainable()
    initialisation: Initialisation = initialisation()

    @field_validator("border")
    @classmethod
    def _same_is_possible(cls, border: str, info: ValidationInfo) -> str:
        kernel, dilation = info.data.get("kernel_size"), info.data.get("dilation")
        if border == "same" and kernel and dilation and any(size % 2 == 0 for size in reach(kernel, dilation)):
            raise ValueError("same needs a filter with a cell in the middle, so an odd kernel size")
        return border

    def _filters(self, channels: int) -> _Filters:
        high, wide = reach(self.kernel_size, self.dilation)
        padding = self.padding
        if self.border == "same":
            padding = ((high - 1) // 2, (wide - 1) // 2)
        elif self.border == "full":
            padding = (high - 1, wide - 1)
        return _Filters(self.filters, self.kernel_size, self.stride, padding, self.dilation, self.groups)

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, *size = need_picture(inputs[0], self.title)
        for what, number in (("input channels", channels), ("filters", self.filters)) if self.groups > 1 else ():
            if number % self.groups:
                raise ShapeError(
                    f"{number} {what} cannot be split into {self.groups} equal groups.",
                    "Choose a number of groups that divides both.",
                    field="groups",
                    remedy=Remedy("Use one group", change=FrozenDict({"groups": 1})),
                )
        if self.padding_mode in ("reflect", "circular"):
            self._check_padding(size)
        return super().output_shape(inputs)

    def _check_padding(self, size: list[int]) -> None:
        spare = 0 if self.padding_mode == "circular" else 1
        padding = self._filters(1).padding
        if any(p > length - spare for p, length in zip(padding, size, strict=True)):
            raise ShapeError(
                f"the {show_pair((size[0], size[1]))} picture is too small to fill a padding of "
                f"{brief((padding[0], padding[1]))} from itself.",
                "Pad with zeros, or pad less.",
                field="padding_mode",
                remedy=Remedy("Pad with zeros", change=FrozenDict({"padding_mode": "zeros"})),
            )

    def lower(self, inputs: Shapes) -> Call:
        call = super().lower(inputs)
        if self.padding_mode == "zeros":
            return call
        return Call(call.target, *call.args, **call.kwargs, padding_mode=self.padding_mode)

    def headline(self) -> str:
        text = f"Conv {show_pair(self.kernel_size)}, {self.filters}"
        if self.groups > 1:
            text += f" in {self.groups} groups"
        if self.stride != (1, 1):
            text += f", stride {brief(self.stride)}"
        if self.border != "padding":
            text += f", {self.border}"
        elif self.padding != (0, 0):
            text += f", pad {brief(self.padding)}"
        return text


@register
class TrueConv2d(_Convolution):
    """Convolution as mathematics has it: each filter is turned by 180° before it slides over the picture. What other
    layers call convolution leaves the filter as it is (cross-correlation); learning finds the same either way, turned.
    """

    title: ClassVar[str] = "Conv, filter turned"
    keywords: ClassVar[tuple[str, ...]] = ("true convolution", "kernel reversal", "flip", "cross-correlation")
    use: ClassVar[str] = "To compare convolution with cross-correlation, or with filters from a textbook."
    source: ClassVar[str] = (
        "Goodfellow et al. 2016, chapter 9.1, https://www.deeplearningbook.org/contents/convnets.html"
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((1, 12, 12),), {"filters": 6, "kernel_size": 5}),
        Example(((3, 11, 9),), {"filters": 4, "kernel_size": [3, 5], "stride": 2, "padding": [1, 2], "dilation": 2}),
        Example(((2, 7, 7),), {"filters": 3, "bias": False}),
    )

    filters: Positive = parameter(16, "Filters", "How many filters, and so how many feature maps.", slider=(1, 128))
    kernel_size: Size2 = parameter((3, 3), "Kernel size", "Height and width of each filter.", unit="px", slider=(1, 11))
    stride: Size2 = parameter((1, 1), "Stride", "How far the filter moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((0, 0), "Padding", "Zeros added at each border.", unit="px", slider=(0, 5))
    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the filter's cells.", slider=(1, 4), advanced=True)
    bias: bool = parameter(True, "Bias", "Adds one learned number to each feature map.")
    trainable: bool = trainable()
    initialisation: Initialisation = initialisation()

    def _filters(self, channels: int) -> _Filters:
        return _Filters(self.filters, self.kernel_size, self.stride, self.padding, self.dilation)

    def lower(self, inputs: Shapes) -> Call:
        plain = super().lower(inputs)
        turned = Call("torch.flip", Own("weight"), (2, 3))
        options = {name: plain.kwargs[name] for name in ("stride", "padding", "dilation") if name in plain.kwargs}
        bias = (Own("bias"),) if self.bias else ()
        return plain.used(Call("torch.nn.functional.conv2d", Input(), turned, *bias, **options))

    def _function(self, filters: _Filters) -> str:
        return "y[i,j] = Σ_{c,m,n} w[c,m,n]·x[c,i−m,j−n]" + (" + b" if self.bias else "")

    def headline(self) -> str:
        text = f"Conv {show_pair(self.kernel_size)} turned, {self.filters}"
        return text if self.stride == (1, 1) else f"{text}, stride {brief(self.stride)}"


@register
class PointwiseConv2d(_Convolution):
    """A convolution with 1×1 filters: at each place of the picture, every output is a weighted sum of the channels
    there. Changes the depth, not the size."""

    title: ClassVar[str] = "Pointwise conv"
    keywords: ClassVar[tuple[str, ...]] = ("1x1 convolution", "projection", "bottleneck", "channel mixing")
    use: ClassVar[str] = "To change the number of feature maps cheaply, as in Inception, ResNet and MobileNet."
    source: ClassVar[str] = "Lin et al. 2013, https://arxiv.org/abs/1312.4400"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((64, 8, 8),), {"filters": 16}),
        Example(((6, 9, 8),), {"filters": 12, "stride": 2, "bias": False}),
    )

    filters: Positive = parameter(16, "Filters", "How many feature maps come out.", slider=(1, 128))
    stride: Size2 = parameter((1, 1), "Stride", "Takes every so many-th place only.", unit="px", slider=(1, 4))
    bias: bool = parameter(True, "Bias", "Adds one learned number to each feature map.")
    trainable: bool = trainable()
    initialisation: Initialisation = initialisation()

    def _filters(self, channels: int) -> _Filters:
        return _Filters(self.filters, stride=self.stride)

    def headline(self) -> str:
        text = f"Conv 1×1, {self.filters}"
        return text if self.stride == (1, 1) else f"{text}, stride {brief(self.stride)}"


@register
class DepthwiseConv2d(_Convolution):
    """Gives each channel filters of its own that see no other channel. It needs a small part of the parameters of a
    full convolution."""

    title: ClassVar[str] = "Depthwise conv"
    keywords: ClassVar[tuple[str, ...]] = ("grouped", "separable", "mobilenet", "filter")
    use: ClassVar[str] = "Followed by a pointwise convolution, as a cheap substitute for a full one."
    source: ClassVar[str] = "Howard et al. 2017, https://arxiv.org/abs/1704.04861"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((8, 9, 9),)),
        Example(((3, 10, 8),), {"kernel_size": [5, 3], "stride": 2, "padding": [2, 1], "multiplier": 2, "bias": False}),
        Example(((2, 9, 9),), {"dilation": 2}),
    )

    kernel_size: Size2 = parameter((3, 3), "Kernel size", "Height and width of each filter.", unit="px", slider=(1, 11))
    stride: Size2 = parameter((1, 1), "Stride", "How far the filter moves each time.", unit="px", slider=(1, 4))
    padding: Padding2 = parameter((1, 1), "Padding", "Zeros added at each border.", unit="px", slider=(0, 5))
    dilation: Size2 = parameter((1, 1), "Dilation", "Distance of the filter's cells.", slider=(1, 4), advanced=True)
    multiplier: Positive = parameter(1, "Filters a channel", "How many filters each channel gets.", slider=(1, 8))
    bias: bool = parameter(True, "Bias", "Adds one learned number to each feature map.")
    trainable: bool = trainable()
    initialisation: Initialisation = initialisation()

    def _filters(self, channels: int) -> _Filters:
        count = channels * self.multiplier
        return _Filters(count, self.kernel_size, self.stride, self.padding, self.dilation, groups=channels)

    def headline(self) -> str:
        text = f"Depthwise {show_pair(self.kernel_size)}"
        if self.stride != (1, 1):
            text += f", stride {brief(self.stride)}"
        return text if self.padding == (0, 0) else f"{text}, pad {brief(self.padding)}"
