"""The pens, brushes and fonts of the canvas, made once for each theme: painting thousands of items makes none."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from builder.layers.base import Category
from builder.ui.canvas import face
from builder.ui.canvas.backdrop import Backdrops
from builder.ui.canvas.paper import ROLES, TEXT
from builder.ui.theme import Theme, font


def _pen(color: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(color, width, style)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


class Ink:
    """Everything that the items draw with."""

    def __init__(self, theme: Theme) -> None:
        color = theme.color
        self.dark = theme.dark
        self.canvas = color("canvas")
        self.dot = color("dot")
        self.text, self.muted = color("text"), color("muted")
        self.card = color("raised") if not theme.dark else _mix(color("panel"), color("raised"), 0.6)
        self.card_brush = QBrush(self.card)
        self.chip_brush = QBrush(color("panel"))
        self.line = _pen(color("line"))
        self.hover = _pen(color("wire"))
        self.selected = _pen(color("accent"), 2)
        self.accent = color("accent")
        self.dashed = _pen(color("wire"), 1.2, Qt.PenStyle.DashLine)
        self.shadow = QColor(0, 0, 0, 60 if theme.dark else 16)
        self.backdrops = Backdrops()
        self.edge = _pen(color("wire"), 0.8)
        self.wire = _pen(color("wire"), 1.6)
        self.wire_hover = _pen(_mix(color("wire"), color("text"), 0.4), 2)
        self.wire_selected = _pen(color("accent"), 2.4)
        self.gone = _mix(color("wire"), color("text"), 0.75)  # which way a step has gone
        self.wire_gone = _pen(self.gone, 2)
        self.wire_far = _pen(color("wire"), 0)
        self.port = _pen(color("wire"), 1.6)
        self.port_brush = QBrush(color("canvas"))
        self.port_ready = _pen(color("accent"), 2)
        self.port_ready_brush = QBrush(color("accent"))
        self.roles = {role: color(role) for role in ("good", "warn", "bad", "accent", "muted")}
        self.pens = {role: _pen(shade, 1.6) for role, shade in self.roles.items()}
        self.borders = {
            "plain": self.line, "hover": self.hover, "chosen": self.selected, "dashed": self.dashed,
            "good": self.pens["accent"], "bad": self.pens["bad"],
        }  # fmt: skip
        self.badges = {role: QBrush(_mix(self.card, shade, 0.25)) for role, shade in self.roles.items()}
        self.badge_text = {r: _mix(shade, color("text"), 0.15) for r, shade in self.roles.items()}
        shades = {colour: color(role) for colour, role in ROLES.items()}
        self.papers = {colour: QBrush(_mix(self.canvas, shade, 0.13)) for colour, shade in shades.items()}
        self.paper_edges = {colour: _pen(_mix(self.canvas, shade, 0.5)) for colour, shade in shades.items()}
        self.writing = {size: font(size) for size in TEXT}
        self.veil = color("canvas", 0.55)
        self.categories = {category: QBrush(theme.category(category)) for category in Category}
        self.sheets = {category: QBrush(_mix(self.card, theme.category(category), 0.16)) for category in Category}
        self.sheet_edges = {category: _pen(_mix(self.card, theme.category(category), 0.7)) for category in Category}
        self.category_pens = {category: _pen(theme.category(category), 1.2) for category in Category}
        self.name = font(face.NAME, bold=True)
        self.headline = font(face.HEADLINE)
        self.note = font(face.NOTE)
        self.pill = font(face.PILL)
        self.badge = font(face.BADGE)
        self.chip, self.far_chip = font(face.NOTE, mono=True), font(face.FAR_NOTE, mono=True)
        self.figure = font(22, bold=True)


def _mix(one: QColor, other: QColor, share: float) -> QColor:
    """A colour between two: `share` of the other."""
    parts = zip(one.getRgbF()[:3], other.getRgbF()[:3], strict=True)  # type: ignore[index]
    red, green, blue = (a + (b - a) * share for a, b in parts)
    return QColor.fromRgbF(red, green, blue)
