"""What many cards have in common (shadow, fill, border, colour), painted once for each size and kept as a pixmap.

A rounded, antialiased rectangle costs the raster engine as much as everything else on a card together; a pixmap costs
next to nothing, also when the picture on the card changes thirty times a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QTransform

_MOST = 400  # pixmaps kept; a network has a few dozen sizes, a zoom step makes them anew


class Backdrops:
    """Painted backgrounds by what they show, the zoom and the pixel ratio of the screen.

    Attributes:
        exact: paint afresh every time, for files that keep lines as lines.
    """

    def __init__(self) -> None:
        self.exact = False
        self._kept: dict[Hashable, QPixmap] = {}

    def paint(self, painter: QPainter, key: Hashable, area: QRectF, draw: Callable[[QPainter], None]) -> None:
        """Paint what `draw` paints within `area`; `key` tells everything that it depends on but the zoom."""
        if self.exact:
            draw(painter)
            return
        world = painter.worldTransform()
        scale, ratio = world.m11(), painter.device().devicePixelRatio()
        full = (key, scale, ratio)
        kept = self._kept.get(full)
        if kept is None:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            kept = self._kept[full] = _drawn(area, scale, ratio, draw)
        place = world.map(area.topLeft())
        # On whole pixels of the screen, so that lines stay sharp.
        place = QPointF(round(place.x() * ratio) / ratio, round(place.y() * ratio) / ratio)
        painter.setWorldTransform(QTransform())
        painter.drawPixmap(place, kept)
        painter.setWorldTransform(world)


def _drawn(area: QRectF, scale: float, ratio: float, draw: Callable[[QPainter], None]) -> QPixmap:
    dense = scale * ratio
    made = QPixmap(math.ceil(area.width() * dense) + 1, math.ceil(area.height() * dense) + 1)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(dense, dense)
    painter.translate(-area.topLeft())
    draw(painter)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
