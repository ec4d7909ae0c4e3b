"""The part of a script that changes training samples at random, as text; see `data.augmenter`. Knows no torch."""

from __future__ import annotations

import math

from builder.data.augmentation import COLOURS, GEOMETRY, Augmentation
from builder.data.catalogue import DataSet
from builder.graph.model import Shape


def constants(chosen: Augmentation) -> list[tuple[str, str]]:
    """Lines of the head of the script, and what they are."""
    rows = []
    if any(name in GEOMETRY for name in chosen.changes):
        flips = f"{chosen.flip_horizontal}, {chosen.flip_vertical}"
        rows.append((f"FLIP_HORIZONTAL, FLIP_VERTICAL = {flips}", "half of the training pictures"))
        numbers = f"{chosen.shift}, {chosen.rotation}, {chosen.scale}, {chosen.crop}"
        rows.append((f"SHIFT, ROTATION, SCALE, CROP = {numbers}", "shares of the size; degrees; pixels"))
    for name in ("brightness", "contrast", "saturation", "pca", "noise"):
        if name in chosen.changes:
            words = "spread of the noise on training samples" if name == "noise" else ""
            rows.append((f"{_CONSTANTS.get(name, name.upper())} = {getattr(chosen, name)}", words))
    return rows


_CONSTANTS = {"noise": "ADDED_NOISE"}


def measured(chosen: Augmentation, info: DataSet) -> str:
    """Name of what is measured for these changes; empty where nothing is."""
    if not info.pictures:
        return "span" if chosen.noise else ""
    return "colours" if chosen.pca else ""


def augment(chosen: Augmentation, info: DataSet, target: Shape) -> str:
    """The functions that measure and change; empty where nothing is changed."""
    if not chosen.on:
        return ""
    flat = len(target) == 1 and info.pictures
    lines = [
        f"chance = torch.Generator(x.device).manual_seed((SEED * {0x9E3779B1} + step) % 2**32)",
        "draws = torch.rand(count, 11, generator=chance, device=x.device)[own]",
        *[f"x = x.view(-1, {', '.join(map(str, info.shape))})"] * flat,
        *_changes(chosen, info, target),
        *["x = x.flatten(1)"] * flat,
        "return x, y",
    ]
    extra = measured(chosen, info)
    head = f"def augment(x, y, step, count, own{', ' * bool(extra)}{extra}):"
    words = '"""Own samples of a training batch, changed at random; what they get depends on seed and step alone."""'
    before = _COLOURS.format(pixels=math.prod(info.shape[1:]), most=COLOURS) if extra == "colours" else ""
    before += _MOVE.format(mode=_mode(chosen)) if any(name in GEOMETRY for name in chosen.changes) else ""
    return before + "\n    ".join([head, words, *lines]) + "\n\n\n"


def _mode(chosen: Augmentation) -> str:
    return "bilinear" if chosen.shift or chosen.rotation or chosen.scale else "nearest"


def _changes(chosen: Augmentation, info: DataSet, target: Shape) -> list[str]:
    noise = "x = x + torch.randn(count, *x.shape[1:], generator=chance, device=x.device)[own] * ({} * ADDED_NOISE)"
    if not info.pictures:
        return [noise.format("span")] * bool(chosen.noise)
    lines = []
    factor = "(1 + {} * (2 * draws[:, {}] - 1)).view(-1, 1, 1, 1)"
    if chosen.contrast:
        lines.append("mean = (x.sum((1, 2, 3), dtype=torch.int64) / x[0].numel()).view(-1, 1, 1, 1)")
    if any(name in GEOMETRY for name in chosen.changes):
        height, width = (target if len(target) == 3 else info.shape)[1:]
        lines.append(f"where = place(draws, {height}, {width})")
        lines.append("x = move(x, where)")
        lines += ["y = move(y, where)"] * bool(info.target_shape)
    if chosen.contrast:
        lines.append(f"x = mean + (x - mean) * {factor.format('CONTRAST', 9)}")
    if chosen.brightness:
        lines.append(f"x = x * {factor.format('BRIGHTNESS', 8)}")
    if chosen.saturation:
        lines.append("grey = 0.299 * x[:, 0:1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:3]")
        lines.append(f"x = grey + (x - grey) * {factor.format('SATURATION', 10)}")
    if chosen.pca:
        lines.append("steps = torch.randn(count, 3, generator=chance, device=x.device)[own] * PCA")
        lines.append("x = x + (steps @ colours).view(-1, 3, 1, 1)")
    if chosen.noise:
        lines.append(noise.format("255.0"))
    if not set(chosen.changes) <= GEOMETRY:
        lines.append("x = x.clamp(0, 255.0)")
    return lines


_COLOURS = '''def principal_colours(train):
    """The directions in which colours vary most, each as long as their standard deviation along it."""
    train = train[:: max(1, -(-len(train) * {pixels} // {most}))]
    first, second, count = torch.zeros(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64), 0
    for part in train.split(1024):
        values = part.transpose(0, 1).flatten(1).double()
        first, second, count = first + values.sum(1), second + values @ values.T, count + values.shape[1]
    mean = first / count
    along, directions = torch.linalg.eigh(second / count - mean[:, None] * mean)
    return (directions * along.clamp(min=0).sqrt()).T.float()


'''

_MOVE = '''def place(draws, height, width):
    """Where each picture is put, from eight random numbers: mirrored, scaled, turned, then shifted."""
    spread = 2 * draws - 1
    angle, zoom = spread[:, 4] * math.radians(ROTATION), 1 + SCALE * spread[:, 5]
    mirror_x = 1 - 2 * (draws[:, 0] < 0.5 * FLIP_HORIZONTAL).float()
    mirror_y = 1 - 2 * (draws[:, 1] < 0.5 * FLIP_VERTICAL).float()
    margin = (draws[:, 6:8] * (2 * CROP + 1)).floor() - CROP
    right = spread[:, 2] * (2 * SHIFT) + margin[:, 0] * (2 / width)
    down = spread[:, 3] * (2 * SHIFT) + margin[:, 1] * (2 / height)
    a, b = angle.cos() * mirror_x / zoom, angle.sin() * mirror_x / zoom * (height / width)
    c, d = -angle.sin() * mirror_y / zoom * (width / height), angle.cos() * mirror_y / zoom
    return torch.stack((a, b, -(a * right + b * down), c, d, -(c * right + d * down)), 1).view(-1, 2, 3)


def move(x, where):
    """Pictures put to their places; what comes in from outside is 0."""
    count, _, height, width = x.shape
    down, right = (2 * torch.arange(height) + 1) / height - 1, (2 * torch.arange(width) + 1) / width - 1
    down, right = torch.meshgrid(down, right, indexing="ij")
    points = torch.stack((right, down, torch.ones_like(right))).flatten(1).to(x.device)
    grid = (where.reshape(2 * count, 3) @ points).view(count, 2, height, width).permute(0, 2, 3, 1)
    return functional.grid_sample(x, grid, "{mode}", "zeros", align_corners=False)


'''
