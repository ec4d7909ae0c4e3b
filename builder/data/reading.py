"""A picture from a file or the clipboard in the form of a data set: its channels, its size, bytes. No torch, no Qt."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.graph.model import Shape
from builder.graph.problems import Problem, ProblemError


def read_picture(source: Path | bytes, shape: Shape) -> NDArray[np.uint8]:
    """The middle of a picture, upright, with as many channels and pixels as `shape` says. Raises `ProblemError`.

    Args:
        source: a file, or what would stand in one.
    """
    from PIL import Image, ImageOps

    channels, height, width = shape
    where = str(source) if isinstance(source, Path) else ""
    try:
        with Image.open(source if isinstance(source, Path) else BytesIO(source)) as picture:
            upright = ImageOps.exif_transpose(picture)
            # Grey pictures are ink, which stands on paper where nothing is: drawing programs leave black there. Colour
            # ones are read as a folder of pictures is, whose networks know no other.
            if channels == 1 and upright.has_transparency_data:
                seen = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
            upright = upright.convert("L" if channels == 1 else "RGB")
            fitted = ImageOps.fit(upright, (width, height), Image.Resampling.BILINEAR)
    except FileNotFoundError:
        raise ProblemError(Problem("no-picture", "there is no such file.", where=where)) from None
    except IsADirectoryError:
        message = "this is a folder, not a picture."
        raise ProblemError(Problem("no-picture", message, where=where, hint="Name the pictures in it.")) from None
    # Pillow's readers raise what their formats make them raise.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ProblemError(Problem("no-picture", "this cannot be read as a picture.", where=where)) from None
    pixels: NDArray[Any] = np.array(fitted, np.uint8).reshape(height, width, channels)
    return pixels.transpose(2, 0, 1).copy()
