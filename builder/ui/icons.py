"""The program's own icons, drawn in the theme's colours and crisp at any scaling. Knows no widget's purpose."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from builder import resources
from builder.ui.theme import theme


@cache
def names() -> tuple[str, ...]:
    """The icons there are: each is a file of `resources/icons`, a 16×16 drawing in `currentColor`."""
    return tuple(sorted(file.stem for file in resources.path("icons").glob("*.svg")))


def icon(name: str, role: str = "text") -> QIcon:
    """An icon in the colour of a theme role; a disabled one is fainter. Ask again when the theme changes, or `dress`.

    Raises `FileNotFoundError` for a name that is not in `names()`.
    """
    return _made(name, theme().hex(role), theme().hex("wire"))


def dress(target: QAbstractButton | QAction, name: str, role: str = "text") -> None:
    """Give a button or an action an icon that follows the theme; call it again to change the icon."""
    follower = target.findChild(_Follower, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if follower is None:
        follower = _Follower(target)
        theme().changed.connect(follower.renew)
    elif (follower.name, follower.role) == (name, role):
        return  # an icon, the same one too, has the whole window laid out anew
    follower.name, follower.role = name, role
    follower.renew()


class _Follower(QObject):
    """Renews the icon of its parent; dies with it, and its connection too."""

    name = role = ""

    def renew(self) -> None:
        target = self.parent()
        if isinstance(target, QAbstractButton | QAction):
            target.setIcon(icon(self.name, self.role))


@cache
def _made(name: str, colour: str, faint: str) -> QIcon:
    drawing = resources.path("icons", f"{name}.svg").read_text("utf-8")
    return QIcon(_Engine(drawing, colour, faint))


class _Engine(QIconEngine):
    """Draws an icon in the sizes that are asked for, when they are: eight of each would delay the start."""

    def __init__(self, drawing: str, colour: str, faint: str) -> None:
        super().__init__()
        self._parts = drawing, colour, faint
        self._drawn: dict[tuple[int, int, bool], QPixmap] = {}

    def clone(self) -> QIconEngine:
        return _Engine(*self._parts)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        drawing, colour, faint = self._parts
        ink = faint if mode is QIcon.Mode.Disabled else colour
        QSvgRenderer(QByteArray(drawing.replace("currentColor", ink).encode())).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        key = size.width(), size.height(), mode is QIcon.Mode.Disabled
        if key not in self._drawn:
            made = QPixmap(size)
            if made.isNull():  # Qt asks for a picture of no size where a button is squeezed to nothing
                return made
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            self.paint(painter, made.rect(), mode, state)
            painter.end()
            self._drawn[key] = made
        return self._drawn[key]
