"""Layers that make overfitting harder. They only work while training."""

from __future__ import annotations

from typing import ClassVar

from builder.graph.model import Shape
from builder.graph.parameters import parameter
from builder.layers.base import MODULE, Call, Category, Example, Formula, Input, Layer, Remedy, Shapes
from builder.layers.registry import register
from builder.layers.sliding import need_picture


class _Dropout(Layer):
    """What all kinds of dropout share: the share that is dropped."""

    category: ClassVar[Category] = Category.REGULARISATION
    stem: ClassVar[str] = "drop"
    compact: ClassVar[bool] = True

    p: float = parameter(0.5, "Share dropped", "How much of the input becomes zero.", ge=0, lt=1, slider=(0, 0.95))

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call(f"torch.nn.{self.kind()}", p=self.p)

    def headline(self) -> str:
        return f"{self.title} {self.p:g}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        numbers = f"x / (1 − {self.p:g}) = {1 / (1 - self.p):.4g}·x, or 0 with probability {self.p:g}"
        return (Formula("While training", "y = x / (1 − p), or 0 with probability p", numbers),)


@register
class Dropout(_Dropout):
    """While training, sets a random share of its inputs to zero and scales up the rest, so that no unit can rely on
    another. At inference it does nothing."""

    title: ClassVar[str] = "Dropout"
    keywords: ClassVar[tuple[str, ...]] = ("regularisation", "overfitting")
    use: ClassVar[str] = "Before large fully connected layers, when training does better than validation."
    source: ClassVar[str] = "Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((84,),)), Example(((6, 5, 5),), {"p": 0.2}))


@register
class Dropout2d(_Dropout):
    """While training, sets whole feature maps to zero at random: neighbouring cells tell much the same, so dropping
    single ones would hide little. At inference it does nothing."""

    title: ClassVar[str] = "Dropout of maps"
    keywords: ClassVar[tuple[str, ...]] = ("spatial dropout", "channel dropout", "regularisation", "overfitting")
    use: ClassVar[str] = "Behind convolutions, when training does better than validation."
    source: ClassVar[str] = "Tompson et al. 2014, https://arxiv.org/abs/1411.4280"
    examples: ClassVar[tuple[Example, ...]] = (Example(((6, 5, 5),)), Example(((16, 8, 8),), {"p": 0.1}))

    def output_shape(self, inputs: Shapes) -> Shape:
        return need_picture(inputs[0], self.title, Remedy("Use Dropout", replace="Dropout"))


@register
class StochasticDepth(_Dropout):
    """While training, sets the whole value to zero for some samples, chosen at random, and scales up the others: of a
    branch with a skip connection beside it, only the skip remains. At inference it does nothing."""

    title: ClassVar[str] = "Stochastic depth"
    stem: ClassVar[str] = "depth"
    keywords: ClassVar[tuple[str, ...]] = ("drop path", "residual", "regularisation", "overfitting", "EfficientNet")
    use: ClassVar[str] = "At the end of a residual branch, in networks that are very deep."
    source: ClassVar[str] = "Huang et al. 2016, https://arxiv.org/abs/1603.09382"
    examples: ClassVar[tuple[Example, ...]] = (Example(((16, 8, 8),)), Example(((10, 32),), {"p": 0.1}))

    def lower(self, inputs: Shapes) -> Call:
        # A dropout of ones, one for each sample, tells training from inference and scales what is left.
        ones = (Call("torch.Tensor.size", Input(), 0), *(1 for _ in inputs[0]))
        kept = Call(MODULE, Call("torch.Tensor.new_ones", Input(), ones))
        return Call("torch.nn.Dropout", p=self.p).used(Call("torch.mul", Input(), kept))

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        general = "y = x / (1 − p) for a sample with probability 1 − p, otherwise 0"
        return (Formula("Function", general, f"p = {self.p:g}"),)


@register
class GaussianNoise(Layer):
    """While training, adds random numbers from a bell curve to its input, fresh for each batch, so that no small detail
    can be learned by heart. At inference it does nothing."""

    title: ClassVar[str] = "Gaussian noise"
    category: ClassVar[Category] = Category.REGULARISATION
    stem: ClassVar[str] = "noise"
    keywords: ClassVar[tuple[str, ...]] = ("regularisation", "overfitting", "jitter", "denoising")
    use: ClassVar[str] = "Behind the input, or between layers, when training does better than validation."
    source: ClassVar[str] = "Bishop 1995, https://doi.org/10.1162/neco.1995.7.1.108"
    compact: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = (Example(((3, 8, 8),)), Example(((84,),), {"deviation": 0.5}))

    deviation: float = parameter(0.1, "Deviation", "Spread of the noise.", ge=0, le=100, slider=(0, 1))

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        # A dropout of everything tells training from inference: ones become 0 while training and stay 1 otherwise.
        resting = Call(MODULE, Call("torch.ones_like", Input()))
        noise = Call("torch.mul", Call("torch.randn_like", Input()), Call("torch.rsub", resting, 1))
        return Call("torch.nn.Dropout", p=1.0).used(Call("torch.add", Input(), noise, alpha=self.deviation))

    def headline(self) -> str:
        return f"Noise, {self.deviation:g}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (
            Formula("While training", "y = x + s·n,  n ~ N(0, 1)", f"s = {self.deviation:g}"),
            Formula("At inference", "y = x"),
        )
