"""What to subtract from samples and divide them by, measured on the training part as the network gets it.

All sums are of whole numbers where samples are bytes, so they are exact, and the same in whatever order they are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from threading import Thread

import numpy as np
import torch
from torch import Tensor

from builder.data.catalogue import Array, Asked, CancelledError, Progress
from builder.data.pictures import Fitter
from builder.data.resident import Normalisation
from builder.data.settings import WHITENED_FLOOR, WHITENED_FROM, Normalise

_CHUNK = 1 << 25  # bytes of fitted samples that are worked on at a time
_MEASURED = 1 << 30  # values that are measured at most; of more, every so manieth sample

_ASKED = 0.1  # seconds between two looks whether to stop
_MESSAGE = "Measuring the training samples"


def chunks(rows: Array, values: int) -> Iterator[Array]:
    """The rows in pieces of a size to work on, for samples of so many values each."""
    step = max(1, _CHUNK // max(1, values))
    return (rows[start : start + step] for start in range(0, len(rows), step))


def stop_if(cancelled: Asked) -> None:
    """Raise `CancelledError` when somebody asked to stop."""
    if cancelled():
        raise CancelledError


def measure(
    inputs: Array, train: Array, fitter: Fitter, how: Normalise, progress: Progress, cancelled: Asked
) -> Normalisation:
    """What to subtract and divide by, from the training samples as the network gets them.

    Args:
        inputs: every sample; train: positions of those to measure.
        how: as in the settings.
    """
    pictures = inputs.ndim == 4
    # A picture that enters as a row of numbers is still measured channel by channel.
    flat = len(fitter.target) == 1
    channels = inputs.shape[1] if flat else fitter.target[0]
    if how == "none":
        return Normalisation((0.0,) * channels, (1.0,) * channels)
    if not pictures:
        return _of_numbers(inputs[train].astype(np.float64), how)
    if how == "unit":
        return Normalisation((0.0,) * channels, (255.0,) * channels)
    values = math.prod(fitter.target)
    train = train[:: -(-len(train) * values // _MEASURED) or 1]
    if how == "features":
        return _by_value(inputs, train, fitter, progress, cancelled)
    if how == "whiten":
        return _whitening(inputs, train, fitter, progress, cancelled)
    counts = torch.zeros(channels, 256, dtype=torch.int64)
    measured = 0
    for some in chunks(train, values):
        stop_if(cancelled)
        chunk = torch.from_numpy(inputs[some])
        fitted = chunk if flat else fitter(chunk)
        for channel in range(channels):
            counts[channel] += torch.bincount(fitted[:, channel].flatten(), minlength=256)
        measured += len(some)
        progress(_MESSAGE, measured / len(train))
    shift, scale = zip(*(_moments(row) for row in counts.tolist()), strict=True)
    return Normalisation(shift, scale)


def _moments(counts: list[int]) -> tuple[float, float]:
    """Mean and standard deviation from how often each of the 256 values occurs: exact, whatever the order."""
    total = sum(counts)
    first = sum(value * count for value, count in enumerate(counts))
    second = sum(value * value * count for value, count in enumerate(counts))
    deviation = math.sqrt(total * second - first * first) / total
    return first / total, deviation or 1.0


def _by_value(inputs: Array, train: Array, fitter: Fitter, progress: Progress, cancelled: Asked) -> Normalisation:
    """Each value of a picture by its own mean and deviation; one that never changes is only shifted."""
    values = math.prod(fitter.target)
    first, second = torch.zeros(values, dtype=torch.int64), torch.zeros(values, dtype=torch.int64)
    measured = 0
    for some in chunks(train, 8 * values):
        stop_if(cancelled)
        rows = fitter(torch.from_numpy(inputs[some])).flatten(1).long()
        first += rows.sum(0)
        second += rows.square().sum(0)
        measured += len(some)
        progress(_MESSAGE, measured / len(train))
    count = len(train)
    scale = (count * second - first.square()).double().sqrt() / count
    scale[scale == 0] = 1.0
    return Normalisation(tuple((first.double() / count).tolist()), tuple(scale.tolist()))


def _whitening(inputs: Array, train: Array, fitter: Fitter, progress: Progress, cancelled: Asked) -> Normalisation:
    """Shares of the full range, less the mean picture, whitened."""
    values = math.prod(fitter.target)
    train = train[:: -(-len(train) // WHITENED_FROM) or 1]
    first, second = torch.zeros(values, dtype=torch.float64), torch.zeros(values, values, dtype=torch.float64)
    measured = 0
    for some in chunks(train, 8 * values):
        stop_if(cancelled)
        rows = fitter(torch.from_numpy(inputs[some])).flatten(1).double()
        first += rows.sum(0)
        second += rows.T @ rows
        measured += len(some)
        progress(_MESSAGE, measured / len(train))
    progress("Whitening: this takes a while for large pictures", None)
    covariance = (second / len(train) - (first / len(train)).outer(first / len(train))) / 255.0**2
    matrix = _unless_stopped(lambda: whitening(covariance), cancelled)
    return Normalisation(tuple((first / len(train)).tolist()), (255.0,) * values, matrix)


def _unless_stopped(work: Callable[[], Tensor], cancelled: Asked) -> Tensor:
    """What `work` returns. One call of LAPACK cannot be stopped: who asks to stop leaves it to end on its own."""
    done: Future[Tensor] = Future()

    def carry_out() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # as if it were raised here
            done.set_exception(error)

    # A daemon, and so no executor: the end of the program does not wait for it either.
    Thread(target=carry_out, name="whitening", daemon=True).start()
    while not wait([done], _ASKED).done:
        stop_if(cancelled)
    return done.result()


def whitening(covariance: Tensor) -> Tensor:
    """The matrix that takes the covariance (values, values) to nearly that of independent values: float32.

    Of all such matrices it is the one that changes samples least (ZCA): they still look like pictures.

    Source: section 3.1 of https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf
    """
    along, directions = torch.linalg.eigh(covariance)
    floor = WHITENED_FLOOR * along.mean()
    if not floor > 0:  # nothing varies at all
        return torch.eye(len(covariance))
    found: Tensor = (directions / (along.clamp(min=0) + floor).sqrt() @ directions.T).float()
    return found


def _of_numbers(values: Array, how: Normalise) -> Normalisation:
    if how == "unit":
        low = values.min(0)
        shift, scale = low, values.max(0) - low
    else:
        shift, scale = values.mean(0), values.std(0)
    scale = np.where(scale > 0, scale, 1.0)
    matrix = None
    if how == "whiten":
        standard = (values - shift) / scale
        matrix = whitening(torch.from_numpy(standard.T @ standard / len(standard)))
    return Normalisation(tuple(shift.tolist()), tuple(scale.tolist()), matrix)
