"""What the window asks to see and what it gets: plain values from the trainer to the window. No torch, no Qt.

A picture could as well come from another process: it holds NumPy arrays only and belongs to nobody once published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from builder.inspect.backward import Backward
from builder.inspect.cloud import Cloud, Gathering
from builder.inspect.preferred import Preferred, Seeking
from builder.inspect.question import Attribution, Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float32]"

# By kind of layer: outputs beyond these are on the flat ends of the function, where next to no gradient passes.
FLAT_ENDS = {"Sigmoid": (0.02, 0.98), "Tanh": (-0.98, 0.98)}


class Part(Enum):
    """A part of a data set."""

    TRAIN = "training"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True)
class Own:
    """A picture that is no sample of the data: the user's own, or one that was made for a unit.

    Attributes:
        shape, pixels: uint8 (channels, height, width), as bytes: in the form of the data set's.
        values: of one that was made, the network's very input, float32 of the same shape, as bytes; `pixels` is only to
            be looked at then, and the form that of the input.
        title: what it is called; "" for the user's own.
    """

    shape: tuple[int, ...]
    pixels: bytes
    values: bytes = b""
    title: str = ""

    @staticmethod
    def of(picture: NDArray[np.uint8]) -> Own:
        """This picture, (channels, height, width)."""
        return Own(picture.shape, picture.tobytes())

    @staticmethod
    def made(values: NDArray[np.float32], picture: NDArray[np.uint8], title: str) -> Own:
        """These values of the network's input, (channels, height, width), which look like `picture`."""
        return Own(values.shape, picture.tobytes(), np.ascontiguousarray(values, np.float32).tobytes(), title)

    def array(self) -> NDArray[np.uint8]:
        """The picture, for the caller to keep."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape).copy()

    def input(self) -> NDArray[np.float32] | None:
        """The network's input, for the caller to keep; None where the data's way from a picture to it leads there."""
        return np.frombuffer(self.values, np.float32).reshape(self.shape).copy() if self.values else None


@dataclass(frozen=True)
class Pin:
    """What all pictures are made of: a sample of a part of the data by its position, or in its place a picture."""

    sample: int = 0
    own: Own | None = None
    part: Part = Part.VALIDATION


@dataclass(frozen=True)
class Attention:
    """What is visible, and so worth capturing.

    Attributes:
        activations: nodes whose output for the pinned sample is wanted (cards with a thumbnail, feature maps).
        filters: nodes whose weights are wanted.
        statistics: whether the health of every layer is wanted.
        question: what is wanted to know of the network's answer.
        cloud: of which layer it is wanted where many samples lie, in this part of the data.
        part, sample: the pinned sample, as position in a part of the data.
        own: a picture in place of that sample, if the data has pictures of this form.
        gradients: nodes of which it is wanted how the loss of the pinned sample changes with their output.
        seeking: the units for which pictures are to be made that they like best.
    """

    activations: frozenset[str] = frozenset()
    filters: frozenset[str] = frozenset()
    statistics: bool = False
    part: Part = Part.VALIDATION
    sample: int = 0
    own: Own | None = None
    question: Question | None = None
    gradients: frozenset[str] = frozenset()
    cloud: Gathering | None = None
    seeking: Seeking | None = None

    @property
    def wanted(self) -> bool:
        """Whether anything is to be captured at all."""
        return bool(self.activations or self.filters or self.dear)

    @property
    def dear(self) -> bool:
        """Whether what is wanted takes longer than a look at the sample on its way."""
        return bool(self.statistics or self.gradients or self.question or self.cloud or self.seeking)


@dataclass(frozen=True)
class Plane:
    """The square of the 2-D input space over which activations of a network with two inputs are drawn.

    For such a network every activation in a `Picture` has the shape (units, n, n): row 0 is the lowest second input.

    Attributes:
        low, high: corners, in the units of the data.
        points: (count, 2) samples of the data, for drawing over it; targets: their class numbers (count,).
    """

    low: tuple[float, float]
    high: tuple[float, float]
    points: Floats
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class Health:
    """Statistics of a layer's output over one batch.

    Attributes:
        mean, deviation: of the output.
        dead: share of units that are zero for the whole batch; saturated: share of outputs at a flat end.
        gradient: root mean square of the gradient of the weights; None without weights or before a backward pass.
    """

    mean: float
    deviation: float
    dead: float
    saturated: float
    gradient: float | None = None


@dataclass(frozen=True)
class Picture:
    """One look inside the network.

    Attributes:
        step: number of updates made so far.
        attention: what was asked for when it was made.
        raw: the pinned sample as the data set has it: uint8 (channels, height, width), or float32 (features,).
        fitted: the same as the network gets it, float32, in the shape of the input.
        target: its class number, or the value wanted; None where that is a picture, or nobody knows it.
        output: what the network answers: probabilities for a classifier, values otherwise; (outputs,).
        activations: by node: float32, (channels, height, width) or (features,); see `Plane` for 2-D input.
        filters: by node: the weight, float32, (out, in, height, width) or (out, in); biases: (out,), where it has one.
        health: by node, when statistics were asked for.
        plane: only for a network with two inputs.
        attribution: the newest answer to the question, if there is one; of now, or of some steps ago.
        backward: the newest backward pass, where gradients were asked for; of now, or of some steps ago.
        wanted: the picture that is wanted as the answer, float32 (channels, height, width); None for any other answer,
            and where nobody knows it.
        cloud: the newest points, likewise.
        preferred: pictures that units like best, as far as they are made.
    """

    step: int
    attention: Attention
    raw: NDArray[np.generic]
    fitted: Floats
    target: int | float | None
    output: Floats
    activations: Mapping[str, Floats] = field(default_factory=dict)
    filters: Mapping[str, Floats] = field(default_factory=dict)
    biases: Mapping[str, Floats] = field(default_factory=dict)
    health: Mapping[str, Health] = field(default_factory=dict)
    plane: Plane | None = None
    attribution: Attribution | None = None
    backward: Backward | None = None
    wanted: Floats | None = None
    cloud: Cloud | None = None
    preferred: Preferred | None = None
