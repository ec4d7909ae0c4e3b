"""What the network of a run says to pictures from files, fitted and normalised as the run's own samples were."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from builder.compile.module import rewire
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.data.catalogue import Task
from builder.data.ink import Ink
from builder.data.pictures import Fitter
from builder.data.reading import read_like
from builder.data.resident import Encoder, Normalisation
from builder.data.samples import data_set
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError
from builder.project.form import from_json
from builder.train.objective import Objective
from builder.train.reading import load_run
from builder.train.run import WHITENING


@dataclass(frozen=True)
class Prediction:
    """The most likely class, and how likely each is (0 to 1), by name, the likeliest first.

    Attributes:
        inverted: the picture was dark ink on a light page, other than the data's; see `data.reading`.
    """

    name: str
    probabilities: dict[str, float]
    inverted: bool = False


class Predictor:
    """The network of a run with its newest weights, on the CPU."""

    def __init__(self, folder: Path) -> None:
        """Raises `ProblemError`: this is no run, it has no weights yet, or its data set has no pictures."""
        run = load_run(folder)
        if not run.weights:
            raise ProblemError(Problem("no-weights", "this run has stored no weights yet.", where=str(folder)))
        project = from_json(run.description.get("document"))
        info = data_set(project.data)
        if not info.pictures:
            message = f"this run learned from {info.title}, which are numbers and not pictures."
            raise ProblemError(Problem("no-pictures", message, where=str(folder)))
        if info.task is Task.REGRESSION:
            message = f"this run learned from {info.title}: its answers are no classes."
            raise ProblemError(Problem("no-classes", message, where=str(folder)))
        plan = make_plan(infer_flat(project.network))
        loss = project.training.loss
        model = trained(plan, run.weights[max(run.weights)])
        self._model = rewire(model, plan, plan.before_loss(loss)).eval()
        self._objective = Objective(loss, counts=True)
        self._shape: Shape = info.shape
        answers = max(2, math.prod(plan.shape(plan.before_loss(loss))))
        channels = info.shape[0] if len(plan.input_shape) == 1 else plan.input_shape[0]
        values = math.prod(plan.input_shape)
        try:
            self._classes, normalisation = _told(run.description, answers, (channels, values))
            if project.data.normalise == "whiten":
                normalisation = replace(normalisation, matrix=_matrix(folder, values))
            self._ink = _ink(run.description.get("ink"), info.shape)
        except (KeyError, TypeError, ValueError, OverflowError):
            message = "run.json does not say what its classes are called, or how its samples were normalised."
            raise ProblemError(Problem("bad-run", message, where=str(folder))) from None
        fitter = Fitter(info.shape, plan.input_shape, project.data.fit)
        self._encoder = Encoder(fitter, normalisation, torch.device("cpu"), channels_last=True)

    def __call__(self, path: Path) -> Prediction:
        """What it says to the picture in a file. Raises `ProblemError` when that is none."""
        found = read_like(path, self._shape, self._ink)
        sample = torch.from_numpy(found.picture)[None]
        with torch.inference_mode():
            x = self._encoder.finish(self._encoder.flat(sample))
            answer = self._objective.answer(self._model(x))[0].clamp(0, 1).reshape(-1).tolist()
        if len(answer) == 1:
            answer = [1 - answer[0], answer[0]]
        ranked = sorted(zip(self._classes, answer, strict=False), key=lambda pair: -pair[1])
        return Prediction(ranked[0][0], dict(ranked), found.inverted)


def _matrix(folder: Path, values: int) -> Tensor:
    """What samples of so many values are whitened by. Raises `ProblemError`."""
    path = folder / WHITENING
    try:
        found = load_file(path)["matrix"]
    except (OSError, KeyError, SafetensorError):
        found = torch.empty(0)
    if found.shape != (values, values) or not bool(torch.isfinite(found).all()):
        message = "this run whitened its samples, but does not say how: the file is missing or damaged."
        raise ProblemError(Problem("bad-run", message, where=str(path)))
    return found.float()


def _told(
    description: Mapping[str, Any], answers: int, lengths: tuple[int, int]
) -> tuple[tuple[str, ...], Normalisation]:
    """Names of the classes, and how samples were normalised. Raises `ValueError`, or what wrong JSON brings up.

    Args:
        lengths: how many numbers there may be to normalise with.
    """
    classes = tuple(str(name) for name in description["classes"])
    measured = description["normalisation"]
    shift, scale = (tuple(float(number) for number in measured[key]) for key in ("shift", "scale"))
    if len(classes) != answers or len(shift) != len(scale) or len(shift) not in lengths:
        raise ValueError("not as many as there should be")
    if not all(map(math.isfinite, (*shift, *scale))) or 0.0 in scale:
        raise ValueError("no numbers to normalise with")
    return classes, Normalisation(shift, scale)


def _ink(told: Any, shape: Shape) -> Ink | None:
    """How the data's pictures hold their ink; None where they hold none. Raises as `_told` does."""
    if told is None:
        return None
    height, width, extent, pen = (float(told[name]) for name in ("height", "width", "extent", "pen"))
    (row, column), (rows, columns) = told["centre"], told["massed"]
    ink = Ink(int(height), int(width), extent, pen, (float(row), float(column)), (bool(rows), bool(columns)))
    inside = 0 <= ink.centre[0] <= height and 0 <= ink.centre[1] <= width
    if (
        (1, ink.height, ink.width) != shape
        or not inside
        or not 1 <= extent <= max(height, width)
        or not 0 <= pen < extent
    ):
        raise ValueError("no ink of such pictures")
    return ink
