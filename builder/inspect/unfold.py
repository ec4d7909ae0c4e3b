"""t-SNE: points in the plane so that samples which are alike lie close together. scikit-learn does it; NumPy only here.

It is done in rounds, each beginning where the last one ended: so it can be watched and stopped in between.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from builder.inspect.cloud import Floats, Places

ROUNDS = (250, 300, 300, 300)  # steps of each; scikit-learn makes no fewer than 250
PERPLEXITY = 30.0
LEAST = 5  # samples
_APART, _LESS = 12.0, 4.0  # in the first round all attraction is so much stronger, so that groups form
_SMALL = 1e-4  # the spread to begin with


def unfold(values: Floats, start: Places, *, unfolded: bool = False) -> Iterator[Places]:
    """Points for samples (n, values) behind each round, (n, 2). The same for the same arguments.

    They begin like `start`, but all close to the middle; where that is `unfolded` itself, as it is: then groups stay
    where they lay, as far as they are the same.

    Van der Maaten and Hinton, "Visualizing data using t-SNE", 2008; the sizes of steps are scikit-learn's.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    spread, points = float(start.std(0).max()), np.asarray(start - start.mean(0), np.float32)
    if not unfolded:
        points *= np.float32(_SMALL / spread if spread > 0 else 0.0)
    if not points.any():
        points = np.random.default_rng(0).normal(size=points.shape).astype(np.float32) * np.float32(_SMALL)
    first = _LESS if unfolded else _APART
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    for number, steps in enumerate(ROUNDS):
        # One thread: those of training need the cores, and wait for each other.
        with threadpool_limits(limits=1, user_api="openmp"):
            method = TSNE(
                perplexity=perplexity, early_exaggeration=1.0 if number else first, init=points, random_state=0,
                max_iter=steps, n_iter_without_progress=steps,
            )  # fmt: skip
            points = method.fit_transform(np.asarray(values, np.float32))
        yield np.asarray(points, np.float64)
