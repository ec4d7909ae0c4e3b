"""Small things that several views paint: figures, the note beside the pointer. No state."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen

from builder.ui.theme import font, theme

ENLARGED = 1.6  # times the usual size: what a window of its own is painted with, to be read from the back row


def figure(value: float, digits: int = 3) -> str:
    """A number for a reader, short: 0.42, −1.3, 12,400, 3.1e−7; words for what is no number."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size != 0.0 and (size >= 1e6 or size < 1e-4):
        text = f"{value:.{digits - 2}e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    elif size >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits}g}"
    return "0" if text == "-0" else text.replace("-", "−")


def note_size(text: str, size: int = 11) -> QSizeF:
    """How large the note is with these lines of text."""
    metrics = QFontMetricsF(font(size, mono=True))
    lines = text.split("\n")
    return QSizeF(
        math.ceil(max(metrics.horizontalAdvance(line) for line in lines)) + 16, metrics.height() * len(lines) + 8
    )


def note_place(bounds: QRectF, at: QPointF, size: QSizeF) -> QRectF:
    """Where a note of this size stands: beside a point, within `bounds`."""
    width, height = size.width(), size.height()
    left = at.x() + 14 if at.x() + 14 + width <= bounds.right() else at.x() - 14 - width
    top = at.y() + 16 if at.y() + 16 + height <= bounds.bottom() else at.y() - 12 - height
    left = max(bounds.left(), min(left, bounds.right() - width))
    top = max(bounds.top(), min(top, bounds.bottom() - height))
    return QRectF(round(left), round(top), width, height)


def paint_note(
    painter: QPainter,
    bounds: QRectF,
    at: QPointF,
    text: str,
    picture: QImage | None = None,
    side: float = 72.0,
    size: int = 11,
) -> None:
    """The note beside the pointer: lines of text on a raised card, kept within `bounds`; above them a small picture.

    The picture is enlarged to `side` pixels, value by value, so that each can be seen. `size` is that of the text.
    """
    face = font(size, mono=True)
    metrics = QFontMetricsF(face)
    lines = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, bounds.width() - 16) for line in text.split("\n")]
    needed = note_size("\n".join(lines), size)
    width, height = min(needed.width(), bounds.width()), needed.height()
    shown = QSizeF(0.0, 0.0)
    if picture is not None:
        side = min(side, bounds.height() - height - 12, bounds.width() - 16)
        shown = QSizeF(picture.size()).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        width, height = max(width, shown.width() + 16), height + shown.height() + 6
    card = note_place(bounds, at, QSizeF(width, height))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().color("wire"), 1))
    painter.setBrush(theme().color("raised", 0.96))
    painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    painter.setFont(face)
    painter.setPen(theme().color("text"))
    below = card.top() + 4
    if picture is not None and shown.height() > 0:
        painter.drawImage(QRectF(QPointF(card.left() + 8, card.top() + 8), shown), picture)
        below += shown.height() + 6
    for number, line in enumerate(lines):
        row = QRectF(card.left() + 8, below + number * metrics.height(), card.width() - 8, metrics.height())
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
    painter.restore()
