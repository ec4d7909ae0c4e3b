"""Where values enter and leave the network."""

from __future__ import annotations

import math
from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import ShapeParameter, parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, Ports, Role, Shapes, product, show
from builder.layers.base import Input as Value
from builder.layers.registry import register

_SOURCE = "https://docs.pytorch.org/tutorials/beginner/basics/buildmodel_tutorial.html"


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
    source: ClassVar[str] = _SOURCE
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
        if len(self.shape) == 1:
            return f"{self.shape[0]:,} number{'s' * (self.shape[0] != 1)}"
        return f"{'Picture' if len(self.shape) == 3 else 'Numbers'} {show(self.shape)}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (_numbers(output),)


@register
class Output(Layer):
    """Where the network's answer leaves it: what arrives here is compared with the target by the loss."""

    title: ClassVar[str] = "Output"
    category: ClassVar[Category] = Category.DATA
    stem: ClassVar[str] = "output"
    keywords: ClassVar[tuple[str, ...]] = ("result", "prediction", "answer", "target")
    use: ClassVar[str] = "Every network ends with one."
    source: ClassVar[str] = _SOURCE
    ports: ClassVar[Ports] = Ports(outputs=())
    role: ClassVar[Role] = Role.OUTPUT
    examples: ClassVar[tuple[Example, ...]] = (Example(((10,),)), Example(((3, 8, 8),)))

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.clone", Value(0))  # never executed: the compiler returns the value itself

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (_numbers(output),)


@register
class AuxiliaryOutput(Output):
    """A second answer, taken from the middle of the network, that counts a little in the loss while training. It
    gives early layers a gradient of their own. At inference it is left out."""

    title: ClassVar[str] = "Auxiliary output"
    stem: ClassVar[str] = "auxiliary"
    keywords: ClassVar[tuple[str, ...]] = ("side output", "deep supervision", "auxiliary classifier", "inception")
    use: ClassVar[str] = "In deep networks such as GoogLeNet."
    source: ClassVar[str] = "Szegedy et al. 2014, https://arxiv.org/abs/1409.4842"
    auxiliary: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = (Example(((10,),)), Example(((3, 8, 8),), {"weight": 0.5}))

    weight: float = parameter(0.3, "Weight", "How much its loss counts; the output's own counts 1.", ge=0, le=10,
                              slider=(0, 1))  # fmt: skip

    def headline(self) -> str:
        return f"Auxiliary, weight {self.weight:g}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Loss", "L = L_{out} + w·L_{aux}", f"w = {self.weight:g}"), _numbers(output))


def _numbers(shape: Shape) -> Formula:
    """How many numbers a value holds."""
    general = "C·H·W" if len(shape) == 3 else "N"
    count = f"{math.prod(shape):,}"
    return Formula("Numbers", general, f"{product(shape)} = {count}" if len(shape) > 1 else count)
