"""What a built-in network declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from builder.data.settings import DataSettings
from builder.graph.model import Network
from builder.train.settings import TrainingSettings

FIRST_STEPS = "First steps"
PICTURES = "Pictures"
LARGE = "ImageNet networks"
RESIDUAL = "Residual networks"
SMALL = "Small variants"


@dataclass(frozen=True)
class Template:
    """One built-in network.

    Attributes:
        name: on the command line.
        title: in menus; also the name of the project that it opens as.
        help: what it is, one sentence.
        group: heading in menus.
        make: makes the network.
        data, training: the settings that it opens with.
        notes: what a lecturer may want to know beyond `help`; of the project that it opens as.
    """

    name: str
    title: str
    help: str
    group: str
    make: Callable[[], Network] = field(repr=False)
    data: DataSettings = field(default_factory=DataSettings, repr=False)
    training: TrainingSettings = field(default_factory=TrainingSettings, repr=False)
    notes: str = field(default="", repr=False)
