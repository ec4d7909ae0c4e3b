"""The program's own icons, drawn in the theme's colours and crisp at any scaling. Knows no widget's purpose."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from builder import resources
from builder.ui.theme import theme

# What a 16 pixel icon needs at 100 to 300 % scaling, and larger ones for empty panels.
_SIZES = (16, 20, 24, 32, 40, 48, 64, 96)


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
    made = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, faint)):
        renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", ink).encode()))
        for size in _SIZES:
            made.addPixmap(_drawn(renderer, size), mode)
    return made


def _drawn(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
