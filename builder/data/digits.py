"""The handwritten digits that come with scikit-learn: real, small, and there without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.data.catalogue import Asked, DataSet, Progress, Samples, register

if TYPE_CHECKING:
    from builder.data.settings import DataSettings


@register
class Digits(DataSet):
    """1,797 digits written by 43 people, 8×8 pixels of 17 grey levels."""

    key = "digits"
    title = "Digits"
    help = "1,797 handwritten digits of 8×8 pixels; built in."
    source = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
    licence = "CC BY 4.0 (Alpaydin, Kaynak)"
    shape = (1, 8, 8)
    classes = tuple("0123456789")

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        progress("Reading the digits", None)
        from sklearn.datasets import load_digits

        found = load_digits()
        grey = np.rint(found.images * (255 / 16)).astype(np.uint8)  # 0..16 as published
        return Samples(grey[:, np.newaxis], found.target.astype(np.int64))
