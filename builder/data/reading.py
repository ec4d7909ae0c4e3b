"""A picture from a file or the clipboard in the form of a data set: its channels, its size, its ink. No torch, no Qt.

All that reads a picture of the user's own reads it here, so that a network sees it alike wherever it comes from.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from builder.data.ink import Ink, dark_on_light, from_page
from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError

if TYPE_CHECKING:
    from numpy.typing import NDArray

READING_ERRORS = (OSError, ValueError, SyntaxError)  # what formats make Pillow's readers raise

Bytes: TypeAlias = "NDArray[np.uint8]"

PAGE = 8  # times as fine as the data's pictures are pages read, of which only a part may be ink


class Reading(NamedTuple):
    """A picture as the data set would have it, uint8 (channels, height, width).

    Attributes:
        inverted: it was dark ink on a light page, other than the data's, and was brought to their kind and size.
    """

    picture: Bytes
    inverted: bool


def read_like(source: Path | bytes, shape: Shape, ink: Ink | None) -> Reading:
    """A picture in the form of a data set's, whose ink is `ink`. Raises `ProblemError`."""
    picture = read_picture(source, shape)
    if ink is None or not dark_on_light(picture[0]):
        return Reading(picture, False)
    channels, height, width = shape
    page = read_picture(source, (channels, PAGE * height, PAGE * width))
    return Reading(from_page(page[0], ink)[None], True)


def read_picture(source: Path | bytes, shape: Shape) -> Bytes:
    """The middle of a picture, upright, with as many channels and pixels as `shape` says. Raises `ProblemError`.

    Args:
        source: a file, or what would stand in one.
    """
    from PIL import Image

    where = str(source) if isinstance(source, Path) else ""
    try:
        return fitted(source, shape)
    except FileNotFoundError:
        raise ProblemError(Problem("no-picture", "there is no such file.", where=where)) from None
    except IsADirectoryError:
        message = "this is a folder, not a picture."
        raise ProblemError(Problem("no-picture", message, where=where, hint="Name the pictures in it.")) from None
    except Image.DecompressionBombError:
        raise ProblemError(Problem("no-picture", "this picture is too large to be read.", where=where)) from None
    except READING_ERRORS:
        raise ProblemError(Problem("no-picture", "this cannot be read as a picture.", where=where)) from None


def fitted(source: Path | bytes, shape: Shape) -> Bytes:
    """As `read_picture`, on any thread.

    Raises `READING_ERRORS`, and Pillow's `DecompressionBombError` for a picture that is too large.
    """
    from PIL import Image, ImageOps

    channels, height, width = shape
    mode = "L" if channels == 1 else "RGB"
    edge = max(height, width)  # it may still be turned
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # so large is a photograph, and it can be read
    with Image.open(source if isinstance(source, Path) else BytesIO(source)) as picture:
        picture.draft(mode, (edge, edge))  # a large JPEG is decoded at a fraction of its size
        upright = ImageOps.exif_transpose(picture)
        if upright.has_transparency_data:  # it stands on paper: where nothing is, drawing programs leave black
            seen = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
        cut = ImageOps.fit(upright.convert(mode), (width, height), Image.Resampling.BILINEAR)
    pixels: NDArray[Any] = np.array(cut, np.uint8).reshape(height, width, channels)
    return pixels.transpose(2, 0, 1).copy()
