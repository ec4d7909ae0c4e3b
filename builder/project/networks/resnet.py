"""ResNet-18 to -152 as torchvision has them: a stem, four stages of residual blocks, a head."""

from __future__ import annotations

from functools import partial
from typing import Literal

from builder.graph.model import Block, BlockParameter, Network
from builder.project.networks.drawing import definition, network
from builder.project.networks.notation import (
    FLATTEN,
    GLOBAL_AVERAGE,
    INPUT,
    NEW_ROW,
    NORM,
    OUTPUT,
    RELU,
    SOFTMAX,
    Item,
    Items,
    Number,
    Part,
    block,
    conv,
    linear,
    maxpool,
    of,
    picture,
    residual,
)
from builder.project.networks.template import RESIDUAL, SMALL, Template
from builder.project.networks.usual import BIG_DATA, big, small, with_quick_averages

Kind = Literal["basic", "bottleneck"]

CHANNELS = BlockParameter("channels", 64, "Feature maps inside.")
STRIDE = BlockParameter("stride", 2, "Of the first block: 2 halves height and width.")
REST = BlockParameter("rest", 1, "How many blocks follow the first.")


def _conv_norm(name: str, filters: Number, kernel: int, stride: Number = 1) -> tuple[Part, Part]:
    window = conv(filters, kernel, stride=stride, padding=kernel // 2, bias=False)
    return window.named(f"conv{name}"), NORM.named(f"bn{name}")


def _basic(stride: Number) -> list[Item]:
    width = of("channels")
    return [*_conv_norm("1", width, 3, stride), RELU.named("relu1"), *_conv_norm("2", width, 3)]


def _bottleneck(stride: Number) -> list[Item]:
    width = of("channels")
    return [
        *(*_conv_norm("1", width, 1), RELU.named("relu1")),
        *(*_conv_norm("2", width, 3, stride), RELU.named("relu2")),
        *_conv_norm("3", of("channels * 4"), 1),
    ]


_WORDS = {
    "basic": "Two 3×3 convolutions whose result is added to what came in.",
    "bottleneck": "1×1, 3×3 and 1×1 convolution, narrow in the middle; the result is added to what came in.",
}


def stage_blocks(kind: Kind) -> tuple[Block, ...]:
    """The residual block with a bare shortcut, the one with a projection, and a stage that begins with the latter."""

    def around(way: Items, shortcut: Items = ()) -> list[Item]:
        return [INPUT, residual(*way, shortcut=shortcut), RELU.named("relu"), OUTPUT]

    make, growth = (_basic, "channels") if kind == "basic" else (_bottleneck, "channels * 4")
    projection = _conv_norm("_shortcut", of(growth), 1, of("stride"))
    words = _WORDS[kind]
    first, following = f"{kind}_projected", kind
    stage: list[Item] = [
        INPUT,
        block(first, "first", channels=of("channels"), stride=of("stride")),
        block(following, "rest", of("rest"), channels=of("channels")),
        OUTPUT,
    ]
    return (
        definition(following, words, [CHANNELS], around(make(1))),
        definition(
            first,
            f"{words} A 1×1 convolution makes the shapes agree.",
            [CHANNELS, STRIDE],
            around(make(of("stride")), projection),
        ),
        definition("stage", "Residual blocks of one width; the first may halve the size.", [CHANNELS, STRIDE, REST],
                   stage),
    )  # fmt: skip


def _resnet(stem: Items, kind: Kind, depths: tuple[int, ...], width: int, classes: int) -> Network:
    items: list[Item] = [*stem, NEW_ROW]
    for number, depth in enumerate(depths):
        name, channels = f"stage{number + 1}", width * 2**number
        if kind == "basic" and number == 0:  # nothing changes its shape there
            items.append(block("basic", name, depth, channels=channels))
        else:
            items.append(block("stage", name, channels=channels, stride=2 if number else 1, rest=depth - 1))
    head = (GLOBAL_AVERAGE, FLATTEN, linear(classes).named("fc"), SOFTMAX, OUTPUT)
    return network([*items, NEW_ROW, *head], *stage_blocks(kind))


def resnet(kind: Kind, depths: tuple[int, ...]) -> Network:
    """For ImageNet."""
    return _resnet((picture(3, 224), *_conv_norm("1", 64, 7, 2), RELU, maxpool(3, padding=1)), kind, depths, 64,
                   1000)  # fmt: skip


def resnet_small(kind: Kind, depths: tuple[int, ...]) -> Network:
    """The same blocks for digits, with an eighth of the maps and a small stem."""
    return with_quick_averages(_resnet((picture(1, 32), *_conv_norm("1", 8, 3, 2), RELU), kind, depths, 8, 10))


_DEPTHS: dict[int, tuple[Kind, tuple[int, ...]]] = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}

TEMPLATES = tuple(
    template
    for depth, (kind, depths) in _DEPTHS.items()
    for template in (
        Template(
            f"resnet{depth}",
            f"ResNet-{depth}",
            f"{depth} layers that learn because each block only adds to what came in ({kind} blocks).",
            RESIDUAL,
            partial(resnet, kind, depths),
            BIG_DATA,
            big(16 if depth < 50 else 8),
            "He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1512.03385",
        ),
        Template(
            f"resnet{depth}-small",
            f"ResNet-{depth}, small",
            f"ResNet-{depth} for the built-in digits.",
            SMALL,
            partial(resnet_small, kind, depths),
            training=small(),
        ),
    )
)
