"""Pictures made on the spot: digits under noise, for networks that answer with a picture, and noise in a thousand
classes, so that large networks have something of the right form to run on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.data.catalogue import Array, Asked, DataSet, Progress, Samples, Task, register
from builder.data.digits import Digits

if TYPE_CHECKING:
    from builder.data.settings import DataSettings

_EACH = 8  # random pictures of each class


@register
class NoisyDigits(Digits):
    """The digits, enlarged, with noise on them; what is asked for is the clean picture."""

    key = "noisy-digits"
    title = "Noisy digits"
    help = "The built-in digits under noise; the answer is the clean picture."
    task = Task.REGRESSION
    shape = (1, 32, 32)
    target_shape = (1, 32, 32)
    classes = ()
    options = frozenset({"noise", "seed"})

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        digits = super().load(settings, folder, progress, cancelled).inputs
        clean = _enlarge(digits.astype(np.float32) / 255, self.shape[1])
        noise = np.random.default_rng(settings.seed).normal(0, settings.noise, clean.shape)
        noisy = np.rint((clean + noise).clip(0, 1) * 255).astype(np.uint8)
        return Samples(noisy, clean)


def _enlarge(pictures: Array, size: int) -> Array:
    """Square pictures (count, channels, n, n) at another size, with straight lines between their pixels."""
    have = pictures.shape[-1]
    centres = (np.arange(size) + 0.5) * have / size - 0.5
    weights = np.stack([np.interp(centres, np.arange(have), row) for row in np.eye(have)], axis=1).astype(np.float32)
    enlarged: Array = weights @ pictures @ weights.T
    return enlarged


@register
class RandomPictures(DataSet):
    """Noise in the form of ImageNet, whose real pictures nobody may pass on."""

    key = "random-pictures"
    title = "Random pictures"
    help = "Colour noise in 1,000 classes, as many as ImageNet has: to run and to measure large networks."
    caution = (
        "ImageNet may not be passed on, so this network opens with random pictures: it runs and can be measured, but "
        "there is nothing to learn."
    )
    source = "made by this program"
    licence = "none needed"
    shape = (3, 16, 16)
    classes = tuple(str(number) for number in range(1, 1001))

    def counts(self, settings: DataSettings) -> tuple[int, int]:
        return _EACH * len(self.classes), 0

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        progress("Making random pictures", None)
        targets = np.repeat(np.arange(len(self.classes), dtype=np.int64), _EACH)
        pictures = np.random.default_rng(0).integers(0, 256, (len(targets), *self.shape), np.uint8)
        return Samples(pictures, targets)
