"""A mosaic: many small maps as one crisp image, with the cell under the pointer. Knows pixels, not what they mean.

The whole grid is composed into a single image at the resolution of the screen, because one image costs a training
thread a tenth of what as many image items as maps do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFontMetricsF,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.inspect.picture import Floats
from builder.ui.theme import font, theme
from builder.ui.views.colour import Pixels, pixels_to_image
from builder.ui.views.digits import paint_digits
from builder.ui.views.note import Note
from builder.ui.views.paint import note_size, paint_note

GAP = 3.0  # pixels between maps
ALLEY = 4  # gaps between two blocks
MOST_BLOCKS = 12
Cell = tuple[int, int, int]
"""A place in a mosaic: tile, row and column in the tile."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """What a mosaic shows.

    Attributes:
        pixels: (tiles, height, width); see `colour`.
        describe: words for a cell: tile, row and column, counted from 0.
        columns: tiles in a row; 0 for whatever makes them largest.
        overlay: paints something over each tile, given its size in pixels of the screen; None for nothing.
        upwards: row 0 is at the bottom (a plane with its axes), not at the top (a picture).
        captions: one for each tile, or none at all; `foot` is the share of a tile's height, at its bottom, for it.
        digits: the values (tiles, height, width) to be written into their cells, where these are large enough for it.
    """

    pixels: Pixels
    describe: Callable[[int, int, int], str]
    columns: int = 0
    overlay: Callable[[QSize], QImage] | None = None
    upwards: bool = False
    captions: tuple[str, ...] = ()
    foot: float = 0.0
    digits: Floats | None = None

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self.pixels)


@dataclass(frozen=True)
class Grid:
    """Where the tiles of a mosaic stand; all lengths in pixels of the screen.

    Attributes:
        columns, rows: of tiles, in a block.
        width, height: of one tile; gap: between two.
        blocks: side by side, each read from top to bottom before the next.
    """

    columns: int
    rows: int
    width: int
    height: int
    gap: int
    blocks: int = 1

    @property
    def block(self) -> int:
        """Width of a block."""
        return self.columns * (self.width + self.gap) - self.gap

    @property
    def alley(self) -> int:
        """What lies between two blocks."""
        return ALLEY * self.gap

    @property
    def total(self) -> tuple[int, int]:
        """Width and height of the whole mosaic."""
        across = self.blocks * (self.block + self.alley) - self.alley
        return across, self.rows * (self.height + self.gap) - self.gap

    def tile(self, number: int) -> tuple[int, int]:
        """Left and top of a tile."""
        line, column = divmod(number, self.columns)
        block, row = divmod(line, self.rows)
        left = block * (self.block + self.alley) + column * (self.width + self.gap)
        return left, row * (self.height + self.gap)

    def number_at(self, x: int, y: int) -> int | None:
        """The tile at a point of the mosaic, whether or not there are so many; None in a gap and outside."""
        block, x = divmod(x, self.block + self.alley)
        column, x = divmod(x, self.width + self.gap)
        row, y = divmod(y, self.height + self.gap)
        if block >= self.blocks or column >= self.columns or row >= self.rows or x >= self.width or y >= self.height:
            return None
        return (block * self.rows + row) * self.columns + column


def lay_out(
    count: int, height: int, width: int, space: tuple[int, int], gap: int, columns: int = 0, largest: float = math.inf
) -> Grid:
    """The grid that shows `count` maps of `height` × `width` cells as large as possible.

    Args:
        space: width and height that there is.
        columns: tiles in a row; 0 to choose. Rows of so many may stand in blocks side by side.
        largest: a cell is never drawn larger than this.
    """
    lines = -(-count // columns) if columns else 0
    blocks = np.arange(1, min(lines, MOST_BLOCKS) + 1) if columns else np.ones(count, np.int64)
    tried = np.full(len(blocks), min(columns, count)) if columns else np.arange(1, count + 1)
    rows = -(-lines // blocks) if columns else -(-count // tried)
    while True:
        gaps = blocks * (tried - 1) + (blocks - 1) * ALLEY
        across = (space[0] - gaps * gap) / (blocks * tried * width)
        down = (space[1] - (rows - 1) * gap) / (rows * height)
        scales = np.minimum(across, down)
        # Of grids that show the tiles about equally large, one with few holes, and the widest: what is left over is
        # then below, in one piece.
        most = scales.max()
        alike = np.flatnonzero(scales >= most - 0.04 * abs(most))
        holes = (tried * rows)[alike]
        best = int(np.argmax(scales) if columns else alike[np.flatnonzero(holes == holes.min())[-1]])
        scale = float(scales[best])
        if gap <= 1 or scale * min(width, height) >= 4 * gap:
            break
        gap = max(1, gap // 2)
    scale = min(scale, largest)
    if scale >= 1.0 and math.floor(scale) / scale > 0.85:
        scale = math.floor(scale)  # every cell equally large, where that costs little
    size = max(1, round(math.floor(scale * width))), max(1, round(math.floor(scale * height)))
    filled = -(-lines // int(rows[best])) if columns else 1  # rounding up may leave the last block empty
    return Grid(int(tried[best]), int(rows[best]), size[0], size[1], gap, filled)


def compose(pixels: Pixels, grid: Grid, *, upwards: bool = False) -> QImage:
    """One image of all tiles (count, height, width); the gaps are transparent."""
    count, height, width = pixels.shape
    rows = np.arange(grid.height) * height // grid.height
    columns = np.arange(grid.width) * width // grid.width
    if upwards:
        rows = height - 1 - rows
    tiles = pixels.take(columns, axis=2).take(rows, axis=1)  # in this order whole lines are copied at a time
    places = grid.blocks * grid.rows * grid.columns
    if places > count:
        tiles = np.concatenate([tiles, np.zeros((places - count, grid.height, grid.width), np.uint32)])
    across, down = grid.total
    whole = np.zeros((grid.rows * (grid.height + grid.gap), across), np.uint32)
    for number, part in enumerate(tiles.reshape(grid.blocks, grid.rows, grid.columns, grid.height, grid.width)):
        canvas = np.zeros((grid.rows, grid.height + grid.gap, grid.columns, grid.width + grid.gap), np.uint32)
        canvas[:, : grid.height, :, : grid.width] = part.transpose(0, 2, 1, 3)
        left = number * (grid.block + grid.alley)
        whole[:, left : left + grid.block] = canvas.reshape(len(whole), -1)[:, : grid.block]
    return pixels_to_image(whole[:down])


def paint_caption(painter: QPainter, tile: QRectF, caption: str, foot: float, most: int = 12) -> None:
    """A line in the lowest part of a tile, in letters of at most so many pixels."""
    place = QRectF(tile.left(), tile.bottom() - foot * tile.height(), tile.width(), foot * tile.height())
    face = font(max(7, min(most, int(place.height() * 0.8))))
    painter.setFont(face)
    painter.setPen(theme().color("text"))
    # Below a small tile, the least letters are higher than their place: they may reach into the gap, but are whole.
    how = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
    painter.drawText(place, how, caption_within(caption, QFontMetricsF(face), place.width()))


def caption_within(caption: str, metrics: QFontMetricsF, width: float) -> str:
    """A caption in so many pixels: where it is too long, its name alone, without the figure behind the dot.

    The figure stands under the pointer; with it, "Sandal", "Shirt" and "Sneaker" would all be "S…".
    """
    if metrics.horizontalAdvance(caption) <= width:
        return caption
    return metrics.elidedText(caption.partition(" · ")[0], Qt.TextElideMode.ElideRight, width)


class Mosaic(QWidget):
    """Shows `Tiles`, says what is under the pointer, and lets a tile be chosen.

    Attributes:
        hovered: the cell under the pointer (tile, row, column), or None.
        chosen: a tile was clicked, or Enter pressed on it: its number.
    """

    hovered = Signal(object)
    chosen = Signal(int)

    def __init__(
        self, parent: QWidget | None = None, *, centred: bool = False, largest: float = 56.0, zoom: float = 1.0
    ) -> None:
        """Show nothing yet; no number is drawn larger than `largest` pixels, words `zoom` times their usual size."""
        super().__init__(parent)
        self._zoom = zoom
        self._largest = largest
        self._tiles: Tiles | None = None
        self._grid: Grid | None = None
        self._laid_out_for: tuple[QSize, float] | None = None
        self._image: QImage | None = None
        self._overlay: tuple[object, QSize, QImage] | None = None
        self._cell: Cell | None = None
        self._current = 0
        self._pointer = QPointF()
        self._note: Note | None = None  # for what has no room here
        self._centred = centred
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(40, 40)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(236, 196)

    @property
    def tiles(self) -> Tiles | None:
        """What is shown now."""
        return self._tiles

    def set_tiles(self, tiles: Tiles | None) -> None:
        """Show this from the next repaint on."""
        old, self._tiles = self._tiles, tiles
        self._image = None
        if tiles is None or old is None or tiles.pixels.shape != old.pixels.shape or tiles.columns != old.columns:
            self._grid = None
            self._current = 0
            self._hover(None)
        self._tell()
        self.update()

    def grid(self) -> Grid | None:
        """Where the tiles stand at this size."""
        # A hidden widget learns of its new size only when it is shown, so the size is compared, not waited for.
        ratio = self.devicePixelRatio()
        if self._laid_out_for != (self.size(), ratio):
            self._grid = self._image = None
        if self._grid is None and self._tiles is not None and self._tiles.count:
            self._laid_out_for = self.size(), ratio
            count, height, width = self._tiles.pixels.shape
            single = height == width == 1
            gap = 0 if single and count > 32 else round((1.0 if single else GAP) * ratio)
            space = max(1, int(self.width() * ratio)), max(1, int(self.height() * ratio))
            largest = max(1.0, self._largest * ratio)
            self._grid = lay_out(count, height, width, space, gap, self._tiles.columns, largest)
        return self._grid

    def shown(self) -> QRectF:
        """The part of the widget that the mosaic fills."""
        grid = self.grid()
        if grid is None:
            return QRectF()
        ratio = self.devicePixelRatio()
        width, height = grid.total[0] / ratio, grid.total[1] / ratio
        if not self._centred:
            return QRectF(0, 0, width, height)
        left, top = int((self.width() - width) / 2), int((self.height() - height) / 2)
        return QRectF(max(0, left), max(0, top), width, height)

    def cell_at(self, at: QPointF) -> Cell | None:
        """The cell at a point of the widget; None in a gap and outside."""
        grid, tiles = self.grid(), self._tiles
        if grid is None or tiles is None:
            return None
        inside = (at - self.shown().topLeft()) * self.devicePixelRatio()
        if inside.x() < 0 or inside.y() < 0:
            return None
        number = grid.number_at(int(inside.x()), int(inside.y()))
        if number is None or number >= tiles.count:
            return None
        _, height, width = tiles.pixels.shape
        left, top = grid.tile(number)
        x, y = int(inside.x()) - left, int(inside.y()) - top
        line = y * height // grid.height
        return number, height - 1 - line if tiles.upwards else line, x * width // grid.width

    def tile_rect(self, number: int) -> QRectF:
        """Where a tile stands in the widget."""
        grid = self.grid()
        if grid is None:
            return QRectF()
        ratio = self.devicePixelRatio()
        left, top = grid.tile(number)
        shown = self.shown()
        place = QPointF(shown.left() + left / ratio, shown.top() + top / ratio)
        return QRectF(place.x(), place.y(), grid.width / ratio, grid.height / ratio)

    def image(self) -> QImage | None:
        """The mosaic as it stands on the screen, without overlays."""
        grid = self.grid()
        if self._image is None and grid is not None and self._tiles is not None:
            self._image = compose(self._tiles.pixels, grid, upwards=self._tiles.upwards)
            self._image.setDevicePixelRatio(self.devicePixelRatio())
        return self._image

    def paint(self, painter: QPainter) -> None:
        """Paint the mosaic with its overlays, but neither focus nor note."""
        image, tiles, grid = self.image(), self._tiles, self._grid
        if image is None or tiles is None or grid is None:
            return
        painter.drawImage(self.shown().topLeft(), image)
        if not theme().dark and grid.gap:  # zero is white in the map of weights, and so is the panel
            painter.setPen(QPen(theme().color("wire"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            half = 0.5 / self.devicePixelRatio()
            tiles_at = map(self.tile_rect, range(tiles.count))
            painter.drawRects([rect.adjusted(-half, -half, half, half) for rect in tiles_at])
        if tiles.overlay is not None:
            over = self._overlaid(tiles.overlay, QSize(grid.width, grid.height))
            for number in range(tiles.count):
                painter.drawImage(self.tile_rect(number).topLeft(), over)
        if tiles.digits is not None:
            paint_digits(painter, [*map(self.tile_rect, range(tiles.count))], tiles.digits, tiles.pixels)
        for number, caption in enumerate(tiles.captions):
            paint_caption(painter, self.tile_rect(number), caption, tiles.foot, round(12 * self._zoom))

    def _overlaid(self, overlay: Callable[[QSize], QImage], size: QSize) -> QImage:
        if self._overlay is None or self._overlay[0] != overlay or self._overlay[1] != size:
            image = overlay(size)
            image.setDevicePixelRatio(self.devicePixelRatio())
            self._overlay = overlay, size, image
        return self._overlay[2]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint(painter)
        if self._tiles is None or self._grid is None:
            return
        marked = self._cell[0] if self._cell is not None else self._current if self.hasFocus() else None
        if marked is not None and marked < self._tiles.count > 1:
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRect(self.tile_rect(marked).adjusted(1, 1, -1, -1))
        if self._cell is not None and (self._note is None or self._note.isHidden()):
            words = self._tiles.describe(*self._cell)
            paint_note(painter, QRectF(self.rect()), self._pointer, words, size=self._letters)

    @property
    def _letters(self) -> int:
        return round(11 * self._zoom)

    def _hover(self, cell: Cell | None) -> None:
        if cell is not None or self._cell is not None:
            self._cell = cell
            self.hovered.emit(cell)
            self._tell()
            self.update()

    def _tell(self) -> None:
        """Say what is under the pointer beyond the edges, where there is no room for it within."""
        words = ""
        if self._cell is not None and self._tiles is not None and self.isVisible():  # measured for the pointer only
            words = self._tiles.describe(*self._cell)
            needed = note_size(words, self._letters)
            if needed.width() <= self.width() and 2 * needed.height() < self.height():
                words = ""
        if not words:
            if self._note is not None:
                self._note.hide()
            return
        if self._note is None:
            self._note = Note(self, self._letters)
        self._note.tell(self._pointer, words)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self._hover(self.cell_at(self._pointer))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def hideEvent(self, event: QHideEvent) -> None:
        self._hover(None)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._pointer = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position()) if self.rect().contains(event.position().toPoint()) else None
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._current = cell[0]
            self.chosen.emit(cell[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        grid = self.grid()
        if grid is None or self._tiles is None:
            super().keyPressEvent(event)
            return
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -grid.columns,
            Qt.Key.Key_Down: grid.columns,
        }
        key = Qt.Key(event.key())
        if key in steps:
            moved = self._current + steps[key]
            if 0 <= moved < self._tiles.count:
                self._current = moved
                self._hover(None)
                self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._current)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._hover(None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._overlay = None
            self.update()
