"""Training labels that are replaced at random, to see how much a network learns by heart. NumPy only."""

from __future__ import annotations

import numpy as np

from builder.data.catalogue import Array


def with_wrong_labels(targets: Array, classes: int, share: float, seed: int) -> Array:
    """Class numbers (count,) of which this share is drawn anew from all classes; the same array where none is.

    One in as many as there are classes is drawn right by chance. Which ones are drawn depends on the seed alone, and
    of a larger share those of a smaller one are a part.

    Source: https://arxiv.org/abs/1611.03530
    """
    count = round(share * len(targets))
    if not count:
        return targets
    rng = np.random.default_rng([seed, 1])  # not the stream that chose the split
    rows = rng.permutation(len(targets))[:count]
    found = targets.copy()
    found[rows] = rng.integers(classes, size=count)
    return found
