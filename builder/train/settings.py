"""What a project says about its training. No torch, so that the window can show the form before torch is there.

Optimisers and schedules are declared in files of their own, and can be had from here.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from builder.graph.parameters import Parameters, parameter
from builder.train.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from builder.train.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Place,
    Plateau,
    Schedule,
    StepDecay,
)

__all__ = [
    "DEVICES",
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Exponential",
    "Loss",
    "OneCycle",
    "Optimizer",
    "Plateau",
    "RMSprop",
    "Schedule",
    "StepDecay",
    "TrainingSettings",
]


Loss = Literal["cross-entropy", "binary-cross-entropy", "squared-error", "absolute-error"]


WEIGHED: tuple[Loss, ...] = ("cross-entropy", "binary-cross-entropy")  # losses in which classes can have weights

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
        64,
        "Batch size",
        "Samples for each step. As many as there are for training, or more: gradient descent on the full set, one step "
        "an epoch.",
        ge=1,
        le=1_000_000,
        slider=(1, 512),
        unit="samples",
    )
    loss: Loss = parameter(
        "cross-entropy",
        "Loss",
        "What training makes small: cross-entropy for one class of several, binary for yes or no, squared or absolute "
        "error for numbers.",
        choices={
            "cross-entropy": "cross-entropy",
            "binary-cross-entropy": "binary cross-entropy",
            "squared-error": "squared error",
            "absolute-error": "absolute error (L1)",
        },
    )
    class_weights: Literal["none", "balanced"] = parameter(
        "none",
        "Class weights",
        "Balanced: each training sample counts n / (K · nᵢ) in the loss, with n samples in all, nᵢ of its class, and K "
        "classes; a rare class then counts as much as a frequent one. For cross-entropy and binary cross-entropy. The "
        "training loss is the weighted one; validation and test loss are not weighted.",
        choices={"none": "all samples alike", "balanced": "balanced"},
        advanced=True,
    )
    optimizer: Optimizer = parameter(SGD(), "Optimiser", "The rule that turns gradients into steps.")
    schedule: Schedule = parameter(Constant(), "Schedule", "How the learning rate changes while the network learns.")
    warmup: float = parameter(
        0.0,
        "Warm-up",
        "The learning rate rises evenly from nothing during so many epochs, before the schedule begins; 0 for none.",
        ge=0,
        le=100_000,
        slider=(0, 5),
        unit="epochs",
        advanced=True,
    )
    patience: int = parameter(
        0,
        "Early stopping",
        "Stop after so many epochs in a row without a better validation loss; 0 for never. The run then ends with the "
        "weights of its best epoch.",
        ge=0,
        le=100_000,
        slider=(0, 20),
        unit="epochs",
        advanced=True,
    )
    l1: float = parameter(
        0.0,
        "L1",
        "Adds this times Σ|w| over all weights, biases and norms aside, to the loss: many weights become zero (lasso). "
        "With weight decay too, the elastic net.",
        ge=0,
        le=10,
        slider=(0, 0.01),
        advanced=True,
    )
    max_norm: float = parameter(
        0.0,
        "Max norm",
        "After each step, the weights into a unit, or of a filter, are scaled back to this length √Σw² where they are "
        "longer; 0 for no limit.",
        ge=0,
        le=1_000_000,
        slider=(0, 10),
        advanced=True,
    )
    regularise_after: int = parameter(
        0,
        "Regularise after",
        "Weight decay, L1 and max norm begin after so many epochs; 0 for from the first step on.",
        ge=0,
        le=100_000,
        slider=(0, 20),
        unit="epochs",
        advanced=True,
    )
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

    @property
    def weighs_classes(self) -> bool:
        """Whether samples count by their class."""
        return self.class_weights == "balanced" and self.loss in WEIGHED

    @property
    def cycles_momentum(self) -> bool:
        """Whether the schedule says how much the optimiser carries on."""
        return bool(self.cycled(0, 1))

    @property
    def changes_rate(self) -> bool:
        """Whether the learning rate is another one at another step."""
        return bool(self.warmup) or not isinstance(self.schedule, Constant)

    def steps_per_epoch(self, samples: int) -> int:
        """Updates that an epoch makes with so many samples to learn from.

        A last batch of a single sample is left out (of several): batch normalisation could not work on it.
        """
        whole, rest = divmod(samples, self.batch_size)
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def batch_note(self, samples: int) -> str:
        """What is done where a batch is larger than so many samples to learn from; empty where it is not."""
        if self.batch_size <= samples:
            return ""
        return f"more than the {samples:,} training samples: each step takes all of them, one step an epoch"

    def warm_steps(self, per_epoch: int) -> int:
        """Updates of the warm-up, where an epoch makes so many."""
        return round(self.warmup * per_epoch)

    def rate_share(self, step: int, per_epoch: int, drops: int = 0) -> float:
        """What the learning rate is multiplied by at a step: the warm-up, and behind it the schedule.

        Args:
            step: updates made; per_epoch: updates of an epoch.
            drops: see `Place`.
        """
        warm = self.warm_steps(per_epoch)
        share = self.schedule.share(self._place(step, per_epoch, drops))
        return share * (step + 1) / (warm + 1) if step < warm else share

    def cycled(self, step: int, per_epoch: int) -> dict[str, Any]:
        """What PyTorch's optimiser is given at a step to carry on as much as the schedule says; mostly nothing."""
        momentum = self.schedule.momentum(self._place(step, per_epoch))
        return {} if momentum is None else self.optimizer.carrying(momentum)

    def _place(self, step: int, per_epoch: int, drops: int = 0) -> Place:
        warm = self.warm_steps(per_epoch)
        return Place(max(0, step - warm), max(1, self.epochs * per_epoch - warm), per_epoch, drops)
