"""Layers that make a picture larger, add a border to it or cut one off. Nothing is learned."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import Padding2, Size2, parameter
from builder.layers.base import (
    Call,
    Category,
    Example,
    Formula,
    Input,
    Layer,
    Remedy,
    ShapeError,
    Shapes,
    Window,
    brief,
    short,
    show_pair,
)
from builder.layers.registry import register
from builder.layers.sliding import Pair, need_picture, size_formula

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


class _Resize(Layer):
    """What all of them share."""

    category: ClassVar[Category] = Category.STRUCTURE
    compact: ClassVar[bool] = True


@register
class Upsample(_Resize):
    """Makes the picture larger by a whole factor: by repeating its cells, or by drawing smooth lines between them."""

    title: ClassVar[str] = "Up-sampling"
    stem: ClassVar[str] = "up"
    keywords: ClassVar[tuple[str, ...]] = ("enlarge", "interpolate", "resize", "bilinear", "decoder")
    use: ClassVar[str] = "Before a convolution, as a plain way back to a large picture."
    source: ClassVar[str] = _PAGE + "Upsample.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 7, 7),)),
        Example(((2, 5, 4),), {"scale": [3, 1], "mode": "bilinear"}),
        Example(((2, 5, 4),), {"mode": "bicubic"}),
    )

    scale: Size2 = parameter((2, 2), "Factor", "How many times as high and wide.", slider=(1, 8))
    mode: Literal["nearest", "bilinear", "bicubic"] = parameter(
        "nearest",
        "Between the cells",
        "What the new cells get.",
        choices={"nearest": "the nearest cell", "bilinear": "straight lines", "bicubic": "smooth curves"},
    )

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, high, wide = need_picture(inputs[0], self.title)
        return (channels, high * self.scale[0], wide * self.scale[1])

    def lower(self, inputs: Shapes) -> Call:
        options = {} if self.mode == "nearest" else {"mode": self.mode}
        return Call("torch.nn.Upsample", scale_factor=short(self.scale), **options)

    def headline(self) -> str:
        return f"Up by {brief(self.scale)}" + ("" if self.mode == "nearest" else f", {self.mode}")

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        lines = [f"{inputs[0][axis + 1]}·{self.scale[axis]} = {output[axis + 1]}" for axis in (0, 1)]
        return (size_formula("H_{out} = factor·H_{in}", lines),)

    def window(self, inputs: Shapes) -> Window | None:
        # Neighbouring outputs see the same cells: a step smaller than one, which no window tells.
        return Window() if self.scale == (1, 1) and self.mode != "bicubic" else None


class _Pad(_Resize):
    """What the borders share: how many cells are added on each side.

    Attributes:
        spare: by how much the border must be smaller than the picture; None when it may be of any size.
        module: the class in torch.nn.
    """

    stem: ClassVar[str] = "pad"
    examples: ClassVar[tuple[Example, ...]] = (Example(((3, 5, 6),)), Example(((1, 4, 4),), {"padding": [3, 1]}))
    spare: ClassVar[int | None] = None

    padding: Padding2 = parameter((1, 1), "Border", "Cells above and below, left and right.", unit="px", slider=(0, 8))

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, high, wide = need_picture(inputs[0], self.title)
        if self.spare is not None:
            most = (high - self.spare, wide - self.spare)
            if self.padding[0] > most[0] or self.padding[1] > most[1]:
                fitting = (min(self.padding[0], most[0]), min(self.padding[1], most[1]))
                raise ShapeError(
                    f"a {show_pair((high, wide))} picture is too small for a mirrored border of {brief(self.padding)}.",
                    "The border must be smaller than the picture.",
                    field="padding",
                    remedy=Remedy(f"Set the border to {brief(fitting)}", change=FrozenDict({"padding": fitting})),
                )
        return (channels, high + 2 * self.padding[0], wide + 2 * self.padding[1])

    def lower(self, inputs: Shapes) -> Call:
        high, wide = self.padding
        sizes: Any = high if high == wide else (wide, wide, high, high)
        return Call(f"torch.nn.{self.kind()}", sizes)

    def headline(self) -> str:
        return f"{self.title} {brief(self.padding)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        lines = [f"{inputs[0][axis + 1]} + 2·{self.padding[axis]} = {output[axis + 1]}" for axis in (0, 1)]
        return (size_formula("H_{out} = H_{in} + 2p", lines),)

    def window(self, inputs: Shapes) -> Window:
        return Window(padding=self.padding)


@register
class ZeroPad2d(_Pad):
    """Puts a border of zeros around the picture."""

    title: ClassVar[str] = "Pad with zeros"
    keywords: ClassVar[tuple[str, ...]] = ("padding", "border", "zero padding")
    use: ClassVar[str] = "To keep the size through a convolution, or to reach a size."
    source: ClassVar[str] = _PAGE + "ZeroPad2d.html"


@register
class ReflectionPad2d(_Pad):
    """Puts a border around the picture that mirrors it."""

    title: ClassVar[str] = "Pad mirrored"
    keywords: ClassVar[tuple[str, ...]] = ("padding", "border", "reflect", "mirror")
    use: ClassVar[str] = "For image-to-image networks, where a border of zeros would show."
    source: ClassVar[str] = _PAGE + "ReflectionPad2d.html"
    spare: ClassVar[int | None] = 1


@register
class ReplicationPad2d(_Pad):
    """Puts a border around the picture that repeats its outermost cells."""

    title: ClassVar[str] = "Pad repeated"
    keywords: ClassVar[tuple[str, ...]] = ("padding", "border", "replicate", "edge")
    use: ClassVar[str] = "For image-to-image networks, where a border of zeros would show."
    source: ClassVar[str] = _PAGE + "ReplicationPad2d.html"


@register
class CenterCrop(_Resize):
    """Keeps the middle of the picture and cuts off the rest."""

    title: ClassVar[str] = "Crop"
    stem: ClassVar[str] = "crop"
    keywords: ClassVar[tuple[str, ...]] = ("cut", "centre", "center", "middle", "smaller")
    use: ClassVar[str] = "To bring branches to one size, as in U-Net."
    source: ClassVar[str] = "Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((3, 32, 32),)),
        Example(((2, 9, 7),), {"size": [4, 7]}),
    )

    size: Size2 = parameter((24, 24), "Size", "Height and width of what is kept.", unit="px", slider=(1, 64))

    def _corner(self, shape: Shape) -> Pair:
        return ((shape[1] - self.size[0]) // 2, (shape[2] - self.size[1]) // 2)

    def output_shape(self, inputs: Shapes) -> Shape:
        channels, high, wide = need_picture(inputs[0], self.title)
        if self.size[0] > high or self.size[1] > wide:
            fitting = (min(self.size[0], high), min(self.size[1], wide))
            raise ShapeError(
                f"a {show_pair((high, wide))} picture has no {show_pair(self.size)} middle.",
                "Keep less, or pad first.",
                field="size",
                remedy=Remedy(f"Set the size to {show_pair(fitting)}", change=FrozenDict({"size": fitting})),
            )
        return (channels, *self.size)

    def lower(self, inputs: Shapes) -> Call:
        top, left = self._corner(inputs[0])
        rows = Call("torch.narrow", Input(), 2, top, self.size[0])
        return Call("torch.narrow", rows, 3, left, self.size[1])

    def headline(self) -> str:
        return f"Crop to {show_pair(self.size)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        lines = []
        for axis, before in enumerate(self._corner(inputs[0])):
            behind = inputs[0][axis + 1] - output[axis + 1] - before
            lines.append(f"{inputs[0][axis + 1]} − {before} − {behind} = {output[axis + 1]}")
        return (size_formula("H_{out} = H_{in} − cut off before − cut off behind", lines),)

    def window(self, inputs: Shapes) -> Window:
        top, left = self._corner(inputs[0])
        return Window(padding=(-top, -left))
