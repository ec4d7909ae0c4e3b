"""Fitting pictures to the input, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from builder.data.pictures import Fitter
from builder.graph.model import Shape


def pictures(*shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize(
    ("source", "target", "factor", "margin"),
    [
        ((1, 8, 8), (1, 32, 32), 3, ((4, 4), (4, 4))),
        ((1, 8, 8), (1, 8, 8), 1, ((0, 0), (0, 0))),
        ((1, 8, 8), (1, 16, 16), 1, ((4, 4), (4, 4))),
        ((1, 8, 8), (1, 28, 28), 3, ((2, 2), (2, 2))),
        ((1, 28, 28), (1, 32, 32), 1, ((2, 2), (2, 2))),
        ((3, 4, 6), (3, 11, 13), 1, ((3, 4), (3, 4))),
        ((3, 4, 6), (3, 11, 14), 2, ((1, 2), (1, 1))),
    ],
)
def test_pad_enlarges_by_whole_steps_and_centres(
    source: Shape, target: Shape, factor: int, margin: tuple[tuple[int, int], ...]
) -> None:
    found = Fitter(source, target, "pad")(pictures(5, *source))
    plain = pictures(5, *source).numpy().repeat(factor, 2).repeat(factor, 3)
    assert found.dtype == torch.uint8
    assert np.array_equal(found.numpy(), np.pad(plain, ((0, 0), (0, 0), *margin)))


def test_pad_shrinks_a_larger_picture_and_keeps_its_proportions() -> None:
    white = torch.full((1, 1, 20, 40), 255, dtype=torch.uint8)
    found = Fitter((1, 20, 40), (1, 16, 16), "pad")(white)[0, 0]
    assert (found[4:12] == 255).all()
    assert (found[:4] == 0).all()
    assert (found[12:] == 0).all()


def test_resize_fills_the_input() -> None:
    steps = torch.arange(0, 256, 32, dtype=torch.uint8).expand(1, 1, 8, 8)
    found = Fitter((1, 8, 8), (1, 16, 16), "resize")(steps)[0, 0]
    assert found.shape == (16, 16)
    assert (found.diff(dim=1) >= 0).all()
    assert (found == found[0]).all()
    assert (int(found.min()), int(found.max())) == (0, 224)


def test_resize_averages_when_it_shrinks() -> None:
    board = (torch.arange(64).view(8, 8) + torch.arange(8).view(8, 1)) % 2 * 255
    found = Fitter((1, 8, 8), (1, 2, 2), "resize")(board.to(torch.uint8).view(1, 1, 8, 8))
    assert ((found > 100) & (found < 155)).all()  # without smoothing it would be black or white


def test_grey_becomes_colour_by_repeating() -> None:
    grey = pictures(2, 1, 4, 4)
    assert torch.equal(Fitter((1, 4, 4), (3, 4, 4), "pad")(grey), grey.expand(-1, 3, -1, -1))


def test_colour_becomes_grey_by_brightness() -> None:
    primaries = torch.eye(3, dtype=torch.uint8).view(3, 3, 1, 1) * 255
    assert Fitter((3, 1, 1), (1, 1, 1), "pad")(primaries).flatten().tolist() == [76, 150, 29]


def test_a_flat_input_takes_all_values_in_a_row() -> None:
    colour = pictures(2, 3, 4, 5)
    assert torch.equal(Fitter((3, 4, 5), (60,), "resize")(colour), colour.flatten(1))
