"""Layers that work on tokens: lists of features that look at each other."""

from __future__ import annotations

from typing import ClassVar, Literal

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.graph.parameters import Positive, parameter
from builder.layers.base import (
    GETITEM,
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
    show,
    unusual,
)
from builder.layers.freezing import trainable
from builder.layers.registry import register


def _tokens(shape: Shape, who: str, heads: int) -> Shape:
    """The shape, when it is one of tokens whose features can be shared among the heads. Raises `ShapeError`."""
    if len(shape) != 2:
        hint = "Reshape the picture into channels × places, then permute."
        raise ShapeError(f"{who} needs tokens × features, got {show(shape)}.", hint)
    if shape[1] % heads:
        fitting = next(h for h in range(min(heads, shape[1]), 0, -1) if shape[1] % h == 0)
        title = f"Use {fitting} heads" if fitting > 1 else "Use 1 head"
        raise ShapeError(
            f"{shape[1]} features cannot be split among {heads} heads.",
            "Choose a number of heads that divides the number of features.",
            field="heads",
            remedy=Remedy(title, change=FrozenDict({"heads": fitting})),
        )
    return shape


@register
class MultiheadAttention(Layer):
    """Lets every token gather from all tokens what concerns it: each asks (query), each offers (key), and what fits is
    mixed in (value). Several heads do so side by side, each with weights of its own."""

    title: ClassVar[str] = "Multi-head attention"
    category: ClassVar[Category] = Category.DENSE
    stem: ClassVar[str] = "attention"
    keywords: ClassVar[tuple[str, ...]] = ("self-attention", "MHA", "query key value", "tokens", "transformer")
    use: ClassVar[str] = "To build a transformer of your own; with a skip connection and a layer norm around it."
    source: ClassVar[str] = "Vaswani et al. 2017, https://arxiv.org/abs/1706.03762"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((10, 32),)),
        Example(((5, 12),), {"heads": 3, "bias": False}),
        Example(((6, 8),), {"heads": 1, "dropout": 0.2}),
    )

    heads: Positive = parameter(4, "Heads", "How many attentions work side by side.", slider=(1, 16))
    dropout: float = parameter(0.0, "Share dropped", "Share of the attention set to zero while training.", ge=0, lt=1,
                               slider=(0, 0.9))  # fmt: skip
    bias: bool = parameter(True, "Bias", "Adds a learned number to each query, key, value and output.")
    trainable: bool = trainable()

    def output_shape(self, inputs: Shapes) -> Shape:
        return _tokens(inputs[0], self.title, self.heads)

    def lower(self, inputs: Shapes) -> Call:
        options = unusual(self, dropout=0.0, bias=True)
        module = Call("torch.nn.MultiheadAttention", inputs[0][1], self.heads, batch_first=True, **options)
        # It gives the mixed values and the table of who looked at whom; only the first goes on.
        return module.used(Call(GETITEM, Call(MODULE, Input(), Input(), Input(), need_weights=False), 0))

    def headline(self) -> str:
        return f"Attention, {self.heads} {'head' if self.heads == 1 else 'heads'}"

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        width = inputs[0][1]
        found: dict[str, Shape] = {"in_proj_weight": (3 * width, width), "out_proj.weight": (width, width)}
        if self.bias:
            found |= {"in_proj_bias": (3 * width,), "out_proj.bias": (width,)}
        return found

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        tokens, width = inputs[0]
        return tokens * width * (4 * width + 2 * tokens)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        tokens, d = inputs[0]
        count, work = self.parameter_count(inputs), self.multiply_adds(inputs, output)
        return (
            Formula(
                "Attention",
                "softmax(Q·K^{T} / √(D/heads))·V",
                f"D/heads = {d} / {self.heads} = {d // self.heads}",
            ),
            Formula(
                "Parameters",
                "4·(D + 1)·D" if self.bias else "4·D·D",
                f"4·({d} + 1)·{d} = {count:,}" if self.bias else f"4·{d}·{d} = {count:,}",
            ),
            Formula("Multiply-adds", "T·D·(4·D + 2·T)", f"{tokens}·{d}·(4·{d} + 2·{tokens}) = {work:,}"),
        )

    def window(self, inputs: Shapes) -> Window | None:
        return None


@register
class TransformerEncoder(Layer):
    """Lets every token gather from all others what concerns it (multi-head self-attention), then works on each token
    by itself (two fully connected layers), with skip connections and layer norms around both."""

    title: ClassVar[str] = "Transformer encoder"
    category: ClassVar[Category] = Category.DENSE
    stem: ClassVar[str] = "encoder"
    keywords: ClassVar[tuple[str, ...]] = ("multi-head attention", "self-attention", "tokens", "ViT", "transformer")
    use: ClassVar[str] = "When parts of the input that lie far apart must be put together."
    source: ClassVar[str] = "Vaswani et al. 2017, https://arxiv.org/abs/1706.03762"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(((10, 32),)),
        Example(((5, 12),), {"heads": 3, "hidden": 20, "activation": "gelu", "norm_first": True, "dropout": 0.0}),
    )

    heads: Positive = parameter(4, "Heads", "How many attentions work side by side.", slider=(1, 16))
    hidden: Positive = parameter(128, "Hidden units", "Width of the layer inside.", slider=(16, 1024))
    dropout: float = parameter(0.1, "Share dropped", "Share of numbers set to zero while training.", ge=0, lt=1,
                               slider=(0, 0.9))  # fmt: skip
    activation: Literal["relu", "gelu"] = parameter(
        "relu", "Activation", "Between the two fully connected layers.", choices={"relu": "ReLU", "gelu": "GELU"}
    )
    norm_first: bool = parameter(False, "Norm first", "Layer norm before each part instead of behind it, as in ViT.")
    trainable: bool = trainable()

    def output_shape(self, inputs: Shapes) -> Shape:
        return _tokens(inputs[0], self.title, self.heads)

    def lower(self, inputs: Shapes) -> Call:
        options: dict[str, object] = {"dim_feedforward": self.hidden, "batch_first": True}
        if self.dropout != 0.1:
            options["dropout"] = self.dropout
        if self.activation != "relu":
            options["activation"] = self.activation
        if self.norm_first:
            options["norm_first"] = True
        return Call("torch.nn.TransformerEncoderLayer", inputs[0][1], self.heads, **options)

    def headline(self) -> str:
        return f"Transformer, {self.heads} heads, {self.hidden}"

    def weights(self, inputs: Shapes) -> dict[str, Shape]:
        width, hidden = inputs[0][1], self.hidden
        return {
            "self_attn.in_proj_weight": (3 * width, width),
            "self_attn.in_proj_bias": (3 * width,),
            "self_attn.out_proj.weight": (width, width),
            "self_attn.out_proj.bias": (width,),
            "linear1.weight": (hidden, width),
            "linear1.bias": (hidden,),
            "linear2.weight": (width, hidden),
            "linear2.bias": (width,),
            **{f"{norm}.{name}": (width,) for norm in ("norm1", "norm2") for name in ("weight", "bias")},
        }

    def multiply_adds(self, inputs: Shapes, output: Shape) -> int:
        tokens, width = inputs[0]
        return tokens * width * (4 * width + 2 * tokens + 2 * self.hidden)

    def formulas(self, inputs: Shapes, output: Shape) -> tuple[Formula, ...]:
        (tokens, d), f = inputs[0], self.hidden
        count, work = self.parameter_count(inputs), self.multiply_adds(inputs, output)
        return (
            Formula(
                "Attention", "softmax(Q·K^{T} / √(D/heads))·V", f"D/heads = {d} / {self.heads} = {d // self.heads}"
            ),
            Formula(
                "Parameters",
                "4·(D + 1)·D + (D + 1)·F + (F + 1)·D + 4·D",
                f"4·({d} + 1)·{d} + ({d} + 1)·{f} + ({f} + 1)·{d} + 4·{d} = {count:,}",
            ),
            Formula(
                "Multiply-adds",
                "T·D·(4·D + 2·T + 2·F)",
                f"{tokens}·{d}·(4·{d} + 2·{tokens} + 2·{f}) = {work:,}",
            ),
        )

    def window(self, inputs: Shapes) -> Window | None:
        return None
