"""Data that lives on the training device: one tensor of samples as bytes, and a batch is an index into it.

Knows nothing of training. A batch is made at every step, so this is written for speed; the reasons stand beside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from builder.data.augmentation import COLOURS
from builder.data.augmenter import Change, principal_colours
from builder.data.catalogue import Array
from builder.data.pictures import Fitter
from builder.graph.model import Shape


class Part(Protocol):
    """A part of a data set, as training sees it: wherever its samples are kept."""

    def __len__(self) -> int:
        """Number of samples."""

    def order(self, generator: torch.Generator | None = None) -> Tensor:
        """Every position once: shuffled by the generator (on the CPU), or ascending without one; int64, on the device.

        A fresh permutation at each call; the same generator state gives the same one on every device.
        """

    def batch(self, positions: Tensor, change: Change | None = None) -> tuple[Tensor, Tensor]:
        """Normalised inputs, float32 (count, *shape), and targets, on the device.

        Targets are class numbers, int64 (count,), for one or several outputs alike; for regression float32, numbers
        or pictures.

        Args:
            positions: int64, a slice of an `order`.
            change: done to the samples before they are normalised.
        """

    def raw(self, position: int) -> Array:
        """One sample as the data set has it: uint8 (channels, height, width), or float32 (features,)."""

    def target(self, position: int) -> int | float | None:
        """Its class number (or value), without asking the device; None where a picture is asked for."""

    def labels(self) -> Array:
        """What `target` says of all samples, in their order, without asking the device."""

    def sample(self, position: int) -> tuple[Tensor, Tensor]:
        """The batch that holds this sample only."""

    def spans(self) -> Tensor:
        """Of lists of numbers, the full range of each: float32 (features,)."""

    def colours(self) -> Tensor:
        """Of colour pictures, what `principal_colours` finds."""


@dataclass(frozen=True)
class Normalisation:
    """What the network sees of a value: (value - shift) / scale.

    Plain figures, so that a run can store them and a prediction years later does the same.

    Attributes:
        shift, scale: one for each channel of a picture, or one for each of its values, channel by channel; of a list of
            numbers, one for each.
        matrix: for whitening, what all values of a sample in a row are multiplied by then: float32 (values, values).
    """

    shift: tuple[float, ...]
    scale: tuple[float, ...]
    matrix: Tensor | None = field(default=None, compare=False)  # it follows from the same samples as the others


class Encoder:
    """Turns samples as they are kept into what the network sees.

    Args:
        fitter: brings a sample to the input's shape.
        normalisation: of the fitted picture, or of the numbers.
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
        self._matrix = normalisation.matrix.to(device) if normalisation.matrix is not None else None

    def _spread(self, values: Tensor) -> Tensor:
        spread = values.repeat_interleave(math.prod(self.shape) // len(values))
        if self.last:
            spread = spread.view(self.shape).permute(1, 2, 0).flatten()
        return spread.to(torch.float32).to(self.device)

    @property
    def picture(self) -> Shape | None:
        """The shape of a sample as a picture, though it may enter the network as a row; None where it is none."""
        if len(self.shape) == 3:
            return self.shape
        return self.fitter.source if len(self.fitter.source) == 3 else None

    def flat(self, samples: Tensor) -> Tensor:
        """Samples (count, ...) of the data set, fitted, as contiguous rows (count, values): the form to keep."""
        fitted = self.fitter(samples)
        if self.last:
            fitted = fitted.permute(0, 2, 3, 1)
        return fitted.reshape(len(fitted), -1).contiguous()

    def finish(self, rows: Tensor) -> Tensor:
        """Rows made by `flat` as normalised float32 (count, *shape)."""
        return self._normalised(rows.to(torch.float32))

    def finish_changed(self, rows: Tensor, targets: Tensor, change: Change) -> tuple[Tensor, Tensor]:
        """The same of rows that are changed before they are normalised; and their targets, which may be so too."""
        values, targets = change(self._as_samples(rows.to(torch.float32)), targets)
        if self.last:
            values = values.permute(0, 2, 3, 1)
        return self._normalised(values.reshape(len(values), -1)), targets

    def _normalised(self, rows: Tensor) -> Tensor:
        values = torch.addcmul(self._offset, rows, self._factor)
        if self._matrix is not None:
            return (self._shaped(values).flatten(1) @ self._matrix).view(-1, *self.shape)
        return self._shaped(values)

    def _shaped(self, rows: Tensor) -> Tensor:
        """Rows in the order of memory as (count, *shape)."""
        if not self.last:
            return rows.view(-1, *self.shape)
        channels, height, width = self.shape
        return rows.view(-1, height, width, channels).permute(0, 3, 1, 2)

    def _as_samples(self, rows: Tensor) -> Tensor:
        """The same, but pictures as pictures also where they enter the network as a row."""
        picture = self.picture
        return rows.view(-1, *picture) if picture is not None and len(self.shape) == 1 else self._shaped(rows)


class ResidentPart:
    """A `Part` whose samples lie on the device.

    Args:
        kept: rows made by `Encoder.flat`; or, with `late`, samples as the data set has them, to be fitted batch by
            batch because they would take too much memory once fitted.
        targets: on the device.
        source, rows, source_targets: the samples as found, which of them this part holds, and what is learned of all.
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

    def batch(self, positions: Tensor, change: Change | None = None) -> tuple[Tensor, Tensor]:
        rows = self._kept.index_select(0, positions)
        if self._late:
            rows = self._encoder.flat(rows)
        targets = self._targets.index_select(0, positions)
        if change is None:
            return self._encoder.finish(rows), targets
        return self._encoder.finish_changed(rows, targets, change)

    def raw(self, position: int) -> Array:
        found: Array = np.asarray(self._source[self._rows[position]])
        return found

    def target(self, position: int) -> int | float | None:
        found = self._source_targets[self._rows[position]]
        value: int | float | None = found.item() if found.size == 1 else None
        return value

    def labels(self) -> Array:
        found: Array = self._source_targets[self._rows]
        return found

    def sample(self, position: int) -> tuple[Tensor, Tensor]:
        return self.batch(torch.tensor([range(len(self))[position]], device=self._kept.device))

    def spans(self) -> Tensor:
        found: Tensor = self._kept.amax(0) - self._kept.amin(0)
        return found

    def colours(self) -> Tensor:
        pixels = len(self._rows) * math.prod(self._source.shape[2:])
        some = self._rows[:: -(-pixels // COLOURS) or 1]
        return principal_colours(torch.from_numpy(self._source[some]))
