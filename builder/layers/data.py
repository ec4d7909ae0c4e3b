"""Where values enter and leave the network."""

from __future__ import annotations

from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import ShapeParameter, parameter
from builder.layers.base import Call, Category, Example, Input as Value, Layer, Ports, Role, Shapes, show
from builder.layers.registry import register


@register
class Input(Layer):
    """Where data enters the network: a picture, given as channels × height × width, or a list of numbers.

    Pictures of another size are fitted to it as the data settings say.
    """

    title: ClassVar[str] = "Input"
    category: ClassVar[Category] = Category.DATA
    stem: ClassVar[str] = "input"
    keywords: ClassVar[tuple[str, ...]] = ("image", "picture", "vector", "features", "data")
    use: ClassVar[str] = "Every network begins with one."
    ports: ClassVar[Ports] = Ports(inputs=())
    role: ClassVar[Role] = Role.INPUT
    examples: ClassVar[tuple[Example, ...]] = (
        Example(()),
        Example((), {"shape": [2]}),
        Example((), {"shape": [3, 8, 6]}),
    )

    shape: ShapeParameter = parameter(
        (1, 32, 32), "Shape", "Channels × height × width of a picture (1×32×32), or how many numbers (2)."
    )

    def output_shape(self, inputs: Shapes) -> Shape:
        return self.shape

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.clone", Value(0))  # never executed: the compiler makes the placeholder itself

    def headline(self) -> str:
        return f"{'Picture' if len(self.shape) == 3 else 'Numbers'} {show(self.shape)}"


@register
class Output(Layer):
    """Where the network's answer leaves it: what arrives here is compared with the target by the loss."""

    title: ClassVar[str] = "Output"
    category: ClassVar[Category] = Category.DATA
    stem: ClassVar[str] = "output"
    keywords: ClassVar[tuple[str, ...]] = ("result", "prediction", "answer", "target")
    use: ClassVar[str] = "Every network ends with one."
    ports: ClassVar[Ports] = Ports(outputs=())
    role: ClassVar[Role] = Role.OUTPUT
    examples: ClassVar[tuple[Example, ...]] = (Example(((10,),)), Example(((3, 8, 8),)))

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.clone", Value(0))  # never executed: the compiler returns the value itself
