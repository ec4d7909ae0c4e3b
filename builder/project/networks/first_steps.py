"""Networks for points in the plane, and the smallest for pictures."""

from __future__ import annotations

from builder.data.settings import DataSettings
from builder.graph.model import Network
from builder.project.networks.drawing import network
from builder.project.networks.notation import (
    FLATTEN,
    OUTPUT,
    RELU,
    SIGMOID,
    SOFTMAX,
    linear,
    numbers,
    picture,
)
from builder.project.networks.template import FIRST_STEPS, Template
from builder.train.settings import SGD, Adam, TrainingSettings


def perceptron() -> Network:
    """Two inputs, one sigmoid unit."""
    return network([numbers(2), linear(1), SIGMOID, OUTPUT])


def two_stage() -> Network:
    """Two inputs, four hidden sigmoid units, one output."""
    return network([numbers(2), linear(4), SIGMOID, linear(1), SIGMOID, OUTPUT])


def mlp() -> Network:
    """28×28 numbers, 100 hidden units, ten classes."""
    return network([picture(1, 28), FLATTEN, linear(100), RELU, linear(10), SOFTMAX, OUTPUT])


TEMPLATES = (
    Template(
        "perceptron",
        "Perceptron",
        "One neuron with a sigmoid: a straight boundary between two groups of points.",
        FIRST_STEPS,
        perceptron,
        DataSettings(dataset="blobs"),
        TrainingSettings(epochs=30, batch_size=16, loss="binary-cross-entropy", optimizer=SGD(learning_rate=0.1)),
    ),
    Template(
        "two-stage",
        "Two-stage classifier",
        "Four hidden sigmoid units, each a soft half-plane, and their weighted sum: a bent boundary between points in "
        "the plane.",
        FIRST_STEPS,
        two_stage,
        DataSettings(dataset="moons"),
        TrainingSettings(epochs=100, batch_size=16, loss="binary-cross-entropy", optimizer=Adam(learning_rate=0.1)),
    ),
    Template(
        "mlp",
        "Multilayer perceptron",
        "Pictures made flat, one hidden layer of 100 units: what a network does that knows nothing of pictures.",
        FIRST_STEPS,
        mlp,
        training=TrainingSettings(epochs=20),
    ),
)
