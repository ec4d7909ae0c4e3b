"""The samples of a data set as they were found, kept for the next who asks; and a few of each class to look at.

No torch: the data panel shows pictures before torch is there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from pathlib import Path

import numpy as np

from builder.data.cache import Cache
from builder.data.catalogue import Array, Asked, DataSet, Progress, Samples, Task, find
from builder.data.folders import data_folder
from builder.data.settings import DataSettings
from builder.graph.problems import Problem, ProblemError

# MNIST takes 55 MB: the two or three sets that somebody goes to and fro between stay.
_samples: Cache[Samples] = Cache(entries=8, limit=400_000_000, size=lambda samples: samples.bytes)

# Of each class, in the data panel; of more than so many classes, one each.
PICTURES_SHOWN, POINTS_SHOWN, MANY_CLASSES = 6, 200, 100


def silent(_message: str, _share: float | None) -> None:
    """A `Progress` that tells nobody."""


def never() -> bool:
    """An `Asked` that never stops."""
    return False


def data_set(settings: DataSettings) -> DataSet:
    """What the catalogue says of the chosen data set. Raises `ProblemError` when it knows none of this name."""
    found = find(settings.dataset)
    if found is None:
        message = f"there is no data set called {settings.dataset}."
        raise ProblemError(Problem("no-such-data-set", message, where="data.dataset"))
    return found


def load(
    settings: DataSettings, progress: Progress | None = None, cancelled: Asked | None = None, folder: Path | None = None
) -> Samples:
    """Every sample of the chosen data set; at once when it was loaded a while ago.

    Raises:
        ProblemError: it cannot be had; the problem says why and what to do.
        CancelledError: `cancelled` said so.
    """
    info = data_set(settings)
    place = folder if folder is not None else data_folder()
    stop = cancelled or never
    return _samples.get(
        samples_key(info, settings, place),
        lambda: info.load(settings, place, progress or silent, stop),
        stop,
    )


def samples_key(info: DataSet, settings: DataSettings, folder: Path) -> Hashable:
    """Equal for settings that load the same samples."""
    options = tuple((name, getattr(settings, name)) for name in sorted(info.options))
    return (info.key, options, folder if info.download_size else None, info.stamp())


def forget_samples() -> None:
    """Free the memory of what is kept."""
    _samples.clear()


def samples_by_class(samples: Samples, info: DataSet, per_class: int, seed: int = 0) -> list[tuple[str, Array]]:
    """For each class its name and up to `per_class` samples, drawn at random: for the data panel.

    Each array is (count, ...) as in `Samples`. A data set without classes gives one entry without a name.
    """
    rng = np.random.default_rng(seed)
    if info.task is Task.REGRESSION:
        rows = rng.permutation(len(samples))[:per_class]
        return [("", samples.inputs[rows])]
    found = []
    for number, name in enumerate(info.classes):
        rows = np.flatnonzero(samples.targets == number)
        found.append((name, samples.inputs[rng.permutation(rows)[:per_class]]))
    return found


def examples(samples: Samples, info: DataSet) -> Iterator[tuple[Array, str]]:
    """A handful of samples with the names of their classes, all classes in turn; of points on a plane, many."""
    per_class = PICTURES_SHOWN if info.pictures else POINTS_SHOWN
    if len(info.classes) > MANY_CLASSES:
        per_class = 1
    groups = samples_by_class(samples, info, per_class)
    for row in range(per_class):
        for name, inputs in groups:
            if row < len(inputs):
                yield inputs[row], name
