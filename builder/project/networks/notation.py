"""The words in which the built-in networks are written: layers in a row, branches, side branches, blocks.

A network is a list of items. Each follows the one before it:

    [conv(64, 3), RELU, branches([conv(64, 1)], [conv(96, 3, padding=1)], join=CONCATENATE), maxpool()]

Knows no place on the canvas: `drawing` turns the list into a graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from builder.graph.blocks import BLOCK

Number = Any
"""A whole number, or what `of` gives: an expression of a block's parameters."""


@dataclass(frozen=True)
class Part:
    """One layer, or one instance of a block.

    Attributes:
        kind: of the layer.
        params: what differs from the layer's defaults.
        name: on the canvas; by default the layer's stem and a number.
    """

    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def named(self, name: str) -> Part:
        """The same layer under a name of its own."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Branches:
    """Ways that part behind the item before and meet again in `join`; an empty way is a bare wire.

    Attributes:
        straight: the way that is drawn on the line of the whole; None draws all of them around it.
    """

    ways: tuple[tuple[Item, ...], ...]
    join: Part
    straight: int | None = None


@dataclass(frozen=True)
class Side:
    """A way that leaves the row here and ends by itself; the row goes on as if it were not there."""

    way: tuple[Item, ...]


@dataclass(frozen=True)
class Break:
    """A new row begins, as the paper's figure has it; wires do not care."""


Item = Part | Branches | Side | Break
Items = Sequence[Item]


def of(expression: str) -> dict[str, str]:
    """A value that a block works out from its parameters: `of("channels * 4")`."""
    return {"$": expression}


# Structure ----------------------------------------------------------------------------------------------------------


def branches(*ways: Items, join: Part) -> Branches:
    """Ways around the line of the whole, from the top down, and where they meet."""
    return Branches(tuple(tuple(way) for way in ways), join)


def residual(*way: Item, shortcut: Items = ()) -> Branches:
    """A way on the line, and above it a shortcut: a bare wire, or what makes the shapes agree. The two are added."""
    return Branches((tuple(shortcut), way), ADD, straight=1)


def block(definition: str, name: str = "", repeat: Number = 1, **arguments: Number) -> Part:
    """An instance of a block, or `repeat` of them in a row."""
    params: dict[str, Any] = {"definition": definition}
    if repeat != 1:
        params["repeat"] = repeat
    if arguments:
        params["arguments"] = arguments
    return Part(BLOCK, params, name)


# Layers -------------------------------------------------------------------------------------------------------------


def layer(kind: str, **params: Any) -> Part:
    """Any layer of the catalogue."""
    return Part(kind, params)


def picture(channels: int, height: int, width: int | None = None) -> Part:
    """Where pictures enter."""
    return Part("Input", {"shape": (channels, height, width or height)}, "input")


def numbers(count: int) -> Part:
    """Where lists of numbers enter."""
    return Part("Input", {"shape": (count,)}, "input")


def conv(filters: Number, kernel: Number, *, stride: Number = 1, padding: Number = 0, **more: Any) -> Part:
    """A convolution."""
    params: dict[str, Any] = {"filters": filters, "kernel_size": kernel}
    if stride != 1:
        params["stride"] = stride
    if padding != 0:
        params["padding"] = padding
    return Part("Conv2d", params | more)


def linear(features: Number) -> Part:
    """A fully connected layer."""
    return Part("Linear", {"features": features})


def maxpool(kernel: int = 2, stride: int = 2, **more: Any) -> Part:
    """Max pooling."""
    params = {key: value for key, value in (("kernel_size", kernel), ("stride", stride)) if value != 2}
    return Part("MaxPool2d", params | more)


def dropout(share: float = 0.5) -> Part:
    """Dropout of so large a share."""
    return Part("Dropout", {"p": share} if share != 0.5 else {})


NEW_ROW = Break()
INPUT, OUTPUT = Part("Input", name="input"), Part("Output", name="output")
RELU, SIGMOID, TANH, SOFTMAX = Part("ReLU"), Part("Sigmoid"), Part("Tanh"), Part("Softmax")
NORM, FLATTEN, ADD, CONCATENATE = Part("BatchNorm2d"), Part("Flatten"), Part("Add"), Part("Concatenate")
GLOBAL_AVERAGE = Part("AdaptiveAvgPool2d")
