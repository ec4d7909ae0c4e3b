"""Non-linear functions, applied to each number by itself (softmax: to all of them)."""

from __future__ import annotations

from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import parameter
from builder.layers.base import Call, Category, Example, Formula, Layer, Shapes
from builder.layers.registry import register

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."
_EXAMPLES = (Example(((6, 5, 5),)), Example(((84,),)))


class _Activation(Layer):
    """What all activations share: the shape stays."""

    category: ClassVar[Category] = Category.ACTIVATION
    compact: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = _EXAMPLES
    formula: ClassVar[str]

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Function", self.formula),)


@register
class ReLU(_Activation):
    """Lets positive numbers pass and makes negative ones zero. Its slope is 1 or 0, so gradients do not fade."""

    title: ClassVar[str] = "ReLU"
    stem: ClassVar[str] = "relu"
    keywords: ClassVar[tuple[str, ...]] = ("rectifier", "rectified linear", "nonlinearity")
    use: ClassVar[str] = "The usual choice behind a convolution or a fully connected layer."
    source: ClassVar[str] = _PAGE + "ReLU.html"
    formula: ClassVar[str] = "f(x) = max(0, x)"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.ReLU")


@register
class LeakyReLU(_Activation):
    """Like ReLU, but negative numbers keep a small slope, so that no unit can die."""

    title: ClassVar[str] = "Leaky ReLU"
    stem: ClassVar[str] = "leaky"
    keywords: ClassVar[tuple[str, ...]] = ("rectifier", "nonlinearity")
    use: ClassVar[str] = "When units with ReLU stop answering to anything."
    source: ClassVar[str] = _PAGE + "LeakyReLU.html"
    formula: ClassVar[str] = "f(x) = x for x > 0, a·x otherwise"

    negative_slope: float = parameter(0.01, "Negative slope", "Slope for negative numbers.", ge=0, le=1, slider=(0, 1))

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.LeakyReLU", self.negative_slope)

    def headline(self) -> str:
        return f"Leaky ReLU {self.negative_slope:g}"


@register
class Sigmoid(_Activation):
    """Squeezes each number into 0 to 1. Far from zero it is flat, so gradients fade there."""

    title: ClassVar[str] = "Sigmoid"
    stem: ClassVar[str] = "sigmoid"
    keywords: ClassVar[tuple[str, ...]] = ("logistic", "probability", "nonlinearity")
    use: ClassVar[str] = "At the output, for a yes-or-no question."
    source: ClassVar[str] = _PAGE + "Sigmoid.html"
    fused_with: ClassVar[str] = "binary-cross-entropy"
    formula: ClassVar[str] = "f(x) = 1 / (1 + e^{−x})"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Sigmoid")


@register
class Tanh(_Activation):
    """Squeezes each number into −1 to 1, around zero. Far from zero it is flat, so gradients fade there."""

    title: ClassVar[str] = "Tanh"
    stem: ClassVar[str] = "tanh"
    keywords: ClassVar[tuple[str, ...]] = ("hyperbolic tangent", "nonlinearity")
    use: ClassVar[str] = "In classic networks such as LeNet-5."
    source: ClassVar[str] = _PAGE + "Tanh.html"
    formula: ClassVar[str] = "f(x) = (e^{x} − e^{−x}) / (e^{x} + e^{−x})"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Tanh")


@register
class Softmax(_Activation):
    """Turns one score a class into probabilities that add up to one. Trained with cross-entropy, the loss is computed
    from the scores before it, which is exact and stable."""

    title: ClassVar[str] = "Softmax"
    stem: ClassVar[str] = "softmax"
    keywords: ClassVar[tuple[str, ...]] = ("probability", "classification", "multi-class")
    use: ClassVar[str] = "At the output of a classifier."
    source: ClassVar[str] = _PAGE + "Softmax.html"
    fused_with: ClassVar[str] = "cross-entropy"
    formula: ClassVar[str] = "p_{i} = e^{x_i} / Σ_{j} e^{x_j}"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Softmax", dim=1)
