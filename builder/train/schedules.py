"""How the learning rate changes while a network learns, as a project declares it. No torch."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from builder.graph.parameters import Parameters, parameter


class Place(NamedTuple):
    """Where a run stands, counted from the end of its warm-up.

    Attributes:
        step: updates made; steps: those of the whole run; per_epoch: those of an epoch.
        drops: how often the validation loss has stood still; see `train.patience`.
    """

    step: int
    steps: int
    per_epoch: int
    drops: int = 0

    @property
    def done(self) -> float:
        """Share of the run that is done, from 0 to 1."""
        return min(1.0, self.step / self.steps)

    @property
    def epochs(self) -> float:
        """How many epochs are done, with the part of the one under way."""
        return self.step / self.per_epoch


class _Schedule(Parameters):
    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        raise NotImplementedError

    def momentum(self, place: Place) -> float | None:
        """How much of its last steps an optimiser carries on there; None where that is left to the optimiser."""
        return None

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        raise NotImplementedError


class Constant(_Schedule):
    """The learning rate stays as it is, until it is changed by hand."""

    kind: Literal["constant"] = "constant"

    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        return 1.0

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        return "η = η_{0}"


class Cosine(_Schedule):
    """The learning rate falls along half a cosine: fast steps first, fine ones at the end.

    Source: https://arxiv.org/abs/1608.03983
    """

    kind: Literal["cosine"] = "cosine"
    last: float = parameter(
        0.0, "Last rate", "What is left of the learning rate at the end, as a share.", ge=0, le=1, slider=(0, 1),
        advanced=True,
    )  # fmt: skip

    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        return self.last + (1 - self.last) * (1 + math.cos(math.pi * place.done)) / 2

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        if not self.last:
            return "η = η_{0}·(1 + cos(π·t / T)) / 2"
        return f"η = η_{{0}}·({self.last:g} + {1 - self.last:g}·(1 + cos(π·t / T)) / 2)"


class StepDecay(_Schedule):
    """The learning rate is multiplied by a factor every few epochs: a stair downwards.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
    """

    title: ClassVar[str] = "Step"

    kind: Literal["step"] = "step"
    factor: float = parameter(0.9, "Factor", "What the rate is multiplied by each time.", gt=0, le=1, slider=(0.01, 1))
    every: int = parameter(1, "Every", "Epochs between two falls.", ge=1, le=100_000, slider=(1, 30), unit="epochs")

    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        return float(self.factor ** (place.step // (self.every * place.per_epoch)))

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        falls = f"t / {self.every}" if self.every > 1 else "t"
        return f"η = η_{{0}}·{self.factor:g}^{{⌊{falls}⌋}}"


class Exponential(_Schedule):
    """The learning rate falls by the same share in every epoch, a little at each step.

    At whole epochs it is that of PyTorch's ExponentialLR, which keeps it the same within an epoch.
    """

    kind: Literal["exponential"] = "exponential"
    factor: float = parameter(
        0.9, "Factor", "What is left of the rate after each epoch, as a share.", gt=0, le=1, slider=(0.5, 1)
    )

    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        return float(self.factor**place.epochs)

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        return f"η = η_{{0}}·{self.factor:g}^{{t}}"


class Plateau(_Schedule):
    """The learning rate falls when the validation loss has stood still for some epochs.

    Unlike PyTorch's ReduceLROnPlateau, each smaller loss counts as a better one, however little smaller it is.
    """

    kind: Literal["plateau"] = "plateau"
    factor: float = parameter(0.1, "Factor", "What the rate is multiplied by each time.", gt=0, le=1, slider=(0.01, 1))
    patience: int = parameter(
        3, "Patience", "Epochs in a row without a better validation loss that are waited for; those that begin in the "
        "warm-up do not count.", ge=1, le=100_000, slider=(1, 20), unit="epochs",
    )  # fmt: skip

    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        return float(self.factor**place.drops)

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        epochs = "each epoch" if self.patience == 1 else f"{self.patience} epochs in a row"
        return f"η ← {self.factor:g}·η after {epochs} without a better validation loss"


class OneCycle(_Schedule):
    """The learning rate rises to its full value, then falls to nothing: one large wave over the whole run.

    The momentum goes the other way, from its highest value down and up again, as in PyTorch's OneCycleLR.

    Source: https://arxiv.org/abs/1708.07120
    """

    title: ClassVar[str] = "One-cycle"

    kind: Literal["one-cycle"] = "one-cycle"
    rise: float = parameter(
        0.3, "Rise", "Share of the run in which the rate rises.", gt=0, lt=1, slider=(0.05, 0.95), advanced=True
    )
    first: float = parameter(
        0.04, "First rate", "Where the rate begins, as a share of its full value.", ge=0, le=1, slider=(0, 1),
        advanced=True,
    )  # fmt: skip
    last: float = parameter(
        0.0, "Last rate", "What is left of the rate at the end, as a share.", ge=0, le=1, slider=(0, 1), advanced=True
    )

    cycle_momentum: bool = parameter(
        True, "Cycle momentum", "Less momentum (of Adam: β₁) where the rate is high, more where it is low, in place of "
        "the optimiser's own. An optimiser without momentum stays so.",
    )  # fmt: skip
    highest: float = parameter(
        0.95, "Highest momentum", "Where the rate is lowest, at both ends.", ge=0, lt=1, slider=(0, 0.99), advanced=True
    )
    lowest: float = parameter(
        0.85, "Lowest momentum", "Where the rate is highest.", ge=0, lt=1, slider=(0, 0.99), advanced=True
    )

    def share(self, place: Place) -> float:
        """What the learning rate is multiplied by there."""
        return self._wave(place.done, self.first, 1.0, self.last)

    def momentum(self, place: Place) -> float | None:
        """How much of its last steps an optimiser carries on there; None where that is left to the optimiser."""
        return self._wave(place.done, self.highest, self.lowest, self.highest) if self.cycle_momentum else None

    def _wave(self, done: float, first: float, middle: float, last: float) -> float:
        """From the first value to the middle one and on to the last, along half a cosine each."""
        if done < self.rise:
            return first + (middle - first) * (1 - math.cos(math.pi * done / self.rise)) / 2
        return last + (middle - last) * (1 + math.cos(math.pi * (done - self.rise) / (1 - self.rise))) / 2

    def formula(self) -> str:
        """The rate η after t of T epochs."""
        first, last = (f"{share:g}·η_{{0}}" if share else "0" for share in (self.first, self.last))
        return f"η: from {first} up to η_{{0}} at t = {self.rise:g}·T, then down to {last}"


Schedule = Annotated[Constant | Cosine | StepDecay | Exponential | Plateau | OneCycle, Field(discriminator="kind")]
