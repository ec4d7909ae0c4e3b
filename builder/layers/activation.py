"""Non-linear functions, applied to each number by itself (softmax: to all classes together)."""

from __future__ import annotations

from typing import ClassVar, Literal

from builder.graph.model import Shape
from builder.graph.parameters import parameter
from builder.layers.base import Call, Category, Example, Formula, Input, Layer, Shapes, unusual
from builder.layers.freezing import trainable
from builder.layers.registry import register

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."
_EXAMPLES = (Example(((6, 5, 5),)), Example(((84,),)))


def _with(**params: float) -> tuple[Example, ...]:
    return (*_EXAMPLES, Example(((6, 5, 5),), params))


class _Activation(Layer):
    """What all activations share: the shape stays."""

    category: ClassVar[Category] = Category.ACTIVATION
    compact: ClassVar[bool] = True
    keywords: ClassVar[tuple[str, ...]] = ("nonlinearity",)
    examples: ClassVar[tuple[Example, ...]] = _EXAMPLES
    formula: ClassVar[str]

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call(f"torch.nn.{self.kind()}")

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (Formula("Function", self.formula, self._numbers(inputs[0])),)

    def _numbers(self, shape: Shape) -> str:
        """The values of the letters in the formula; empty when it has none."""
        return ""


@register
class ReLU(_Activation):
    """Lets positive numbers pass and makes negative ones zero. Its slope is 1 or 0, so gradients do not fade."""

    title: ClassVar[str] = "ReLU"
    stem: ClassVar[str] = "relu"
    keywords: ClassVar[tuple[str, ...]] = ("rectifier", "rectified linear", "nonlinearity")
    use: ClassVar[str] = "The usual choice behind a convolution or a fully connected layer."
    source: ClassVar[str] = _PAGE + "ReLU.html"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = max(0, x)"


@register
class LeakyReLU(_Activation):
    """Like ReLU, but negative numbers keep a small slope, so that no unit can die."""

    title: ClassVar[str] = "Leaky ReLU"
    stem: ClassVar[str] = "leaky"
    keywords: ClassVar[tuple[str, ...]] = ("rectifier", "nonlinearity")
    use: ClassVar[str] = "When units with ReLU stop answering to anything."
    source: ClassVar[str] = _PAGE + "LeakyReLU.html"
    formula: ClassVar[str] = "f(x) = x for x > 0, a·x otherwise"
    examples: ClassVar[tuple[Example, ...]] = _with(negative_slope=0.2)

    negative_slope: float = parameter(0.01, "Negative slope", "Slope for negative numbers.", ge=0, le=1, slider=(0, 1))

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.LeakyReLU", self.negative_slope)

    def headline(self) -> str:
        return f"Leaky ReLU {self.negative_slope:g}"

    def _numbers(self, shape: Shape) -> str:
        return f"a = {self.negative_slope:g}"


@register
class PReLU(_Activation):
    """A leaky ReLU that learns its slope for negative numbers, one for each feature map or one for all."""

    title: ClassVar[str] = "PReLU"
    stem: ClassVar[str] = "prelu"
    keywords: ClassVar[tuple[str, ...]] = ("parametric rectifier", "learned slope", "nonlinearity")
    use: ClassVar[str] = "In place of leaky ReLU when no slope is known to be good."
    source: ClassVar[str] = "He et al. 2015, https://arxiv.org/abs/1502.01852"
    formula: ClassVar[str] = "f(x) = x for x > 0, a·x otherwise; a is learned"
    examples: ClassVar[tuple[Example, ...]] = (*_EXAMPLES, Example(((6, 5, 5),), {"shared": True, "slope": 0.1}))

    slope: float = parameter(0.25, "First slope", "Slope before any training.", ge=0, le=1, slider=(0, 1))
    shared: bool = parameter(False, "One for all", "All feature maps share one slope.")
    trainable: bool = trainable()

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.PReLU", 1 if self.shared else inputs[0][0], init=self.slope)

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        return {"weight": (1 if self.shared else inputs[0][0],)}

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return 0

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        count = self.parameter_count(inputs)
        words = "one slope for all" if self.shared else "one slope for each of N feature maps"
        return (
            Formula("Function", self.formula, f"a = {self.slope:g} at first"),
            Formula("Parameters", words, f"{count:,}"),
        )


@register
class ELU(_Activation):
    """Like ReLU for positive numbers; negative ones bend smoothly towards a floor. Outputs stay nearer to mean zero."""

    title: ClassVar[str] = "ELU"
    stem: ClassVar[str] = "elu"
    keywords: ClassVar[tuple[str, ...]] = ("exponential linear", "nonlinearity")
    use: ClassVar[str] = "Instead of ReLU in networks without batch normalisation."
    source: ClassVar[str] = "Clevert et al. 2015, https://arxiv.org/abs/1511.07289"
    formula: ClassVar[str] = "f(x) = x for x > 0, a·(e^{x} − 1) otherwise"
    examples: ClassVar[tuple[Example, ...]] = _with(alpha=0.5)

    alpha: float = parameter(1.0, "Floor", "How far below zero the output can go.", gt=0, le=10, slider=(0.1, 2))

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.ELU", **unusual(self, alpha=1.0))

    def _numbers(self, shape: Shape) -> str:
        return f"a = {self.alpha:g}"


@register
class GELU(_Activation):
    """Weighs each number by how probable a smaller one is: a smooth ReLU that dips a little below zero."""

    title: ClassVar[str] = "GELU"
    stem: ClassVar[str] = "gelu"
    keywords: ClassVar[tuple[str, ...]] = ("gaussian error linear", "transformer", "nonlinearity")
    use: ClassVar[str] = "In transformers and in ConvNeXt."
    source: ClassVar[str] = "Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415"
    formula: ClassVar[str] = "f(x) = x·Φ(x), Φ: share of the normal distribution below x"
    examples: ClassVar[tuple[Example, ...]] = (*_EXAMPLES, Example(((84,),), {"approximate": "tanh"}))

    approximate: Literal["none", "tanh"] = parameter(
        "none",
        "Computed",
        "The exact function, or a formula with tanh that comes close.",
        choices={"none": "exactly", "tanh": "with tanh"},
        advanced=True,
    )

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.GELU", **unusual(self, approximate="none"))


@register
class SiLU(_Activation):
    """Each number times its own sigmoid: a smooth ReLU that dips a little below zero. Also called Swish."""

    title: ClassVar[str] = "SiLU"
    stem: ClassVar[str] = "silu"
    keywords: ClassVar[tuple[str, ...]] = ("swish", "nonlinearity")
    use: ClassVar[str] = "In EfficientNet and other networks made for few multiplications."
    source: ClassVar[str] = "Ramachandran et al. 2017, https://arxiv.org/abs/1710.05941"
    formula: ClassVar[str] = "f(x) = x / (1 + e^{−x})"


@register
class Softplus(_Activation):
    """A ReLU with its corner rounded off: always positive and smooth everywhere."""

    title: ClassVar[str] = "Softplus"
    stem: ClassVar[str] = "softplus"
    keywords: ClassVar[tuple[str, ...]] = ("smooth rectifier", "positive", "nonlinearity")
    use: ClassVar[str] = "At the output, when the answer must be positive."
    source: ClassVar[str] = _PAGE + "Softplus.html"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = ln(1 + e^{b·x}) / b"
    examples: ClassVar[tuple[Example, ...]] = _with(beta=5.0)

    beta: float = parameter(1.0, "Sharpness", "The larger, the nearer to ReLU.", gt=0, le=100, slider=(0.5, 10))

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Softplus", **unusual(self, beta=1.0))

    def _numbers(self, shape: Shape) -> str:
        return f"b = {self.beta:g}"


@register
class Sigmoid(_Activation):
    """Squeezes each number into 0 to 1. Far from zero it is flat, so gradients fade there."""

    title: ClassVar[str] = "Sigmoid"
    stem: ClassVar[str] = "sigmoid"
    keywords: ClassVar[tuple[str, ...]] = ("logistic", "probability", "nonlinearity")
    use: ClassVar[str] = "At the output, for a yes-or-no question."
    source: ClassVar[str] = _PAGE + "Sigmoid.html"
    fused_with: ClassVar[str] = "binary-cross-entropy"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = 1 / (1 + e^{−x})"


@register
class Tanh(_Activation):
    """Squeezes each number into −1 to 1, around zero. Far from zero it is flat, so gradients fade there."""

    title: ClassVar[str] = "Tanh"
    stem: ClassVar[str] = "tanh"
    keywords: ClassVar[tuple[str, ...]] = ("hyperbolic tangent", "nonlinearity")
    use: ClassVar[str] = "In classic networks such as LeNet-5."
    source: ClassVar[str] = _PAGE + "Tanh.html"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = (e^{x} − e^{−x}) / (e^{x} + e^{−x})"


@register
class Hardtanh(_Activation):
    """Cuts numbers off at a floor and a ceiling and lets the rest pass: tanh made of straight lines."""

    title: ClassVar[str] = "Hard tanh"
    stem: ClassVar[str] = "hardtanh"
    keywords: ClassVar[tuple[str, ...]] = ("clip", "clamp", "relu6", "nonlinearity")
    use: ClassVar[str] = "Where tanh is too slow, or with 0 and 6 as the ReLU6 of MobileNet."
    source: ClassVar[str] = _PAGE + "Hardtanh.html"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = min(b, max(a, x))"
    examples: ClassVar[tuple[Example, ...]] = _with(low=0.0, high=6.0)

    low: float = parameter(-1.0, "Floor", "Smaller numbers become this one.", ge=-1000, le=0, slider=(-6, 0))
    high: float = parameter(1.0, "Ceiling", "Larger numbers become this one.", gt=0, le=1000, slider=(0.5, 6))

    def lower(self, inputs: Shapes) -> Call:
        if (self.low, self.high) == (0, 6):
            return Call("torch.nn.ReLU6")
        return Call("torch.nn.Hardtanh", self.low, self.high)

    def headline(self) -> str:
        return (
            "ReLU6" if (self.low, self.high) == (0, 6) else f"Hard tanh {self.low:g} to {self.high:g}".replace("-", "−")
        )

    def _numbers(self, shape: Shape) -> str:
        return f"a = {self.low:g}, b = {self.high:g}".replace("-", "−")


@register
class Hardsigmoid(_Activation):
    """A sigmoid made of straight lines: 0 below −3, 1 above 3."""

    title: ClassVar[str] = "Hard sigmoid"
    stem: ClassVar[str] = "hardsigmoid"
    keywords: ClassVar[tuple[str, ...]] = ("gate", "mobilenet", "nonlinearity")
    use: ClassVar[str] = "As a gate in networks for phones, such as MobileNet-v3."
    source: ClassVar[str] = _PAGE + "Hardsigmoid.html"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = min(1, max(0, x / 6 + 1 / 2))"


@register
class Hardswish(_Activation):
    """A SiLU made of straight lines and a parabola, cheap to compute."""

    title: ClassVar[str] = "Hard swish"
    stem: ClassVar[str] = "hardswish"
    keywords: ClassVar[tuple[str, ...]] = ("silu", "mobilenet", "nonlinearity")
    use: ClassVar[str] = "In networks for phones, such as MobileNet-v3."
    source: ClassVar[str] = "Howard et al. 2019, https://arxiv.org/abs/1905.02244"
    formula: ClassVar[str] = "f(x) = x·min(1, max(0, x / 6 + 1 / 2))"


@register
class Sign(_Activation):
    """Keeps only the sign: −1, 0 or 1. It is flat nearly everywhere, so no gradient gets through and nothing before
    it can learn."""

    title: ClassVar[str] = "Sign"
    stem: ClassVar[str] = "sign"
    keywords: ClassVar[tuple[str, ...]] = ("step", "threshold", "perceptron", "heaviside", "nonlinearity")
    use: ClassVar[str] = "To show why an activation must have a slope."
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.sign.html"
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "f(x) = 1 for x > 0, 0 for x = 0, −1 for x < 0"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.sign", Input())


def _class_axis(shape: Shape) -> int:
    """The axis, batch included, along which the classes lie: channels of a picture, the numbers of each token."""
    return 2 if len(shape) == 2 else 1


def _classes(shape: Shape) -> str:
    """How many classes share the probability."""
    count = shape[_class_axis(shape) - 1]
    where = {1: "", 2: " for each token", 3: " at each place"}.get(len(shape), "")
    return f"{count:,} classes{where}"


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
    squeezes: ClassVar[bool] = True
    formula: ClassVar[str] = "p_{i} = exp(x_{i}) / Σ_{j} exp(x_{j})"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.Softmax", dim=_class_axis(inputs[0]))

    def _numbers(self, shape: Shape) -> str:
        return _classes(shape)


@register
class LogSoftmax(_Activation):
    """The logarithm of softmax, computed in one stable step: zero for a sure class, very negative for others."""

    title: ClassVar[str] = "Log softmax"
    stem: ClassVar[str] = "logsoftmax"
    keywords: ClassVar[tuple[str, ...]] = ("log probability", "classification", "multi-class")
    use: ClassVar[str] = "At the output of a classifier, when logarithms of probabilities are wanted."
    source: ClassVar[str] = _PAGE + "LogSoftmax.html"
    formula: ClassVar[str] = "log p_{i} = x_{i} − ln Σ_{j} exp(x_{j})"

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.LogSoftmax", dim=_class_axis(inputs[0]))

    def _numbers(self, shape: Shape) -> str:
        return _classes(shape)
