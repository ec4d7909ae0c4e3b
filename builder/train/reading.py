"""Reads the folder of a run, also one that is being written or that a crash left behind. No torch.

What stands in it is told in `run`, which writes it.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from builder.compile.stored import weights_of_run
from builder.graph.problems import Problem, ProblemError
from builder.train.messages import Confusion, EpochEnded

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "torchcanvas-run"
VERSION = 1
ABANDONED = 600  # seconds without a sign of life after which a run without an end is taken for one that was cut off

_EPOCH = {field.name for field in fields(EpochEnded)}


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it.

    Attributes:
        description: what stands in run.json.
        steps: (k, 3): step, loss, accuracy (NaN where there is none), thinned.
        epochs: the figures of each epoch.
        end: the last row of a run that has ended.
        test: who was taken for whom in the test part; None where it was not measured.
        weights: the files of weights, by step.
    """

    folder: Path
    description: Mapping[str, Any]
    steps: NDArray[np.float64]
    epochs: tuple[EpochEnded, ...] = ()
    end: Mapping[str, Any] | None = None
    test: Confusion | None = None
    weights: Mapping[int, Path] = field(default_factory=dict)


def load_run(folder: Path) -> Run:
    """Read a run folder. Raises `ProblemError` when it is none."""
    reader = Reader(folder)
    reader.read()
    table = np.array(reader.steps, np.float64).reshape(-1, 3)
    return Run(folder, reader.description, table, tuple(reader.epochs), reader.end, reader.test, weights_of_run(folder))


def description_of(folder: Path) -> Mapping[str, Any]:
    """What stands in the run.json of a folder. Raises `ProblemError` when there is none that can be read."""
    try:
        description = json.loads((folder / "run.json").read_text("utf-8"))
        if not isinstance(description, dict) or description.get("format") != FORMAT:
            raise ValueError("not a run")
    except (OSError, ValueError, RecursionError):
        message = "this is not the folder of a run: it holds no readable run.json."
        raise ProblemError(Problem("no-such-run", message, where=str(folder))) from None
    version = description.get("version", 0)
    if not isinstance(version, int):
        raise ProblemError(Problem("bad-run", "run.json does not say of which version it is.", where=str(folder)))
    if version > VERSION:
        message = f"this run was written by a newer program (format {version}; known is {VERSION})."
        raise ProblemError(Problem("newer-run", message, where=str(folder), hint="Update TorchCanvas."))
    return description


class Reader:
    """Reads the metrics of a run, and again what has come since: each row once.

    Attributes:
        description: what stands in run.json.
        steps: rows of step, loss and accuracy; epochs: the figures of each epoch; both as far as they count: what was
            trained beyond the place where a run went on was trained again.
        rates: (step, learning rate) of each time that it was set by hand, as far as they count.
        end, test: see `Run`.
    """

    def __init__(self, folder: Path) -> None:
        """Begin at the first row. Raises `ProblemError` when the folder holds no run."""
        self.description = description_of(folder)
        self.steps: list[tuple[float, float, float]] = []
        self.epochs: list[EpochEnded] = []
        self.rates: list[tuple[int, float]] = []
        self.end: Mapping[str, Any] | None = None
        self.test: Confusion | None = None
        self._path = folder / "metrics.jsonl"
        self._place = 0
        self._confusion: tuple[int, Confusion] | None = None

    def read(self) -> bool:
        """Take what was written since the last time; whether there was anything."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                data = file.read()
        except OSError:
            return False
        whole = data[: data.rfind(b"\n") + 1]  # a line under way is read once it is whole
        self._place += len(whole)
        for row in _rows(whole.decode("utf-8", errors="replace")):
            with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
                self._hear(row["event"], {key: value for key, value in row.items() if key != "event"})
        return bool(whole)

    def _hear(self, event: str, values: dict[str, Any]) -> None:
        if event == "step":
            self.steps.append((float(values["step"]), _number(values["loss"]), _number(values["accuracy"])))
        elif event == "confusion":
            counts = np.array(values["counts"], np.int64)
            if values["part"] == "test":
                self.test = counts
            else:
                self._confusion = int(values["step"]), counts
        elif event == "epoch":
            ended = EpochEnded(**{key: value for key, value in values.items() if key in _EPOCH})
            if self._confusion is not None and self._confusion[0] == ended.step:
                ended = replace(ended, confusion=self._confusion[1])
            self.epochs.append(ended)
        elif event == "learning-rate":
            self.rates.append((int(values["step"]), float(values["value"])))
        elif event == "resume":
            self.steps = [entry for entry in self.steps if entry[0] <= values["step"]]
            self.epochs = [entry for entry in self.epochs if entry.step <= values["step"]]
            self.rates = [entry for entry in self.rates if entry[0] <= values["step"]]
            self.end = None
        elif event == "end":
            self.end = values


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file; a last line that is not whole is left out, and so is what is no JSON object."""
    try:
        return list(_rows(path.read_text("utf-8", errors="replace")))
    except OSError:
        return []


def _rows(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            row = json.loads(line)
            if isinstance(row, dict):
                yield row


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
