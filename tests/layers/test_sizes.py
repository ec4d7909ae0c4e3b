"""Sizes at their limits, every combination of a small range against the real layer."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from builder.graph.frozen import freeze
from builder.graph.model import Shape
from builder.layers.base import ShapeError
from builder.layers.registry import make
from tests.contract.layer_cases import on_meta


def real_shape(layer: Any, shape: Shape) -> Shape | None:
    """None where the real layer fails, or gives nothing at all."""
    try:
        real = on_meta(layer, (shape,))[0]
    except RuntimeError:
        return None
    return real if all(real) else None


def declared_shape(layer: Any, shape: Shape) -> Shape | None:
    try:
        return layer.output_shape((shape,))  # type: ignore[no-any-return]
    except ShapeError:
        return None


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_a_convolution_is_refused_exactly_where_the_real_one_fails(mode: str) -> None:
    for size, padding, kernel in product((1, 2, 3, 5), (0, 1, 2, 3), (1, 2, 3)):
        layer = make("Conv2d", freeze({"padding_mode": mode, "padding": padding, "kernel_size": kernel, "filters": 1}))
        shape = (1, size, 4)
        assert declared_shape(layer, shape) == real_shape(layer, shape), (size, padding, kernel)


@pytest.mark.parametrize("kind", ["MaxPool2d", "AvgPool2d", "MinPool2d", "L2Pool2d"])
def test_a_pooling_is_refused_exactly_where_the_real_one_fails(kind: str) -> None:
    for size, window, stride, up in product((1, 2, 3, 5, 6), (1, 2, 3), (1, 2, 3), (False, True)):
        for padding in range(window // 2 + 1):
            values = {"kernel_size": window, "stride": stride, "padding": padding, "ceil_mode": up}
            layer = make(kind, freeze(values))
            shape = (1, size, 6)
            assert declared_shape(layer, shape) == real_shape(layer, shape), (size, values)


@pytest.mark.parametrize("kind", ["ZeroPad2d", "ReflectionPad2d", "ReplicationPad2d"])
def test_a_border_is_refused_exactly_where_the_real_one_fails(kind: str) -> None:
    for high, wide, padding in product((1, 2, 3), (1, 4), (0, 1, 2, 3)):
        layer = make(kind, freeze({"padding": padding}))
        shape = (1, high, wide)
        assert declared_shape(layer, shape) == real_shape(layer, shape), (high, wide, padding)


def test_a_transposed_convolution_is_refused_exactly_where_the_real_one_fails() -> None:
    for size, kernel, stride, padding in product((1, 2, 4), (1, 2, 3), (1, 2), (0, 1, 2)):
        layer = make("ConvTranspose2d", freeze({"kernel_size": kernel, "stride": stride, "padding": padding}))
        shape = (1, size, 5)
        assert declared_shape(layer, shape) == real_shape(layer, shape), (size, kernel, stride, padding)
