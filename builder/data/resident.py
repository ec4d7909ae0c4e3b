"""Data that lives on the training device: one tensor of samples as bytes, and a batch is an index into it.

Knows nothing of training. A batch is made at every step, so this is written for speed; the reasons stand beside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from builder.data.catalogue import Array
from builder.data.pictures import Fitter


class Part(Protocol):
    """A part of a data set, as training sees it: wherever its samples are kept."""

    def __len__(self) -> int:
        """Number of samples."""

    def order(self, generator: torch.Generator | None = None) -> Tensor:
        """Every position once: shuffled by the generator (on the CPU), or ascending without one; int64, on the device.

        A fresh permutation at each call; the same generator state gives the same one on every device.
        """

    def batch(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised inputs, float32 (count, *shape), and targets, on the device.

        Targets are class numbers, int64 (count,), for one or several outputs alike; for regression float32, numbers
        or pictures.

        Args:
            positions: int64, a slice of an `order`.
        """

    def raw(self, position: int) -> Array:
        """One sample as the data set has it: uint8 (channels, height, width), or float32 (features,)."""

    def target(self, position: int) -> int | float | None:
        """Its class number (or value), without asking the device; None where a picture is asked for."""

    def sample(self, position: int) -> tuple[Tensor, Tensor]:
        """The batch that holds this sample only."""


@dataclass(frozen=True)
class Normalisation:
    """What the network sees of a value: (value - shift) / scale, for each channel of a picture or each number.

    Plain figures, so that a run can store them and a prediction years later does the same.
    """

    shift: tuple[float, ...]
    scale: tuple[float, ...]


class Encoder:
    """Turns samples as they are kept into what the network sees.

    Args:
        fitter: brings a sample to the input's shape.
        normalisation: one entry for each channel of the fitted picture, or for each number.
        channels_last: lay colour pictures out pixel by pixel, which convolutions like better on most devices.
    """

    def __init__(
        self, fitter: Fitter, normalisation: Normalisation, device: torch.device, *, channels_last: bool
    ) -> None:
        self.fitter, self.normalisation, self.device = fitter, normalisation, device
        self.shape = fitter.target
        self.last = channels_last and len(self.shape) == 3
        factor = 1 / torch.tensor(normalisation.scale, dtype=torch.float64)
        offset = -torch.tensor(normalisation.shift, dtype=torch.float64) * factor
        # One factor and offset for each value of a flat sample: broadcasting over three interleaved channels is six
        # times slower on the CPU than over whole rows.
        self._factor = self._spread(factor)
        self._offset = self._spread(offset)

    def _spread(self, values: Tensor) -> Tensor:
        times = math.prod(self.shape) // len(values)
        spread = values.repeat(times) if self.last else values.repeat_interleave(times)
        return spread.to(torch.float32).to(self.device)

    def flat(self, samples: Tensor) -> Tensor:
        """Samples (count, ...) of the data set, fitted, as contiguous rows (count, values): the form to keep."""
        fitted = self.fitter(samples)
        if self.last:
            fitted = fitted.permute(0, 2, 3, 1)
        return fitted.reshape(len(fitted), -1).contiguous()

    def finish(self, rows: Tensor) -> Tensor:
        """Rows made by `flat` as normalised float32 (count, *shape)."""
        values = torch.addcmul(self._offset, rows.to(torch.float32), self._factor)
        if not self.last:
            return values.view(-1, *self.shape)
        channels, height, width = self.shape
        return values.view(-1, height, width, channels).permute(0, 3, 1, 2)


class ResidentPart:
    """A `Part` whose samples lie on the device.

    Args:
        kept: rows made by `Encoder.flat`; or, with `late`, samples as the data set has them, to be fitted batch by
            batch because they would take too much memory once fitted.
        targets: on the device.
        source, rows, source_targets: the samples as found, and which of them this part holds.
    """

    def __init__(
        self, encoder: Encoder, kept: Tensor, targets: Tensor, source: Array, source_targets: Array, rows: Array, *,
        late: bool,
    ) -> None:  # fmt: skip
        self._encoder, self._kept, self._targets, self._late = encoder, kept, targets, late
        self._source, self._source_targets, self._rows = source, source_targets, rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> Array:
        """Positions of the samples in the data set, in the order of this part."""
        return self._rows

    def order(self, generator: torch.Generator | None = None) -> Tensor:
        if generator is None:
            return torch.arange(len(self), device=self._kept.device)
        return torch.randperm(len(self), generator=generator).to(self._kept.device, non_blocking=True)

    def batch(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        rows = self._kept.index_select(0, positions)
        if self._late:
            rows = self._encoder.flat(rows)
        return self._encoder.finish(rows), self._targets.index_select(0, positions)

    def raw(self, position: int) -> Array:
        found: Array = np.asarray(self._source[self._rows[position]])
        return found

    def target(self, position: int) -> int | float | None:
        found = self._source_targets[self._rows[position]]
        value: int | float | None = found.item() if found.size == 1 else None
        return value

    def sample(self, position: int) -> tuple[Tensor, Tensor]:
        return self.batch(torch.tensor([range(len(self))[position]], device=self._kept.device))
