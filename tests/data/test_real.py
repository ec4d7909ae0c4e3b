"""The real archives, from a folder that nobody may write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from builder.data.prepare import prepare
from builder.data.settings import DataSettings

pytestmark = pytest.mark.data


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_a_folder_of_archives_is_enough(dataset: str, test_data: Path) -> None:
    before = sorted(test_data.rglob("*"))
    found = prepare(DataSettings(dataset=dataset), (1, 32, 32), "cpu", folder=test_data)
    assert [len(part) for part in (found.train, found.validation, found.test)] == [51_000, 9_000, 10_000]
    inputs, targets = found.train.batch(found.train.order(torch.Generator().manual_seed(0))[:5000])
    assert inputs.shape == (5000, 1, 32, 32)
    assert abs(float(inputs.mean())) < 0.05
    assert abs(float(inputs.std()) - 1) < 0.05
    assert targets.bincount().min() > 400
    assert sorted(test_data.rglob("*")) == before


def test_the_first_digits_are_known(test_data: Path) -> None:
    found = prepare(DataSettings(dataset="mnist"), (1, 28, 28), "cpu", folder=test_data)
    assert [found.test.target(i) for i in range(10)] == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # Mean and deviation of the training pictures, as everybody uses them: 0.1307 and 0.3081 of white.
    assert np.allclose(found.normalisation.shift, 0.1307 * 255, atol=0.1)
    assert np.allclose(found.normalisation.scale, 0.3081 * 255, atol=0.1)
