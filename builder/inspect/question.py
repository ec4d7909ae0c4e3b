"""What can be asked of a network's answer: which parts of the picture speak for a class. Plain values; no torch, no Qt.

Also whether a network can be asked at all, and which layer's maps Grad-CAM works on: that follows from the plan alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from builder.compile.plan import Plan
from builder.graph.model import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Method(Enum):
    """How it is found out. The value is its name for a reader."""

    GRAD_CAM = "Grad-CAM"
    SALIENCY = "saliency"
    INTEGRATED_GRADIENTS = "integrated gradients"
    OCCLUSION = "occlusion"

    @property
    def signed(self) -> bool:
        """Whether a part can also speak against the class."""
        return self in (Method.INTEGRATED_GRADIENTS, Method.OCCLUSION)


class Named(Enum):
    """A class that is not asked for by its number."""

    ANSWER = "answer"
    TRUTH = "truth"


@dataclass(frozen=True)
class Question:
    """Which parts of the pinned picture speak for a class.

    Attributes:
        of: the number of the class; where a truth is asked for that nobody knows, the answer is meant.
        layer: whose maps Grad-CAM looks at; "" for the other methods.
    """

    method: Method = Method.GRAD_CAM
    of: int | Named = Named.ANSWER
    layer: str = ""


@dataclass(frozen=True, eq=False)
class Attribution:
    """The answer to a `Question`.

    Attributes:
        of: number of the class, or of the output where there are no classes.
        values: float32 (height, width) of the input; empty where it could not be worked out.
    """

    question: Question
    of: int
    values: NDArray[np.float32]


NO_PICTURE = "This network looks at numbers, not at a picture: there is no picture to mark what counts on."
A_PICTURE = (
    "This network answers with a picture: each pixel is an answer of its own, so no single one is to be explained."
)
NO_MAPS = "Grad-CAM needs feature maps on the way to the answer, and this network has none. Choose another method."


def refusal(plan: Plan, method: Method | None = None) -> str:
    """Why a network cannot be asked, by this method or (None) at all; "" when it can."""
    if len(plan.input_shape) != 3:
        return NO_PICTURE
    if len(plan.shape(plan.outputs[0][1])) != 1:
        return A_PICTURE
    if method is Method.GRAD_CAM and not layer_for_maps(plan):
        return NO_MAPS
    return ""


def layer_for_maps(plan: Plan, chosen: Iterable[str] = ()) -> str:
    """The layer whose maps Grad-CAM looks at: the last of the chosen ones that has some, else the last of all.

    Only what the main output is made of counts. "" where there is none.
    """
    needed = plan.needed_for(plan.outputs[0][1])
    able = [step.name for step in plan.steps if step.name in needed and _maps(step.output_shape, plan.input_shape)]
    asked = [name for name in chosen if name in able]
    return (asked or able or [""])[-1]


def _maps(shape: Shape, picture: Shape) -> bool:
    """Whether values of this shape are maps (channels, height, width) of a picture, and not of one cell each.

    The sides of maps are in proportion to those of the picture: some networks put the channels last in between.
    """
    if len(shape) != 3 or shape[1] * shape[2] < 2:
        return False
    across, along = shape[1] * picture[2], shape[2] * picture[1]
    return max(across, along) <= 3 * min(across, along)
