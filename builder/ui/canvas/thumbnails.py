"""Pictures on the cards: what a node puts out for the pinned sample, small enough to be drawn thirty times a second.

Or how the loss changes with it, where a picture holds that.

Knows arrays and a painter; knows neither items nor the trainer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from builder.inspect.picture import Floats, Picture, Plane
from builder.layers.base import Role
from builder.ui.canvas.face import Face, cells_of
from builder.ui.canvas.ink import Ink
from builder.ui.canvas.texts import advance, elided
from builder.ui.views.colour import (
    ACTIVATION,
    GREY,
    WEIGHT,
    Pixels,
    Table,
    class_colour,
    colours,
    limits,
    rgb_pixels,
    symmetric,
)
from builder.ui.views.mosaic import compose, lay_out

_MOST_MAPS = 10  # as `grid_of` has places
_LARGEST_CELL = 24.0  # pixels: one number of a vector is not blown up beyond this
_BARS = 10
_MOST_POINTS = 200


class Thumbnail:
    """Something that paints itself into the picture area of a card."""

    def paint(self, painter: QPainter, area: QRectF, ink: Ink) -> None:
        """Draw within `area`, in the card's coordinates."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class _Colouring:
    """How values become colours: the table, and the values at its ends."""

    table: Table
    ends: Callable[[Floats], tuple[float, float]]

    def __call__(self, values: Floats, of: Floats) -> Pixels:
        """Colours of these values, on the scale of those."""
        return colours(values, self.table, *self.ends(of))


_VALUES, _SIGNED = _Colouring(ACTIVATION, limits), _Colouring(WEIGHT, symmetric)


class ImageThumbnail(Thumbnail):
    """One composed image: feature maps, the field of a vector's cells, the sample itself."""

    def __init__(self, image: QImage, tiles: tuple[QRectF, ...] = ()) -> None:
        """Show this; `tiles`, in pixels of the image, are edged where white ones would not be seen."""
        self.image = image
        self._tiles = tiles

    def paint(self, painter: QPainter, area: QRectF, ink: Ink) -> None:
        ratio = self.image.devicePixelRatio()
        size = self.image.width() / ratio, self.image.height() / ratio
        scale = min(area.width() / size[0], area.height() / size[1], 1.0)
        painter.drawImage(QRectF(area.x(), area.y(), size[0] * scale, size[1] * scale), self.image)
        if self._tiles and not ink.dark:
            painter.setPen(ink.edge)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            by = scale / ratio
            place = QTransform(by, 0, 0, by, area.x(), area.y())
            painter.drawRects([place.mapRect(tile) for tile in self._tiles])


class BarsThumbnail(Thumbnail):
    """The answer of a classifier: a bar for each class, and the likeliest one in words."""

    def __init__(self, values: Floats, classes: tuple[str, ...]) -> None:
        self.values = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1)
        self.best = int(self.values.argmax())
        # Of many classes, the likeliest are shown, in order of likelihood.
        count = len(values)
        self.shown = range(count) if count <= _BARS else [int(i) for i in np.argsort(-self.values)[:_BARS]]
        self.label = classes[self.best] if self.best < len(classes) else str(self.best)

    def paint(self, painter: QPainter, area: QRectF, ink: Ink) -> None:
        step = area.height() / len(self.shown)
        thick = min(max(step - 2, 2.0), 10.0)
        short = len(self.label) <= 2
        length = area.width() - (40 if short else 0)
        top = area.top()
        if not short:  # a word stands above its bar chart
            top += 17
            step = (area.height() - 17) / len(self.shown)
            thick = min(max(step - 1.5, 2.0), 10.0)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, index in enumerate(self.shown):
            y = top + row * step + (step - thick) / 2
            painter.fillRect(QRectF(area.x(), y, length, thick), ink.line.color())
            width = max(1.0, length * float(self.values[index]))
            painter.fillRect(QRectF(area.x(), y, width, thick), ink.accent if index == self.best else ink.muted)
        percent = f"{100 * float(self.values[self.best]):.0f} %"
        if short:
            painter.setPen(ink.text)
            painter.setFont(ink.figure)
            place = QRectF(area.right() - 36, area.top() + 12, 36, 28)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.label)
            painter.setPen(ink.muted)
            painter.setFont(ink.note)
            painter.drawText(place.translated(0, 24), Qt.AlignmentFlag.AlignCenter, percent)
        else:
            painter.setFont(ink.note)
            painter.setPen(ink.muted)
            wide = advance(percent, 10)
            head = QRectF(area.x(), area.y() - 1, area.width(), 15)
            painter.drawText(head, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent)
            painter.setPen(ink.text)
            name = elided(self.label, 10, area.width() - wide - 8)
            painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)


class NumbersThumbnail(Thumbnail):
    """The answer of a network that gives values: the first few as figures."""

    def __init__(self, values: Floats) -> None:
        self.texts = [f"{float(value):.3g}" for value in values.reshape(-1)[:3]]

    def paint(self, painter: QPainter, area: QRectF, ink: Ink) -> None:
        painter.setPen(ink.text)
        painter.setFont(ink.figure if len(self.texts) == 1 else ink.headline)
        step = area.height() / len(self.texts)
        for row, text in enumerate(self.texts):
            place = QRectF(area.x(), area.y() + row * step, area.width(), step)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)


class PointsThumbnail(Thumbnail):
    """The points of 2-D data, coloured by class."""

    def __init__(self, plane: Plane) -> None:
        low, high = np.array(plane.low), np.array(plane.high)
        thin = slice(None, None, -(-len(plane.points) // _MOST_POINTS) or 1)  # they may come class by class
        spread = np.where(high > low, high - low, 1)
        self.points = ((plane.points - low) / spread)[thin]
        self.targets = plane.targets[thin]

    def paint(self, painter: QPainter, area: QRectF, ink: Ink) -> None:
        side = area.height()
        painter.setPen(Qt.PenStyle.NoPen)
        for (x, y), target in zip(self.points, self.targets, strict=True):
            painter.setBrush(class_colour(int(target)))
            painter.drawEllipse(QPointF(area.x() + float(x) * side, area.y() + (1 - float(y)) * side), 1.5, 1.5)


def thumbnail_of(
    name: str, face: Face, picture: Picture, classes: tuple[str, ...], ratio: float = 1.0
) -> Thumbnail | None:
    """What `picture` shows of a node; None when it holds nothing of it. A gradient goes before a value.

    Args:
        classes: names of the classes, as far as they are known.
        ratio: device pixels in a pixel.
    """
    gradient = picture.backward.gradients.get(name) if picture.backward is not None else None
    if gradient is not None and gradient.size:
        return _gradient(gradient, face, ratio)
    if face.role is Role.INPUT:
        return _sample(face, picture, ratio)
    if face.role is Role.OUTPUT and picture.plane is None and picture.output.ndim == 1:
        output = picture.output
        if face.shape is not None and output.shape == face.shape:
            return _answer(output, classes)
    values = picture.activations.get(name)
    if values is None or values.size == 0:
        return None
    area = face.picture_area
    if values.ndim == 3 and values.shape[1:] != (1, 1):
        columns = face.grid[0] if picture.plane is None else 0
        if face.role is Role.OUTPUT and len(values) == 3:
            return None if not np.isfinite(values).all() else _colour(values, area, ratio)
        return _maps(values[:_MOST_MAPS], area, columns, ratio, upwards=picture.plane is not None)
    return _cells(values.reshape(-1), area, ratio)


def _gradient(values: Floats, face: Face, ratio: float) -> Thumbnail:
    if values.ndim == 3 and values.shape[1:] != (1, 1):
        columns = face.grid[0] if face.grid[0] * face.grid[1] >= len(values[:_MOST_MAPS]) else 0
        return _maps(values[:_MOST_MAPS], face.picture_area, columns, ratio, upwards=False, colouring=_SIGNED)
    return _cells(values.reshape(-1), face.picture_area, ratio, _SIGNED)


def _answer(output: Floats, classes: tuple[str, ...]) -> Thumbnail:
    probabilities = len(output) > 1 and float(output.min()) >= -1e-4 and abs(float(output.sum()) - 1) < 1e-2
    return BarsThumbnail(output, classes) if probabilities else NumbersThumbnail(output)


def _sample(face: Face, picture: Picture, ratio: float) -> Thumbnail | None:
    if picture.plane is not None:
        return PointsThumbnail(picture.plane)
    fitted = picture.fitted
    if fitted.ndim != 3:
        return _cells(fitted.reshape(-1), face.picture_area, ratio) if fitted.size > 2 else None
    if len(fitted) == 3:
        return _colour(fitted, face.picture_area, ratio)
    low, high = limits(fitted[:1])
    return _composed(colours(fitted[:1], GREY, low, high), face.picture_area, 1, ratio)


def _colour(values: Floats, area: QRectF, ratio: float) -> Thumbnail:
    low, high = limits(values)
    bytes_ = ((values - low) * (255 / ((high - low) or 1))).clip(0, 255).astype(np.uint8)
    return _composed(rgb_pixels(bytes_)[None], area, 1, ratio)


def _maps(
    maps: Floats, area: QRectF, columns: int, ratio: float, *, upwards: bool, colouring: _Colouring = _VALUES
) -> Thumbnail:
    # A thumbnail has room for some 70 pixels: larger maps are thinned before they are coloured.
    step = max(1, min(maps.shape[1:]) // 96)
    maps = maps[:, ::step, ::step]
    pixels = colouring(maps, maps)
    return _composed(pixels, area, columns, ratio, upwards=upwards, edged=colouring is _SIGNED)


def _cells(values: Floats, area: QRectF, ratio: float, colouring: _Colouring = _VALUES) -> Thumbnail:
    if len(values) > 4096:
        values = values[:: len(values) // 4096 + 1]
    columns, rows = cells_of(len(values))
    field = np.full(columns * rows, np.nan, np.float32)
    field[: len(values)] = values
    pixels = colouring(field, values)
    pixels[len(values) :] = 0  # places without a number stay transparent
    edged = colouring is _SIGNED
    return _composed(pixels.reshape(1, rows, columns), area, 1, ratio, largest=_LARGEST_CELL, edged=edged)


def _composed(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
    area: QRectF,
    columns: int,
    ratio: float,
    *,
    upwards: bool = False,
    largest: float = math.inf,
    edged: bool = False,
) -> ImageThumbnail:
    count, height, width = pixels.shape
    space = int(area.width() * ratio), int(area.height() * ratio)
    grid = lay_out(count, height, width, space, max(1, round(2 * ratio)), columns, largest * ratio)
    image = compose(pixels, grid, upwards=upwards)
    image.setDevicePixelRatio(ratio)
    tiles = (QRectF(*grid.tile(number), grid.width, grid.height) for number in range(count if edged else 0))
    return ImageThumbnail(image, tuple(tiles))
