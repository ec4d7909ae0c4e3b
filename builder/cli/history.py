"""The command `runs`: what was trained on this machine, or lies in a folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from builder.cli.output import print_json, print_table
from builder.project.runs import COLUMNS, Summary, row_of, runs_in


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("runs")(runs)


def runs(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where to look; else where runs are kept.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List runs, the newest first: how far each came, and its folder, which other commands take."""
    from builder.train.folders import runs_folder

    found = runs_in(folder if folder is not None else runs_folder())
    if as_json:
        for summary in found:
            print_json(_plain(summary))
        return
    headings = (*COLUMNS[:-1], "End", "Folder")
    print_table(tuple(text.upper() for text in headings), [(*row_of(run), str(run.folder)) for run in found], "<<<>>>")


def _plain(summary: Summary) -> dict[str, Any]:
    return asdict(summary) | {
        "folder": str(summary.folder),
        "started": summary.started.isoformat() if summary.started is not None else None,
        "reason": summary.reason.value if summary.reason is not None else None,
    }
