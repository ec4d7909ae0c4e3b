"""Colours, spacing and the style sheet, light and dark. The one place where a colour is looked up."""

from __future__ import annotations

import json
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication

from builder import resources
from builder.layers.base import Category

GRID = 4  # all spacing is a multiple of this many pixels
SIZE = 12  # text of controls, in pixels; notes have 11


@cache
def _tokens() -> dict[str, dict[str, str]]:
    return json.loads(resources.path("theme.json").read_text("utf-8"))  # type: ignore[no-any-return]


class Theme(QObject):
    """The colours in force. `changed` tells painted widgets to repaint.

    Attributes:
        name: "dark" or "light".
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = "dark"
        self.wish = "system"

    def choose(self, wish: str) -> None:
        """Use "dark", "light", or "system": what the desktop says."""
        self.wish = wish
        self.name = system_theme() if wish == "system" else wish
        self.changed.emit()

    def hex(self, role: str) -> str:
        """The colour of a role ("accent", "text", ...) as #rrggbb."""
        return _tokens()[self.name][role]

    def color(self, role: str, alpha: float = 1.0) -> QColor:
        """The colour of a role, with an opacity from 0 to 1."""
        color = QColor(self.hex(role))
        color.setAlphaF(alpha)
        return color

    def category(self, category: Category) -> QColor:
        """The colour of a layer category, the same in both themes."""
        return QColor(_tokens()["categories"][category.name])

    @property
    def dark(self) -> bool:
        """Whether the dark theme is in force."""
        return self.name == "dark"


def system_theme() -> str:
    """What the desktop asks for; dark where it does not say."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "light" if scheme == Qt.ColorScheme.Light else "dark"


@cache
def theme() -> Theme:
    """The theme of this process."""
    return Theme()


@cache
def families(*, mono: bool = False) -> tuple[str, ...]:
    """The font families to use, best first. They come with the program: a bare machine has no fonts at all.

    Text falls back on the figures' font for signs that it lacks (floor brackets, small triangles).
    """
    for file in sorted(resources.path("fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))
    text, figures = "Inter", "JetBrains Mono"
    return (figures, text) if mono else (text, figures)


def font(size: int = SIZE, *, bold: bool = False, mono: bool = False) -> QFont:
    """The interface font at a size in pixels; `mono` for figures."""
    made = QFont(list(families(mono=mono)))
    made.setPixelSize(size)
    if bold:
        made.setWeight(QFont.Weight.Bold if mono else QFont.Weight.DemiBold)
    if mono:
        made.setStyleHint(QFont.StyleHint.Monospace)
        made.setStyleName("")
    return made
