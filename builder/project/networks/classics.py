"""Convolutional networks for small pictures, in one row: LeNet-5, two for MNIST and Fashion-MNIST, and a denoiser."""

from __future__ import annotations

from builder.data.settings import DataSettings
from builder.graph.model import Network
from builder.project.networks.drawing import network
from builder.project.networks.notation import (
    FLATTEN,
    NEW_ROW,
    NORM,
    OUTPUT,
    RELU,
    SOFTMAX,
    TANH,
    conv,
    layer,
    linear,
    maxpool,
    picture,
)
from builder.project.networks.template import PICTURES, Template
from builder.project.networks.usual import with_adam, with_kaiming
from builder.train.settings import SGD, Adam, Cosine, TrainingSettings

_AVERAGE = layer("AvgPool2d")


def lenet5() -> Network:
    """As in the lectures: 32×32 inputs, tanh, average pooling."""
    made = network(
        [
            picture(1, 32),
            *(conv(6, 5), TANH, _AVERAGE),
            *(conv(16, 5), TANH, _AVERAGE, NEW_ROW),
            *(conv(120, 5), TANH, FLATTEN),
            *(linear(84), TANH, linear(10), SOFTMAX, OUTPUT),
        ]
    )
    return with_kaiming(made)


def mnist_2conv() -> Network:
    """Two convolutions of 3×3."""
    return network(
        [
            picture(1, 28),
            *(conv(32, 3, padding=1), RELU, maxpool(), NEW_ROW),
            *(conv(64, 3, padding=1), RELU, maxpool()),
            *(FLATTEN, linear(10), SOFTMAX, OUTPUT),
        ]
    )


def fashion_cnn() -> Network:
    """Two convolutions of 5×5, each with batch norm, ReLU and pooling."""
    return network(
        [
            picture(1, 28),
            *(conv(16, 5, padding=2), NORM, RELU, maxpool(), NEW_ROW),
            *(conv(32, 5, padding=2), NORM, RELU, maxpool(), NEW_ROW),
            *(FLATTEN, linear(10), SOFTMAX, OUTPUT),
        ]
    )


def denoiser() -> Network:
    """Convolutions only: a picture comes in, a picture of the same size goes out."""
    return network(
        [
            picture(1, 32),
            *(conv(16, 5, padding=2), RELU),
            *(conv(16, 5, padding=2), RELU, NEW_ROW),
            *(conv(16, 5, padding=2), RELU),
            *(conv(1, 5, padding=2), OUTPUT),
        ]
    )


TEMPLATES = (
    Template(
        "lenet5",
        "LeNet-5",
        "The first great convolutional network, which read the digits on cheques (LeCun and others, 1998).",
        PICTURES,
        lenet5,
        training=TrainingSettings(epochs=20, batch_size=32, schedule=Cosine()),
    ),
    Template(
        "mnist-2conv",
        "Two convolutions for MNIST",
        "Two convolutions and one fully connected layer: the network of the experiment on initial weights.",
        PICTURES,
        mnist_2conv,
        DataSettings(dataset="mnist"),
        TrainingSettings(epochs=5, optimizer=SGD(learning_rate=0.02)),
    ),
    Template(
        "fashion-cnn",
        "Fashion-MNIST CNN",
        "The plain convolutional network for pictures of clothes: twice convolution, batch norm, ReLU and pooling.",
        PICTURES,
        fashion_cnn,
        DataSettings(dataset="fashion-mnist"),
        TrainingSettings(optimizer=Adam(), schedule=Cosine()),
    ),
    Template(
        "denoiser",
        "Denoiser",
        "Only convolutions: a noisy picture comes in, the clean one is to come out.",
        PICTURES,
        denoiser,
        DataSettings(dataset="noisy-digits", noise=0.4, normalise="unit"),
        with_adam(10, "squared-error"),
    ),
)
