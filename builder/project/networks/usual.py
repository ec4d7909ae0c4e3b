"""What many of the built-in networks open with: settings, and how their weights begin."""

from __future__ import annotations

from dataclasses import replace

from builder.data.settings import DataSettings
from builder.graph.edits import set_params
from builder.graph.model import Graph, Network
from builder.layers.initialisation import KaimingNormal, initialise_network
from builder.train.settings import SGD, Adam, Loss, TrainingSettings

BIG_DATA = DataSettings(dataset="random-pictures", normalise="unit")
"""ImageNet cannot be had freely; what has its form can be, so that the large networks run and can be measured."""


def big(batch_size: int = 16, learning_rate: float = 0.1, weight_decay: float = 0.0001) -> TrainingSettings:
    """As in the papers; only the batches are such that they fit into the memory of a laptop."""
    optimizer = SGD(learning_rate=learning_rate, weight_decay=weight_decay)
    return TrainingSettings(epochs=90, batch_size=batch_size, optimizer=optimizer)


def small(epochs: int = 10, learning_rate: float = 0.05, weight_decay: float = 0.0) -> TrainingSettings:
    """For the digits, within minutes."""
    return TrainingSettings(epochs=epochs, optimizer=SGD(learning_rate=learning_rate, weight_decay=weight_decay))


def with_adam(epochs: int, loss: Loss = "cross-entropy") -> TrainingSettings:
    """With Adam, which asks for no tuning."""
    return TrainingSettings(epochs=epochs, loss=loss, optimizer=Adam())


def with_quick_averages(made: Network) -> Network:
    """The network whose batch normalisation keeps averages over the last few batches only.

    An epoch of the digits has 20 batches: with the usual averages over some tens, a deep network is far off in the
    first validations, which would look like a fault.
    """

    def quick(graph: Graph) -> Graph:
        norms = [name for name, node in graph.nodes.items() if node.kind == "BatchNorm2d"]
        for name in norms:
            graph = set_params(graph, name, {"momentum": 0.5})
        return graph

    blocks = {name: replace(block, graph=quick(block.graph)) for name, block in made.blocks.items()}
    return Network(quick(made.graph), made.blocks.update(blocks))


def with_kaiming(made: Network) -> Network:
    """The network whose weights begin so that values keep their size on a long way through ReLUs."""
    return initialise_network(made, KaimingNormal())
