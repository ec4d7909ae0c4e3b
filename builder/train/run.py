"""The folder of a run, written while it trains; `reading` reads it, and `playback` follows or replays it.

    run.json                     the project, the seed, the file that the weights began with, versions, the device
    metrics.jsonl                one JSON object a line, only ever appended; a crash loses at most the last line
    weights/<step>.safetensors   the model: initial, after 1, 2, 4, 8... steps of the first epoch (of a small network),
                                 after epochs (thinned), final, and when asked for
    whitening.safetensors        what samples are multiplied by once they are normalised, where they are whitened
    resume.safetensors           all that is needed to go on exactly where it stopped

A run with early stopping ends with the weights of its best epoch: its last file of weights holds these, and the row
`end` names the epoch. It can go on all the same, from where the last step left it.

While it is written, the time of its metrics is a sign of life; see `heartbeat`. Weights are safetensors only. Knows the
learner, and not on which thread it learns.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from builder.data.ink import usual_ink
from builder.data.samples import examples, load
from builder.graph.problems import Problem, ProblemError
from builder.train.heartbeat import Heartbeat
from builder.train.job import Job
from builder.train.learner import Learner
from builder.train.messages import Confusion, EpochEnded, Finished
from builder.train.meter import Rows, joined
from builder.train.patience import Patience, from_text
from builder.train.reading import FORMAT, VERSION
from builder.writing import put

WHITENING = "whitening.safetensors"
SNAPSHOTS = 24  # weights kept of the epochs of a run; of more, every second one goes
SMALL = 2_000_000  # parameters; of a network up to this size, weights are kept of steps of the first epoch as well
ROWS_PER_EPOCH = 100  # steps noted in metrics.jsonl
MOST_CLASSES = 100  # of more, the table of confusions would be most of metrics.jsonl


class Record:
    """Writes one run folder. Every method may raise `OSError`; what was written before stays whole.

    Attributes:
        folder: the run folder.
    """

    def __init__(self, folder: Path, learner: Learner, threads: int, *, resumed: bool) -> None:
        self.folder = folder
        self._learner = learner
        self._stride = max(1, learner.steps_per_epoch // ROWS_PER_EPOCH)
        self._epoch_stride = 1
        self._early = learner.steps_per_epoch if learner.parameter_count <= SMALL else 0
        self._kept: list[tuple[int, Path]] = []
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        if resumed:
            _cut_last_line(folder / "metrics.jsonl")
        else:
            matrix = learner.data.normalisation.matrix
            if matrix is not None:
                _save(folder / WHITENING, {"matrix": _saved(matrix)}, {})
            _write(folder / "run.json", json.dumps(_description(learner, threads), indent=1, ensure_ascii=False) + "\n")
        # Line by line to the system, so that whoever follows sees each row and a crash loses the last one at most.
        self._metrics = (folder / "metrics.jsonl").open("a" if resumed else "w", encoding="utf-8", buffering=1)
        if resumed:
            self.note("resume", step=learner.step)
        self.snapshot()  # of a run that goes on too: it may have ended with the weights of an earlier epoch
        self._heartbeat = Heartbeat(folder / "metrics.jsonl")

    def note(self, event: str, **values: Any) -> None:
        """Append one row to the metrics."""
        self._metrics.write(json.dumps({"event": event, **_plain(values)}) + "\n")

    def steps(self, rows: Rows) -> None:
        """Append the steps among `rows` that fall on the stride."""
        for step, loss, accuracy, _ in rows[rows[:, 0] % self._stride == 0].tolist():
            self.note("step", step=int(step), loss=loss, accuracy=accuracy)

    def stepped(self) -> None:
        """A step is complete: keep its weights where most is learned, which is at the very beginning."""
        step = self._learner.step
        if step < self._early and step & (step - 1) == 0 and self._sound():
            self.snapshot()

    def _sound(self) -> bool:
        """Off the CPU it shows some steps later that a loss was no number."""
        return all(bool(weight.isfinite().all()) for weight in self._learner.root.parameters())

    def epoch(self, ended: EpochEnded) -> None:
        """Append an epoch's figures, and keep its weights."""
        values = asdict(ended)
        self._confusion(values.pop("confusion"), "validation", ended.step)
        if ended.validation_top5 is None:
            del values["validation_top5"]
        self.note("epoch", **values)
        if ended.epoch % self._epoch_stride == 0:
            self._kept.append((ended.epoch, self.snapshot()))
        if len(self._kept) > SNAPSHOTS:
            self._epoch_stride *= 2
            for _, path in [entry for entry in self._kept if entry[0] % self._epoch_stride]:
                path.unlink(missing_ok=True)
            self._kept = [entry for entry in self._kept if entry[0] % self._epoch_stride == 0]
        self.save_resume()

    def _confusion(self, table: Confusion | None, part: str, step: int) -> None:
        """Append who was taken for whom: a row a true class, a number a said one, in the order of run.json."""
        if table is not None and len(table) <= MOST_CLASSES:
            self.note("confusion", step=step, part=part, counts=table.tolist())

    def snapshot(self) -> Path:
        """Write the weights as they are; returns their file."""
        path = self.folder / "weights" / f"{self._learner.step:08d}.safetensors"
        write_weights(self._learner, path, lasting=False)
        return path

    def save_resume(self) -> None:
        """Write all that is needed to go on from here."""
        learner = self._learner
        tensors = {f"model.{name}": tensor for name, tensor in _weights(learner).items()}
        for index, state in learner.optimizer.state_dict()["state"].items():
            for key, value in state.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{index}.{key}"] = _saved(value)
        tensors["order"] = learner.epoch_began
        tensors["rows"] = torch.from_numpy(joined(learner.rows))
        tensors |= {f"chance.{name}": state for name, state in learner.chance.state.items()}
        tensors |= {f"best.{name}": _saved(tensor) for name, tensor in (learner.best or {}).items()}
        place = {"step": learner.step, "epoch": learner.epoch, "position": learner.position}
        meta = {name: str(value) for name, value in place.items()}
        meta |= {"learning_rate": repr(learner.learning_rate), "patience": learner.patience.text()}
        _save(self.folder / "resume.safetensors", tensors, meta)

    def end(self, finished: Finished, *, spoiled: bool = False) -> None:
        """Write the last weights and how the run ended.

        Args:
            spoiled: the weights are no numbers any more: those that were stored before are the last.
        """
        if not spoiled:
            self.snapshot()
        values: dict[str, Any] = {"step": finished.step}
        if self._learner.at_best:  # what is needed to go on was stored before
            values |= {"best_epoch": finished.best_epoch, "best_validation_loss": finished.best_loss}
        elif not spoiled:
            self.save_resume()
        values |= {"test_loss": finished.test_loss, "test_accuracy": finished.test_accuracy}
        values |= {"test_top5": finished.test_top5} if finished.test_top5 is not None else {}
        self._confusion(finished.confusion, "test", finished.step)
        self.note("end", reason=finished.reason.value, **values)

    def log_error(self, text: str) -> None:
        """Keep the details of a failure, for whoever looks for its cause."""
        with (self.folder / "error.txt").open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    def close(self) -> None:
        """Let go of the files."""
        self._heartbeat.stop()
        with contextlib.suppress(OSError):
            self._metrics.close()


def write_weights(learner: Learner, path: Path, *, lasting: bool = True) -> None:
    """Write the weights as they are, so that another training can begin with them. Raises `OSError`.

    Args:
        lasting: they survive a power cut too.
    """
    best = {"best_epoch": str(learner.patience.epoch)} if learner.at_best else {}
    _save(path, _weights(learner), {"step": str(learner.step), **best}, lasting=lasting)


def resume(learner: Learner, folder: Path) -> None:
    """Bring a fresh learner to where the run in `folder` stopped. Raises `ProblemError` when it cannot."""
    path = folder / "resume.safetensors"
    try:
        tensors, meta = load_file(path), _meta(path)
        _restore(learner, tensors, meta)
    except FileNotFoundError:
        message = "this run cannot be continued: it has no resume.safetensors."
        raise ProblemError(Problem("no-such-run", message, where=str(folder))) from None
    except Exception as error:
        message = "this run cannot be continued: what it stored does not fit this network, or is damaged."
        raise ProblemError(Problem("bad-run", message, where=str(path))) from error


def _restore(learner: Learner, tensors: Mapping[str, Tensor], meta: Mapping[str, str]) -> None:
    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

    place = {name: int(meta[name]) for name in ("step", "epoch", "position")}
    learner.root.load_state_dict(part("model."))
    parameters = [parameter for group in learner.optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in part("optimizer.").items():
        index, key = name.split(".", 1)
        parameter = parameters[int(index)]
        if value.shape == parameter.shape:
            # The fused optimiser walks both in the order of memory: the layout must be the parameter's own.
            value = torch.empty_like(parameter, requires_grad=False).copy_(value)
        state.setdefault(int(index), {})[key] = value
    learner.optimizer.load_state_dict({**learner.optimizer.state_dict(), "state": state})
    learner.learning_rate = float(meta["learning_rate"])
    learner.order.set_state(tensors["order"])
    learner.epoch_began = tensors["order"]
    learner.rows = [tensors["rows"].numpy()]
    learner.chance.state = part("chance.")
    learner.step, learner.epoch, learner.position = place["step"], place["epoch"], place["position"]
    learner.patience = from_text(meta["patience"]) if "patience" in meta else Patience()
    if learner.job.training.patience:
        # Memory of its own and of the layout that the network has, as the copy of an epoch that was just trained.
        own = learner.root.state_dict()
        learner.best = {name: torch.empty_like(own[name]).copy_(value) for name, value in part("best.").items()} or None
        if learner.best is None:  # it was not asked for when they were there
            learner.patience.forget_best()


def disk_problem(folder: Path, error: OSError) -> Problem:
    """The run could not be written."""
    reason = (error.strerror or type(error).__name__).lower()
    message = f"the run could not be written ({reason})."
    return Problem("run-not-written", message, where=str(folder), hint="Choose another folder, or make room.")


def _description(learner: Learner, threads: int) -> dict[str, Any]:
    job: Job = learner.job
    data = learner.data
    carried = learner.carried
    # The pictures that the window measures, so that a prediction reads a scan as it does; they are at hand by now.
    grey = data.info.pictures and data.info.shape[0] == 1
    ink = usual_ink([picture for picture, _ in examples(load(data.settings), data.info)]) if grey else None
    begun = {"file": str(carried.file), "sha256": carried.sha256, "taken": carried.taken, "of": carried.total,
             "fresh": list(carried.fresh)} if carried is not None else None  # fmt: skip
    return {
        "format": FORMAT,
        "version": VERSION,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "document": dict(job.document),
        "seed": job.training.seed,
        **({"weights": begun} if begun is not None else {}),
        "device": str(learner.device),
        "threads": threads,
        "parameters": learner.parameter_count,
        "classes": list(data.classes),
        "samples": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        **({"ink": asdict(ink)} if ink is not None else {}),
        "normalisation": {"shift": list(data.normalisation.shift), "scale": list(data.normalisation.scale)},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "platform": platform.platform(terse=True),
        },
    }


def _weights(learner: Learner) -> dict[str, Tensor]:
    return {name: _saved(tensor) for name, tensor in learner.root.state_dict().items()}


def _saved(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _save(path: Path, tensors: dict[str, Tensor], meta: dict[str, str], *, lasting: bool = False) -> None:
    def fill(partial: Path) -> None:
        try:
            save_file(tensors, partial, {"format": "pt", **meta})
        except SafetensorError as error:  # also for a full disk; it names the system's error in words only
            number = re.search(r"os error (\d+)", str(error))
            words = os.strerror(int(number[1])) if number else "the weights could not be stored"
            raise OSError(int(number[1]) if number else None, words) from error

    put(path, fill, lasting=lasting)


def _meta(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})


def _write(path: Path, text: str) -> None:
    put(path, lambda partial: partial.write_text(text, "utf-8"), lasting=False)


def _cut_last_line(path: Path) -> None:
    """Remove a last line that a crash left unfinished, so that what is appended begins a line of its own."""
    if not path.exists():
        return
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN and no infinity: both become null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }
