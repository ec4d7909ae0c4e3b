"""For a network that answers with a picture: what came in, what it answers, and what is wanted, beside each other."""

from __future__ import annotations

import math

import numpy as np

from builder.inspect.picture import Floats, Picture
from builder.ui.views.colour import GREY, limits
from builder.ui.views.grid import Look, as_maps
from builder.ui.views.paint import figure
from builder.ui.views.scale import Scale

_FOOT = 0.18  # of a picture's height, beneath it


def answer_of(picture: Picture) -> Floats | None:
    """The answer in the form of what is wanted, (channels, height, width); None where no picture is wanted."""
    wanted = picture.wanted
    return picture.output.reshape(wanted.shape) if wanted is not None and wanted.size == picture.output.size else None


def side_by_side(title: str, picture: Picture) -> Look | None:
    """Input, answer and wanted picture, a column each and a row for each channel; None where no picture is wanted."""
    wanted, answer = picture.wanted, answer_of(picture)
    if wanted is None or answer is None:
        return None
    fitted = as_maps(picture.fitted)
    right = Scale(GREY, *limits(wanted))  # the answer in the same greys, so that the two compare
    columns = [("answer", answer, right), ("wanted", wanted, right)]
    if fitted.shape == wanted.shape:
        columns.insert(0, ("input", fitted, Scale(GREY, *limits(fitted))))
    words = [name for name, _, _ in columns]
    count, channels = len(columns), len(wanted)
    maps = [(values[channel], scale) for channel in range(channels) for _, values, scale in columns]

    def name(number: int) -> str:
        return words[number % count] + (f", channel {number // count + 1}" if channels > 1 else "")

    values = np.stack([values for values, _ in maps])
    pixels = np.concatenate([scale.pixels(values[None]) for values, scale in maps])
    height, foot = pixels.shape[1], math.ceil(_FOOT * pixels.shape[1])
    beneath = ((0, 0), (0, foot), (0, 0))  # the words stand there

    def describe(tile: int, row: int, column: int) -> str:
        if row >= height:
            return name(tile)
        return f"{name(tile)} · {figure(float(values[tile, row, column]))}\nrow {row + 1}, column {column + 1}"

    return Look(
        title,
        np.pad(values, beneath),
        right,
        name,
        pixels=np.pad(pixels, beneath),
        describe=describe,
        columns=count if channels > 1 else 0,
        bar=False,
        captions=tuple(name(number) for number in range(len(maps))),
        foot=foot / (height + foot),
    )


def error_of(picture: Picture) -> float | None:
    """Mean square of what the answer lacks; None where no picture is wanted."""
    answer = answer_of(picture)
    return float(np.mean((answer - picture.wanted) ** 2)) if answer is not None and picture.wanted is not None else None
