"""A part of a widget as it is seen, drawn piece by piece: the window answers in between. Knows no film."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from builder.ui.theme import theme

SLICE = 0.012  # seconds of drawing without a break; one piece more may be under way by then
PIXELS = 500_000  # of a piece at most: some 10 ms on a slow machine


class Shot:
    """Takes one picture.

    Attributes:
        image: what is drawn by now; its pixels count from the corner of the part.
    """

    def __init__(self, widget: QWidget, part: QRect, ratio: float) -> None:
        """Draw this part of `widget` with `ratio` pixels for each of its own."""
        self._widget, self._part = widget, part
        # Memory that nobody has touched yet: that, too, takes its time piece by piece.
        self.image = QImage(part.size() * ratio, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(ratio)
        self._left = pieces(widget, part, round(PIXELS / ratio**2))

    def go_on(self) -> bool:
        """Draw some more of it; whether it is complete."""
        until = time.monotonic() + SLICE
        for piece in self._left:
            self._draw(piece)
            if time.monotonic() > until:
                return False
        self.image.setDevicePixelRatio(1)
        return True

    def _draw(self, piece: QRegion) -> None:
        corner = self._part.topLeft()
        painter = QPainter(self.image)
        painter.setClipRegion(piece.translated(-corner))
        painter.fillRect(piece.boundingRect().translated(-corner), theme().color("panel"))
        painter.end()
        spot: QPoint = piece.boundingRect().topLeft() - corner
        QWidget.render(self._widget, self.image, spot, piece)  # a graphics view has another one of this name


def pieces(widget: QWidget, part: QRect, most: int) -> Iterator[QRegion]:
    """The part of a widget in pieces of at most so many of its pixels.

    What stands in it is cut up only where it is larger: most of it takes as long to draw a half as the whole.
    """
    rest = QRegion(part)
    for child in widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if child.isVisible() and not child.isWindow():
            seen = QRegion(child.geometry()).intersected(rest)
            rest = rest.subtracted(seen)
            yield from _halved(seen, most)
    yield from _halved(rest, most)


def _halved(region: QRegion, most: int) -> Iterator[QRegion]:
    box = region.boundingRect()
    if box.isEmpty():
        return
    if box.width() * box.height() <= most or max(box.width(), box.height()) == 1:
        yield region
        return
    first = QRect(box)
    if box.width() > box.height():
        first.setWidth(box.width() // 2)
    else:
        first.setHeight(box.height() // 2)
    yield from _halved(region.intersected(first), most)
    yield from _halved(region.subtracted(QRegion(first)), most)
