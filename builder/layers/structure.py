"""Layers that give values another form without working on them."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import NonNegative, Positive, ShapeParameter, parameter
from builder.layers.base import (
    GETITEM,
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
    product,
    show,
)
from builder.layers.freezing import trainable
from builder.layers.registry import register

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch."

Axis = Annotated[int, Field(ge=1, le=4)]


class _Structure(Layer):
    """What all of them share: they are drawn small."""

    category: ClassVar[Category] = Category.STRUCTURE
    compact: ClassVar[bool] = True


def _axes_in(axes: tuple[int, ...], shape: Shape, who: str, field: str) -> None:
    if max(axes) > len(shape):
        sizes = "one size" if len(shape) == 1 else f"{len(shape)} sizes"
        message = f"{who} is asked for axis {max(axes)}, but {show(shape)} has only {sizes}."
        raise ShapeError(message, "Axes count from 1; for pictures: channels, height, width.", field=field)


@register
class Flatten(_Structure):
    """Writes all numbers of a picture into one long list, channel by channel."""

    title: ClassVar[str] = "Flatten"
    stem: ClassVar[str] = "flatten"
    keywords: ClassVar[tuple[str, ...]] = ("reshape", "vector")
    use: ClassVar[str] = "Between the last feature maps and the first fully connected layer."
    source: ClassVar[str] = _PAGE + "flatten.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((16, 5, 5),)), Example(((84,),)))

    def output_shape(self, inputs: Shapes) -> Shape:
        return (math.prod(inputs[0]),)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.flatten", Input(), 1)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Output size", "N = C·H·W", f"{product(inputs[0])} = {output[0]:,}"),)

    def window(self, inputs: Shapes) -> Window | None:
        # One number of the list is one cell of the picture, but which one depends on the position in the list.
        return Window() if len(inputs[0]) == 1 or inputs[0][1:] == (1, 1) else None


@register
class Reshape(_Structure):
    """Writes the same numbers, in the same order, into another shape."""

    title: ClassVar[str] = "Reshape"
    stem: ClassVar[str] = "reshape"
    keywords: ClassVar[tuple[str, ...]] = ("view", "unflatten", "picture", "tokens")
    use: ClassVar[str] = "To make a picture of a list of numbers, or tokens of a picture."
    source: ClassVar[str] = _PAGE + "reshape.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((784,),)),
        Example(((16, 4, 4),), {"shape": [16, 16]}),
        Example(((3, 2, 4),), {"shape": 24}),
    )

    shape: ShapeParameter = parameter(
        (1, 28, 28), "Shape", "Channels × height × width of a picture (1×28×28), or how many numbers (784)."
    )

    def output_shape(self, inputs: Shapes) -> Shape:
        have, need = math.prod(inputs[0]), math.prod(self.shape)
        if have != need:
            raise ShapeError(
                f"{show(inputs[0])} holds {have:,} numbers, {show(self.shape)} holds {need:,}.",
                "Both shapes must hold equally many numbers.",
                field="shape",
                remedy=Remedy(f"Set the shape to {have}", change=FrozenDict({"shape": have})),
            )
        return self.shape

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.reshape", Input(), (-1, *self.shape))

    def headline(self) -> str:
        return f"Reshape to {show(self.shape)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Output size", "equally many numbers", f"{product(inputs[0])} = {product(output)}"),)

    def window(self, inputs: Shapes) -> Window | None:
        return Window() if inputs[0] == self.shape else None


@register
class Permute(_Structure):
    """Puts the axes of a value into another order, for example channels last."""

    title: ClassVar[str] = "Permute"
    stem: ClassVar[str] = "permute"
    keywords: ClassVar[tuple[str, ...]] = ("transpose", "swap axes", "channels last", "order")
    use: ClassVar[str] = "Where a layer wants its channels elsewhere."
    source: ClassVar[str] = _PAGE + "permute.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((3, 5, 4),)), Example(((10, 32),), {"order": [2, 1]}))

    order: ShapeParameter = parameter(
        (2, 3, 1), "Order", "The old axes in their new order; they count from 1, without batch.", between=", "
    )

    @field_validator("order")
    @classmethod
    def _each_once(cls, order: tuple[int, ...]) -> tuple[int, ...]:
        if sorted(order) != list(range(1, len(order) + 1)):
            raise ValueError(f"write each axis from 1 to {len(order)} once")
        return order

    def output_shape(self, inputs: Shapes) -> Shape:
        _axes_in(self.order, inputs[0], self.title, "order")
        if len(self.order) != len(inputs[0]):
            raise ShapeError(
                f"{show(inputs[0])} has {len(inputs[0])} axes, the order names {len(self.order)}.",
                "Name every axis once.",
                field="order",
            )
        return tuple(inputs[0][axis - 1] for axis in self.order)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.permute", Input(), (0, *self.order))

    def headline(self) -> str:
        return f"Permute {', '.join(str(axis) for axis in self.order)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Output size", "the sizes in their new order", f"{product(inputs[0])} = {product(output)}"),)

    def window(self, inputs: Shapes) -> Window | None:
        return Window() if list(self.order) == sorted(self.order) else None


@register
class Slice(_Structure):
    """Keeps a stretch of one axis, for example some of the feature maps, and drops the rest."""

    title: ClassVar[str] = "Slice"
    stem: ClassVar[str] = "slice"
    keywords: ClassVar[tuple[str, ...]] = ("narrow", "split", "select", "part")
    use: ClassVar[str] = "To send feature maps different ways, or to take one token out of many."
    source: ClassVar[str] = _PAGE + "narrow.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 5, 5),), {"length": 3}),
        Example(((6, 5, 7),), {"axis": 3, "start": 2, "length": 4}),
        Example(((10, 32),)),
        Example(((3, 6, 7),), {"axis": 2, "start": 1, "length": 3, "step": 2}),
    )

    axis: Axis = parameter(1, "Axis", "For pictures: 1 channels, 2 height, 3 width.")
    start: NonNegative = parameter(0, "Start", "How many are left out at the beginning.", slider=(0, 64))
    length: Positive = parameter(1, "Length", "How many are kept.", slider=(1, 64))
    step: Positive = parameter(1, "Step", "2 keeps every second one only.", slider=(1, 8), advanced=True)

    @property
    def _end(self) -> int:
        """Where the stretch ends: right behind the last that is kept."""
        return self.start + (self.length - 1) * self.step + 1

    def output_shape(self, inputs: Shapes) -> Shape:
        shape = inputs[0]
        _axes_in((self.axis,), shape, self.title, "axis")
        size = shape[self.axis - 1]
        if self._end > size:
            first = self.start if self.start < size else 0
            length = (size - first - 1) // self.step + 1
            change = {"length": length} if self.start < size else {"start": 0, "length": length}
            raise ShapeError(
                f"the axis has only {size}, too few to leave out {self.start} and keep {self.length}.",
                "Keep fewer or begin earlier.",
                field="length" if self.start < size else "start",
                remedy=Remedy(f"Keep {length}", change=FrozenDict(change)),
            )
        return (*shape[: self.axis - 1], self.length, *shape[self.axis :])

    def lower(self, inputs: Shapes) -> Call:
        if self.step > 1:
            return Call(GETITEM, Input(), (slice(None),) * self.axis + (slice(self.start, self._end, self.step),))
        return Call("torch.narrow", Input(), self.axis, self.start, self.length)

    def headline(self) -> str:
        if self.step > 1:
            return f"Slice {self.start + 1} to {self._end} by {self.step}, axis {self.axis}"
        return f"Slice {self.start + 1} to {self._end} of axis {self.axis}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        rest = inputs[0][self.axis - 1] - self.start - self.length
        numbers = f"{inputs[0][self.axis - 1]} − {self.start} − {rest} = {output[self.axis - 1]}"
        return (Formula("Output size", "N_{out} = N_{in} − left out", numbers),)

    def window(self, inputs: Shapes) -> Window | None:
        top = -self.start if self.axis == 2 else 0
        left = -self.start if self.axis == 3 else 0
        stride = (self.step if self.axis == 2 else 1, self.step if self.axis == 3 else 1)
        return Window(stride=stride, padding=(top, left))


@register
class Mean(_Structure):
    """Averages over whole axes, which then are gone: over height and width, one number for each feature map."""

    title: ClassVar[str] = "Mean"
    stem: ClassVar[str] = "mean"
    keywords: ClassVar[tuple[str, ...]] = ("average", "global average", "reduce", "GAP", "tokens")
    use: ClassVar[str] = "Before the classifier: global average pooling and flatten in one."
    source: ClassVar[str] = _PAGE + "mean.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 5, 4),)),
        Example(((10, 32),), {"axes": 1}),
        Example(((6, 5, 4),), {"axes": [1, 3]}),
    )

    axes: ShapeParameter = parameter(
        (2, 3), "Axes", "What is averaged over; for pictures: 1 channels, 2 height, 3 width.", between=", "
    )

    @field_validator("axes")
    @classmethod
    def _each_once(cls, axes: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(axes)) != len(axes) or max(axes) > 4:
            raise ValueError("name axes from 1 to 4, each once")
        return axes

    def output_shape(self, inputs: Shapes) -> Shape:
        _axes_in(self.axes, inputs[0], self.title, "axes")
        if len(self.axes) == len(inputs[0]):
            raise ShapeError("a mean over all axes leaves nothing to go on with.", "Leave one axis.", field="axes")
        return tuple(size for axis, size in enumerate(inputs[0], 1) if axis not in self.axes)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.mean", Input(), dim=self.axes[0] if len(self.axes) == 1 else self.axes)

    def headline(self) -> str:
        if self.axes == (2, 3):
            return "Mean of each map"
        return f"Mean over axis {' and '.join(str(axis) for axis in self.axes)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        sizes = tuple(inputs[0][axis - 1] for axis in self.axes)
        numbers = f"n = {product(sizes)} = {math.prod(sizes):,}" if len(sizes) > 1 else f"n = {sizes[0]:,}"
        return (Formula("Function", "y = (x_{1} + … + x_{n}) / n", numbers),)

    def window(self, inputs: Shapes) -> Window | None:
        return Window() if self.axes == (1,) and len(inputs[0]) == 3 else None


@register
class Identity(_Structure):
    """Passes its input on unchanged: a linear activation, or a place to attach a wire."""

    title: ClassVar[str] = "Identity"
    stem: ClassVar[str] = "identity"
    keywords: ClassVar[tuple[str, ...]] = ("linear activation", "pass through", "nothing", "shortcut")
    use: ClassVar[str] = "To give a value a name, or to take a layer out without rewiring."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((6, 5, 5),)), Example(((84,),)))

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Identity")

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Function", "f(x) = x"),)


@register
class LearnedConstant(_Structure):
    """Holds numbers that do not depend on the input and are learned like weights. They are added to the input, or
    multiply it, or are given instead of it."""

    title: ClassVar[str] = "Learned constant"
    stem: ClassVar[str] = "constant"
    keywords: ClassVar[tuple[str, ...]] = ("parameter", "position embedding", "class token", "layer scale", "bias")
    use: ClassVar[str] = "For the positions of tokens, a class token, or a scale for each feature map."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((10, 32),)),
        Example(((6, 5, 4),), {"how": "multiply", "one_for": "map", "mean": 1.0, "deviation": 0.0}),
        Example(((6, 5, 4),), {"how": "give", "shape": [1, 12]}),
        Example(((7,),), {"how": "give", "shape": 3}),
    )

    how: Literal["add", "multiply", "give"] = parameter(
        "add",
        "What it does",
        "What becomes of the input.",
        choices={"add": "is added to the input", "multiply": "multiplies the input", "give": "stands in its place"},
    )
    one_for: Literal["number", "map"] = parameter(
        "number",
        "One for",
        "Whether each number of the input has its own, or all of a feature map (or token) share one.",
        choices={"number": "each number", "map": "each feature map"},
    )
    shape: ShapeParameter = parameter((1, 32), "Shape", "When it stands in the input's place: the shape to give.")
    mean: float = parameter(0.0, "Begins around", "Mean of the first values.", ge=-100, le=100, slider=(-1, 1))
    deviation: float = parameter(0.02, "Spread", "Deviation of the first values.", ge=0, le=100, slider=(0, 1))
    trainable: bool = trainable()

    def output_shape(self, inputs: Shapes) -> Shape:
        return self.shape if self.how == "give" else inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        size = self.weights(inputs)["0"]
        first = Call("torch.nn.init.normal_", Call("torch.empty", size), mean=self.mean, std=self.deviation)
        if self.how == "give":
            batch = Call("torch.Tensor.size", Input(), 0)
            value = Call("torch.Tensor.expand", Own("0"), (batch, *size))
        else:
            value = Call("torch.add" if self.how == "add" else "torch.mul", Input(), Own("0"))
        return Call("torch.nn.ParameterList", (first,)).used(value)

    def headline(self) -> str:
        return f"Constant {show(self.shape)}" if self.how == "give" else f"Learned {'+' if self.how == 'add' else '×'}"

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        if self.how == "give":
            return {"0": self.shape}
        shared = inputs[0][:1] + (1,) * (len(inputs[0]) - 1)
        return {"0": shared if self.one_for == "map" else inputs[0]}

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return 0 if self.how == "give" else math.prod(output)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        size = self.weights(inputs)["0"]
        function = {"add": "y = x + w", "multiply": "y = x·w", "give": "y = w"}[self.how]
        return (
            Formula("Function", function),
            Formula("Parameters", "all numbers of w", f"{product(size)} = {math.prod(size):,}"),
            Formula("Output size", "the shape of w" if self.how == "give" else "as the input", show(output)),
            Formula("Initial weights", "w ~ N(m, s^{2})", f"m = {self.mean:g}, s = {self.deviation:g}"),
        )

    def window(self, inputs: Shapes) -> Window | None:
        return None if self.how == "give" else Window()
