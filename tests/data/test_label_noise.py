"""Wrong labels: how many, which, and only where they are learned from."""

from __future__ import annotations

import numpy as np
import torch

from builder.data.label_noise import with_wrong_labels
from builder.data.prepare import prepare
from builder.data.settings import DataSettings


def test_the_share_is_drawn_from_all_classes_by_the_seed() -> None:
    targets = np.zeros(5000, np.int64)
    some = with_wrong_labels(targets, 10, 0.4, 3)
    assert 1700 < int((some != 0).sum()) < 1900  # a tenth of the 2,000 is right by chance
    assert set(some) == set(range(10))
    assert not targets.any()
    assert np.array_equal(some, with_wrong_labels(targets, 10, 0.4, 3))
    assert not np.array_equal(some, with_wrong_labels(targets, 10, 0.4, 4))
    more = with_wrong_labels(targets, 10, 0.8, 3)
    assert ((some != 0) <= (with_wrong_labels(targets + 11, 10, 0.8, 3) != 11)).all()
    assert int((more != 0).sum()) > int((some != 0).sum())
    assert with_wrong_labels(targets, 10, 0.0, 3) is targets


def test_only_the_training_part_has_them_and_shows_them() -> None:
    plain, wrong = (prepare(DataSettings(label_noise=share), (1, 8, 8), "cpu") for share in (0, 0.5))
    for name in ("train", "validation", "test"):
        one, other = getattr(plain, name), getattr(wrong, name)
        (x, before), (again, after) = (part.batch(part.order()) for part in (one, other))
        assert torch.equal(x, again)
        assert torch.equal(before, after) == (name != "train")
        assert [other.target(place) for place in range(40)] == after[:40].tolist()
    changed = float(
        (plain.train.batch(plain.train.order())[1] != wrong.train.batch(wrong.train.order())[1]).float().mean()
    )
    assert 0.4 < changed < 0.5
