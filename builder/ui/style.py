"""Makes stock widgets look like the program: palette, style sheet and fonts, light and dark.

The rules stand in `resources/style.qss`, the colours in `resources/theme.json`; nothing here knows a panel.
"""

from __future__ import annotations

from functools import cache
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from builder import resources
from builder.ui.theme import SIZE, families, font, theme


def apply(app: QApplication) -> None:
    """Dress the whole program, now and whenever the theme (or, with "system", the desktop's) changes."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(font(SIZE))
    _restyle()
    _follow()


@cache
def _follow() -> None:
    # Once for the process: `apply` may be called again, by a test say.
    theme().changed.connect(_restyle)
    QGuiApplication.styleHints().colorSchemeChanged.connect(_desktop_changed)


def _desktop_changed(_scheme: Qt.ColorScheme) -> None:
    if theme().wish == "system":
        theme().choose("system")


def _restyle() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setPalette(palette())
        app.setStyleSheet(sheet())


def sheet() -> str:
    """The style sheet in the colours of the theme in force."""
    colours = theme()
    dark = colours.dark
    words = {
        role: colours.hex(role) for role in ("window", "panel", "raised", "line", "text", "muted", "accent", "bad")
    }
    words |= {
        "hover": mix("raised" if dark else "panel", "text", 0.07),
        "selection": mix("panel", "accent", 0.25 if dark else 0.16),
        "edge": mix("line", "text", 0.22),
        "faint": mix("panel", "muted", 0.55),
        "groove": mix("panel", "text", 0.14),
        "scroll": mix("panel", "text", 0.22),
        "handle": "#ffffff",
        "handle_edge": "#ffffff" if dark else colours.hex("wire"),
        "accent_hover": mix("accent", "text", 0.12),
        "mono": f'"{families(mono=True)[0]}"',
        "icons": resources.path("icons", "style").as_posix(),
    }
    return Template(resources.path("style.qss").read_text("utf-8")).substitute(words)


def palette() -> QPalette:
    """The palette in the colours of the theme in force, for what the style sheet does not reach."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme().hex("panel"),
        QPalette.ColorRole.WindowText: theme().hex("text"),
        QPalette.ColorRole.Base: theme().hex("raised"),
        QPalette.ColorRole.AlternateBase: theme().hex("panel"),
        QPalette.ColorRole.ToolTipBase: theme().hex("raised"),
        QPalette.ColorRole.ToolTipText: theme().hex("text"),
        QPalette.ColorRole.PlaceholderText: theme().hex("muted"),
        QPalette.ColorRole.Text: theme().hex("text"),
        QPalette.ColorRole.Button: theme().hex("raised"),
        QPalette.ColorRole.ButtonText: theme().hex("text"),
        QPalette.ColorRole.BrightText: theme().hex("bad"),
        QPalette.ColorRole.Light: theme().hex("raised"),
        QPalette.ColorRole.Midlight: theme().hex("line"),
        QPalette.ColorRole.Mid: theme().hex("line"),
        QPalette.ColorRole.Dark: theme().hex("line"),
        QPalette.ColorRole.Shadow: theme().hex("window"),
        QPalette.ColorRole.Link: theme().hex("accent"),
        QPalette.ColorRole.LinkVisited: theme().hex("accent"),
        QPalette.ColorRole.Highlight: theme().hex("accent"),
        QPalette.ColorRole.HighlightedText: "#ffffff",
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    faint = QColor(mix("panel", "muted", 0.55))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return made


def mix(under: str, over: str, share: float) -> str:
    """The colour of role `under` with a share from 0 to 1 of role `over` laid on it, as #rrggbb."""
    low, high = theme().color(under), theme().color(over)
    parts = zip(low.getRgb()[:3], high.getRgb()[:3], strict=True)  # type: ignore[index]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)
