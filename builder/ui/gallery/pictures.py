"""Figures and pictures of the built-in networks, made behind the window: one short step a turn of the event loop.

Knows no widget: who shows the pictures says what is wanted, in which order, and is told when it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap

from builder.ui.canvas.background import paint_dots
from builder.ui.canvas.face import FAR, MIDDLE, NEAR
from builder.ui.canvas.scene import CanvasScene
from builder.ui.document import Document
from builder.ui.gallery.entries import Facts, facts_of, project_of
from builder.ui.theme import theme

_EDGE = 10.0  # pixels that stay free around a network
_LEGIBLE = 0.62  # pixels for one of the canvas from which all that a card says can be read
_LARGE = 220  # a picture at least so wide has words on its cards
_MOST = 60  # pictures kept: all small ones and some large ones


@dataclass(frozen=True)
class Wish:
    """A picture that somebody wants; without a size, the figures alone.

    Attributes:
        name: of the template, or `EMPTY`.
        size: in pixels of the window.
        ratio: pixels of the screen for one of the window.
    """

    name: str
    size: QSize | None = None
    ratio: float = 1.0

    @property
    def key(self) -> tuple[str, int, int, float]:
        """What the picture is kept under; `QSize` has no hash."""
        return (self.name, self.size.width(), self.size.height(), self.ratio) if self.size else (self.name, 0, 0, 0.0)


class Pictures(QObject):
    """Makes what is wished for while `start`ed, and keeps it.

    Attributes:
        facts: figures of the networks made so far, by name.
        wishes: what is wanted now, what matters most first; asked anew at every step.
    """

    made = Signal(str)  # there are figures or a picture of this network now

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.facts: dict[str, Facts] = {}
        self.wishes: Callable[[], Iterable[Wish]] = lambda: ()
        self._kept: dict[tuple[str, int, int, float], QPixmap] = {}
        self._open: tuple[str, Document] | None = None
        self._scene: CanvasScene | None = None
        self._wanted = False
        # Its turn comes when nothing else is waiting.
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self.step)
        theme().changed.connect(self._recoloured)

    @property
    def busy(self) -> bool:
        """Whether something is being made."""
        return self._timer.isActive()

    def start(self) -> None:
        """Make what is wished for, until all of it is there; also for when the wishes are others now."""
        self._wanted = True
        self._timer.start()

    def stop(self) -> None:
        """Make nothing more; what is there is kept."""
        self._wanted = False
        self._timer.stop()
        self._close()

    def find(self, wish: Wish) -> QPixmap | None:
        """The picture, if it was made."""
        found = self._kept.pop(wish.key, None)
        if found is not None:
            self._kept[wish.key] = found  # what was looked at last goes last
        return found

    def step(self) -> None:
        """One short step towards the first wish that is not granted: open the network, place its cards, or paint."""
        wish = next((wish for wish in self.wishes() if not self._granted(wish)), None)
        if wish is None:
            self._timer.stop()
            self._close()
            return
        if self._open is None or self._open[0] != wish.name:
            self._close()
            self._open = wish.name, Document(project_of(wish.name), self)
            return
        document = self._open[1]
        if wish.name not in self.facts:
            self.facts[wish.name] = facts_of(document.value.network, document.known)
            self.made.emit(wish.name)
        elif self._scene is None:
            self._scene = CanvasScene(document)
        elif wish.size is not None:
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[wish.key] = draw(self._scene, wish.size, wish.ratio)
            self.made.emit(wish.name)

    def _granted(self, wish: Wish) -> bool:
        return wish.name in self.facts and (wish.size is None or wish.key in self._kept)

    def _close(self) -> None:
        if self._scene is not None:
            self._scene.deleteLater()
            self._scene = None
        if self._open is not None:
            self._open[1].deleteLater()
            self._open = None

    def _recoloured(self) -> None:
        self._kept.clear()
        if self._wanted:
            self._timer.start()


def draw(scene: CanvasScene, size: QSize, ratio: float) -> QPixmap:
    """The network in a rectangle, as large as it fits: a small picture as from afar, in a large one with words.

    Args:
        size: in pixels of the window.
        ratio: pixels of the screen for one of the window.
    """
    made = QPixmap(size * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(scene.ink.canvas)
    painter = QPainter(made)
    room, area = QRectF(0, 0, size.width(), size.height()), scene.network_rect()
    if area.isEmpty():
        paint_dots(painter, room, 1.0, scene.ink)
    else:
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        inner = room.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        scale = min(inner.width() / area.width(), inner.height() / area.height(), 1.0)
        scene.detail = FAR if size.width() < _LARGE else NEAR if scale >= _LEGIBLE else MIDDLE
        target = QRectF(0, 0, area.width() * scale, area.height() * scale)
        target.moveCenter(room.center())
        if scene.detail == FAR:
            painter.translate(target.topLeft())
            painter.scale(scale, scale)
            painter.translate(-area.topLeft())
            scene.overview.paint(painter)
        else:
            scene.render(painter, target, area, Qt.AspectRatioMode.IgnoreAspectRatio)
    painter.end()
    return made
