"""What is shown of augmentation is what is done: the picture as the network gets it, changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from builder.data.augmentation import Augmentation
from builder.data.augmenter import Augmenter
from builder.data.preview import augmented
from builder.data.settings import DataSettings

RAW = np.arange(64, dtype=np.uint8).reshape(1, 8, 8) * 4
COLOUR = np.random.default_rng(0).integers(0, 256, (3, 16, 16), np.uint8)


def test_it_is_what_a_training_batch_would_get() -> None:
    chosen = Augmentation(rotation=30, shift=0.1, noise=0.1)
    before, after = augmented(DataSettings(augmentation=chosen), (1, 32, 32), RAW, (), 5, 7)
    assert (before.shape, after.shape, after.dtype) == ((1, 32, 32), (5, 1, 32, 32), np.uint8)
    assert np.array_equal(before[0, 4:28, 4:28], RAW[0].repeat(3, 0).repeat(3, 1))
    augmenter = Augmenter(chosen, 7, (1, 32, 32), torch.device("cpu"))
    wanted, _ = augmenter(torch.from_numpy(before).float().expand(5, -1, -1, -1), torch.zeros(5), 0)
    assert np.array_equal(after, wanted.round().numpy())
    _, again = augmented(DataSettings(augmentation=chosen), (1, 32, 32), RAW, (), 5, 7)
    _, other = augmented(DataSettings(augmentation=chosen), (1, 32, 32), RAW, (), 5, 8)
    assert np.array_equal(again, after)
    assert not np.array_equal(other, after)


@pytest.mark.parametrize("shape", [None, (64,), (2, 9, 9), (5,)])
def test_for_an_input_that_is_no_picture_it_has_the_size_of_the_data_set(shape: tuple[int, ...] | None) -> None:
    before, after = augmented(DataSettings(), shape, RAW, (), 3, 0)
    assert np.array_equal(before, RAW)
    assert all(np.array_equal(one, RAW) for one in after)


def test_colours_change_where_there_are_some() -> None:
    chosen = Augmentation(saturation=0.9, pca=0.5)
    settings = DataSettings(dataset="random-pictures", augmentation=chosen)
    _, after = augmented(settings, (3, 16, 16), COLOUR, (COLOUR,), 3, 0)
    assert not any(np.array_equal(one, COLOUR) for one in after)
    before, after = augmented(settings, (1, 16, 16), COLOUR, (COLOUR,), 3, 0)
    assert all(np.array_equal(one, before) for one in after)
    _, after = augmented(DataSettings(augmentation=chosen), None, RAW, (), 3, 0)
    assert all(np.array_equal(one, RAW) for one in after)
