"""What a data set declares, and which ones there are. One class holds all that the program knows of a data set.

From it come the choice in the form, the data panel, the check against the network and the contract tests. Nothing here
imports torch or scikit-learn: whoever loads a data set imports what it needs then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from builder.graph.model import Shape
from builder.graph.problems import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from builder.data.settings import DataSettings

Progress = Callable[[str, float | None], None]
"""Told what is being done and its share from 0 to 1 (None when unknown); called from the working thread."""

Asked = Callable[[], bool]
"""Whether somebody asked to stop; looked at often."""

Array: TypeAlias = "NDArray[Any]"


class CancelledError(Exception):
    """The work was given up because somebody asked for it. Nothing is left half-done under its final name."""


class Task(Enum):
    """What a network is to learn from a data set."""

    CLASSIFICATION = "one class of several"
    BINARY = "one of two classes"
    REGRESSION = "numbers"


@dataclass(frozen=True)
class Samples:
    """A data set as it was found, before it is split, fitted or normalised; read-only.

    Attributes:
        inputs: uint8 (count, channels, height, width), or float32 (count, features).
        targets: class numbers, int64 (count,); for regression float32 (count, outputs), or (count, channels, height,
            width) where the answer is a picture.
        test: the part that the makers of the data set keep for the test, where there is one.
    """

    inputs: Array
    targets: Array
    test: Samples | None = None

    def __post_init__(self) -> None:
        # They are kept and shared: nobody may write into what another sees.
        self.inputs.setflags(write=False)
        self.targets.setflags(write=False)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def bytes(self) -> int:
        """Memory that all of it takes."""
        own = self.inputs.nbytes + self.targets.nbytes
        return own + (self.test.bytes if self.test is not None else 0)


class DataSet(ABC):
    """Base of all data sets.

    Attributes:
        key: name in files, settings and on the command line.
        title: name for a reader.
        help: what it holds, one sentence.
        source, licence: where it comes from, and what one may do with it.
        task: see `Task`.
        shape: of one sample: (channels, height, width), or (features,).
        target_shape: of the picture that is the answer to a sample; empty where no picture is asked for.
        classes: names of the classes, by class number.
        download_size: bytes that the first use fetches; 0 for what is at hand.
        options: the settings, beyond split and fitting, that it heeds.
        caution: what somebody should know before training on it; one sentence or two, mostly empty.
    """

    key: str
    title: str
    help: str
    source: str
    licence: str
    task: Task = Task.CLASSIFICATION
    shape: Shape
    target_shape: Shape = ()
    classes: tuple[str, ...]
    download_size: int = 0
    options: frozenset[str] = frozenset()
    caution: str = ""

    @abstractmethod
    def load(self, settings: DataSettings, folder: Path, progress: Progress, cancelled: Asked) -> Samples:
        """Every sample.

        Args:
            settings: only the `options` matter.
            folder: where downloaded data sets live; need not exist.
            progress, cancelled: see `Progress` and `Asked`.

        Raises:
            ProblemError: it cannot be had; the problem says why and what to do.
            CancelledError: `cancelled` said so.
        """

    def at_hand(self, folder: Path) -> bool:
        """Whether it can be loaded without a download; a quick look, not a check of every byte."""
        return not self.download_size

    def counts(self, settings: DataSettings) -> tuple[int, int] | None:
        """How many samples there are to divide, and how many in its own test part; None where only loading tells."""
        return None

    def trouble(self) -> Problem | None:
        """What can be seen at a glance to keep it from loading (a folder that is gone); asked for at every edit."""
        return None

    def stamp(self) -> Hashable:
        """Differs when the samples may have changed since, so that what is kept of them is not used again."""
        return None

    @property
    def pictures(self) -> bool:
        """Whether a sample is a picture (and not a list of numbers)."""
        return len(self.shape) == 3


D = TypeVar("D", bound=type[DataSet])

_sets: dict[str, DataSet] = {}
_families: dict[str, Callable[[str], DataSet]] = {}


def register(kind: D) -> D:
    """Class decorator: put a data set into the catalogue. Raises `ValueError` when the key is taken."""
    if kind.key in _sets:
        raise ValueError(f"two data sets are called {kind.key}")
    _sets[kind.key] = kind()
    return kind


def data_sets() -> Mapping[str, DataSet]:
    """All data sets by key, in the order of registration (which is the order in the form)."""
    return _sets


def register_family(prefix: str, make: Callable[[str], DataSet]) -> None:
    """Let `prefix:REST` name the data set `make(REST)`, which must be quick and raise nothing."""
    _families[prefix] = make


def find(key: str) -> DataSet | None:
    """The data set of this name, or None when this program does not know it."""
    if key in _sets:
        return _sets[key]
    prefix, _, rest = key.partition(":")
    return _families[prefix](rest) if rest and prefix in _families else None
