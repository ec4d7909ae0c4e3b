"""Networks with pictures as a trainer makes them, for the suite over all views. Values are made up, shapes are not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from builder.compile.infer import Inference, infer
from builder.compile.plan import make_plan
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Node
from builder.inspect.backward import Backward
from builder.inspect.cloud import Cloud, Samples
from builder.inspect.picture import Attention, Health, Picture, Plane
from builder.inspect.preferred import Preferred, Seeking
from builder.inspect.question import Attribution, Method, Question, refusal
from builder.inspect.response import Response, Responses
from builder.train.messages import EpochEnded
from builder.ui.views.base import Subject

NOT_FOR_POINTS = frozenset({"attribution", "responses", "preferred"})  # there is no picture to mark


@dataclass(frozen=True)
class Case:
    """A network, a selection in it, and a picture of all that a view might ask for.

    Attributes:
        nothing: keys of the views that can show nothing of such a network, ever, and say why.
    """

    name: str
    subject: Subject
    picture: Picture
    nothing: frozenset[str] = frozenset()

    @property
    def responses(self) -> Responses:
        """What the first unit of the selected layer responds to."""
        random = np.random.default_rng(3)
        shape = self.picture.raw.shape
        pictures = [random.integers(0, 256, shape, dtype=np.uint8) for _ in range(9)]
        found = [Response(n, 9.0 - n, n % 2, each, (-2, n, 5, n + 7)) for n, each in enumerate(pictures)]
        layer = self.subject.selection[-1] if self.subject.selection else ""
        return Responses(layer, 0, 16, 100, 200, 7, 0.1, tuple(found))


def chain(*nodes: tuple[str, str, Mapping[str, Any]]) -> Inference:
    made = [Node(name, kind, freeze(params)) for name, kind, params in nodes]
    return infer(Graph.of(made, [Edge(a.name, b.name) for a, b in pairwise(made)]))


def cloud(layer: str, raw: np.ndarray, classes: int, count: int = 40) -> Cloud:
    """Where samples lie, some of which are answered wrongly."""
    random = np.random.default_rng(4)
    targets = np.arange(count) % max(2, classes)
    said = np.where(random.uniform(size=count) < 0.2, (targets + 1) % max(2, classes), targets)
    pictures = None
    if raw.ndim == 3:
        pictures = random.integers(0, 256, (count, *raw.shape), dtype=np.uint8)
    samples = Samples("validation", 2 * count, np.arange(count), targets, pictures)
    points = random.normal(size=(count, 2)) + 3 * np.column_stack([targets, -targets])
    return Cloud(layer, 7, samples, points, said=said, units=9, shares=(0.5, 0.2), pinned=(1.0, 1.0))


def preferred(layer: str, raw: np.ndarray, units: int) -> Preferred:
    """What the first units of a layer look for."""
    random = np.random.default_rng(5)
    count, shape = min(units, 16), raw.shape if raw.ndim == 3 else (1, 1, 1)
    pictures = random.integers(0, 256, (count, *shape), dtype=np.uint8)
    return Preferred(Seeking(layer), 7, units, pictures, random.uniform(0, 9, count).astype(np.float32), 1.0)


def picture(
    inference: Inference, raw: np.ndarray, classes: int, plane: Plane | None = None, layer: str = "fc1"
) -> Picture:
    random = np.random.default_rng(0)
    activations, filters, health = {}, {}, {}
    for name, info in inference.nodes.items():
        assert info.layer is not None
        assert info.output is not None
        shape = (*info.output, 24, 24) if plane is not None else info.output
        activations[name] = random.normal(size=shape).astype(np.float32)
        weight = info.layer.weights(info.known_inputs).get("weight", ())
        health[name] = Health(*random.uniform(0.0, 1.0, 4).tolist(), float(random.uniform()) if weight else None)
        if len(weight) >= 2:
            filters[name] = random.normal(size=weight).astype(np.float32)
    scores = np.exp(random.normal(size=classes))
    output = (scores / scores.sum()).astype(np.float32) if classes > 1 else np.array([0.3], np.float32)
    fitted = raw.astype(np.float32) if plane is not None else raw.astype(np.float32) / 255
    able = [method for method in Method if not refusal(make_plan(inference), method)]
    values = np.abs(random.normal(size=raw.shape[1:])).astype(np.float32)
    found = Attribution(Question(able[0]), 1, values) if able else None
    shapes = {name: info.output for name, info in inference.nodes.items() if info.output is not None}
    gradients = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    back, asked = Backward(0.5, 1, gradients=gradients), Attention(gradients=frozenset(gradients))
    many = cloud(layer, raw, classes)
    liked = preferred(layer, raw, math.prod((inference.shape(layer) or (1,))[:1]))
    return Picture(
        7, asked, raw, fitted, 1, output, activations, filters, {}, health, plane, found, back, cloud=many,
        preferred=liked,
    )  # fmt: skip


def lenet() -> Case:
    inference = chain(
        ("input1", "Input", {}),
        ("conv1", "Conv2d", {"filters": 6, "kernel_size": 5}),
        ("tanh1", "Tanh", {}),
        ("pool1", "AvgPool2d", {}),
        ("conv2", "Conv2d", {"filters": 16, "kernel_size": 5}),
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 10}),
        ("output1", "Output", {}),
    )
    raw = np.random.default_rng(1).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    return Case(
        "lenet", Subject(inference, ("conv2",), tuple("0123456789"), 3), picture(inference, raw, 10, layer="conv2")
    )


def colour() -> Case:
    inference = chain(
        ("input1", "Input", {"shape": [3, 16, 16]}),
        ("conv1", "Conv2d", {"filters": 200, "kernel_size": 3}),
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 3}),
        ("output1", "Output", {}),
    )
    raw = np.random.default_rng(1).integers(0, 256, (3, 16, 16), dtype=np.uint8)
    return Case(
        "colour", Subject(inference, ("conv1",), ("cat", "dog", "ship"), 0), picture(inference, raw, 3, layer="conv1")
    )


def mlp() -> Case:
    inference = chain(
        ("input1", "Input", {"shape": [1, 8, 8]}),
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 512}),
        ("relu1", "ReLU", {}),
        ("fc2", "Linear", {"features": 10}),
        ("output1", "Output", {}),
    )
    raw = np.random.default_rng(1).integers(0, 17, (1, 8, 8), dtype=np.uint8)
    return Case("mlp", Subject(inference, ("fc1",), (), 0), picture(inference, raw, 10))


def two_inputs() -> Case:
    inference = chain(
        ("input1", "Input", {"shape": [2]}),
        ("fc1", "Linear", {"features": 4}),
        ("sigmoid1", "Sigmoid", {}),
        ("fc2", "Linear", {"features": 1}),
        ("sigmoid2", "Sigmoid", {}),
        ("output1", "Output", {}),
    )
    points = np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32)
    plane = Plane((-3.0, -3.0), (3.0, 3.0), points, (points[:, 0] > 0).astype(np.int64))
    subject = Subject(inference, (), ("left", "right"), 0)
    return Case("two-inputs", subject, picture(inference, points[0], 1, plane), NOT_FOR_POINTS)


CASES = (lenet(), colour(), mlp(), two_inputs())
SCALARS = np.array([[step, 2.0 / step, min(1.0, step / 40)] for step in range(1, 61)])
CONFUSION = np.random.default_rng(2).integers(0, 5, (10, 10)) + 40 * np.eye(10, dtype=np.int64)
EPOCH = EpochEnded(1, 60, 0.1, 0.9, 0.2, 0.85, 1.0, 1000.0, CONFUSION)
