"""Small networks and jobs that the tests of this folder train."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from builder.data.settings import DataSettings
from builder.graph.model import Edge, Graph, Node
from builder.train.job import Job
from builder.train.settings import TrainingSettings

POINTS = DataSettings(dataset="moons", points=200)
DIGITS = DataSettings(dataset="digits", limit=200)


def chain(shape: list[int], *layers: tuple[str, str, dict[str, Any]]) -> Graph:
    """A row of layers (name, kind, parameters) between an input and an output."""
    nodes = [Node("input", "Input", {"shape": shape})]
    nodes += [Node(name, kind, params) for name, kind, params in layers]
    nodes.append(Node("output", "Output"))
    return Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)])


def picture_net() -> Graph:
    """A convolution with batch norm and dropout: all that training could disturb."""
    return chain(
        [1, 8, 8],
        ("conv1", "Conv2d", {"filters": 4, "kernel_size": 3}),
        ("bn1", "BatchNorm2d", {}),
        ("relu1", "ReLU", {}),
        ("flatten1", "Flatten", {}),
        ("drop1", "Dropout", {"p": 0.3}),
        ("fc1", "Linear", {"features": 10}),
        ("softmax1", "Softmax", {}),
    )


def point_net() -> Graph:
    """Two inputs, four hidden units, one answer."""
    return chain(
        [2],
        ("fc1", "Linear", {"features": 4}),
        ("sigmoid1", "Sigmoid", {}),
        ("fc2", "Linear", {"features": 1}),
        ("sigmoid2", "Sigmoid", {}),
    )


def picture_job(**training: Any) -> Job:
    """Digits through `picture_net`: 4 steps an epoch."""
    return Job(picture_net(), DIGITS, TrainingSettings(**{"epochs": 2, "batch_size": 50, **training}), {"name": "test"})


def point_job(**training: Any) -> Job:
    """Points through `point_net`."""
    chosen = {"epochs": 2, "batch_size": 32, "loss": "binary-cross-entropy", **training}
    return Job(point_net(), POINTS, TrainingSettings(**chosen))
