"""The whole document as one frozen value, and the edits that concern more than its graph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from builder.data.settings import DataSettings
from builder.graph.model import Graph, Network
from builder.train.settings import SGD, TrainingSettings


@dataclass(frozen=True)
class Project:
    """Network, data settings and training settings: all that a file stores and a run needs.

    Attributes:
        name: title of the window and of exported files.
        network: the graph on the canvas, with places and comments, and its blocks.
        notes: free text of the author.
    """

    name: str = "Untitled"
    network: Network = field(default_factory=Network)
    data: DataSettings = field(default_factory=DataSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    notes: str = ""

    @property
    def graph(self) -> Graph:
        """The graph on the canvas."""
        return self.network.graph

    def with_graph(self, graph: Graph) -> Project:
        """The same project with another graph."""
        return self if graph is self.graph else replace(self, network=self.network.with_graph(graph))

    def trains_like(self, other: Project) -> bool:
        """Whether a run of one is a run of the other: positions, comments, name and notes do not count."""
        return self.data == other.data and self.training == other.training and self.network.same_network(other.network)


def new_project(name: str = "Untitled", network: Network | None = None, notes: str = "") -> Project:
    """What a network that is no template begins with.

    The learning rate that a file need not mention suits LeNet-5; convolutions with ReLU, put one behind the other by
    hand, die of it. This one trains them.
    """
    training = TrainingSettings(optimizer=SGD(learning_rate=0.01))
    return Project(name, network or Network(), training=training, notes=notes)
