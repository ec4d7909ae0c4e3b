"""Deep networks for small pictures: plain against residual, pre-activation, wide."""

from __future__ import annotations

from functools import partial

from builder.data.settings import DataSettings
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
    of,
    picture,
    residual,
)
from builder.project.networks.template import RESIDUAL, SMALL, Template
from builder.project.networks.usual import small, with_kaiming, with_quick_averages
from builder.train.settings import SGD, TrainingSettings

_CHANNELS = BlockParameter("channels", 16, "Feature maps.")
_STRIDE = BlockParameter("stride", 2, "2 halves height and width.")
_REST = BlockParameter("rest", 2, "How many blocks follow the first.")
_FACTOR = BlockParameter("factor", 10, "How many times as wide as the thin network.")
_HEAD: tuple[Item, ...] = (GLOBAL_AVERAGE, FLATTEN, linear(10).named("fc"), SOFTMAX, OUTPUT)


def _conv(number: int | str, filters: Number, kernel: int = 3, stride: Number = 1) -> Part:
    return conv(filters, kernel, stride=stride, padding=kernel // 2, bias=False).named(f"conv{number}")


def _norm(number: int | str) -> Part:
    return NORM.named(f"bn{number}")


def _relu(number: int | str) -> Part:
    return RELU.named(f"relu{number}")


def _stage(first: str, following: str, *shared: BlockParameter) -> Block:
    """A stage: one block that may change the shape, and others that do not."""
    same = {parameter.name: of(parameter.name) for parameter in shared}
    return definition(
        "stage",
        "Blocks of one width; the first halves the size.",
        [*shared, _STRIDE, _REST],
        [
            INPUT,
            block(first, "first", stride=of("stride"), **same),
            block(following, "rest", of("rest"), **same),
            OUTPUT,
        ],
    )


# Plain against residual -----------------------------------------------------------------------------------------------


def _two_convolutions(channels: Number, stride: Number) -> list[Item]:
    return [_conv(1, channels, 3, stride), _norm(1), _relu(1), _conv(2, channels), _norm(2)]


def _plain_blocks() -> tuple[Block, ...]:
    width = of("channels")
    words = "Two 3×3 convolutions, and no way around them."
    pair = [INPUT, *_two_convolutions(width, of("stride")), _relu(2), OUTPUT]
    stride = BlockParameter("stride", 1, _STRIDE.help)
    return (definition("pair", words, [_CHANNELS, stride], pair), _stage("pair", "pair", _CHANNELS))


def _residual_blocks() -> tuple[Block, ...]:
    width = of("channels")
    words = "Two 3×3 convolutions whose result is added to what came in."
    projection = (_conv("_shortcut", width, 1, of("stride")), _norm("_shortcut"))
    following: list[Item] = [INPUT, residual(*_two_convolutions(width, 1)), _relu(2), OUTPUT]
    first: list[Item] = [
        INPUT,
        residual(*_two_convolutions(width, of("stride")), shortcut=projection),
        _relu(2),
        OUTPUT,
    ]
    return (
        definition("pair", words, [_CHANNELS], following),
        definition("pair_projected", f"{words} A 1×1 convolution makes the shapes agree.", [_CHANNELS, _STRIDE], first),
        _stage("pair_projected", "pair", _CHANNELS),
    )


def _deep(blocks: tuple[Block, ...], depth: int, source: Part, width: int) -> Network:
    """6n + 2 layers: one convolution, three stages of n pairs, one fully connected layer."""
    pairs = (depth - 2) // 6
    made = network(
        [
            source,
            *(_conv(1, width), _norm(1), RELU, NEW_ROW),
            block("pair", "stage1", pairs, channels=width),
            block("stage", "stage2", channels=2 * width, rest=pairs - 1),
            block("stage", "stage3", channels=4 * width, rest=pairs - 1),
            *(NEW_ROW, *_HEAD),
        ],
        *blocks,
    )
    return with_kaiming(made)


def plain(depth: int) -> Network:
    """Without shortcuts."""
    return _deep(_plain_blocks(), depth, picture(3, 32), 16)


def residual_net(depth: int) -> Network:
    """With shortcuts."""
    return _deep(_residual_blocks(), depth, picture(3, 32), 16)


def plain_small(depth: int) -> Network:
    """For digits, with half of the maps."""
    return with_quick_averages(_deep(_plain_blocks(), depth, picture(1, 16), 8))


def residual_small(depth: int) -> Network:
    """For digits, with half of the maps."""
    return with_quick_averages(_deep(_residual_blocks(), depth, picture(1, 16), 8))


# Normalisation and activation first -----------------------------------------------------------------------------------


def _before(ways: Items, shortcut: Items = ()) -> list[Item]:
    """A block whose sum goes on untouched. A projection, where there is one, starts from the normalised values."""
    if shortcut:
        return [INPUT, _norm(1), _relu(1), residual(*ways, shortcut=shortcut), OUTPUT]
    return [INPUT, residual(_norm(1), _relu(1), *ways), OUTPUT]


def _preact(source: Part, blocks: int, width: int) -> Network:
    inner, outer = of("channels"), of("channels * 4")

    def way(stride: Number) -> list[Item]:
        first, second = _conv(1, inner, 1), _conv(2, inner, 3, stride)
        return [first, _norm(2), _relu(2), second, _norm(3), _relu(3), _conv(3, outer, 1)]

    words = "Batch norm and ReLU before each of a 1×1, a 3×3 and a 1×1 convolution; the sum goes on untouched."
    shortcut = (_conv("_shortcut", outer, 1, of("stride")),)
    stages = [
        block("stage", f"stage{n + 1}", channels=width * 2**n, stride=2 if n else 1, rest=blocks - 1) for n in range(3)
    ]
    return network(
        [source, _conv(1, width), *stages, NEW_ROW, _norm(1), RELU, *_HEAD],
        definition("preactivation", words, [_CHANNELS], _before(way(1))),
        definition("preactivation_projected", words, [_CHANNELS, _STRIDE], _before(way(of("stride")), shortcut)),
        _stage("preactivation_projected", "preactivation", _CHANNELS),
    )


def preact_resnet() -> Network:
    """Pre-activation ResNet-164."""
    return _preact(picture(3, 32), 18, 16)


def preact_small() -> Network:
    """Pre-activation ResNet-29, for digits."""
    return with_quick_averages(_preact(picture(1, 16), 3, 8))


def _wide(source: Part, blocks: int, width: int, factor: int, drop: float) -> Network:
    wide = of("channels * factor")
    dropping = [Part("Dropout", {"p": drop}, "drop")]

    def way(stride: Number) -> list[Item]:
        return [_conv(1, wide, 3, stride), _norm(2), _relu(2), *dropping, _conv(2, wide)]

    words = "Batch norm and ReLU before each of two wide 3×3 convolutions, dropout between them."
    shortcut = (_conv("_shortcut", wide, 1, of("stride")),)
    shared = (_CHANNELS, _FACTOR)
    stages = [
        block("stage", f"stage{n + 1}", channels=width * 2**n, factor=factor, stride=2 if n else 1, rest=blocks - 1)
        for n in range(3)
    ]
    return network(
        [source, _conv(1, width), *stages, NEW_ROW, _norm(1), RELU, *_HEAD],
        definition("wide", words, shared, _before(way(1))),
        definition("wide_projected", words, [*shared, _STRIDE], _before(way(of("stride")), shortcut)),
        _stage("wide_projected", "wide", *shared),
    )


def wide_resnet() -> Network:
    """WRN-28-10."""
    return _wide(picture(3, 32), 4, 16, 10, 0.3)


def wide_small() -> Network:
    """WRN-16-2 on half of the maps, for digits."""
    return with_quick_averages(_wide(picture(1, 16), 2, 8, 2, 0.1))


_PICTURES = DataSettings(dataset="cifar10")
_TRAINING = TrainingSettings(epochs=30, batch_size=128, optimizer=SGD(learning_rate=0.1, weight_decay=0.0001))
_PAPER = "He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1512.03385"

_DEEP = tuple(
    template
    for depth in (20, 56)
    for template in (
        Template(
            f"plain{depth}",
            f"Plain-{depth}",
            f"{depth} layers in a row without shortcuts: the deeper of the two learns worse.",
            RESIDUAL,
            partial(plain, depth),
            _PICTURES,
            _TRAINING,
            _PAPER,
        ),
        Template(
            f"resnet{depth}",
            f"ResNet-{depth}",
            f"{depth} layers with shortcuts: the deeper of the two learns better.",
            RESIDUAL,
            partial(residual_net, depth),
            _PICTURES,
            _TRAINING,
            f"{_PAPER}; with 1×1 convolutions where the paper pads shortcuts with zeros.",
        ),
        Template(
            f"plain{depth}-small",
            f"Plain-{depth}, small",
            f"Plain-{depth} for the built-in digits.",
            SMALL,
            partial(plain_small, depth),
            training=small(),
        ),
        Template(
            f"resnet{depth}-small",
            f"ResNet-{depth}, small",
            f"ResNet-{depth} for the built-in digits.",
            SMALL,
            partial(residual_small, depth),
            training=small(),
        ),
    )
)

TEMPLATES = (
    *_DEEP,
    Template(
        "preact-resnet",
        "Pre-activation ResNet-164",
        "Batch norm and ReLU come before each convolution, so that the shortcuts run through untouched.",
        RESIDUAL,
        preact_resnet,
        _PICTURES,
        _TRAINING,
        "He, Zhang, Ren and Sun 2016, https://arxiv.org/abs/1603.05027",
    ),
    Template(
        "wide-resnet",
        "Wide ResNet-28-10",
        "Few layers, each ten times as wide.",
        RESIDUAL,
        wide_resnet,
        _PICTURES,
        TrainingSettings(
            epochs=30, batch_size=128, optimizer=SGD(learning_rate=0.1, weight_decay=0.0005, nesterov=True)
        ),
        "Zagoruyko and Komodakis 2016, https://arxiv.org/abs/1605.07146",
    ),
    Template(
        "preact-resnet-small",
        "Pre-activation ResNet, small",
        "A pre-activation ResNet of 29 layers for the built-in digits.",
        SMALL,
        preact_small,
        training=small(),
    ),
    Template(
        "wide-resnet-small",
        "Wide ResNet, small",
        "A wide ResNet of 16 layers, twice as wide, for the built-in digits.",
        SMALL,
        wide_small,
        training=small(),
    ),
)
