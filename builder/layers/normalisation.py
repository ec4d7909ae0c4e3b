"""Layers that keep the size of activations in check."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import Positive, parameter
from builder.layers.base import (
    MODULE,
    Call,
    Category,
    Example,
    Formula,
    Input,
    Layer,
    Remedy,
    ShapeError,
    Shapes,
    Window,
    product,
    unusual,
)
from builder.layers.freezing import trainable
from builder.layers.registry import register
from builder.layers.sliding import need_picture

_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


def _eps() -> Any:
    return parameter(1e-5, "Epsilon", "Keeps the division from zero.", gt=0, le=1, log=True, advanced=True)


class _Normalisation(Layer):
    """What normalisations share: the shape stays; a learned scale and shift for each feature map."""

    category: ClassVar[Category] = Category.NORMALISATION
    formula: ClassVar[str] = "y = γ·(x − μ) / √(σ^{2} + ε) + β"
    over: ClassVar[str]  # what mean and variance are taken over

    def output_shape(self, inputs: Shapes) -> Shape:
        return inputs[0]

    @property
    def _learns(self) -> bool:
        return bool(getattr(self, "affine", True))

    def _scale_shape(self, shape: Shape) -> Shape:
        """Shape of γ and of β."""
        return (shape[0],)

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        shape = self._scale_shape(inputs[0])
        return {"weight": shape, "bias": shape} if self._learns else {}

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        return math.prod(output)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        return (
            Formula(
                "Function",
                self.formula if self._learns else "y = (x − μ) / √(σ^{2} + ε)",
                f"ε = {self.eps:g}",  # type: ignore[attr-defined]
            ),
            Formula("Mean and variance", f"μ and σ^{{2}} over {self._group_words()}", self._group_size(inputs[0])),
            self._parameters(inputs),
        )

    def _group_words(self) -> str:
        return self.over

    def _group_size(self, shape: Shape) -> str:
        """How many numbers one mean is taken over."""
        raise NotImplementedError

    def _parameters(self, inputs: Shapes) -> Formula:
        count = self.parameter_count(inputs)
        scale = product(self._scale_shape(inputs[0]))
        return Formula("Parameters", "γ and β", f"2·{scale} = {count:,}" if self._learns else "0 learned")


class _BatchNorm(_Normalisation):
    """What both batch normalisations share."""

    stem: ClassVar[str] = "bn"

    eps: float = _eps()
    momentum: float = parameter(0.1, "Momentum", "Weight of a new batch in the moving averages.", ge=0, le=1,
                                slider=(0, 1))  # fmt: skip
    affine: bool = parameter(True, "Scale and shift", "Learn γ and β for each feature map or unit.")
    trainable: bool = trainable()

    def lower(self, inputs: Shapes) -> Call:
        return Call(f"torch.nn.{self.kind()}", inputs[0][0], **unusual(self, eps=1e-5, momentum=0.1, affine=True))

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        *first, parameters = super().formulas(inputs, output)
        weight = f"m = {self.momentum:g}"
        kept = Formula("Moving averages", "μ̂ ← (1 − m)·μ̂ + m·μ, and σ^{2} likewise", weight)
        return (*first, kept, parameters)

    def _parameters(self, inputs: Shapes) -> Formula:
        maps, count = inputs[0][0], self.parameter_count(inputs)
        learned = f"2·{maps} = {count:,}" if self.affine else "0 learned"
        return Formula(
            "Parameters",
            "2·N learned (γ, β) and 2·N kept (μ, σ^{2})" if self.affine else "2·N kept (μ, σ^{2})",
            f"{learned}\n4·{maps} = {4 * maps:,} in all" if self.affine else f"{learned}, {2 * maps:,} kept",
        )


@register
class BatchNorm2d(_BatchNorm):
    """Gives each feature map mean 0 and variance 1 over the mini-batch, then a learned scale and shift. At inference
    it uses the moving averages that it kept while training."""

    title: ClassVar[str] = "Batch norm"
    keywords: ClassVar[tuple[str, ...]] = ("batch normalisation", "normalization", "BN")
    use: ClassVar[str] = "Between a convolution and its activation: larger learning rates still train."
    source: ClassVar[str] = "Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((16, 28, 28),)),
        Example(((3, 5, 4),), {"affine": False}),
        Example(((3, 5, 4),), {"eps": 0.001, "momentum": 0.01}),
    )
    over: ClassVar[str] = "all pictures of the mini-batch, for each feature map"

    def output_shape(self, inputs: Shapes) -> Shape:
        return need_picture(inputs[0], self.title, Remedy("Use Batch norm, flat", replace="BatchNorm1d"))

    def _group_size(self, shape: Shape) -> str:
        return f"B·{shape[1]}·{shape[2]} numbers for a batch of B"


@register
class BatchNorm1d(_BatchNorm):
    """Gives each unit of a flat layer mean 0 and variance 1 over the mini-batch, then a learned scale and shift. At
    inference it uses the moving averages that it kept while training."""

    title: ClassVar[str] = "Batch norm, flat"
    keywords: ClassVar[tuple[str, ...]] = ("batch normalisation", "normalization", "BN", "1d", "fully connected")
    use: ClassVar[str] = "Between a fully connected layer and its activation."
    source: ClassVar[str] = BatchNorm2d.source
    examples: ClassVar[tuple[Example, ...]] = (Example(((84,),)), Example(((10,),), {"affine": False}))
    over: ClassVar[str] = "all samples of the mini-batch, for each unit"

    def output_shape(self, inputs: Shapes) -> Shape:
        if len(inputs[0]) != 1:
            remedy = Remedy("Use Batch norm", replace="BatchNorm2d") if len(inputs[0]) == 3 else None
            raise ShapeError(
                f"{self.title} needs a flat input, got {product(inputs[0]).replace('·', '×')}.",
                "For pictures there is Batch norm.",
                remedy=remedy,
            )
        return inputs[0]

    def _group_size(self, shape: Shape) -> str:
        return "B numbers for a batch of B"


@register
class LayerNorm(_Normalisation):
    """Gives the numbers of each sample mean 0 and variance 1, then a learned scale and shift. It does not look at the
    other samples of the batch, so it works the same for any batch size and at inference."""

    title: ClassVar[str] = "Layer norm"
    stem: ClassVar[str] = "ln"
    keywords: ClassVar[tuple[str, ...]] = ("layer normalisation", "normalization", "transformer", "channels first")
    use: ClassVar[str] = "With small batches, and in transformers."
    source: ClassVar[str] = "Ba et al. 2016, https://arxiv.org/abs/1607.06450"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((84,),)),
        Example(((6, 5, 4),)),
        Example(((6, 5, 4),), {"scale": "map"}),
        Example(((10, 32),), {"eps": 1e-6}),
        Example(((6, 5, 4),), {"affine": False}),
        Example(((5, 4, 6),), {"last_axis": True}),
    )
    over: ClassVar[str] = "all numbers of a sample (of a token, where there are tokens)"

    scale: Literal["number", "map"] = parameter(
        "number",
        "Scale",
        "Whether every number of a picture has a scale and shift of its own, or every feature map.",
        choices={"number": "for each number", "map": "for each feature map"},
    )
    last_axis: bool = parameter(
        False, "Last axis only", "At each place of a picture whose channels stand last, as in Swin.", advanced=True
    )
    eps: float = _eps()
    affine: bool = parameter(True, "Scale and shift", "Learn γ and β.")
    trainable: bool = trainable()

    def _by_map(self, shape: Shape) -> bool:
        return self.scale == "map" and len(shape) == 3 and not self.last_axis

    def _scale_shape(self, shape: Shape) -> Shape:
        if self._by_map(shape):
            return shape[:1]
        return shape[-1:] if len(shape) == 2 or self.last_axis else shape

    def lower(self, inputs: Shapes) -> Call:
        options = unusual(self, eps=1e-5)
        shape = self._scale_shape(inputs[0])
        if self._by_map(inputs[0]):  # one group of all maps is layer norm with a scale for each map
            return Call("torch.nn.GroupNorm", 1, *shape, **options, **({} if self.affine else {"affine": False}))
        size = shape[0] if len(shape) == 1 else shape
        return Call("torch.nn.LayerNorm", size, **options, **({} if self.affine else {"elementwise_affine": False}))

    def _group_words(self) -> str:
        return "the last axis, at each place" if self.last_axis else self.over

    def _group_size(self, shape: Shape) -> str:
        seen = shape[-1:] if len(shape) == 2 or self.last_axis else shape
        return f"{product(seen)} = {math.prod(seen):,} numbers" if len(seen) > 1 else f"{seen[0]:,} numbers"

    def window(self, inputs: Shapes) -> Window | None:
        return None


@register
class LayerNorm2d(_Normalisation):
    """At each place of the picture by itself, gives the numbers of all channels mean 0 and variance 1, then a learned
    scale and shift for each channel. No place sees another."""

    title: ClassVar[str] = "Layer norm, each place"
    stem: ClassVar[str] = "ln"
    keywords: ClassVar[tuple[str, ...]] = ("layer normalisation", "normalization", "over channels", "ConvNeXt")
    use: ClassVar[str] = "In ConvNeXt and other convolutional networks built like transformers."
    source: ClassVar[str] = "Liu et al. 2022, https://arxiv.org/abs/2201.03545"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 5, 4),)),
        Example(((8, 4, 4),), {"eps": 1e-6}),
        Example(((3, 5, 5),), {"affine": False}),
    )
    over: ClassVar[str] = "all channels at one place"

    eps: float = _eps()
    affine: bool = parameter(True, "Scale and shift", "Learn γ and β for each channel.")
    trainable: bool = trainable()

    def output_shape(self, inputs: Shapes) -> Shape:
        shape = need_picture(inputs[0], self.title, Remedy("Use Layer norm", replace="LayerNorm"))
        if shape[0] == 1:
            message = "over the one channel of this picture there is no spread to normalise."
            raise ShapeError(message, "Put it behind a convolution, or take Layer norm.",
                             remedy=Remedy("Use Layer norm", replace="LayerNorm"))  # fmt: skip
        return shape

    def lower(self, inputs: Shapes) -> Call:
        options = unusual(self, eps=1e-5) | ({} if self.affine else {"elementwise_affine": False})
        channels_last = Call("torch.permute", Input(), (0, 2, 3, 1))
        normalised = Call("torch.permute", Call(MODULE, channels_last), (0, 3, 1, 2))
        return Call("torch.nn.LayerNorm", inputs[0][0], **options).used(normalised)

    def _group_size(self, shape: Shape) -> str:
        return f"{shape[0]:,} numbers"


@register
class InstanceNorm2d(_Normalisation):
    """Gives each feature map of each single picture mean 0 and variance 1: contrast and brightness of the picture are
    taken out."""

    title: ClassVar[str] = "Instance norm"
    stem: ClassVar[str] = "norm"
    keywords: ClassVar[tuple[str, ...]] = ("instance normalisation", "normalization", "contrast", "style")
    use: ClassVar[str] = "In image-to-image networks such as style transfer."
    source: ClassVar[str] = "Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022"
    examples: ClassVar[tuple[Example, ...]] = (Example(((6, 5, 5),)), Example(((3, 8, 6),), {"affine": True}))
    over: ClassVar[str] = "each feature map of each picture"

    eps: float = _eps()
    affine: bool = parameter(False, "Scale and shift", "Learn γ and β for each feature map.")
    trainable: bool = trainable()

    def output_shape(self, inputs: Shapes) -> Shape:
        shape = need_picture(inputs[0], self.title)
        if shape[1] * shape[2] == 1:
            raise ShapeError("Instance norm needs feature maps of more than one cell.", "Put it before the pooling.")
        return shape

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.InstanceNorm2d", inputs[0][0], **unusual(self, eps=1e-5, affine=False))

    def _group_size(self, shape: Shape) -> str:
        return f"{shape[1]}·{shape[2]} = {shape[1] * shape[2]:,} numbers"

    def window(self, inputs: Shapes) -> Window | None:
        return None


@register
class GroupNorm(_Normalisation):
    """Splits the feature maps of each sample into groups and gives each group mean 0 and variance 1, then a learned
    scale and shift for each map. It does not look at the other samples of the batch."""

    title: ClassVar[str] = "Group norm"
    stem: ClassVar[str] = "gn"
    keywords: ClassVar[tuple[str, ...]] = ("group normalisation", "normalization", "small batch")
    use: ClassVar[str] = "Instead of batch normalisation when batches are tiny."
    source: ClassVar[str] = "Wu and He 2018, https://arxiv.org/abs/1803.08494"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((6, 5, 5),)),
        Example(((8, 4, 4),), {"groups": 4, "affine": False}),
        Example(((12,),), {"groups": 3}),
    )
    over: ClassVar[str] = "each group of feature maps of each sample"

    groups: Positive = parameter(2, "Groups", "How many groups; must divide the number of maps.", slider=(1, 32))
    eps: float = _eps()
    affine: bool = parameter(True, "Scale and shift", "Learn γ and β for each feature map.")
    trainable: bool = trainable()

    def output_shape(self, inputs: Shapes) -> Shape:
        maps = inputs[0][0]
        remedy = Remedy("Use one group", change=FrozenDict({"groups": 1}))
        if maps % self.groups:
            raise ShapeError(
                f"{maps} feature maps cannot be split into {self.groups} equal groups.",
                "Choose a number of groups that divides the number of maps.",
                field="groups",
                remedy=remedy,
            )
        if math.prod(inputs[0]) == self.groups:
            raise ShapeError(
                "a group of one number has no spread to normalise.",
                "Use fewer groups.",
                field="groups",
                remedy=remedy if maps > 1 else None,
            )
        return inputs[0]

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.GroupNorm", self.groups, inputs[0][0], **unusual(self, eps=1e-5, affine=True))

    def headline(self) -> str:
        return f"Group norm, {self.groups}"

    def _group_size(self, shape: Shape) -> str:
        return f"{product(shape)} / {self.groups} = {math.prod(shape) // self.groups:,} numbers"

    def window(self, inputs: Shapes) -> Window | None:
        return None


@register
class LocalResponseNorm(Layer):
    """Divides each number by the activity of the neighbouring feature maps at the same place, so that maps compete.
    Nothing is learned."""

    title: ClassVar[str] = "Local response norm"
    category: ClassVar[Category] = Category.NORMALISATION
    stem: ClassVar[str] = "lrn"
    keywords: ClassVar[tuple[str, ...]] = ("LRN", "lateral inhibition", "AlexNet", "normalization")
    use: ClassVar[str] = "In AlexNet; batch normalisation has taken its place."
    source: ClassVar[str] = "Krizhevsky et al. 2012, " + _PAGE + "LocalResponseNorm.html"
    examples: ClassVar[tuple[Example, ...]] = (Example(((8, 5, 5),)), Example(((3, 4, 4),), {"size": 3, "k": 2.0}))

    size: Positive = parameter(5, "Neighbours", "How many feature maps count together.", slider=(1, 11))
    alpha: float = parameter(1e-4, "α", "Strength of the competition.", ge=0, le=10, log=True, slider=(1e-5, 1))
    beta: float = parameter(0.75, "β", "Exponent.", gt=0, le=10, slider=(0.1, 2))
    k: float = parameter(1.0, "k", "Keeps the division from zero.", gt=0, le=100, slider=(0.5, 4))

    def output_shape(self, inputs: Shapes) -> Shape:
        return need_picture(inputs[0], self.title)

    def lower(self, inputs: Shapes) -> Call:
        return Call("torch.nn.LocalResponseNorm", self.size, **unusual(self, alpha=1e-4, beta=0.75, k=1.0))

    def headline(self) -> str:
        return f"LRN over {self.size}"

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        values = f"n = {self.size}, α = {self.alpha:g}, β = {self.beta:g}, k = {self.k:g}"
        return (
            Formula("Function", "y_{i} = x_{i} / (k + α/n·Σ_{j} x_{j}^{2})^{β} over n neighbouring maps j", values),
            Formula("Parameters", "nothing is learned", "0"),
        )
