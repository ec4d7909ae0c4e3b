"""The command `ensemble`: what the networks of several runs say together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from builder.cli.output import AllowOption, print_json, print_table


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("ensemble")(ensemble)


def ensemble(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Folders of runs, or of a cross-validation's folds.", show_default=False),
    ],
    allow: AllowOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Average the probabilities of several runs, and print what each and all together get right of the test part."""
    from builder.project.ensemble import ensemble as judge

    found = judge(list(_each(runs)), lambda _done: None, lambda: False)
    if json:
        top5 = {"test_top5": found.top5} if found.top5 is not None else {}
        each = [{"run": str(member.run), "test_accuracy": member.accuracy} for member in found.members]
        together = {"samples": found.samples, "test_accuracy": found.accuracy, **top5}
        print_json(together | {"mean": found.mean, "each": each})
        return
    rows = [(str(member.run), f"{member.accuracy:.2%}") for member in found.members]
    rows += [("mean of these", f"{found.mean:.2%}"), ("together", f"{found.accuracy:.2%}")]
    print_table(("RUN", "ACCURACY"), rows, "<>")
    near = f", top-5 accuracy {found.top5:.2%}" if found.top5 is not None else ""
    print(f"on the {found.samples:,} samples of the test part{near}")


def _each(named: list[Path]) -> Iterator[Path]:
    """The runs, and those in folders that hold some."""
    for folder in named:
        inner = sorted(path.parent for path in folder.glob("*/run.json")) if not (folder / "run.json").exists() else []
        yield from inner or [folder]
