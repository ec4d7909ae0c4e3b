"""Bringing pictures to the shape of the network's input: enlarge, pad, resize, colour. Tensors in, tensors out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from builder.data.fit import enlargement
from builder.graph.model import Shape

# Weights of red, green and blue in brightness: Rec. ITU-R BT.601, as Pillow and torchvision use them.
_LUMINANCE = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Fitter:
    """Turns uint8 samples of one shape into uint8 samples of another; anything else passes unchanged.

    Attributes:
        source, target: shapes of a sample; see `builder.data.fit` for which pairs go together.
        how: `pad`: repeat pixels a whole number of times (or shrink), then put background around it; `resize`: stretch.
    """

    source: Shape
    target: Shape
    how: Literal["pad", "resize"]

    def __call__(self, samples: Tensor) -> Tensor:
        """(count, *source) as (count, *target)."""
        if self.source == self.target or len(self.source) != 3:
            return samples
        if len(self.target) == 1:
            return samples.flatten(1)
        channels, height, width = self.target
        if samples.shape[1] > channels:
            samples = _grey(samples)
        samples = _pad(samples, height, width) if self.how == "pad" else _resize(samples, height, width)
        if samples.shape[1] < channels:
            samples = samples.expand(-1, channels, -1, -1)
        return samples


def _pad(pictures: Tensor, height: int, width: int) -> Tensor:
    rows, columns = pictures.shape[2:]
    factor = enlargement((rows, columns), (height, width))
    if factor > 1:
        pictures = pictures.repeat_interleave(factor, dim=2).repeat_interleave(factor, dim=3)
    elif factor == 0:  # larger than the input: shrink to fit, keeping the proportions
        scale = min(height / rows, width / columns)
        pictures = _resize(pictures, max(1, round(rows * scale)), max(1, round(columns * scale)))
    above, left = (height - pictures.shape[2]) // 2, (width - pictures.shape[3]) // 2
    below, right = height - pictures.shape[2] - above, width - pictures.shape[3] - left
    return functional.pad(pictures, (left, right, above, below))


def _resize(pictures: Tensor, height: int, width: int) -> Tensor:
    if pictures.shape[2:] == (height, width):
        return pictures
    soft = functional.interpolate(pictures.float(), (height, width), mode="bilinear", antialias=True)
    return soft.round_().clamp_(0, 255).to(torch.uint8)


def _grey(pictures: Tensor) -> Tensor:
    weights = torch.tensor(_LUMINANCE, device=pictures.device).view(3, 1, 1)
    return (pictures.float() * weights).sum(1, keepdim=True).round_().to(torch.uint8)
