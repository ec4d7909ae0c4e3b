"""Arithmetic shared by everything that slides a window over a picture: convolution and pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.layers.base import REMOVE, Formula, Remedy, ShapeError, show, show_pair

Pair = tuple[int, int]


def need_picture(shape: Shape, who: str, remedy: Remedy | None = None) -> Shape:
    """The shape itself when it is channels × height × width; otherwise a `ShapeError` that says so.

    Args:
        remedy: what to offer when the input is flat; None for reshaping it, where it can be a picture of itself.
    """
    if len(shape) == 3:
        return shape
    if len(shape) == 1:
        message = f"{who} needs a picture (channels × height × width), got a flat list of {shape[0]:,} numbers."
        hint = "Put it before the values are made flat."
        raise ShapeError(message, hint, remedy=remedy or _as_picture(shape[0]))
    message = f"{who} needs a picture (channels × height × width), got {show(shape)}."
    raise ShapeError(message, "Reshape the values into a picture first.")


def _as_picture(numbers: int) -> Remedy | None:
    """An offer to reshape a list that has as many numbers as a square picture in grey or colour."""
    for channels in (1, 3):
        side = math.isqrt(numbers // channels)
        if side > 1 and channels * side * side == numbers:
            shape = (channels, side, side)
            return Remedy(f"Insert Reshape to {show(shape)}", "Reshape", FrozenDict({"shape": shape}))
    return None


def reach(kernel: Pair, dilation: Pair) -> Pair:
    """Height and width of a dilated window, from its first cell to its last."""
    return (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)


def slide(size: Sequence[int], window: Pair, stride: Pair, padding: Pair, up: bool = False) -> Pair | None:
    """Output height and width: floor (or, with `up`, ceil) of (size + 2·padding - window) / stride, plus 1.

    None when the window is larger than the padded picture. `window` is what `reach` says of a dilated one.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    high = _steps(size[0], window[0], stride[0], padding[0], up)
    wide = _steps(size[1], window[1], stride[1], padding[1], up)
    return (high, wide) if high > 0 and wide > 0 else None


def _steps(length: int, window: int, stride: int, padding: int, up: bool) -> int:
    """The same along one axis; 0 or less when the window does not fit."""
    room = length + 2 * padding - window
    if not up:
        return room // stride + 1
    steps = -(-room // stride)
    if steps * stride >= length + padding:  # PyTorch: the last window must start inside the picture or its left border
        steps -= 1
    return steps + 1


def too_small(
    size: Sequence[int], window: Pair, padding: Pair, remedy: Remedy, field: str = "kernel_size"
) -> ShapeError:
    """The error for a window that is larger than the padded picture."""
    padded = (size[0] + 2 * padding[0], size[1] + 2 * padding[1])
    what = "padded picture" if any(padding) else "picture"
    remedies = (remedy, REMOVE)
    if remedy.change.get(field) == 1:
        remedies = (REMOVE, remedy)  # a window of one cell does nothing, or next to nothing
    return ShapeError(
        f"the {show_pair(window)} window is larger than the {show_pair(padded)} {what}.",
        "Use a smaller window, more padding, or less pooling before it.",
        field=field,
        also=remedies,
    )


def enough_padding(size: Sequence[int], window: Pair, padding: Pair) -> Remedy:
    """An offer of the least padding at which the window fits."""
    high, wide = (max(p, -(-(w - length) // 2)) for length, w, p in zip(size, window, padding, strict=True))
    value = high if high == wide else (high, wide)
    text = high if high == wide else show_pair((high, wide))
    return Remedy(f"Set padding to {text}", change=FrozenDict({"padding": value}))


def output_size_formula(
    before: Shape, after: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, up: bool = False
) -> Formula:
    """The sum that gives the output's height (and width, when it differs), with numbers put in."""
    left, right = ("⌈", "⌉") if up else ("⌊", "⌋")
    lines = []
    for axis in (0, 1):
        length, s, p, window = before[axis + 1], stride[axis], padding[axis], dilation[axis] * (kernel[axis] - 1) + 1
        line = f"{length} + 2·{p} − {dilation[axis]}·({kernel[axis]} − 1) − 1"
        # A window that would start beyond the border is left out.
        dropped = " + 1 − 1" if up and -(-(length + 2 * p - window) // s) + 1 > after[axis + 1] else " + 1"
        lines.append(f"{after[axis + 1]} = {left}({line}) / {s}{right}{dropped}")
    return size_formula(f"H_{{out}} = {left}(H_{{in}} + 2p − d·(k − 1) − 1) / s{right} + 1", lines)


def size_formula(general: str, lines: Sequence[str]) -> Formula:
    """The formula of an output size from one line for the height and one for the width; alike ones are told once."""
    return Formula("Output size", general, "\n".join(dict.fromkeys(lines)))
