"""The built-in digits are scikit-learn's, however they are read."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from builder.data import digits
from builder.data.samples import load
from builder.data.settings import DataSettings


def test_they_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    published = load_digits()
    found = load(DataSettings(dataset="digits"))
    assert np.array_equal(found.targets, published.target)
    assert np.array_equal(found.inputs[:, 0], np.rint(published.images * (255 / 16)).astype(np.uint8))


def test_another_place_of_the_file_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = digits._table()
    monkeypatch.setattr(digits, "find_spec", lambda _name: None)
    assert np.array_equal(digits._table(), usual)


def test_reading_them_does_not_import_scikit_learn() -> None:
    import subprocess

    code = "import sys; from builder.data.digits import _table; _table(); print('sklearn' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
