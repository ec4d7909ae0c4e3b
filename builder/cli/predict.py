"""The command `predict`: what the network of a run says to pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from builder.cli.output import FAILED, AllowOption, complain, print_json, print_table
from builder.graph.problems import ProblemError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("predict")(predict)


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures.", show_default=False)],
    allow: AllowOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the class that a trained network gives each picture, and how sure it is."""
    from builder.project.predict import Predictor

    predictor = Predictor(run)
    rows: list[tuple[str, str, str]] = []
    inverted: list[str] = []
    failed = False
    for path in images:
        try:
            found = predictor(path)
        except ProblemError as error:
            complain(error.problems)
            failed = True
            continue
        sure = found.probabilities[found.name]
        if json:
            values = {"image": str(path), "class": found.name, "probability": sure, "inverted": found.inverted}
            print_json(values | {"all": found.probabilities})
        else:
            rows.append((str(path), found.name, f"{sure:.1%}"))
            inverted += [str(path)] * found.inverted
    if rows:
        print_table(("PICTURE", "CLASS", "PROBABILITY"), rows, "<<>")
    for name in inverted:
        typer.echo(f"{name}: dark on light, other than the data, so it was read inverted.")
    if failed:
        raise typer.Exit(FAILED)
