"""Poolings that are told the size of their output instead of their window."""

from __future__ import annotations

from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import Size2, parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, Shapes, Window, short, show_pair
from builder.layers.registry import register
from builder.layers.sliding import need_picture, size_formula

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


class _Adaptive(Layer):
    """What adaptive poolings share: windows laid so that the output has the size asked for."""

    category: ClassVar[Category] = Category.POOLING
    stem: ClassVar[str] = "pool"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 7, 7),)),
        Example(((6, 9, 7),), {"output_size": [3, 2]}),
        Example(((2, 8, 6),), {"output_size": [4, 3]}),
    )
    word: ClassVar[str]

    output_size: Size2 = parameter((1, 1), "Output size", "Height and width of the output.", unit="px", slider=(1, 14))

    def output_shape(self, inputs: Shapes) -> Shape:
        return (need_picture(inputs[0], self.title)[0], *self.output_size)

    def lower(self, inputs: Shapes) -> Call:
        return Call(f"torch.nn.{self.kind()}", short(self.output_size))

    def headline(self) -> str:
        if self.output_size == (1, 1):
            return f"Global {self.word.lower()}"
        return f"{self.word} to {show_pair(self.output_size)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        general = "H_{out} = as asked for; window i covers ⌊i·H_{in}/H_{out}⌋ to ⌈(i + 1)·H_{in}/H_{out}⌉"
        cells = f"{inputs[0][1]}×{inputs[0][2]} cells to {output[1]}×{output[2]}"
        return (size_formula(general, [cells]), Formula("Parameters", "nothing is learned", "0"))

    def window(self, inputs: Shapes) -> Window | None:
        _, high, wide = inputs[0]
        if high % self.output_size[0] or wide % self.output_size[1]:
            return None
        size = (high // self.output_size[0], wide // self.output_size[1])
        return Window(size, size)


@register
class AdaptiveAvgPool2d(_Adaptive):
    """Averages so that the output has the size asked for, whatever the input's. With 1×1 it is global average
    pooling: one number for each feature map."""

    title: ClassVar[str] = "Adaptive average pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "global average", "GAP", "mean")
    use: ClassVar[str] = "Before the classifier, instead of large fully connected layers."
    source: ClassVar[str] = _PAGE + "AdaptiveAvgPool2d.html"
    word: ClassVar[str] = "Average"


@register
class AdaptiveMaxPool2d(_Adaptive):
    """Keeps the largest value of as many windows as the output has cells. With 1×1 it is global max pooling: how
    strongly each filter answered at its best place."""

    title: ClassVar[str] = "Adaptive max pool"
    keywords: ClassVar[tuple[str, ...]] = ("pooling", "global max", "GMP", "maximum")
    use: ClassVar[str] = "Before the classifier, when a pattern counts wherever it is seen once."
    source: ClassVar[str] = _PAGE + "AdaptiveMaxPool2d.html"
    word: ClassVar[str] = "Maximum"
