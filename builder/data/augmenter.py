"""Random changes of a training batch: a few tensor operations on its device for the whole batch, each sample its own.

Knows nothing of training. What a batch gets depends on the seed and on the number of the step, and on nothing that was
done before: a run that goes on from its folder needs no stored state for it, and processes that share a batch agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from builder.data.augmentation import GEOMETRY, Augmentation
from builder.graph.model import Shape

Change = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Takes inputs as they are before normalisation, and targets; gives both, changed."""

# Columns of the random numbers that every sample gets, needed or not: switching one change on leaves the others alone.
_FLIP_X, _FLIP_Y, _SHIFT_X, _SHIFT_Y, _ROTATION, _SCALE, _CROP_X, _CROP_Y = range(8)
_BRIGHTNESS, _CONTRAST, _SATURATION = range(8, 11)
_DRAWS = 11

_FULL = 255.0  # of a picture's values: they are bytes before they are normalised
_APART = 0x9E3779B1  # so that the steps of two seeds have nothing in common


class Augmenter:
    """Changes batches as the settings say.

    Args:
        settings: what is to be done; only what is `possible`.
        seed: of the run.
        picture: (channels, height, width) of the pictures to change; None for lists of numbers.
        device: of the batches.
        spans: for lists of numbers, the full range of each: (features,).
        colours: for `pca`, what `principal_colours` found.
    """

    def __init__(
        self,
        settings: Augmentation,
        seed: int,
        picture: Shape | None,
        device: torch.device,
        *,
        spans: Tensor | None = None,
        colours: Tensor | None = None,
    ) -> None:
        self._settings, self._seed, self._picture = settings, seed, picture
        self._generator = torch.Generator(device)
        self._span = _FULL if spans is None else spans.to(device)
        self._colours = colours.to(device) if colours is not None else None
        self._moves = any(name in GEOMETRY for name in settings.changes)

    def at(self, step: int) -> Change:
        """The change of the batch of this step."""
        return lambda inputs, targets: self(inputs, targets, step)

    def __call__(self, inputs: Tensor, targets: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """Changed inputs and targets.

        Args:
            inputs: float32, pictures (count, channels, height, width) of values from 0 to 255, or (count, features).
            targets: (count,); or pictures (count, channels, height, width), which move as the inputs do.
        """
        chosen, generator, device = self._settings, self._generator, inputs.device
        generator.manual_seed((self._seed * _APART + step) % 2**32)
        draws = torch.rand(len(inputs), _DRAWS, generator=generator, device=device)
        if self._picture is None:
            return inputs + self._noise(inputs) if chosen.noise else inputs, targets
        mean = _mean(inputs) if chosen.contrast else None
        if self._moves:
            where = placements(chosen, draws, self._picture[1], self._picture[2])
            exact = not (chosen.shift or chosen.rotation or chosen.scale)
            inputs = moved(inputs, where, exact=exact)
            if targets.dim() == 4:
                targets = moved(targets, where, exact=exact)
        inputs, bounded = self._recoloured(inputs, draws, mean)
        if chosen.noise:
            inputs, bounded = inputs + self._noise(inputs), False
        return (inputs if bounded else inputs.clamp(0, _FULL)), targets

    def _noise(self, inputs: Tensor) -> Tensor:
        # Of one memory layout, whatever that of the inputs is: the numbers go to the same places on every device.
        drawn = torch.randn(inputs.shape, generator=self._generator, device=inputs.device)
        return drawn * (self._span * self._settings.noise)

    def _recoloured(self, inputs: Tensor, draws: Tensor, mean: Tensor | None) -> tuple[Tensor, bool]:
        """With another contrast, brightness, saturation and tint; and whether the values are sure to be in range."""
        chosen = self._settings
        before = inputs
        if mean is not None:
            inputs = mean + (inputs - mean) * _factor(draws[:, _CONTRAST], chosen.contrast)
        if chosen.brightness:
            inputs = inputs * _factor(draws[:, _BRIGHTNESS], chosen.brightness)
        if chosen.saturation:
            # Weights of red, green and blue in brightness: Rec. ITU-R BT.601. Added one by one, in this order, on every
            # device and in every memory layout.
            grey = 0.299 * inputs[:, 0:1] + 0.587 * inputs[:, 1:2] + 0.114 * inputs[:, 2:3]
            inputs = grey + (inputs - grey) * _factor(draws[:, _SATURATION], chosen.saturation)
        if chosen.pca and self._colours is not None:
            steps = torch.randn(len(inputs), 3, generator=self._generator, device=inputs.device) * chosen.pca
            inputs = inputs + (steps @ self._colours).view(-1, 3, 1, 1)
        return inputs, inputs is before


def _factor(draws: Tensor, share: float) -> Tensor:
    """A factor from 1 - share to 1 + share for each picture."""
    return (1 + share * (2 * draws - 1)).view(-1, 1, 1, 1)


def _mean(pictures: Tensor) -> Tensor:
    """The mean value of each picture of whole numbers, added up as such: their order makes no difference."""
    return (pictures.sum((1, 2, 3), dtype=torch.int64) / pictures[0].numel()).view(-1, 1, 1, 1)


def placements(settings: Augmentation, draws: Tensor, height: int, width: int) -> Tensor:
    """Where each picture is put: for every place of the result the place in the picture, as `affine_grid` has it.

    A picture is mirrored, scaled and turned about its middle, then shifted, all in one.

    Args:
        draws: (count, 11) numbers from 0 to 1.

    Returns:
        float32 (count, 2, 3).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """
    spread = 2 * draws - 1
    angle = spread[:, _ROTATION] * math.radians(settings.rotation)
    zoom = 1 + settings.scale * spread[:, _SCALE]
    mirror_x = 1 - 2 * (draws[:, _FLIP_X] < 0.5 * settings.flip_horizontal).float()
    mirror_y = 1 - 2 * (draws[:, _FLIP_Y] < 0.5 * settings.flip_vertical).float()
    # Half a picture is 1 here: a shift by a share of its size is twice that, one pixel is 2 / size.
    margin = (draws[:, _CROP_X : _CROP_Y + 1] * (2 * settings.crop + 1)).floor() - settings.crop
    right = spread[:, _SHIFT_X] * (2 * settings.shift) + margin[:, 0] * (2 / width)
    down = spread[:, _SHIFT_Y] * (2 * settings.shift) + margin[:, 1] * (2 / height)
    # Turned in pixels, not in shares of a size that may differ along the two axes.
    x_of_x, x_of_y = angle.cos() * mirror_x / zoom, angle.sin() * mirror_x / zoom * (height / width)
    y_of_x, y_of_y = -angle.sin() * mirror_y / zoom * (width / height), angle.cos() * mirror_y / zoom
    rows = (
        x_of_x, x_of_y, -(x_of_x * right + x_of_y * down),
        y_of_x, y_of_y, -(y_of_x * right + y_of_y * down),
    )  # fmt: skip
    return torch.stack(rows, 1).view(-1, 2, 3)


def moved(pictures: Tensor, where: Tensor, *, exact: bool) -> Tensor:
    """Pictures (count, channels, height, width) put to their places; what comes in from outside is 0.

    Args:
        where: made by `placements`.
        exact: pixels fall on pixels (flips, whole steps): each is taken as it is.
    """
    count, _, height, width = pictures.shape
    # What `affine_grid` does, in a fifth of its time: one product for the whole batch, x and y apart.
    grid = (where.reshape(2 * count, 3) @ _points(height, width, where.device)).view(count, 2, height, width)
    mode = "nearest" if exact else "bilinear"
    return functional.grid_sample(pictures, grid.permute(0, 2, 3, 1), mode, "zeros", align_corners=False)


@lru_cache(maxsize=8)
def _points(height: int, width: int, device: torch.device) -> Tensor:
    """x and y of the middle of each pixel, from -1 to 1 over the picture, and a 1: (3, height * width)."""
    down, right = (2 * torch.arange(height) + 1) / height - 1, (2 * torch.arange(width) + 1) / width - 1
    y, x = torch.meshgrid(down, right, indexing="ij")
    return torch.stack((x, y, torch.ones_like(x))).flatten(1).to(device)


def principal_colours(pixels: Tensor) -> Tensor:
    """The directions in which colours vary most, each as long as their standard deviation along it.

    Args:
        pixels: uint8 (count, 3, height, width).

    Returns:
        float32 (3, 3), a direction a row.

    Source: section 4.1 of https://papers.nips.cc/paper/4824 (there with eigenvalues, which depend on the unit, in place
    of standard deviations).
    """
    first, second, count = torch.zeros(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64), 0
    for some in pixels.split(1024):  # type: ignore[no-untyped-call]
        values = some.transpose(0, 1).flatten(1).double().cpu()
        first += values.sum(1)  # whole numbers below 2^53: exact in any order
        second += values @ values.T
        count += values.shape[1]
    mean = first / max(1, count)
    covariance = second / max(1, count) - mean[:, None] * mean
    along, directions = torch.linalg.eigh(covariance)
    found: Tensor = (directions * along.clamp(min=0).sqrt()).T.float()
    return found
