"""GoogLeNet (Inception v1), and the cells of Inception v2 and v3 in a small network."""

from __future__ import annotations

from builder.graph.model import Block, BlockParameter, Network
from builder.project.networks.drawing import definition, network
from builder.project.networks.notation import (
    CONCATENATE,
    FLATTEN,
    GLOBAL_AVERAGE,
    INPUT,
    NEW_ROW,
    OUTPUT,
    RELU,
    SOFTMAX,
    Item,
    Number,
    Part,
    Side,
    block,
    branches,
    conv,
    dropout,
    layer,
    linear,
    maxpool,
    of,
    picture,
)
from builder.project.networks.template import LARGE, SMALL, Template
from builder.project.networks.usual import BIG_DATA, big, small, with_adam, with_quick_averages

# Inception modules: 1×1; 1×1 before 3×3, 3×3; 1×1 before the third way, the third way; behind the pooling.
_MODULES = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
_WAYS = ("one", "before3", "three", "before5", "five", "pooled")
_WORDS = (
    "Maps of the 1×1 convolution.",
    "Maps of the 1×1 convolution before the 3×3 one.",
    "Maps of the 3×3 convolution.",
    "Maps of the 1×1 convolution before the third way.",
    "Maps of the third way.",
    "Maps of the 1×1 convolution behind the pooling.",
)


def _conv_norm() -> Block:
    parameters = [
        BlockParameter("channels", 64, "Feature maps that come out."),
        BlockParameter("kernel", 1, "Size of the filters."),
        BlockParameter("stride", 1, "How far the filter moves each time."),
        BlockParameter("padding", 0, "Zeros added at each border."),
    ]
    window = conv(of("channels"), of("kernel"), stride=of("stride"), padding=of("padding"), bias=False)
    return definition(
        "conv_norm",
        "A convolution, batch normalisation and ReLU.",
        parameters,
        [INPUT, window.named("conv"), layer("BatchNorm2d", eps=0.001).named("bn"), RELU.named("relu"), OUTPUT],
    )


def _conv_norm_of(name: str, channels: Number, kernel: Number = 1, **more: Number) -> Part:
    return block("conv_norm", name, channels=channels, **({"kernel": kernel} if kernel != 1 else {}), **more)


def _inception() -> Block:
    """As torchvision has it: the way that the paper draws with a 5×5 filter has a 3×3 one."""
    return definition(
        "inception",
        "Four ways to look at the same maps, joined along the channels.",
        [BlockParameter(name, 32, words) for name, words in zip(_WAYS, _WORDS, strict=True)],
        [
            INPUT,
            branches(
                [_conv_norm_of("branch1", of("one"))],
                [_conv_norm_of("branch2a", of("before3")), _conv_norm_of("branch2b", of("three"), 3, padding=1)],
                [_conv_norm_of("branch3a", of("before5")), _conv_norm_of("branch3b", of("five"), 3, padding=1)],
                [
                    maxpool(3, 1, padding=1, ceil_mode=True).named("pool"),
                    _conv_norm_of("branch4", of("pooled")),
                ],
                join=CONCATENATE.named("join"),
            ),
            OUTPUT,
        ],
    )


def _head(size: int, channels: int, units: int, classes: int) -> Block:
    """An auxiliary classifier."""
    return definition(
        "aux_head",
        "A classifier in the middle of the network, which counts a little in the loss while training.",
        [],
        [
            INPUT,
            layer("AdaptiveAvgPool2d", output_size=size).named("pool"),
            _conv_norm_of("conv", channels),
            FLATTEN.named("flatten"),
            linear(units).named("fc1"),
            RELU.named("relu"),
            dropout(0.7).named("drop"),
            linear(classes).named("fc2"),
            SOFTMAX.named("softmax"),
            OUTPUT,
        ],
    )


def _googlenet(stem: list[Item], pools: tuple[Item, Item], divisor: int, head: Block, classes: int) -> Network:
    modules: dict[str, Item] = {}
    for name, widths in _MODULES.items():
        modules[name] = block("inception", name, 1, **{w: n // divisor for w, n in zip(_WAYS, widths, strict=True)})

    def auxiliary(number: int) -> Side:
        output = layer("AuxiliaryOutput").named(f"auxiliary{number}")
        return Side((block("aux_head", f"aux{number}"), output))

    return network(
        [
            *(*stem, modules["inception3a"], modules["inception3b"], NEW_ROW),
            *(pools[0], modules["inception4a"], auxiliary(1)),
            *(modules["inception4b"], modules["inception4c"]),
            *(modules["inception4d"], auxiliary(2)),
            *(modules["inception4e"], pools[1], NEW_ROW),
            *(modules["inception5a"], modules["inception5b"]),
            *(GLOBAL_AVERAGE, FLATTEN, dropout(0.2), linear(classes).named("fc"), SOFTMAX, OUTPUT),
        ],
        _conv_norm(),
        _inception(),
        head,
    )


def googlenet() -> Network:
    """With both auxiliary classifiers."""
    stem: list[Item] = [
        picture(3, 224),
        _conv_norm_of("conv1", 64, 7, stride=2, padding=3),
        maxpool(3, ceil_mode=True),
        _conv_norm_of("conv2", 64),
        _conv_norm_of("conv3", 192, 3, padding=1),
        maxpool(3, ceil_mode=True),
    ]
    return _googlenet(stem, (maxpool(3, ceil_mode=True), maxpool(ceil_mode=True)), 1, _head(4, 128, 1024, 1000), 1000)


def googlenet_small() -> Network:
    """The same modules with an eighth of the maps, for digits."""
    stem: list[Item] = [
        picture(1, 32),
        _conv_norm_of("conv1", 8, 3, padding=1),
        maxpool(),
        _conv_norm_of("conv2", 8),
        _conv_norm_of("conv3", 24, 3, padding=1),
    ]
    return with_quick_averages(_googlenet(stem, (maxpool(), maxpool()), 8, _head(2, 16, 64, 10), 10))


# The cells of Inception v2 and v3 ------------------------------------------------------------------------------------


def _cell(name: str, help: str, *ways: list[Item]) -> Block:
    channels = BlockParameter("channels", 16, "Feature maps of each way.")
    return definition(name, help, [channels], [INPUT, branches(*ways, join=CONCATENATE.named("join")), OUTPUT])


def _way(letter: str, *kernels: tuple[int, int], pooled: bool = False) -> list[Item]:
    """A 1×1 convolution (behind pooling, where asked for) and convolutions that keep the size."""
    items: list[Item] = [layer("AvgPool2d", kernel_size=3, stride=1, padding=1).named("pool")] if pooled else []
    items.append(_conv_norm_of(f"{letter}0", of("channels")))
    for number, (high, wide) in enumerate(kernels, 1):
        size: Number = (high, wide) if high != wide else high
        padding: Number = ((high - 1) // 2, (wide - 1) // 2) if high != wide else (high - 1) // 2
        items.append(_conv_norm_of(f"{letter}{number}", of("channels"), size, padding=padding))
    return items


def inception_cells() -> Network:
    """One cell of each kind, in a network for small pictures."""
    factored = _cell(
        "cell_a",
        "A 5×5 convolution as two of 3×3: 18 weights instead of 25 for each pair of maps.",
        _way("a"),
        _way("b", (3, 3)),
        _way("c", (3, 3), (3, 3)),
        _way("d", pooled=True),
    )
    asymmetric = _cell(
        "cell_b",
        "A 7×7 convolution as 1×7 and 7×1: 14 weights instead of 49 for each pair of maps.",
        _way("a"),
        _way("b", (1, 7), (7, 1)),
        _way("c", (7, 1), (1, 7)),
        _way("d", pooled=True),
    )
    half = [conv(of("channels"), (1, 3), padding=(0, 1)).named("flat")]
    other = [conv(of("channels"), (3, 1), padding=(1, 0)).named("tall")]
    spread = _cell(
        "cell_c",
        "A 3×3 convolution as 1×3 beside 3×1, for the coarsest maps.",
        _way("a"),
        [*_way("b"), branches(half, other, join=CONCATENATE.named("both"))],
        _way("d", pooled=True),
    )
    return network(
        [
            picture(1, 32),
            *(conv(16, 3, padding=1), RELU, NEW_ROW),
            *(block("cell_a", "cell_a", channels=12), maxpool()),
            *(block("cell_b", "cell_b", channels=16), maxpool()),
            *(block("cell_c", "cell_c", channels=24), NEW_ROW),
            *(GLOBAL_AVERAGE, FLATTEN, linear(10), SOFTMAX, OUTPUT),
        ],
        _conv_norm(),
        factored,
        asymmetric,
        spread,
    )


TEMPLATES = (
    Template(
        "googlenet",
        "GoogLeNet",
        "Nine Inception modules, each four ways side by side, and two auxiliary classifiers (Inception v1).",
        LARGE,
        googlenet,
        BIG_DATA,
        big(16, learning_rate=0.01),
        "Szegedy and others 2014, https://arxiv.org/abs/1409.4842; layer by layer as torchvision has it: with batch "
        "normalisation, and 3×3 where the paper has 5×5.",
    ),
    Template(
        "inception-cells",
        "Inception cells",
        "One cell each of Inception v2 and v3: 5×5 as two 3×3, 7×7 as 1×7 and 7×1, 3×3 as 1×3 beside 3×1.",
        LARGE,
        inception_cells,
        training=with_adam(10),
        notes="Szegedy and others 2015, https://arxiv.org/abs/1512.00567",
    ),
    Template(
        "googlenet-small",
        "GoogLeNet, small",
        "GoogLeNet for the built-in digits.",
        SMALL,
        googlenet_small,
        training=small(),
    ),
)
