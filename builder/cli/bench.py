"""The command `bench`: the project's own benchmarks, each a ratio measured in one run on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from builder.cli.lent import Suite
from builder.cli.output import complain, print_table
from builder.graph.problems import Problem, ProblemError

if TYPE_CHECKING:
    from builder.train.benchmarks import Measurement


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("bench")(bench)


def _headless() -> Mapping[str, Callable[[], Measurement]]:
    from builder.train.benchmarks import benchmarks

    return benchmarks()


def bench(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this one.", show_default=False)] = None,
) -> None:
    """Measure this machine: each line is a ratio (median, lowest, highest) and the budget it has to meet."""
    suites: Sequence[Suite] = (_headless, *context.obj.suites)
    every: dict[str, Callable[[], Measurement]] = {}
    for suite in suites:
        try:
            every.update(suite())
        except ProblemError as error:
            complain(error.problems)
    if name is not None and name not in every:
        message = f"there is no benchmark called {name}; there are {', '.join(every)}."
        raise ProblemError(Problem("no-such-benchmark", message))
    rows = []
    for key, measure in every.items():
        if name in (None, key):
            print(f"measuring {key} ...", file=sys.stderr, flush=True)
            rows.append(_row(measure()))
    print_table(("BENCHMARK", "RATIO", "FROM", "TO", "BUDGET", "", "WHAT"), rows, "<>>>>")


def _row(found: Measurement) -> tuple[str, ...]:
    ratio, low, high = (f"{value:.2f}" for value in (found.ratio, found.low, found.high))
    met = found.budget is None or (
        found.ratio <= found.budget if found.lower_is_better else found.ratio >= found.budget
    )
    sign = "<=" if found.lower_is_better else ">="
    budget = "" if found.budget is None else f"{sign} {found.budget:.2f}"
    return (
        found.name,
        ratio,
        low,
        high,
        budget,
        "" if found.budget is None else "ok" if met else "MISSED",
        found.detail,
    )
