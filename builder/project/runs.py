"""Runs that were made before: what each trained, and how far it came. No torch: a list of them opens at once."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from builder.data.catalogue import find
from builder.graph.problems import ProblemError
from builder.project.document import Project
from builder.project.form import from_json
from builder.train.messages import Reason
from builder.train.reading import description_of

COLUMNS = ("When", "Network", "Data", "Epochs", "Validation", "Test", "")
_ENDS = {
    Reason.EARLY: "stopped early",
    Reason.STOPPED: "stopped",
    Reason.FAILED: "failed",
    Reason.COMPLETED: "done",
}
TAIL = 1 << 18  # bytes at the end of the metrics in which the newest figures are looked for


@dataclass(frozen=True)
class Summary:
    """One run in a list.

    Attributes:
        name: of its project; data: of the data set, as the settings name it.
        epochs: completed.
        accuracy, loss: of the validation part in its last epoch; test: accuracy in the test part; None where there is
            none.
        reason: how it ended; None where it goes on, or was cut off.
    """

    folder: Path
    started: datetime | None
    name: str
    data: str
    epochs: int = 0
    accuracy: float | None = None
    loss: float | None = None
    test: float | None = None
    reason: Reason | None = None


def project_of(folder: Path) -> Project:
    """What the run in a folder trained. Raises `ProblemError`."""
    return from_json(description_of(folder).get("document"))


def is_run(named: Path) -> bool:
    """Whether this is the folder of a run, or its run.json."""
    return folder_of(named).joinpath("run.json").is_file()


def folder_of(named: Path) -> Path:
    """The folder that is meant by a folder, or by the run.json in it."""
    return named.parent if named.name == "run.json" else named


def runs_in(folder: Path) -> Iterator[Summary]:
    """The runs in a folder, the newest first, also those that it holds in folders of their own, as cross-validation
    leaves them; what cannot be read is left out."""
    for _, path in sorted(_folders(folder, deeper=True), reverse=True):
        with contextlib.suppress(ProblemError):
            yield summary_of(path)


def _folders(folder: Path, *, deeper: bool) -> Iterator[tuple[float, Path]]:
    """Folders of runs, with the time of their last change."""
    try:
        entries = [entry for entry in os.scandir(folder) if entry.is_dir()]
        for entry in entries:
            path = Path(entry.path)
            if (path / "run.json").exists():
                yield entry.stat().st_mtime, path
            elif deeper:
                yield from _folders(path, deeper=False)
    except OSError:
        return


def summary_of(folder: Path) -> Summary:
    """How far a run has come. Raises `ProblemError` where there is none."""
    description = description_of(folder)
    document = _mapping(description.get("document"))
    epoch, end = _last_rows(folder / "metrics.jsonl")
    started = None
    with contextlib.suppress(TypeError, ValueError):
        started = datetime.fromisoformat(str(description.get("started")))
    reasons = {reason.value: reason for reason in Reason}
    return Summary(
        folder,
        started,
        str(document.get("name", "Untitled")),
        str(_mapping(document.get("data")).get("dataset", "digits")),
        int(_figure(epoch.get("epoch")) or 0),
        _figure(epoch.get("validation_accuracy")),
        _figure(epoch.get("validation_loss")),
        _figure(end.get("test_accuracy")),
        reasons.get(str(end.get("reason"))),
    )


def _last_rows(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The last epoch, and the end where it came behind all else."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return {}, {}
    end: Mapping[str, Any] = {}
    for number, line in enumerate(reversed(lines)):
        with contextlib.suppress(ValueError, RecursionError):
            row = _mapping(json.loads(line))
            if row.get("event") == "end" and number == 0:
                end = row
            elif row.get("event") == "epoch":
                return row, end
    return {}, end


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _figure(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def row_of(summary: Summary) -> tuple[str, ...]:
    """A run for a reader, as a row under `COLUMNS`; the moment in the time of this machine."""
    data = find(summary.data)
    figure = _share(summary.accuracy)
    if not figure and summary.loss is not None:
        figure = f"loss {summary.loss:.3g}"
    return (
        "" if summary.started is None else summary.started.astimezone().strftime("%Y-%m-%d %H:%M"),
        summary.name,
        data.title if data is not None else summary.data,
        f"{summary.epochs:,}",
        figure,
        _share(summary.test),
        _ENDS[summary.reason] if summary.reason is not None else "without an end",
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"
