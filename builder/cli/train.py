"""The command `train`: a run without a window, or as many as there are folds; and how one goes on with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from builder.cli.output import STOPPED, AllowOption, ProjectArgument, SetOption, complain, open_project
from builder.cli.progress import Lines, Table
from builder.cli.running import carry_out, say_how_to_go_on
from builder.graph.problems import Severity
from builder.project.check import check
from builder.project.cross_validation import FEWEST, MOST
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.train.messages import Reason


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("train")(train)


def train(
    project: ProjectArgument,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="How often all samples are seen.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", metavar="S", help="Of the initial weights and the order of samples.", show_default=False
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.", show_default=False)
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="Folder of the run; one that is there goes on.", show_default=False),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds",
            metavar="K",
            min=FEWEST,
            max=MOST,
            help="Cross-validate: train K times, validate each time on another fold of training and validation part.",
            show_default=False,
        ),
    ] = None,
    changes: SetOption = None,
    allow: AllowOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Train a network and record the run. Ctrl-C stops behind the current batch and saves.

    With --folds, each fold is a run in a folder of its own below DIR; the test part is left alone.
    """
    opened = open_project(project, changes or ())
    for name, value in (("epochs", epochs), ("seed", seed), ("device", device)):
        if value is not None:
            opened = set_setting(opened, f"training.{name}", value)
    # What goes on with it must say all of this again: a run that goes on follows the settings of that day.
    options = {"--epochs": epochs, "--seed": seed, "--device": device, "--folds": folds}
    again = ["torchcanvas", "train", project]
    again += [str(word) for option, value in options.items() if value is not None for word in (option, value)]
    again += [word for change in changes or () for word in ("--set", change)]
    again += [word for file in allow or () for word in ("--allow-code", str(file))]
    if folds is not None:
        from builder.cli.folds import cross_validate

        cross_validate(opened, folds, run, again, json=json)
        return
    job = make_job(opened)
    complain(problem for problem in check(opened) if problem.severity is Severity.WARNING)

    from builder.train.folders import new_run_folder

    folder = run if run is not None else new_run_folder(opened.name)
    result = carry_out(job, folder, Lines(opened, folder) if json else Table(opened, folder))
    if result.reason is Reason.STOPPED:
        say_how_to_go_on([*again, *["--json"] * json], folder, result.finished)
        raise typer.Exit(STOPPED)
