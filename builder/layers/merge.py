"""Layers that join several wires into one."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import parameter
from builder.layers.base import (
    INSERT_FLATTEN,
    Call,
    Category,
    Example,
    Formula,
    Input,
    Layer,
    Ports,
    Remedy,
    ShapeError,
    Shapes,
    Window,
    product,
    show,
)
from builder.layers.registry import register


class _Merge(Layer):
    """What joins several wires."""

    category: ClassVar[Category] = Category.STRUCTURE
    compact: ClassVar[bool] = True
    ports: ClassVar[Ports] = Ports(inputs=("in",), variadic=True, least=2)


class _Elementwise(_Merge):
    """What works on inputs of one shape, number by number.

    Attributes:
        function: the function of two inputs in torch.
    """

    examples: ClassVar[tuple[Example, ...]] = (
        Example(((16, 8, 8), (16, 8, 8))),
        Example(((4,), (4,), (4,))),
    )
    function: ClassVar[str]
    formula: ClassVar[str]

    def output_shape(self, inputs: Shapes) -> Shape:
        for port, shape in enumerate(inputs):
            if shape != inputs[0]:
                message = f"{self.title} needs inputs of one shape, got {' and '.join(show(s) for s in inputs)}."
                hint = _hint(inputs[0], shape)
                at, remedy = _match(inputs[0], shape, port)
                raise ShapeError(message, hint, port=at, remedy=remedy)
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        total = Call(self.function, Input(0), Input(1))
        for port in range(2, len(inputs)):
            total = Call(self.function, total, Input(port))
        return total

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return 0

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        size = math.prod(output)
        return (Formula("Function", self.formula, f"{len(inputs)} inputs; y: {product(output)} = {size:,} numbers"),)


def _hint(first: Shape, other: Shape) -> str:
    if len(first) == len(other) == 3 and first[1:] != other[1:]:
        return "Padding keeps height and width; a 1×1 convolution changes the channels, its stride the size."
    return "Bring them to the same shape, for example with a 1×1 convolution."


def _match(first: Shape, other: Shape, port: int) -> tuple[int, Remedy | None]:
    """Where to put which layer so that one of two shapes becomes the other: the projection of a ResNet."""
    if len(first) == len(other) == 1:
        return port, Remedy(f"Insert Linear, {first[0]}", "Linear", FrozenDict({"features": first[0]}))
    if {len(first), len(other)} == {1, 3}:
        return 0 if len(first) == 3 else port, INSERT_FLATTEN
    if len(first) == len(other) == 3:
        ends = ((port, other, first), (0, first, other))
        # Of one size, the one with fewer channels gets more: what the other has found out is not thrown away.
        for at, big, small in ends if first[1:] != other[1:] or other[0] <= first[0] else ends[::-1]:
            stride = _stride(big, small)
            if stride is not None:
                params = {"filters": small[0], "stride": stride}
                title = f"Insert 1×1 convolution to {show(small)}"
                return at, Remedy(title, "PointwiseConv2d", FrozenDict(params))
    return port, None


def _stride(big: Shape, small: Shape) -> int | None:
    """The stride at which a 1×1 convolution takes one size to the other; None when there is none."""
    for stride in {math.ceil(big[1] / small[1]), (big[1] - 1) // small[1] + 1}:
        if all((size - 1) // stride + 1 == wanted for size, wanted in zip(big[1:], small[1:], strict=True)):
            return stride
    return None


@register
class Add(_Elementwise):
    """Adds its inputs number by number: the joint of a skip connection. All inputs need the same shape."""

    title: ClassVar[str] = "Add"
    stem: ClassVar[str] = "add"
    keywords: ClassVar[tuple[str, ...]] = ("sum", "skip connection", "residual", "shortcut", "merge")
    use: ClassVar[str] = "To let a value skip some layers, as in ResNet."
    source: ClassVar[str] = "He et al. 2015, https://arxiv.org/abs/1512.03385"
    function: ClassVar[str] = "torch.add"
    formula: ClassVar[str] = "y = x_{1} + x_{2} + …"


@register
class Multiply(_Elementwise):
    """Multiplies its inputs number by number: one input opens and closes the other like a gate. All inputs need the
    same shape."""

    title: ClassVar[str] = "Multiply"
    stem: ClassVar[str] = "multiply"
    keywords: ClassVar[tuple[str, ...]] = ("product", "gate", "attention", "mask", "merge")
    use: ClassVar[str] = "For gates: a sigmoid branch that says how much of the other passes."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.mul.html"
    examples: ClassVar[tuple[Example, ...]] = (*_Elementwise.examples, Example(((16, 8, 8), (16, 1, 1))))
    function: ClassVar[str] = "torch.mul"
    formula: ClassVar[str] = "y = x_{1}·x_{2}·…"

    def output_shape(self, inputs: Shapes) -> Shape:
        # A gate with one number for each feature map (squeeze and excitation) works on the whole map.
        largest = max(inputs, key=math.prod)
        gates = len(largest) == 3 and all(shape in (largest, (largest[0], 1, 1)) for shape in inputs)
        return largest if gates else super().output_shape(inputs)

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(output) * (len(inputs) - 1)


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
        Example(((4, 5, 3), (4, 5, 6)), {"axis": 3}),
    )

    axis: Annotated[int, Field(ge=1, le=4)] = parameter(
        1, "Axis", "What is put behind each other; for pictures: 1 channels, 2 height, 3 width.", advanced=True
    )

    def output_shape(self, inputs: Shapes) -> Shape:
        first = inputs[0]
        if self.axis > 1:
            return self._other_axis(inputs)
        for port, shape in enumerate(inputs):
            if shape[1:] == first[1:] and len(shape) == len(first):
                continue
            got = " and ".join(show(s) for s in inputs)
            if {len(first), len(shape)} == {1, 3}:
                message = f"Concatenate needs only pictures or only flat inputs, got {got}."
                hint = "Make the pictures flat."
                raise ShapeError(message, hint, port=port if len(first) == 1 else 0, remedy=INSERT_FLATTEN)
            message = f"Concatenate needs inputs of one height and width, got {got}."
            hint = "Use padding or pooling to bring them to the same size."
            raise ShapeError(message, hint, port=port, remedy=_pool_to(first, shape))
        return (sum(shape[0] for shape in inputs), *first[1:])

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.cat", Input(None), dim=self.axis)

    def _other_axis(self, inputs: Shapes) -> Shape:
        at, first = self.axis - 1, inputs[0]
        for port, shape in enumerate(inputs):
            if len(shape) < self.axis:
                message = f"{self.title} is asked for axis {self.axis}, but {show(shape)} has fewer."
                raise ShapeError(message, "Axes count from 1.", field="axis", port=port)
            if shape[:at] + shape[self.axis :] != first[:at] + first[self.axis :]:
                got = " and ".join(show(s) for s in inputs)
                message = f"{self.title} needs inputs that differ along axis {self.axis} only, got {got}."
                raise ShapeError(message, "Bring them to the same size along the others.", port=port)
        return (*first[:at], sum(shape[at] for shape in inputs), *first[self.axis :])

    def window(self, inputs: Shapes) -> Window | None:
        return Window() if self.axis == 1 else None  # places of different inputs come to stand beside each other

    def headline(self) -> str:
        return f"{self.title} along axis {self.axis}" if self.axis > 1 else self.title

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        at = self.axis - 1
        sizes = " + ".join(str(shape[at]) for shape in inputs)
        title = f"Axis {self.axis}" if at else "Depth"
        return (Formula(title, "N_{out} = N_{1} + N_{2} + …", f"{sizes} = {output[at]}"),)


def _pool_to(first: Shape, shape: Shape) -> Remedy | None:
    """What brings `shape` to the height and width of the first input."""
    if len(first) != 3 or len(shape) != 3:
        return None
    size, have = (first[1], first[2]), (shape[1], shape[2])
    if have[0] >= size[0] and have[1] >= size[1]:
        return Remedy(f"Insert pooling to {show(size)}", "AdaptiveAvgPool2d", FrozenDict({"output_size": size}))
    if size[0] % have[0] == 0 and size[1] % have[1] == 0:
        scale = (size[0] // have[0], size[1] // have[1])
        return Remedy(f"Enlarge to {show(size)}", "Upsample", FrozenDict({"scale": scale}))
    return None
