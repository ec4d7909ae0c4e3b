"""The two directions in which many values spread most (PCA), and how large layers are made small for it. Torch only.

Nothing here draws from the process's random numbers: a run that is looked at goes on as one that is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

MOST = 2048  # numbers of a sample that are compared
MANY = 50  # axes that t-SNE begins from: beyond them there is little but noise


@dataclass(frozen=True, eq=False)
class Axes:
    """Principal axes of some samples.

    Attributes:
        mean: of all samples, (values,); directions: of length 1, (values, axes), the one with most variance first.
        variances: along each, (axes,), summed over the samples; total: in all directions together.
    """

    mean: Tensor
    directions: Tensor
    variances: Tensor
    total: float

    def place(self, values: Tensor) -> Tensor:
        """Where samples (n, values) lie along the axes, (n, axes)."""
        return (values - self.mean) @ self.directions

    def share(self, axis: int) -> float:
        """The share of the variance that lies along this axis."""
        return float(self.variances[axis]) / self.total if self.total > 0 else 0.0


def principal(values: Tensor, count: int = 2) -> Axes:
    """The principal axes of samples (n, values): finite, at least two values.

    From the eigenvectors of the smaller of the two matrices of inner products, between values or between samples: of
    a few hundred samples they cost milliseconds, however many values there are. They have either sign.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    mean = values.mean(0)
    centred = values - mean
    over_samples = len(values) < values.shape[1]
    products = (centred @ centred.T if over_samples else centred.T @ centred).double().cpu()
    total, size = float(products.trace()), len(products)
    products /= total or 1.0
    count = min(count, size)
    variances, vectors = np.zeros(count), np.eye(size, count)
    if total > 0 and 3 * count < size:
        # The start is fixed: left to itself, it would be drawn at random.
        start = np.random.default_rng(0).normal(size=size)
        # PyTorch multiplies: the threads of NumPy's library would go on spinning beside those of training.
        apply = LinearOperator(
            (size, size), matvec=lambda x: (products @ torch.from_numpy(x).view(-1)).numpy(), dtype=np.float64
        )
        try:
            variances, vectors = eigsh(apply, k=count, v0=start)
        except ArpackError:
            variances, vectors = np.linalg.eigh(products.numpy())
    elif total > 0:
        variances, vectors = np.linalg.eigh(products.numpy())
    order = np.argsort(-variances)[:count]
    kept = torch.from_numpy(np.ascontiguousarray(vectors[:, order])).to(values)
    if over_samples:
        kept = functional.normalize(centred.T @ kept, dim=0)
    return Axes(mean, kept, torch.from_numpy(np.maximum(variances[order], 0.0) * total), total)


def pooled_size(shape: tuple[int, ...], most: int = MOST) -> tuple[int, int] | None:
    """Height and width that maps (channels, height, width) are averaged to; None where they are small enough."""
    if len(shape) != 3 or math.prod(shape) <= most:
        return None
    _, height, width = shape
    scale = math.sqrt(most / math.prod(shape))
    down, across = max(1, int(height * scale)), max(1, int(width * scale))
    return (down, across) if (down, across) != (height, width) else None


def comparable(values: Tensor, most: int = MOST) -> Tensor:
    """What layers give for samples (n, ...), as rows (n, at most `most` numbers), float32.

    Maps are averaged over space. Lists that are longer are mixed: each number, with a sign of its own, is added to one
    of `most` sums, which keeps the distances between samples, but for a few per cent (count sketch; Charikar, Chen and
    Farach-Colton, "Finding frequent items in data streams", 2002).
    """
    size = pooled_size(tuple(values.shape[1:]), most)
    if size is not None:
        values = functional.adaptive_avg_pool2d(values.float(), size)
    rows = values.flatten(1).float()
    length = rows.shape[1]
    if length <= most:
        return rows
    chance = torch.Generator().manual_seed(0)
    signs = (torch.randint(0, 2, (length,), generator=chance) * 2 - 1).to(rows)
    order = torch.randperm(length, generator=chance).to(rows.device)
    signed = functional.pad((rows * signs)[:, order], (0, -length % most))
    return signed.view(len(rows), -1, most).sum(1)
