"""The plane of a network with two inputs: data points over it, and which class wins where. NumPy and painting only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from builder.inspect.picture import Floats, Plane
from builder.ui.views.colour import Pixels, class_colour

MOST_POINTS = 400
LEAST_TILE = 44  # pixels: points on smaller pictures would only hide them


@dataclass(frozen=True, eq=False)
class Points:
    """Paints the data points, and the pinned one with a ring, over a picture of the plane. An overlay of a mosaic.

    Attributes:
        pinned: the pinned sample, in the units of the data; None for none.
        ratio: pixels of the screen for one of the window.
    """

    plane: Plane
    pinned: tuple[float, float] | None = None
    ratio: float = 1.0

    def __eq__(self, other: object) -> bool:
        # Equal when they paint the same, so that a mosaic need not paint them again for each picture.
        return (
            isinstance(other, Points)
            and (self.pinned, self.ratio) == (other.pinned, other.ratio)
            and (self.plane.low, self.plane.high) == (other.plane.low, other.plane.high)
            and np.array_equal(self.plane.points, other.plane.points)
            and np.array_equal(self.plane.targets, other.plane.targets)
        )

    __hash__ = None  # type: ignore[assignment]

    def place(self, point: tuple[float, float], size: QSize) -> QPointF:
        """Where a point of the data lies in a picture of this size."""
        low, high = self.plane.low, self.plane.high
        across = (point[0] - low[0]) / max(high[0] - low[0], 1e-12)
        up = (point[1] - low[1]) / max(high[1] - low[1], 1e-12)
        return QPointF(across * size.width(), (1.0 - up) * size.height())

    def __call__(self, size: QSize) -> QImage:
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        side = min(size.width(), size.height())
        if side < LEAST_TILE * self.ratio:
            return image
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = max(1.4 * self.ratio, min(side / 60, 4.5 * self.ratio))
        step = max(1, math.ceil(len(self.plane.points) / MOST_POINTS))
        outline = QPen(QColor(255, 255, 255, 230), max(0.6 * self.ratio, radius / 4))
        painter.setPen(outline)
        for point, target in zip(self.plane.points[::step], self.plane.targets[::step], strict=True):
            painter.setBrush(class_colour(int(target)))
            paint_mark(painter, int(target), self.place((float(point[0]), float(point[1])), size), radius)
        if self.pinned is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            at = self.place(self.pinned, size)
            for colour, width in ((QColor(0, 0, 0), 4.0), (QColor(255, 255, 255), 2.0)):
                painter.setPen(QPen(colour, width * self.ratio))
                painter.drawEllipse(at, radius + 4 * self.ratio, radius + 4 * self.ratio)
        painter.end()
        return image


def paint_mark(painter: QPainter, target: int, at: QPointF, radius: float) -> None:
    """The mark of a class: classes differ in shape too, not in colour alone."""
    shape = target % 3
    if shape == 0:
        painter.drawEllipse(at, radius, radius)
    elif shape == 1:
        side = radius * 1.8
        painter.drawRect(QRectF(at.x() - side / 2, at.y() - side / 2, side, side))
    else:
        corners = ((0.0, -1.3), (1.2, 0.8), (-1.2, 0.8))
        painter.drawPolygon(QPolygonF([at + QPointF(x * radius, y * radius) for x, y in corners]))


def probabilities(scores: Floats, output: Floats, cell: tuple[int, int]) -> Floats:
    """What the last layer gives over the plane (outputs, n, n) as shares of the classes (classes, n, n).

    A loss may take scores in place of probabilities. Which of the two the layer gives is seen from all its values
    together; only where they tell nothing yet, by comparing the one at the pinned sample, at `cell` (row, column), with
    the network's answer there: beside a steep boundary the cell may lie on the other side.
    """
    scores = np.nan_to_num(scores.astype(np.float32))
    here = scores[:, cell[0], cell[1]]
    within = bool(scores.min() >= 0.0 and scores.max() <= 1.0)
    if len(scores) == 1:
        squashed = 1.0 / (1.0 + np.exp(-np.clip(scores, -40, 40)))
        value = float(squashed[0, cell[0], cell[1]])
        nearer = abs(float(here[0]) - float(output[0])) <= abs(value - float(output[0]))
        plain = within and (nearer or float(np.ptp(scores)) > 0.5)
        one = np.clip(scores if plain else squashed, 0.0, 1.0)[0]
        return np.stack([1.0 - one, one]).astype(np.float32)
    raised = np.exp(scores - scores.max(axis=0))
    squashed = raised / raised.sum(axis=0)
    plain = within and bool(np.allclose(scores.sum(axis=0), 1.0, atol=1e-3))
    return np.asarray(scores if plain else squashed, dtype=np.float32)


def region_pixels(shares: Floats, ground: QColor) -> Pixels:
    """The class that wins at each place, in its colour, mixed with `ground` where it wins narrowly: (1, n, n)."""
    winner = shares.argmax(axis=0)
    lead = np.sort(shares, axis=0)
    sure = np.clip(lead[-1] - lead[-2], 0.0, 1.0) * 0.62 + 0.12
    table = np.array([_parts(class_colour(number)) for number in range(len(shares))], dtype=np.float32)
    under = np.array(_parts(ground), dtype=np.float32)
    mixed = (under + (table[winner] - under) * sure[..., None]).astype(np.uint32)
    return np.asarray(np.uint32(0xFF000000) | mixed[..., 0] << 16 | mixed[..., 1] << 8 | mixed[..., 2])[None]


def _parts(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def cell_of(plane: Plane, point: tuple[float, float], side: int) -> tuple[int, int]:
    """Row (from below) and column of the cell of the plane nearest to a point."""
    found = []
    for axis in (1, 0):
        share = (point[axis] - plane.low[axis]) / max(plane.high[axis] - plane.low[axis], 1e-12)
        found.append(int(np.clip(round(share * (side - 1)), 0, side - 1)))
    return found[0], found[1]


def coordinates(plane: Plane, row: int, column: int, side: int) -> tuple[float, float]:
    """The first and second input at a cell of the plane."""
    share = max(side - 1, 1)
    return (
        plane.low[0] + (plane.high[0] - plane.low[0]) * column / share,
        plane.low[1] + (plane.high[1] - plane.low[1]) * row / share,
    )
