"""The choice of the number of threads, with times that the test makes up."""

from __future__ import annotations

import pytest

from builder.train import threads
from builder.train.threads import COLLAPSE, RETRY, WINDOW, Keeper


def feed(keeper: Keeper, pace: float, seconds: float) -> int:
    """Steps of this duration for so long, or until the first change; the number asked for (0: none)."""
    changes = (keeper.step(pace) for _ in range(round(seconds / pace)))
    return next((change for change in changes if change is not None), 0)


def test_an_even_pace_changes_nothing() -> None:
    keeper = Keeper(4, 4)
    assert feed(keeper, 0.005, 60) == 0
    assert feed(keeper, 0.005 * COLLAPSE * 0.9, 60) == 0


def test_one_slow_moment_changes_nothing() -> None:
    keeper = Keeper(4, 4)
    feed(keeper, 0.005, 2)
    assert feed(keeper, 0.1, WINDOW) == 0
    assert feed(keeper, 0.005, 10) == 0


def test_a_collapse_takes_a_thread_away_and_then_all_but_one() -> None:
    keeper = Keeper(4, 4)
    feed(keeper, 0.005, 2)
    assert feed(keeper, 0.1, 3 * WINDOW) == 3
    assert feed(keeper, 0.1, 3 * WINDOW) == 1
    assert keeper.collapses == 2


def test_the_full_number_is_tried_again_and_kept_when_it_is_faster() -> None:
    keeper = Keeper(2, 2)
    feed(keeper, 0.005, 2)
    assert feed(keeper, 0.5, 3) == 1
    assert feed(keeper, 0.008, RETRY + 1) == 2
    assert feed(keeper, 0.005, 5) == 0
    assert keeper.threads == 2


def test_a_trial_that_is_no_better_is_taken_back_and_repeated_later() -> None:
    keeper = Keeper(2, 1)
    assert feed(keeper, 0.01, RETRY + 1) == 2
    assert feed(keeper, 0.5, 1) == 1
    assert feed(keeper, 0.01, RETRY + 1) == 0
    assert feed(keeper, 0.01, RETRY + 1) == 2


@pytest.mark.parametrize(("one", "all_of_them", "chosen"), [(0.004, 0.003, 2), (0.003, 0.003, 2), (0.002, 0.02, 1)])
def test_measured_before_the_first_step(
    one: float, all_of_them: float, chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, used = [0.0], [2]
    monkeypatch.setattr(threads.time, "perf_counter", lambda: now[0])

    def work() -> None:
        now[0] += one if used[0] == 1 else all_of_them

    def use(number: int) -> None:
        used[0] = number

    assert threads.choose(2, work, use) == chosen
    assert used == [chosen]


def test_the_environment_is_left_alone_where_somebody_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    threads.prepare_environment()
    assert "GOMP_SPINCOUNT" not in threads.os.environ
    monkeypatch.delenv("OMP_WAIT_POLICY")
    threads.prepare_environment()
    assert threads.os.environ["GOMP_SPINCOUNT"] == threads.SPIN
