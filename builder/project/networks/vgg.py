"""VGG-16: nothing but 3×3 convolutions, in five stages."""

from __future__ import annotations

from builder.graph.model import BlockParameter, Network
from builder.project.networks.drawing import definition, network
from builder.project.networks.notation import (
    FLATTEN,
    INPUT,
    NEW_ROW,
    OUTPUT,
    RELU,
    SOFTMAX,
    Item,
    block,
    conv,
    dropout,
    linear,
    maxpool,
    of,
    picture,
)
from builder.project.networks.template import LARGE, SMALL, Template
from builder.project.networks.usual import BIG_DATA, big, with_adam, with_kaiming


def _vgg16(source: Item, widths: tuple[int, ...], units: int, classes: int) -> Network:
    conv_relu = definition(
        "conv_relu",
        "A 3×3 convolution that keeps the size, and ReLU.",
        [BlockParameter("channels", 64, "Feature maps that come out.")],
        [INPUT, conv(of("channels"), 3, padding=1).named("conv"), RELU.named("relu"), OUTPUT],
    )
    items: list[Item] = [source]
    for number, (repeat, channels) in enumerate(zip((2, 2, 3, 3, 3), widths, strict=True), 1):
        items += [block("conv_relu", f"conv{number}", repeat, channels=channels), maxpool()]
        if number in (2, 5):
            items.append(NEW_ROW)
    hidden: list[Item] = [linear(units), RELU, dropout()]
    # Sixteen layers without normalisation learn only when the values keep their size on the way.
    return with_kaiming(network([*items, FLATTEN, *hidden, *hidden, linear(classes), SOFTMAX, OUTPUT], conv_relu))


def vgg16() -> Network:
    """The paper's configuration D."""
    return _vgg16(picture(3, 224), (64, 128, 256, 512, 512), 4096, 1000)


def vgg16_small() -> Network:
    """The same layers for digits, with an eighth of the maps."""
    return _vgg16(picture(1, 32), (8, 16, 32, 64, 64), 256, 10)


TEMPLATES = (
    Template(
        "vgg16",
        "VGG-16",
        "Thirteen 3×3 convolutions in five stages, and three fully connected layers with most of the parameters.",
        LARGE,
        vgg16,
        BIG_DATA,
        big(8, learning_rate=0.001, weight_decay=0.0005),
        "Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556 (configuration D). The paper has a learning rate "
        "of 0.01 for batches of 256; with the 8 that fit into a laptop that would be too much.",
    ),
    Template(
        "vgg16-small",
        "VGG-16, small",
        "VGG-16 for the built-in digits.",
        SMALL,
        vgg16_small,
        training=with_adam(15),
    ),
)
