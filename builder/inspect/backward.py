"""What comes back from the loss: how it changes with what each layer gives. Plain values; no torch, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN = (
    "Nobody knows the right answer to a picture of your own, so there is no loss to come back from. "
    "Pin a sample of the data."
)
FAILED = "The gradients cannot be worked out for this network: they may need more memory than there is."


@dataclass(frozen=True, eq=False)
class Backward:
    """The backward pass of one sample, at inference.

    Attributes:
        loss: of the main output for this sample; auxiliary outputs count in the gradients, as they do in training.
        right: number of the class that counts as right; None where a value or a picture is wanted.
        guessed: nobody knows the right class, and the network's own answer stands for it.
        gradients: by node, of the loss with respect to what it gives; float32, shaped like that: (channels, height,
            width) or (features,). Also for a network with two inputs, since the sample is one point.
        reached: all layers from whose values the loss is worked out, and the input.
        behind: of the nodes asked for, those that the loss does not need (a final softmax that belongs to it, and what
            comes after), each with the layer before them that it works on.
        missing: why there are none at all, in a sentence; "" where there are.
    """

    loss: float = float("nan")
    right: int | None = None
    guessed: bool = False
    gradients: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    reached: frozenset[str] = frozenset()
    behind: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""
