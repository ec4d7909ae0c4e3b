"""One sample before and after random changes, painted again whenever the settings move. Made behind the window.

Knows arrays and settings; PyTorch is first met on the thread that makes the pictures.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from builder.data.settings import DataSettings
from builder.graph.model import Shape
from builder.ui.inspector.samples import Sample, image
from builder.ui.theme import font, theme
from builder.ui.widgets.buttons import small_button
from builder.ui.widgets.labels import label

VERSIONS = 8  # shown beside the original
OFF = "the same: nothing is changed yet"
_COLUMNS, _GAP, _TEXT, _BETWEEN, _LARGEST = 4, 6, 16, 16, 64

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Wish:
    """What is to be painted."""

    settings: DataSettings
    input_shape: Shape | None
    raw: NDArray[np.generic]
    others: tuple[NDArray[np.generic], ...]
    roll: int


def _seen(settings: DataSettings) -> tuple[object, ...]:
    """What of the settings can be seen in the pictures."""
    return settings.dataset, settings.fit, settings.augmentation


class Augmented(QWidget):
    """The original on the left, several versions of it on the right, and two buttons: other chance, other sample.

    Attributes:
        tiles: paints the pictures.
        rendered: new pictures are shown.
    """

    rendered = Signal()
    _made = Signal(object, object)  # the wish, and what came of it: pictures, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples: tuple[NDArray[np.generic], ...] = ()
        self._settings = DataSettings()
        self._input_shape: Shape | None = None
        self._sample = self._roll = 0
        self._wish: _Wish | None = None  # the newest; older ones are not made any more
        self._shown: _Wish | None = None
        self._busy = False
        self.tiles = _Tiles()
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(label("Training samples only, anew in each epoch.", "note", wrap=True), 1)
        self.another = small_button("next", "Another sample", self._next_sample)
        self.dice = small_button("dice", "Roll the dice again", self._roll_again)
        head.addWidget(self.another)
        head.addWidget(self.dice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.tiles)
        self._made.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self.hide()

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Use these samples: (raw, label); only pictures are shown."""
        self._samples = tuple(raw for raw, _ in samples if raw.ndim == 3 and raw.dtype == np.uint8)
        self._renew()

    def show_settings(self, settings: DataSettings, input_shape: Shape | None) -> None:
        """Show what these settings make of a sample, for a network with this input (None: unknown)."""
        before, self._settings = self._settings, settings
        input_before, self._input_shape = self._input_shape, input_shape
        if (_seen(before), input_before) != (_seen(settings), input_shape):
            self._renew()

    def _next_sample(self) -> None:
        self._sample += 1
        self._renew()

    def _roll_again(self) -> None:
        self._roll += 1
        self._renew()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._make()

    def _renew(self) -> None:
        self.setVisible(bool(self._samples))
        self._wish = None
        if self._samples:
            raw = self._samples[self._sample % len(self._samples)]
            self._wish = _Wish(self._settings, self._input_shape, raw, self._samples, self._roll)
        self._make()

    def _make(self) -> None:
        """Make the pictures that are wished for, once somebody can see them."""
        if self._wish is not None and self._wish is not self._shown and not self._busy and self.isVisible():
            self._begin(self._wish)

    def _begin(self, wish: _Wish) -> None:
        self._busy = True

        def work() -> None:
            found = None
            try:
                from builder.data.preview import augmented

                found = augmented(wish.settings, wish.input_shape, wish.raw, wish.others, VERSIONS, wish.roll)
            except Exception:  # a picture less is no reason to stop anybody
                log.debug("samples could not be augmented", exc_info=True)
            with contextlib.suppress(RuntimeError):  # the window may be gone by now
                self._made.emit(wish, found)

        threading.Thread(target=work, name="augmented samples", daemon=True).start()

    def _show(self, wish: _Wish, found: Any) -> None:
        self._busy, self._shown = False, wish
        if self._wish is not None and found is not None:
            before, after = found
            self.tiles.show_pictures(before, after if wish.settings.augmentation.on else after[:0])
            self.rendered.emit()
        self._make()


class _Tiles(QWidget):
    """The pictures: `before` at the left, the others in rows of four beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.before: QImage | None = None
        self.after: list[QImage] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("A sample before and after augmentation")
        theme().changed.connect(self.update)

    def show_pictures(self, before: NDArray[np.generic], after: NDArray[np.generic]) -> None:
        """Show a picture (channels, height, width) and its versions (count, channels, height, width)."""
        self.before, self.after = image(before), [image(one) for one in after]
        self.setAccessibleDescription(f"the original and {len(self.after)} versions of it" if self.after else OFF)
        self.updateGeometry()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return _TEXT + 2 * self._tile(width) + _GAP

    def sizeHint(self) -> QSize:
        width = max(self.width(), 200)
        return QSize(width, self.heightForWidth(width))

    def _tile(self, width: int) -> int:
        """Side of a tile, so that five of them and what is between them fill the width."""
        return max(16, min(_LARGEST, (width - _BETWEEN - (_COLUMNS - 1) * _GAP) // (_COLUMNS + 1)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font(10))
        painter.setPen(theme().color("muted"))
        tile = self._tile(self.width())
        right = tile + _BETWEEN
        for x, words in ((0, "before"), (right, "after")):
            painter.drawText(QRectF(x, 0, 2 * tile, _TEXT), Qt.AlignmentFlag.AlignLeft, words)
        if self.before is None:
            return
        self._paint(painter, self.before, 0, _TEXT, tile)
        painter.setPen(QPen(theme().color("line"), 1))
        between = tile + _BETWEEN // 2 + 0.5
        painter.drawLine(QPointF(between, 2), QPointF(between, self.height() - 2))
        if not self.after:
            room = QRectF(right, _TEXT, self.width() - right, 2 * tile + _GAP)
            painter.setPen(theme().color("muted"))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, OFF)
        for number, picture in enumerate(self.after):
            row, column = divmod(number, _COLUMNS)
            self._paint(painter, picture, right + column * (tile + _GAP), _TEXT + row * (tile + _GAP), tile)

    @staticmethod
    def _paint(painter: QPainter, picture: QImage, x: float, y: float, tile: int) -> None:
        """In the middle of its tile, its sides in proportion."""
        size = picture.size().scaled(tile, tile, Qt.AspectRatioMode.KeepAspectRatio)
        at = QRectF(x + (tile - size.width()) / 2, y + (tile - size.height()) / 2, size.width(), size.height())
        painter.drawImage(at, picture)
