"""What layers compute, on numbers that a lecture works out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from builder.graph.frozen import freeze
from builder.graph.model import Shape
from builder.layers.base import Call, Layer
from builder.layers.registry import make
from tests.contract.layer_cases import evaluate, run

PICTURE = [[5, 1, 3, 4], [8, 2, 9, 2], [1, 3, 0, 1], [2, 2, 2, 0]]


def layer(kind: str, **params: Any) -> Layer:
    return make(kind, freeze(params))


def applied(kind: str, values: Any, **params: Any) -> list[Any]:
    """The output for one picture of one channel (or one flat list), as nested lists."""
    x = torch.tensor(values, dtype=torch.float32)
    x = x[None] if x.dim() == 1 else x[None, None]
    made = layer(kind, **params)
    y, _ = run(made, (tuple(x.shape[1:]),), [x])
    return y[0, 0].tolist() if y.dim() == 4 else y[0].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("MaxPool2d", [[8, 9], [3, 2]]),
        ("MinPool2d", [[1, 2], [1, 0]]),
        ("AvgPool2d", [[4, 4.5], [2, 0.75]]),
        ("Downsample", [[5, 3], [1, 0]]),
        ("AdaptiveAvgPool2d", [[45 / 16]]),
        ("AdaptiveMaxPool2d", [[9]]),
    ],
)
def test_pooling(kind: str, expected: list[list[float]]) -> None:
    assert applied(kind, PICTURE) == expected


NINE = """
- + + + -
- + - + -
- + + + -
- - - + -
- - - + -
- - + - -
- + - - -
"""


def convolved(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """What the layer of the catalogue gives for these weights."""
    made = layer("Conv2d", filters=len(weight), kernel_size=weight.shape[-1])
    _, module = run(made, (tuple(x.shape[1:]),), [x])
    assert module is not None
    module.load_state_dict({"weight": weight, "bias": bias})
    with torch.no_grad():
        return module(x)  # type: ignore[no-any-return]


def test_a_loopy_pattern_is_found_in_the_picture_of_a_nine() -> None:
    picture = [[1.0 if cell == "+" else -1.0 for cell in row.split()] for row in NINE.strip().splitlines()]
    loop = torch.ones(1, 1, 3, 3) / 9
    loop[0, 0, 1, 1] = -1 / 9
    found = convolved(torch.tensor(picture)[None, None], loop, torch.zeros(1))[0, 0]
    assert [[round(value, 2) for value in row] for row in found.tolist()] == [
        [-0.11, 1.0, -0.11],
        [-0.56, 0.11, -0.33],
        [-0.33, 0.33, -0.33],
        [-0.56, -0.11, -0.56],
        [-0.33, -0.56, -0.33],
    ]


def test_two_filters_slide_over_a_volume_of_three_channels() -> None:
    volume = [[[(3 * c + 5 * i + 7 * j + i * j) % 4 - 1 for j in range(5)] for i in range(4)] for c in range(3)]
    filters = [[[[(f + c + 2 * i + j) % 3 - 1 for j in range(3)] for i in range(3)] for c in range(3)] for f in (0, 1)]
    biases = [1, -1]
    expected = [
        [
            [
                biases[f]
                + sum(
                    volume[c][top + i][left + j] * filters[f][c][i][j]
                    for c in range(3)
                    for i in range(3)
                    for j in range(3)
                )
                for left in range(3)
            ]
            for top in range(2)
        ]
        for f in (0, 1)
    ]
    found = convolved(torch.tensor(volume).float()[None], torch.tensor(filters).float(), torch.tensor(biases).float())
    assert found[0].tolist() == expected
    assert layer("Conv2d", filters=2).parameter_count(((3, 4, 5),)) == 2 * (27 + 1)


def test_l2_pool_is_the_root_of_the_sum_of_squares() -> None:
    assert applied("L2Pool2d", [[3, 0], [0, 4]])[0][0] == pytest.approx(5)


def test_l2_pool_has_a_gradient_where_a_whole_window_is_zero() -> None:
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    y, _ = run(layer("L2Pool2d"), ((1, 2, 2),), [x])
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.zeros_like(x))


def test_weighted_average_falls_off_from_the_centre() -> None:
    weights = []
    for row in range(3):
        for column in range(3):
            picture = torch.zeros(3, 3)
            picture[row, column] = 16
            weights.append(applied("WeightedAvgPool2d", picture.tolist(), padding=0)[0][0])
    assert weights == [1, 2, 1, 2, 4, 2, 1, 2, 1]


def test_padding_need_not_count_in_an_average() -> None:
    params = {"kernel_size": 3, "stride": 1, "padding": 1}
    assert applied("AvgPool2d", [[9]], **params) == [[1]]
    assert applied("AvgPool2d", [[9]], **params, count_include_pad=False) == [[9]]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ZeroPad2d", [[0] * 4, [0, 1, 2, 0], [0, 3, 4, 0], [0] * 4]),
        ("ReplicationPad2d", [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]),
        ("ReflectionPad2d", [[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]]),
    ],
)
def test_borders(kind: str, expected: list[list[int]]) -> None:
    assert applied(kind, [[1, 2], [3, 4]]) == expected


def test_crop_keeps_the_middle() -> None:
    assert applied("CenterCrop", PICTURE, size=2) == [[2, 9], [3, 0]]


def test_nearest_up_sampling_repeats_cells() -> None:
    assert applied("Upsample", [[1, 2]]) == [[1, 1, 2, 2]] * 2


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("ReLU", {}, [0, 0, 2]),
        ("LeakyReLU", {"negative_slope": 0.5}, [-1, 0, 2]),
        ("PReLU", {"shared": True}, [-0.5, 0, 2]),
        ("Hardtanh", {}, [-1, 0, 1]),
        ("Hardtanh", {"low": 0, "high": 6}, [0, 0, 2]),
        ("Sign", {}, [-1, 0, 1]),
        ("Identity", {}, [-2, 0, 2]),
        ("Slice", {"start": 1, "length": 2}, [0, 2]),
    ],
)
def test_functions(kind: str, params: dict[str, Any], expected: list[float]) -> None:
    assert applied(kind, [-2, 0, 2], **params) == expected


# The lectures' own sums.


@pytest.mark.parametrize(
    ("kind", "params", "inputs", "parameters"),
    [
        ("Conv2d", {"filters": 6, "kernel_size": 5}, (1, 32, 32), 156),
        ("Conv2d", {"filters": 120, "kernel_size": 5}, (16, 5, 5), 48_120),
        ("Conv2d", {"filters": 64, "padding": 1, "bias": False}, (3, 224, 224), 1_728),
        ("Conv2d", {"filters": 512, "padding": 1, "bias": False}, (256, 28, 28), 1_179_648),
        ("Conv2d", {"filters": 16, "kernel_size": 7, "padding": 3}, (16, 256, 256), 12_560),
        ("Linear", {"features": 84}, (120,), 10_164),
        ("Linear", {"features": 4096, "bias": False}, (25_088,), 102_760_448),
        ("BatchNorm2d", {}, (64, 8, 8), 128),
    ],
)
def test_parameters(kind: str, params: dict[str, Any], inputs: Shape, parameters: int) -> None:
    assert layer(kind, **params).parameter_count((inputs,)) == parameters


def test_multiplications_of_one_large_filter() -> None:
    conv = layer("Conv2d", filters=16, kernel_size=7, padding=3)
    inputs = ((16, 256, 256),)
    assert round(conv.multiply_adds(inputs, conv.output_shape(inputs)) / 1e6) == 822


def test_a_network_of_any_size_costs_only_arithmetic() -> None:
    huge = layer("Linear", features=10**12)
    assert huge.parameter_count(((10**6,),)) == (10**6 + 1) * 10**12
    assert huge.formulas(((10**6,),), (10**12,))


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (3, 8, 6)),
        ({"border": "same"}, (3, 10, 8)),
        ({"border": "full"}, (3, 12, 10)),
        ({"padding": 1}, (3, 10, 8)),
    ],
)
def test_valid_same_and_full_borders(params: dict[str, Any], size: Shape) -> None:
    assert layer("Conv2d", filters=3, **params).output_shape(((1, 10, 8),)) == size


# Layers that use what they have learned in a way of their own


def used(made: Layer, x: torch.Tensor, training: bool = False) -> tuple[torch.Tensor, torch.nn.Module]:
    _, module = run(made, (tuple(x.shape[1:]),), [x])
    assert module is not None
    forward = made.lower((tuple(x.shape[1:]),)).forward
    assert isinstance(forward, Call)
    return evaluate(forward, [x], module.train(training)), module


def test_a_turned_filter_writes_itself_where_the_picture_has_a_one() -> None:
    """What tells convolution from cross-correlation, which would write the filter upside down."""
    spot = torch.zeros(1, 1, 5, 5)
    spot[0, 0, 2, 2] = 1
    y, module = used(layer("TrueConv2d", filters=1, kernel_size=3, bias=False), spot)
    assert torch.equal(y, module.weight)


def test_each_place_is_normalised_by_itself() -> None:
    y, _ = used(layer("LayerNorm2d"), 3 + 2 * torch.randn(2, 64, 3, 4))
    assert torch.allclose(y.mean(dim=1), torch.zeros(2, 3, 4), atol=1e-5)
    assert torch.allclose(y.var(dim=1, unbiased=False), torch.ones(2, 3, 4), atol=1e-3)


def test_noise_has_its_deviation_while_training_and_is_nothing_at_inference() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 10_000)
    noisy, _ = used(layer("GaussianNoise", deviation=0.3), x, training=True)
    assert float((noisy - x).std()) == pytest.approx(0.3, rel=0.02)
    assert float((noisy - x).mean()) == pytest.approx(0, abs=0.01)
    resting, _ = used(layer("GaussianNoise", deviation=0.3), x)
    assert torch.equal(resting, x)


def test_attention_does_not_mind_the_order_of_the_tokens() -> None:
    x = torch.randn(1, 6, 8)
    made = layer("MultiheadAttention", heads=2)
    y, module = used(made, x)
    forward = made.lower(((6, 8),)).forward
    assert forward is not None
    assert torch.allclose(evaluate(forward, [x.flip(1)], module), y.flip(1), atol=1e-6)
    assert not torch.allclose(y, module.out_proj(x), atol=1e-3)


@pytest.mark.parametrize(("how", "expected"), [("add", 5.0), ("multiply", 6.0), ("give", 2.0)])
def test_a_constant_joins_the_input_as_told_and_learns(how: str, expected: float) -> None:
    made = layer("LearnedConstant", how=how, one_for="map", shape=[3, 2, 2], mean=2.0, deviation=0.0)
    y, module = used(made, torch.full((5, 3, 2, 2), 3.0))
    assert torch.equal(y, torch.full((5, 3, 2, 2), expected))
    y.sum().backward()
    (learned,) = module.parameters()
    assert learned.grad is not None
    assert bool(learned.grad.all())
