from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.ui.views.series import Series, even_ticks, log_ticks, window


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_thinning_keeps_count_sum_and_extremes_however_points_arrive(batches: list[int]) -> None:
    random = np.random.default_rng(sum(batches))
    y = random.normal(size=sum(batches))
    x = np.arange(len(y), dtype=float)
    series, at = Series(16), 0
    for size in batches:
        series.add(x[at : at + size], y[at : at + size])
        at += size
    found = series.buckets()
    assert len(found) <= 17
    assert found[:, Series.COUNT].sum() == series.count == len(y)
    assert found[:, Series.SUM].sum() == pytest.approx(y.sum())
    assert found[:, Series.HIGH].max() == y.max()
    assert found[found[:, Series.HIGH].argmax(), Series.HIGH_AT] == x[y.argmax()]
    assert found[found[:, Series.LOW].argmin(), Series.LOW_AT] == x[y.argmin()]
    assert (np.diff(found[:, Series.FIRST]) > 0).all()
    assert series.last == (x[-1], y[-1])


def test_what_is_not_finite_is_left_out() -> None:
    series = Series()
    series.add(np.array([1.0, 2.0, 3.0]), np.array([np.nan, np.inf, 5.0]))
    assert series.count == 1
    assert series.last == (3.0, 5.0)


def test_few_points_are_drawn_as_they_are() -> None:
    series = Series()
    series.add(np.arange(5.0), np.array([3.0, 1.0, 4.0, 1.0, 5.0]))
    drawn = series.between(0, 4, 100)
    assert drawn.x.tolist() == [0, 1, 2, 3, 4]
    assert drawn.y.tolist() == [3, 1, 4, 1, 5]
    assert drawn.mean.tolist() == [3, 1, 4, 1, 5]


def test_many_points_are_thinned_to_the_columns_and_a_spike_stays() -> None:
    series = Series()
    y = np.zeros(4000)
    y[1234] = 9.0
    series.add(np.arange(4000.0), y)
    drawn = series.between(0, 4000, 100)
    assert len(drawn.at) <= 100
    assert len(drawn.x) <= 200
    assert drawn.x[drawn.y.argmax()] == 1234
    assert (np.diff(drawn.x) >= 0).all()


def test_a_stretch_has_a_neighbour_on_each_side() -> None:
    series = Series()
    series.add(np.arange(100.0), np.arange(100.0))
    drawn = series.between(40, 50, 1000)
    assert drawn.x[0] < 40
    assert drawn.x[-1] > 50
    assert len(drawn.x) < 20


def test_nothing_yet() -> None:
    series = Series()
    assert len(series.between(0, 1, 10).x) == 0
    assert series.near(3.0) is None


def test_smoothing_keeps_a_level_and_does_not_lag() -> None:
    series = Series()
    x = np.arange(1000.0)
    series.add(x, x)
    drawn = series.between(0, 1000, 500)
    middle = slice(50, -50)
    assert np.abs(drawn.mean[middle] - drawn.at[middle]).max() < 1e-6


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_even_ticks_lie_inside_and_are_few(low: float, width: float, most: int) -> None:
    ticks = even_ticks(low, low + width, most)
    assert len(ticks) <= most + 1
    assert all(low - width * 1e-3 <= tick <= low + width * (1 + 1e-3) for tick in ticks)


@given(st.floats(-12, 6), st.floats(0.01, 12), st.integers(2, 12))
def test_log_ticks_lie_inside_and_are_few(low: float, width: float, most: int) -> None:
    ticks = log_ticks(low, low + width, most)
    assert len(ticks) <= most + 1
    assert all(low - 0.01 <= tick <= low + width + 0.01 for tick in ticks)


def test_ticks_are_round() -> None:
    assert even_ticks(0.0, 1.0, 5) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert [round(10**tick, 6) for tick in log_ticks(-2.0, 0.0, 8)] == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]


def test_points_that_come_twice_count_once() -> None:
    series = Series()
    for _ in range(2):
        series.add(np.arange(5.0), np.ones(5))
    assert series.count == 5


def test_the_axis_of_a_bounded_measure_shows_where_the_curves_come_to_lie() -> None:
    rising = 1.0 - 0.9 * np.exp(-np.arange(200) / 10.0)
    validation = np.array([0.93, 0.955, 0.961, 0.97])
    low, high = window(rising, validation, 0.0, 1.0)
    assert 0.7 <= low <= 0.9
    assert 1.0 < high < 1.01
    late = window(rising[80:], validation[2:], 0.0, 1.0)
    assert late[0] == pytest.approx(0.9)
    # A fall is no rise: it stays in sight. So does everything of a short curve.
    assert window(rising[::-1], validation, 0.0, 1.0)[0] == 0.0
    assert window(rising[:10], np.empty(0), 0.0, 1.0)[0] == 0.0
    nothing = np.empty(0)
    assert window(nothing, nothing, 0.0, 1.0) == (0.0, 1.0)


@given(st.lists(st.floats(0.0, 1.0), max_size=60), st.lists(st.floats(0.0, 1.0), max_size=10))
def test_the_axis_of_a_bounded_measure_holds_the_newest_points(mean: list[float], line: list[float]) -> None:
    low, high = window(np.array(mean, float), np.array(line, float), 0.0, 1.0)
    assert 0.0 <= low < high <= 1.02
    for values in (mean, line):
        if values:
            assert low - 1e-9 <= values[-1] <= high + 1e-9
