"""Arithmetic shared by everything that slides a window over a picture: convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence

from builder.graph.frozen import FrozenDict
from builder.graph.model import Shape
from builder.layers.base import Formula, Remedy, ShapeError, show, show_pair

Pair = tuple[int, int]


def need_picture(shape: Shape, who: str) -> Shape:
    """The shape itself when it is channels × height × width; otherwise a `ShapeError` that says so."""
    if len(shape) != 3:
        raise ShapeError(
            f"{who} needs a picture (channels × height × width), got {show(shape)}.",
            "Put it before the values are made flat.",
        )
    return shape


def slide(size: Sequence[int], kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, up: bool = False) -> Pair:
    """Output height and width: floor (or, with `up`, ceil) of (size + 2p - d(k-1) - 1)/s, plus 1.

    Raises `ShapeError` when the window is larger than the padded picture.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    result = []
    for length, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        reach = d * (k - 1) + 1
        room = length + 2 * p - reach
        if room < 0:
            padded = (size[0] + 2 * padding[0], size[1] + 2 * padding[1])
            reaches = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
            needed = tuple(max(0, -(-(r - n) // 2)) for r, n in zip(reaches, size, strict=True))
            raise ShapeError(
                f"the {show_pair(reaches)} window is larger than the {show_pair(padded)} picture.",
                "Use a smaller kernel, more padding, or less pooling before it.",
                field="kernel_size",
                remedy=Remedy(f"Set padding to {max(needed)}", change=FrozenDict({"padding": max(needed)})),
            )
        steps = -(-room // s) if up else room // s
        if up and steps * s >= length + p:  # PyTorch: the last window must start inside the picture or left padding
            steps -= 1
        result.append(steps + 1)
    return (result[0], result[1])


def output_size_formula(
    before: Shape, after: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, up: bool = False
) -> Formula:
    """The sum that gives the output's height (and width, when it differs), with numbers put in."""
    left, right = ("⌈", "⌉") if up else ("⌊", "⌋")
    lines = [
        f"{after[axis + 1]} = {left}({before[axis + 1]} + 2·{padding[axis]} − {dilation[axis]}·({kernel[axis]} − 1)"
        f" − 1) / {stride[axis]}{right} + 1"
        for axis in (0, 1)
    ]
    return Formula(
        "Output size",
        f"H_{{out}} = {left}(H_{{in}} + 2p − d·(k − 1) − 1) / s{right} + 1",
        lines[0] if lines[0] == lines[1] else f"{lines[0]}\n{lines[1]}",
    )
