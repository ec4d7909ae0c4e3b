"""Looks for the samples of the validation part that a unit responds to most. A look: nothing happens to the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from builder.compile.analysis import receptive_fields
from builder.data.resident import Part
from builder.inspect.activations import Activations, sources_of
from builder.inspect.response import Box, Response, Responses
from builder.train.learner import Learner
from builder.train.loop import at_once
from builder.train.messages import FindResponses

MOST_SAMPLES = 2000  # that are looked at
MOST_SECONDS = 1.5  # that it may take: training waits meanwhile
SHOWN = 9


def strongest(learner: Learner, wish: FindResponses, enough: Callable[[], bool]) -> Responses:
    """The samples that a unit responds to most, among the first ones of the validation part.

    It ends early, with what it has found so far, when it has taken long or when `enough` says so.
    """
    plan, part = learner.plan, learner.data.validation
    part = part if len(part) else learner.data.train
    source = sources_of(plan).get(wish.layer, "")
    step = plan.step(source)
    answer = Responses(wish.layer, wish.unit, total=len(part), step=learner.step)
    shape = step.output_shape if step is not None else plan.input_shape if source == plan.input else ()
    units = shape[0] if len(shape) in (1, 3) else len(shape) // 2  # a matrix is one map
    if not units or not 0 <= wish.unit < units or len(plan.input_shape) != 3:
        return answer
    began = time.monotonic()
    activations = Activations(learner.root, plan)
    best, places, looked = torch.empty(0), torch.empty(0, dtype=torch.int64), 0
    for rows in part.order()[:MOST_SAMPLES].split(at_once(learner)):  # type: ignore[no-untyped-call]
        values = activations({wish.layer}, learner.load(rows, part)[0])[wish.layer]
        values = values[:, None] if len(shape) == 2 else values
        most, place = values[:, wish.unit].reshape(len(rows), -1).max(1)
        best, places = torch.cat([best, most.float().cpu()]), torch.cat([places, place.cpu()])
        looked += len(rows)
        if enough() or time.monotonic() - began > MOST_SECONDS:
            break
    best = best.nan_to_num(-torch.inf)  # what is no number is no response
    found = []
    for sample in best.argsort(descending=True, stable=True)[:SHOWN].tolist():
        box = _seen(learner, source, int(places[sample]), shape)
        picture = _picture(part, sample, part.sample(sample)[0][0])
        found.append(Response(sample, float(best[sample]), part.target(sample), picture, box))
    seconds = time.monotonic() - began
    return replace(answer, units=units, looked=looked, found=tuple(found), seconds=seconds)


def _seen(learner: Learner, layer: str, place: int, shape: tuple[int, ...]) -> Box:
    """What the value at a place of a map, counted row by row, sees of the input."""
    field = receptive_fields(learner.plan).get(layer)
    if field is None or len(shape) != 3:
        _, height, width = learner.plan.input_shape
        return 0, 0, height, width
    return field.seen_by(*divmod(place, shape[2]))


def _picture(part: Part, sample: int, fitted: Tensor) -> NDArray[np.uint8]:
    """The sample as it is stored, where it has the size of the input; else as the network gets it, in bytes."""
    raw = part.raw(sample)
    if raw.dtype == np.uint8 and raw.shape == tuple(fitted.shape):
        return np.array(raw, np.uint8)
    low, high = fitted.min(), fitted.max()
    scaled = (fitted - low) * (255 / (high - low).clamp(min=1e-12))
    return scaled.round().to(torch.uint8).cpu().contiguous().numpy()
