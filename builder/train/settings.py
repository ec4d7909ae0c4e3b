"""What a project says about its training. No torch, so that the window can show the form before torch is there."""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from builder.graph.parameters import Parameters, parameter


class _Optimizer(Parameters):
    learning_rate: float = parameter(
        0.05, "Learning rate", "How far each step follows the gradient.", gt=0, le=100, slider=(1e-5, 1), log=True
    )
    weight_decay: float = parameter(
        0.0, "Weight decay", "Pulls all weights towards zero (L2).", ge=0, le=10, slider=(0, 0.01), advanced=True
    )


class SGD(_Optimizer):
    """Stochastic gradient descent: each step goes against the gradient of one mini-batch."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = parameter(
        0.9, "Momentum", "Share of the last step that is carried on.", ge=0, lt=1, slider=(0, 0.99)
    )
    nesterov: bool = parameter(False, "Nesterov", "Look ahead along the momentum before measuring the gradient.")


class Adam(_Optimizer):
    """Adam: a step size of its own for each weight, from moving averages of gradient and squared gradient."""

    kind: Literal["adam"] = "adam"
    learning_rate: float = parameter(
        0.001, "Learning rate", "How far each step goes.", gt=0, le=100, slider=(1e-5, 1), log=True
    )
    beta1: float = parameter(0.9, "β₁", "Memory of the gradient.", ge=0, lt=1, slider=(0, 0.999), advanced=True)
    beta2: float = parameter(0.999, "β₂", "Memory of the squared gradient.", ge=0, lt=1, slider=(0.9, 0.9999),
                             advanced=True)  # fmt: skip


Optimizer = Annotated[SGD | Adam, Field(discriminator="kind")]


class Constant(Parameters):
    """The learning rate stays as it is, until it is changed by hand."""

    kind: Literal["constant"] = "constant"

    def factor(self, done: float) -> float:
        """What the learning rate is multiplied by when this share of the run is done, from 0 to 1."""
        return 1.0


class Cosine(Parameters):
    """The learning rate falls along half a cosine: fast steps first, fine ones at the end.

    Source: https://arxiv.org/abs/1608.03983
    """

    kind: Literal["cosine"] = "cosine"
    last: float = parameter(
        0.0, "Last rate", "What is left of the learning rate at the end, as a share.", ge=0, le=1, slider=(0, 1),
        advanced=True,
    )  # fmt: skip

    def factor(self, done: float) -> float:
        """What the learning rate is multiplied by when this share of the run is done, from 0 to 1."""
        return self.last + (1 - self.last) * (1 + math.cos(math.pi * min(1.0, done))) / 2


Schedule = Annotated[Constant | Cosine, Field(discriminator="kind")]

Loss = Literal["cross-entropy", "binary-cross-entropy", "squared-error"]


DEVICES = "auto, cpu, cuda, cuda:1 or mps"
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]+)?")


def _device(name: str) -> str:
    if not _DEVICE.fullmatch(name):
        raise ValueError(f"{name!r:.40} is no device: it must be {DEVICES}")
    return name


class TrainingSettings(Parameters):
    """How a network is trained."""

    epochs: int = parameter(10, "Epochs", "How often all training samples are seen.", ge=1, le=100_000, slider=(1, 50))
    batch_size: int = parameter(
        64, "Batch size", "Samples for each step.", ge=1, le=1_000_000, slider=(1, 512), unit="samples"
    )
    loss: Loss = parameter(
        "cross-entropy",
        "Loss",
        "What training makes small: cross-entropy for one class of several, binary for yes or no, squared for numbers.",
        choices={
            "cross-entropy": "cross-entropy",
            "binary-cross-entropy": "binary cross-entropy",
            "squared-error": "squared error",
        },
    )
    optimizer: Optimizer = parameter(SGD(), "Optimiser", "The rule that turns gradients into steps.")
    schedule: Schedule = parameter(Constant(), "Schedule", "How the learning rate changes while the network learns.")
    seed: int = parameter(0, "Seed", "Chooses initial weights and the order of samples.", ge=0, le=2**31 - 1)
    weights: str = parameter(
        "",
        "Begin with",
        "Weights to begin with: a .safetensors file, or the folder of a run. Each tensor of which name and size fit is "
        "taken; a layer of another name or size begins afresh. A relative path counts from the project's folder.",
        file="Weights and runs (*.safetensors run.json)",
        max_length=4096,
    )
    device: Annotated[str, AfterValidator(_device)] = parameter("auto", "Device", f"{DEVICES}.", advanced=True)
