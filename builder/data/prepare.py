"""From settings to batches: load, split, fit to the network's input, measure, and put onto the device.

Knows nothing of networks beyond the shape of the input, and nothing of training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from builder.data.augmentation import Augmentation
from builder.data.augmenter import Augmenter
from builder.data.cache import Cache
from builder.data.catalogue import Array, Asked, DataSet, Progress, Samples, Task
from builder.data.fit import input_problem, whitening_problem
from builder.data.folders import data_folder
from builder.data.label_noise import with_wrong_labels
from builder.data.measure import chunks, measure, stop_if
from builder.data.pictures import Fitter
from builder.data.resident import Encoder, Normalisation, Part, ResidentPart
from builder.data.samples import data_set, forget_samples, load, never, samples_key, silent
from builder.data.settings import DataSettings
from builder.data.split import Split, split
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError

# Fitted samples beyond this many bytes are not kept: pictures are then enlarged batch by batch.
FITTED_LIMIT = 1 << 30


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set, ready for training.

    Attributes:
        info: what the catalogue says of it.
        settings: what it was made from, apart from the augmentation, which is done batch by batch.
        shape: of one input; device: where batches are.
        normalisation: measured on the training part alone.
        encoder: does to any sample what batches have done to theirs.
        bytes: memory taken on the device.
    """

    info: DataSet
    settings: DataSettings
    shape: Shape
    device: torch.device
    normalisation: Normalisation
    encoder: Encoder
    train: Part
    validation: Part
    test: Part
    bytes: int

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by class number; empty for regression."""
        return self.info.classes

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Training samples of each class, by class number, as their labels have it; empty for regression."""
        if not self.classes:
            return ()
        return tuple(np.bincount(self.train.labels(), minlength=len(self.classes)).tolist())

    @property
    def task(self) -> Task:
        """What is to be learned."""
        return self.info.task

    def augmenter(self, chosen: Augmentation, seed: int) -> Augmenter | None:
        """What changes training batches in this way; None when they stay as they are."""
        if not chosen.on:
            return None
        picture = self.encoder.picture
        colours = self.train.colours() if chosen.pca and picture is not None else None
        spans = self.train.spans() if picture is None else None
        return Augmenter(chosen, seed, picture, self.device, spans=spans, colours=colours)

    def encode(self, samples: Array) -> Tensor:
        """Samples (count, ...) in the data set's own form as the network's input, float32 (count, *shape)."""
        return self.encoder.finish(self.encoder.flat(torch.from_numpy(np.array(samples)).to(self.device)))


_prepared: Cache[Prepared] = Cache(entries=3, limit=2 << 30, size=lambda prepared: prepared.bytes)


def prepare(
    settings: DataSettings,
    input_shape: Shape,
    device: torch.device | str,
    progress: Progress | None = None,
    cancelled: Asked | None = None,
    *,
    channels_last: bool = True,
    folder: Path | None = None,
) -> Prepared:
    """The chosen data set for a network with this input, on this device; at once when it was made a while ago.

    Args:
        input_shape: (channels, height, width), or (features,).
        progress: told from this thread what is being done, and its share from 0 to 1 (None when unknown).
        cancelled: looked at often; True stops.
        channels_last: memory layout of picture batches; their values are the same either way.
        folder: where downloaded data sets live; the user's by default.

    Raises:
        ProblemError: the data cannot be had, does not fit the input, or takes too much memory.
        CancelledError: `cancelled` said so.
    """
    place = folder if folder is not None else data_folder()
    target = torch.device(device)
    stop, tell = cancelled or never, progress or silent
    settings = settings.changed(augmentation=Augmentation())  # the samples are the same whatever is done to them later
    samples = samples_key(data_set(settings), settings, place)
    key = (samples, settings, tuple(input_shape), str(target), channels_last)
    return _prepared.get(
        key, lambda: _prepare(settings, tuple(input_shape), target, tell, stop, channels_last, place), stop
    )


def forget() -> None:
    """Free the memory of all data that is kept for the next who asks."""
    _prepared.clear()
    forget_samples()


def _prepare(
    settings: DataSettings,
    shape: Shape,
    device: torch.device,
    progress: Progress,
    cancelled: Asked,
    channels_last: bool,
    folder: Path,
) -> Prepared:
    info = data_set(settings)
    problem = input_problem(info, shape) or whitening_problem(settings, shape)
    if problem is not None:
        raise ProblemError(problem)
    samples = load(settings, progress, cancelled, folder)
    parts = split(samples.targets, len(samples.test) if samples.test is not None else None, settings)
    fitter = Fitter(info.shape, shape, settings.fit)
    try:
        normalisation = measure(samples.inputs, parts.train, fitter, settings.normalise, progress, cancelled)
        encoder = Encoder(fitter, normalisation, device, channels_last=channels_last)
        return _Store(info, settings, samples, parts, encoder).prepared(progress, cancelled)
    except (MemoryError, torch.OutOfMemoryError):
        raise ProblemError(_too_large(info, device)) from None
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # the allocator for the CPU has no error type of its own
            raise
        raise ProblemError(_too_large(info, device)) from None


def _too_large(info: DataSet, device: torch.device) -> Problem:
    message = f"{info.title} does not fit into the memory of {device}."
    hint = "Train on fewer samples, or make the input smaller."
    return Problem("data-too-large", message, where="data.limit", hint=hint)


class _Store:
    """Builds the parts of one `Prepared`: all samples in one tensor, in the order training, validation, test."""

    def __init__(self, info: DataSet, settings: DataSettings, samples: Samples, parts: Split, encoder: Encoder) -> None:
        self.info, self.settings, self.samples, self.parts, self.encoder = info, settings, samples, parts, encoder
        test = samples.test if samples.test is not None else samples
        self.blocks = ((samples, parts.train), (samples, parts.validation), (test, parts.test))
        # What is to be said of every sample, for each part: only the training part may hold wrong labels.
        mislabelled = samples.targets
        if settings.label_noise and info.classes:
            mislabelled = samples.targets.copy()
            mislabelled[parts.train] = with_wrong_labels(
                samples.targets[parts.train], len(info.classes), settings.label_noise, settings.seed
            )
        self.learned = (mislabelled, samples.targets, test.targets)
        self.count = sum(len(rows) for _, rows in self.blocks)
        fitted, raw = math.prod(encoder.shape), math.prod(info.shape)
        self.late = self.count * fitted > FITTED_LIMIT and fitted > raw

    def prepared(self, progress: Progress, cancelled: Asked) -> Prepared:
        kept = self._fill(progress, cancelled)
        targets = np.concatenate([learned[rows] for learned, (_, rows) in zip(self.learned, self.blocks, strict=True)])
        on_device = torch.from_numpy(targets).to(self.encoder.device)
        train, validation, test = self._parts(kept, on_device)
        return Prepared(
            self.info,
            self.settings,
            self.encoder.shape,
            self.encoder.device,
            self.encoder.normalisation,
            self.encoder,
            train,
            validation,
            test,
            kept.nbytes + on_device.nbytes,
        )

    def _fill(self, progress: Progress, cancelled: Asked) -> Tensor:
        device = self.encoder.device
        kept: Tensor | None = None
        done = 0
        for samples, rows in self.blocks:
            for some in chunks(rows, math.prod(self.encoder.shape)):
                stop_if(cancelled)
                piece = torch.from_numpy(samples.inputs[some]).to(device)
                if not self.late:
                    piece = self.encoder.flat(piece)
                if kept is None:
                    kept = torch.empty((self.count, *piece.shape[1:]), dtype=piece.dtype, device=device)
                kept[done : done + len(piece)] = piece
                done += len(piece)
                progress("Fitting the samples to the input", done / self.count)
        return kept if kept is not None else torch.empty((0, math.prod(self.encoder.shape)), device=device)

    def _parts(self, kept: Tensor, targets: Tensor) -> Iterator[ResidentPart]:
        start = 0
        for (samples, rows), learned in zip(self.blocks, self.learned, strict=True):
            end = start + len(rows)
            yield ResidentPart(
                self.encoder, kept[start:end], targets[start:end], samples.inputs, learned, rows, late=self.late
            )
            start = end
