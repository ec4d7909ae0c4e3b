"""Layers that reshape and join values without working on them."""

from __future__ import annotations

import math
from typing import ClassVar

from builder.graph.model import Shape
from builder.layers.base import Call, Category, Example, Formula, Input, Layer, Ports, ShapeError, Shapes, Window, show
from builder.layers.registry import register


@register
class Flatten(Layer):
    """Writes all numbers of a picture into one long list, channel by channel."""

    title: ClassVar[str] = "Flatten"
    category: ClassVar[Category] = Category.STRUCTURE
    stem: ClassVar[str] = "flatten"
    compact: ClassVar[bool] = True
    keywords: ClassVar[tuple[str, ...]] = ("reshape", "vector")
    use: ClassVar[str] = "Between the last feature maps and the first fully connected layer."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.flatten.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((16, 5, 5),)), Example(((84,),)))

    def output_shape(self, inputs: Shapes) -> Shape:
        return (math.prod(inputs[0]),)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.flatten", Input(), 1)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        product = "·".join(str(size) for size in inputs[0])
        return (Formula("Output size", "N = C·H·W", f"{product} = {output[0]:,}"),)

    def window(self, inputs: Shapes) -> Window | None:
        # One number of the list is one cell of the picture, but which one depends on the position in the list.
        return Window() if len(inputs[0]) == 1 or inputs[0][1:] == (1, 1) else None


class _Merge(Layer):
    """What joins several wires."""

    category: ClassVar[Category] = Category.STRUCTURE
    compact: ClassVar[bool] = True
    ports: ClassVar[Ports] = Ports(inputs=("in",), variadic=True, least=2)


@register
class Add(_Merge):
    """Adds its inputs number by number: the joint of a skip connection. All inputs need the same shape."""

    title: ClassVar[str] = "Add"
    stem: ClassVar[str] = "add"
    keywords: ClassVar[tuple[str, ...]] = ("sum", "skip connection", "residual", "shortcut", "merge")
    use: ClassVar[str] = "To let a value skip some layers, as in ResNet."
    source: ClassVar[str] = "https://arxiv.org/abs/1512.03385"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((16, 8, 8), (16, 8, 8))),
        Example(((4,), (4,), (4,))),
    )

    def output_shape(self, inputs: Shapes) -> Shape:
        for port, shape in enumerate(inputs):
            if shape != inputs[0]:
                raise ShapeError(
                    f"Add needs inputs of one shape, got {' and '.join(show(s) for s in inputs)}.",
                    "Bring them to the same shape, for example with a 1×1 convolution.",
                    port=port,
                )
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        total = Call("torch.add", Input(0), Input(1))
        for port in range(2, len(inputs)):
            total = Call("torch.add", total, Input(port))
        return total

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Function", "y = x_{1} + x_{2} + …"),)


@register
class Concatenate(_Merge):
    """Puts the feature maps of its inputs behind each other. Height and width must agree; the depths add up."""

    title: ClassVar[str] = "Concatenate"
    stem: ClassVar[str] = "concat"
    keywords: ClassVar[tuple[str, ...]] = ("cat", "join", "stack", "merge", "inception")
    use: ClassVar[str] = "To join branches, as in GoogLeNet."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.cat.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((4, 8, 8), (2, 8, 8), (1, 8, 8))),
        Example(((3,), (5,))),
    )

    def output_shape(self, inputs: Shapes) -> Shape:
        for port, shape in enumerate(inputs):
            if shape[1:] != inputs[0][1:] or len(shape) != len(inputs[0]):
                raise ShapeError(
                    f"Concatenate needs inputs of one height and width, got {' and '.join(show(s) for s in inputs)}.",
                    "Use padding or pooling to bring them to the same size.",
                    port=port,
                )
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.cat", Input(None), dim=1)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        depths = " + ".join(str(shape[0]) for shape in inputs)
        return (Formula("Depth", "N_{out} = N_{1} + N_{2} + …", f"{depths} = {output[0]}"),)
