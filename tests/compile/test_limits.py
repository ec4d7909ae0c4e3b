"""What cannot fit is refused by arithmetic, with its size named."""

from __future__ import annotations

import pytest

from builder.compile.infer import infer
from builder.compile.limits import check_limits, live_limits, machine_memory, require_limits, size
from builder.graph.problems import ProblemError
from tests.compile.networks import chain, lenet5, plan_of, vgg16

GB = 10**9


def test_a_linear_of_ten_to_the_twelve_units_is_refused_with_its_size():
    plan = plan_of(chain(("fc", "Linear", {"features": 10**12}), shape=(10,)))
    (problem,) = check_limits(plan, 64, 24 * GB)
    assert (problem.code, problem.where) == ("too-large", "fc")
    assert problem.message == ("its 1,000,000,000,000 outputs, for a batch of 64, need 256 TB; this machine has 24 GB.")
    (problem,) = check_limits(plan, 1, 24 * GB)
    assert problem.message == "its 11,000,000,000,000 weights need 44 TB; this machine has 24 GB."
    with pytest.raises(ProblemError, match="44 TB"):
        require_limits(plan, 1, 24 * GB)


def test_what_fits_is_let_through():
    assert check_limits(plan_of(lenet5()), 64, GB) == ()
    assert check_limits(plan_of(vgg16()), 16, 16 * GB) == ()


def test_together_too_large_names_the_biggest_layer():
    (problem,) = check_limits(plan_of(vgg16()), 16, GB)
    assert problem.where == "fc1"
    assert "training the network needs at least" in problem.message


def test_a_broken_network_is_checked_as_far_as_it_is_known():
    graph = chain(("fc", "Linear", {"features": 10**12}), ("pool", "MaxPool2d", {}), shape=(10,))
    known = infer(graph)
    assert known.errors
    (problem,) = live_limits(known, 1, 24 * GB)
    assert problem.where == "fc"


def test_sizes_for_a_reader():
    numbers = (0, 999, 1000, 1500, 24 * GB, 40 * 10**12, 10**30)
    assert [size(number) for number in numbers] == [
        *("0 bytes", "999 bytes", "1 kB", "1.5 kB", "24 GB", "40 TB", "1,000,000,000,000 EB"),
    ]


def test_this_machine_has_memory():
    assert machine_memory() > 2**28
