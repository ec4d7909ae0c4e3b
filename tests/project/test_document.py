"""What a document begins with."""

from __future__ import annotations

from itertools import pairwise

from builder.graph.model import Edge, Graph, Network, Node
from builder.project.document import new_project
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.train.headless import train

LAYERS = ("Input", "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Flatten", "Linear", "Output")


def test_the_usual_layers_in_a_row_learn_with_settings_that_nobody_touched() -> None:
    nodes = [Node(kind.lower(), kind) for kind in LAYERS]
    graph = Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)])
    project = set_setting(new_project(network=Network(graph)), "training.epochs", 3)
    accuracy = train(make_job(project)).finished.test_accuracy
    assert accuracy is not None
    assert accuracy > 0.9
