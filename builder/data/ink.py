"""How a data set's pictures hold their ink, light on dark ground, and how other ink comes to stand as theirs does.

Networks that learned from digits of one size in the middle know no others: MNIST's were scaled to 20 of 28 pixels and
centred by their mass (LeCun et al., 1998), and what somebody draws must be, too. All is measured on example pictures,
so that it holds for any data set of that kind. No torch, no Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Bytes: TypeAlias = "NDArray[np.uint8]"

EXAMPLES = 60  # pictures that are measured at most
DARK = 32  # of 255: the ground is no lighter
INKED = 51  # of 255: ink is lighter than that
STROKE = 2.0  # times its height is what a letter's line measures, more or less
ENLARGED = 3.0  # at most, so that a dot stays a dot


@dataclass(frozen=True)
class Ink:
    """Where the ink of a data set's pictures stands; all lengths in their pixels.

    Attributes:
        height, width: of a picture.
        extent: the longer side of the ink.
        pen: how wide its lines are.
        centre: row and column of its middle.
        massed: for rows and columns, whether that is the centre of mass, or the middle of the box around the ink.
    """

    height: int
    width: int
    extent: float
    pen: float
    centre: tuple[float, float]
    massed: tuple[bool, bool]


@dataclass(frozen=True)
class Placing:
    """How a point of a fine picture comes to its place: row × scale + shift[0], column × scale + shift[1]."""

    scale: float
    shift: tuple[float, float]


@dataclass(frozen=True)
class _Extent:
    """The box around the ink, (top, bottom) and (left, right), its centre of mass, and how much ink there is."""

    box: tuple[tuple[float, float], tuple[float, float]]
    mass: tuple[float, float]
    amount: float

    @property
    def longer(self) -> float:
        return max(high - low for low, high in self.box)

    def middle(self, axis: int, massed: bool) -> float:
        return self.mass[axis] if massed else sum(self.box[axis]) / 2


def usual_ink(pictures: Sequence[NDArray[np.generic]]) -> Ink | None:
    """What these pictures, uint8 (channels, height, width), have in common; None unless they are light ink on dark."""
    some = [picture for picture in pictures[:EXAMPLES] if picture.ndim == 3 and len(picture) == 1]
    if not some or len(some) < min(len(pictures), EXAMPLES):
        return None
    grey = np.stack([picture[0] for picture in some]).astype(np.float32)
    border = np.concatenate([grey[:, [0, -1]].ravel(), grey[:, :, [0, -1]].ravel()])
    if np.median(border) > DARK:
        return None
    found = [extent for extent in map(_extent, grey) if extent is not None]
    if not found:
        return None
    centre, massed = [], []
    for axis in range(2):
        # Whatever they were centred by varies least from one to the next.
        mass, box = ([extent.middle(axis, by_mass) for extent in found] for by_mass in (True, False))
        massed.append(bool(np.std(mass) < np.std(box)))
        centre.append(float(np.mean(mass if massed[-1] else box)))
    longer = float(np.median([extent.longer for extent in found]))
    pen = float(np.mean([extent.amount for extent in found])) / (STROKE * longer)
    return Ink(grey.shape[1], grey.shape[2], longer, pen, (centre[0], centre[1]), (massed[0], massed[1]))


def place(fine: Bytes, ink: Ink, pen: float = 0.0) -> Placing | None:
    """How the ink of a picture (height, width), as fine as one likes, comes to stand as `ink` says; None without any.

    Args:
        pen: the width of its lines, in its own pixels, where they are to be drawn anew with the pen of `ink`.
    """
    extent = _extent(fine.astype(np.float32))
    if extent is None:
        return None
    there = ink.pen if pen else 0.0  # of a line drawn anew, only its course is scaled
    sides = [max(high - low - pen, 1e-6) for low, high in extent.box]
    room = (ink.height - there, ink.width - there)
    scale = min(
        (ink.extent - there) / max(sides),
        *(space / side for space, side in zip(room, sides, strict=True)),
        ENLARGED * ink.height / len(fine),
    )
    shift = []
    for axis, size in enumerate((ink.height, ink.width)):
        low, high = extent.box[axis]
        at = ink.centre[axis] - scale * extent.middle(axis, ink.massed[axis])
        # Ink that hangs far to one side of its centre of mass must not leave the picture.
        least = there / 2 - scale * (low + pen / 2)
        most = size - there / 2 - scale * (high - pen / 2)
        shift.append(min(max(at, least), max(least, most)))
    return Placing(scale, (shift[0], shift[1]))


def coarse(fine: Bytes, height: int, width: int) -> Bytes:
    """A picture of a whole number of times as many pixels, each square of them averaged."""
    rows, columns = len(fine) // height, fine.shape[1] // width
    squares = fine.reshape(height, rows, width, columns).astype(np.float32)
    averaged: Bytes = np.rint(squares.mean(axis=(1, 3))).astype(np.uint8)
    return averaged


def dark_on_light(picture: Bytes) -> bool:
    """Whether this (height, width) looks like a page: its border clearly lighter than what stands in the middle."""
    height, width = picture.shape
    inner = picture[height // 5 : height - height // 5, width // 5 : width - width // 5]
    border = np.concatenate([picture[[0, -1]].ravel(), picture[:, [0, -1]].ravel()])
    return bool(np.median(border) > 128 and np.median(border) - np.percentile(inner, 2) > 64)


def from_page(page: Bytes, ink: Ink) -> Bytes:
    """Dark ink on a light page, (height, width) as fine as one likes, as a picture like those that `ink` is of."""
    from PIL import Image

    light = 255.0 - page.astype(np.float32)
    border = np.concatenate([light[[0, -1]].ravel(), light[:, [0, -1]].ravel()])
    paper = np.percentile(border, 95) + 12  # its grain and shade are no ink
    fine = (np.clip((light - paper) / max(1.0, np.percentile(light, 99.5) - paper), 0, 1) * 255).astype(np.uint8)
    placing = place(fine, ink)
    if placing is None:
        return np.zeros((ink.height, ink.width), np.uint8)
    top, left = (round(-shift / placing.scale) for shift in placing.shift)
    box = (left, top, left + round(ink.width / placing.scale), top + round(ink.height / placing.scale))
    cut = Image.fromarray(fine).crop(box)  # beyond the page it is dark
    return np.array(cut.resize((ink.width, ink.height), Image.Resampling.BOX), np.uint8)


def _extent(grey: NDArray[np.float32]) -> _Extent | None:
    inked = grey > INKED
    if not inked.any():
        return None
    box, mass = [], []
    total = float(grey.sum())
    for axis in range(2):
        at = np.flatnonzero(inked.any(axis=1 - axis))
        box.append((float(at[0]), float(at[-1]) + 1))
        along = grey.sum(axis=1 - axis, dtype=np.float64)
        mass.append(float((along * (np.arange(len(along)) + 0.5)).sum() / total))
    return _Extent((box[0], box[1]), (mass[0], mass[1]), total / 255)
