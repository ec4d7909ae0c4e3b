"""What a run is started with: one value that editing cannot reach. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.data.settings import DataSettings
from builder.graph.model import Graph
from builder.train.settings import TrainingSettings


@dataclass(frozen=True)
class Job:
    """A network to train, on what, and how.

    Attributes:
        graph: the network, with its blocks already written out.
        data, training: the settings.
        weights: the file of weights to begin with; None for fresh ones.
        document: the whole project as plain JSON, written into the run folder so that the run can be opened again.
    """

    graph: Graph
    data: DataSettings = field(default_factory=DataSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    document: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None
