"""AlexNet in two groups and in one column, and ZF Net: large first filters, three fully connected layers."""

from __future__ import annotations

from functools import partial

from builder.graph.model import Network
from builder.project.networks.drawing import network
from builder.project.networks.notation import (
    CONCATENATE,
    FLATTEN,
    NEW_ROW,
    OUTPUT,
    RELU,
    SOFTMAX,
    Item,
    Part,
    branches,
    conv,
    dropout,
    layer,
    linear,
    maxpool,
    picture,
)
from builder.project.networks.template import LARGE, SMALL, Template
from builder.project.networks.usual import BIG_DATA, big, small, with_kaiming

RESPONSE_NORM = layer("LocalResponseNorm", k=2.0)


def _classifier(units: int, classes: int) -> list[Item]:
    hidden: list[Item] = [linear(units), RELU, dropout()]
    return [NEW_ROW, FLATTEN, *hidden, *hidden, linear(classes), SOFTMAX, OUTPUT]


def alexnet() -> Network:
    """The paper's: every second convolution in two groups, one for each of two graphics cards."""
    return network(
        [
            picture(3, 227),
            *(conv(96, 11, stride=4), RELU, RESPONSE_NORM, maxpool(3), NEW_ROW),
            *(conv(256, 5, padding=2, groups=2), RELU, RESPONSE_NORM, maxpool(3), NEW_ROW),
            *(conv(384, 3, padding=1), RELU),
            *(conv(384, 3, padding=1, groups=2), RELU),
            *(conv(256, 3, padding=1, groups=2), RELU, maxpool(3)),
            *_classifier(4096, 1000),
        ]
    )


def two_columns() -> Network:
    """The same with a column for each graphics card, as the paper's figure has it."""

    def column(*items: Item, letter: str) -> list[Item]:
        return [item.named(f"{item.name}{letter}") if isinstance(item, Part) and item.name else item for item in items]

    def lower(letter: str) -> list[Item]:
        first, second = conv(48, 11, stride=4).named("conv1"), conv(128, 5, padding=2).named("conv2")
        return column(
            *(first, RELU, RESPONSE_NORM, maxpool(3)), *(second, RELU, RESPONSE_NORM, maxpool(3)), letter=letter
        )

    def upper(letter: str) -> list[Item]:
        third, fourth, fifth = (
            conv(maps, 3, padding=1).named(f"conv{number}") for number, maps in ((3, 192), (4, 192), (5, 128))
        )
        return column(third, RELU, fourth, RELU, fifth, RELU, maxpool(3), letter=letter)

    return network(
        [
            *(picture(3, 227), branches(lower("a"), lower("b"), join=CONCATENATE), NEW_ROW),
            *(branches(upper("a"), upper("b"), join=CONCATENATE),),
            *_classifier(4096, 1000),
        ]
    )


def alexnet_small() -> Network:
    """The same layers for digits: smaller filters, an eighth to a quarter of the maps."""
    made = network(
        [
            picture(1, 32),
            *(conv(24, 5, stride=2, padding=2), RELU, RESPONSE_NORM, maxpool(3), NEW_ROW),
            *(conv(64, 5, padding=2, groups=2), RELU, RESPONSE_NORM, maxpool(3), NEW_ROW),
            *(conv(96, 3, padding=1), RELU),
            *(conv(96, 3, padding=1, groups=2), RELU),
            *(conv(64, 3, padding=1, groups=2), RELU, maxpool(3)),
            *_classifier(128, 10),
        ]
    )
    return with_kaiming(made)


def one_column() -> Network:
    """torchvision's: one column, no response normalisation, dropout before the fully connected layers."""
    return network(
        [
            picture(3, 224),
            *(conv(64, 11, stride=4, padding=2), RELU, maxpool(3), NEW_ROW),
            *(conv(192, 5, padding=2), RELU, maxpool(3), NEW_ROW),
            *(conv(384, 3, padding=1), RELU),
            *(conv(256, 3, padding=1), RELU),
            *(conv(256, 3, padding=1), RELU, maxpool(3)),
            layer("AdaptiveAvgPool2d", output_size=6),
            *(NEW_ROW, FLATTEN, dropout(), linear(4096), RELU, dropout(), linear(4096), RELU),
            *(linear(1000), SOFTMAX, OUTPUT),
        ]
    )


def one_column_small() -> Network:
    """The same layers for digits."""
    made = network(
        [
            picture(1, 32),
            *(conv(16, 5, stride=2, padding=2), RELU, maxpool(3), NEW_ROW),
            *(conv(48, 5, padding=2), RELU, maxpool(3), NEW_ROW),
            *(conv(96, 3, padding=1), RELU),
            *(conv(64, 3, padding=1), RELU),
            *(conv(64, 3, padding=1), RELU, maxpool(3)),
            *(NEW_ROW, FLATTEN, dropout(), linear(128), RELU, dropout(), linear(128), RELU),
            *(linear(10), SOFTMAX, OUTPUT),
        ]
    )
    return with_kaiming(made)


def zfnet() -> Network:
    """AlexNet with smaller filters at a smaller stride in front and more maps in the middle."""
    return network(
        [
            picture(3, 224),
            *(conv(96, 7, stride=2, padding=1), RELU, maxpool(3, padding=1), RESPONSE_NORM, NEW_ROW),
            *(conv(256, 5, stride=2), RELU, maxpool(3, padding=1), RESPONSE_NORM, NEW_ROW),
            *(conv(512, 3, padding=1), RELU),
            *(conv(1024, 3, padding=1), RELU),
            *(conv(512, 3, padding=1), RELU, maxpool(3)),
            *_classifier(4096, 1000),
        ]
    )


def zfnet_small() -> Network:
    """The same layers for digits."""
    made = network(
        [
            picture(1, 32),
            *(conv(24, 3, stride=2, padding=1), RELU, maxpool(3, padding=1), RESPONSE_NORM, NEW_ROW),
            *(conv(64, 3, padding=1), RELU, maxpool(3, padding=1), RESPONSE_NORM, NEW_ROW),
            *(conv(96, 3, padding=1), RELU),
            *(conv(128, 3, padding=1), RELU),
            *(conv(96, 3, padding=1), RELU, maxpool(3)),
            *_classifier(128, 10),
        ]
    )
    return with_kaiming(made)


_SMALL = partial(small, epochs=20, learning_rate=0.02)

TEMPLATES = (
    Template(
        "alexnet",
        "AlexNet",
        "Won ImageNet in 2012 by a wide margin: five convolutions, some in two groups for two graphics cards.",
        LARGE,
        alexnet,
        BIG_DATA,
        big(128, learning_rate=0.01, weight_decay=0.0005),
        "Krizhevsky, Sutskever and Hinton 2012. Where groups is 2, each half of the maps sees half of the maps before.",
    ),
    Template(
        "alexnet-columns",
        "AlexNet, two columns",
        "AlexNet as its figure shows it: a column for each of two graphics cards, which meet behind the second pooling "
        "and in the fully connected layers.",
        LARGE,
        two_columns,
        BIG_DATA,
        big(128, learning_rate=0.01, weight_decay=0.0005),
        "Krizhevsky, Sutskever and Hinton 2012. Column a and column b are the two halves of each layer: as many "
        "parameters and the same sums as with groups.",
    ),
    Template(
        "alexnet-torchvision",
        "AlexNet, one column",
        "AlexNet as torchvision has it: one column, fewer maps, no response normalisation.",
        LARGE,
        one_column,
        BIG_DATA,
        big(128, learning_rate=0.01, weight_decay=0.0001),
        "Krizhevsky 2014, https://arxiv.org/abs/1404.5997",
    ),
    Template(
        "zfnet",
        "ZF Net",
        "AlexNet mended by looking at its feature maps: smaller first filters, smaller stride, a wider middle.",
        LARGE,
        zfnet,
        BIG_DATA,
        big(128, learning_rate=0.01),
        "Zeiler and Fergus 2013, https://arxiv.org/abs/1311.2901; with the wide middle layers of the network that won "
        "ImageNet in 2013.",
    ),
    Template(
        "alexnet-small", "AlexNet, small", "AlexNet for the built-in digits.", SMALL, alexnet_small, training=_SMALL()
    ),
    Template(
        "alexnet-torchvision-small",
        "AlexNet, one column, small",
        "The one-column AlexNet for the built-in digits.",
        SMALL,
        one_column_small,
        training=_SMALL(),
    ),
    Template("zfnet-small", "ZF Net, small", "ZF Net for the built-in digits.", SMALL, zfnet_small, training=_SMALL()),
)
