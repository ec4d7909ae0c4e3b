"""What units of a layer look for: pictures made to please them. Question and answer, as plain values. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from builder.inspect.response import Box


@dataclass(frozen=True)
class Seeking:
    """Of which units pictures are wanted.

    Attributes:
        layer: a node, by its dotted name.
        first: the number of the first unit (a map or an output), counted from 0; as many follow as there is time for.
    """

    layer: str
    first: int = 0


@dataclass(frozen=True, eq=False)
class Ground:
    """What the pictures stand for in the network's input.

    Attributes:
        low, high: the values of black and of white, float32 (channels, 1, 1).
        mean: of the data, float32 (channels, height, width): what surrounds a picture that is a part of the input.
        box: that part.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    mean: NDArray[np.float32]
    box: Box


@dataclass(frozen=True)
class Preferred:
    """Pictures that were made, from noise, so that each makes one unit give as much as it can.

    Attributes:
        seeking: what was asked.
        step: number of updates that the weights had.
        units: how many units the layer has; 0 where nothing can be made for it.
        pictures: uint8 (pictures, channels, height, width), in the shape of the network's input, black where a value
            is as low as any in the data and white where it is as high.
        values: what each unit gives for its picture, float32 (pictures,).
        made: how far the pictures are made, from 0 to 1.
        ground: what values their brightness stands for; None where there are none.
    """

    seeking: Seeking
    step: int
    units: int
    pictures: NDArray[np.uint8]
    values: NDArray[np.float32]
    made: float = 0.0
    ground: Ground | None = None

    def whole(self, number: int) -> NDArray[np.float32] | None:
        """The network's input that one of the pictures stands for, (channels, height, width); None for none."""
        ground = self.ground
        if ground is None or number >= len(self.pictures):
            return None
        made = ground.mean.copy()
        top, left, bottom, right = ground.box
        made[:, top:bottom, left:right] = ground.low + self.pictures[number] / np.float32(255) * (
            ground.high - ground.low
        )
        return made

    def as_seen(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Values of the network's input in the brightness of the pictures."""
        assert self.ground is not None
        low, high = self.ground.low, self.ground.high
        shares = (values - low) / np.maximum(high - low, np.float32(1e-12))
        seen: NDArray[np.uint8] = np.clip(np.rint(shares * 255), 0, 255).astype(np.uint8)
        return seen

    @staticmethod
    def nothing(seeking: Seeking, step: int) -> Preferred:
        """The answer that stands for none: what is too large, is no picture, or has no way back."""
        return Preferred(seeking, step, 0, np.empty((0, 1, 1, 1), np.uint8), np.empty(0, np.float32))
