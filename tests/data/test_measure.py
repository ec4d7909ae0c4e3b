"""Normalising each pixel by its own figures, and whitening."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import pytest
import torch

from builder.data import measure as measure_module
from builder.data.catalogue import CancelledError
from builder.data.fit import check_fit
from builder.data.measure import whitening
from builder.data.prepare import prepare
from builder.data.samples import load
from builder.data.settings import WHITENED, DataSettings
from builder.graph.problems import ProblemError


def all_of(part: Any) -> torch.Tensor:
    inputs: torch.Tensor = part.batch(part.order())[0]
    return inputs


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 20, 18), (64,)])
def test_each_pixel_by_its_own_mean_and_deviation(shape: tuple[int, ...], last: bool) -> None:
    found = prepare(DataSettings(normalise="features"), shape, "cpu", channels_last=last)
    inputs = all_of(found.train).flatten(1).double()
    varies = inputs.std(0, correction=0) > 0
    assert int(varies.sum()) > 40
    torch.testing.assert_close(inputs.mean(0), torch.zeros(inputs.shape[1]).double(), rtol=0, atol=1e-5)
    torch.testing.assert_close(
        inputs.std(0, correction=0)[varies], torch.ones(int(varies.sum())).double(), atol=1e-5, rtol=0
    )
    assert not inputs[:, ~varies].any()
    plain = prepare(DataSettings(normalise="none"), shape, "cpu", channels_last=last)
    raw = all_of(plain.train).flatten(1).double()
    shift, scale = (torch.tensor(values) for values in (found.normalisation.shift, found.normalisation.scale))
    torch.testing.assert_close(inputs, (raw - shift) / scale, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("dataset", "shape"), [("digits", (1, 8, 8)), ("digits", (3, 9, 10)), ("digits", (64,)), ("moons", (2,))]
)
def test_whitened_values_say_nothing_of_each_other(dataset: str, shape: tuple[int, ...]) -> None:
    found = prepare(DataSettings(dataset=dataset, normalise="whiten"), shape, "cpu")
    inputs = all_of(found.train)
    assert inputs.shape[1:] == shape
    covariance = inputs.flatten(1).double().T.cov(correction=0)
    before = all_of(prepare(DataSettings(dataset=dataset), shape, "cpu").train).flatten(1).double().T.cov(correction=0)
    assert apart(covariance) < 0.5 * apart(before)
    strong = torch.linalg.eigvalsh(covariance)[-len(covariance) // 10 :]
    torch.testing.assert_close(strong, torch.ones_like(strong), rtol=0.1, atol=0)
    torch.testing.assert_close(inputs.mean(0), torch.zeros(shape), rtol=0, atol=1e-4)


def apart(covariance: torch.Tensor) -> float:
    """How much the values have in common, as a share of what they are by themselves."""
    diagonal = covariance.diagonal()
    return float((covariance - diagonal.diag()).norm() / diagonal.norm())


def test_channels_last_or_not_whitened_values_are_the_same() -> None:
    settings = DataSettings(normalise="whiten", limit=100)
    one, other = (prepare(settings, (3, 8, 8), "cpu", channels_last=last) for last in (True, False))
    assert torch.equal(all_of(one.test), all_of(other.test))


def test_whoever_asks_to_stop_does_not_wait_for_the_decomposition(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, released = Event(), Event()

    def slow(covariance: torch.Tensor) -> torch.Tensor:
        begun.set()
        released.wait()
        return torch.eye(len(covariance))

    monkeypatch.setattr(measure_module, "whitening", slow)
    with pytest.raises(CancelledError):
        prepare(DataSettings(normalise="whiten", limit=90), (1, 8, 8), "cpu", cancelled=begun.is_set)
    released.set()


def test_a_failure_of_the_decomposition_is_told_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(covariance: torch.Tensor) -> torch.Tensor:
        raise MemoryError

    monkeypatch.setattr(measure_module, "whitening", fail)
    with pytest.raises(ProblemError, match="does not fit into the memory"):
        prepare(DataSettings(normalise="whiten", limit=80), (1, 8, 8), "cpu")


def test_of_what_never_varies_whitening_makes_nothing_else() -> None:
    assert torch.equal(whitening(torch.zeros(3, 3, dtype=torch.float64)), torch.eye(3))


def test_only_samples_of_a_moderate_size_are_whitened() -> None:
    settings = DataSettings(normalise="whiten")
    large = (3, 40, 40)
    (problem,) = check_fit(settings, large, (10,), "cross-entropy")
    assert (problem.code, problem.where) == ("too-large-to-whiten", "data.normalise")
    assert f"{WHITENED:,}" in problem.message
    with pytest.raises(ProblemError, match="whitening"):
        prepare(settings, large, "cpu")
    assert check_fit(settings, (3, 32, 32), (10,), "cross-entropy") == ()


def test_points_are_whitened_from_their_standard_form() -> None:
    settings = DataSettings(dataset="moons", normalise="whiten")
    found = prepare(settings, (2,), "cpu")
    points = load(settings).inputs[found.train.rows].astype(np.float64)  # type: ignore[attr-defined]
    standard = (points - points.mean(0)) / points.std(0)
    matrix = found.normalisation.matrix
    assert matrix is not None
    assert np.allclose(all_of(found.train), standard @ matrix.numpy(), atol=1e-5)
