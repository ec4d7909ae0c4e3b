"""The handwritten digits that come with scikit-learn: real, small, and there without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.data.catalogue import Array, Asked, DataSet, Progress, Samples, register

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

    def counts(self, settings: DataSettings) -> tuple[int, int]:
        return 1797, 0

    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        progress("Reading the digits", None)
        table = _table()
        grey = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8)  # 0..16 as published
        return Samples(grey.reshape(-1, 1, 8, 8), table[:, -1].astype(np.int64))


def _table() -> Array:
    """One row a digit: its 64 pixels and its class.

    The file is read where scikit-learn keeps it: importing scikit-learn takes two seconds, which the first look inside
    a network would have to wait for.
    """
    spec = find_spec("sklearn")
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        file = Path(place, "datasets", "data", "digits.csv.gz")
        if file.is_file():
            return np.loadtxt(file, delimiter=",", dtype=np.uint8)
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.column_stack([found.data, found.target]).astype(np.uint8)
