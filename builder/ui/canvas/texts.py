"""Text on the canvas: how wide it is, shortened to fit, and laid out once. Knows no nodes."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QStaticText

from builder.ui.theme import font

# Looked up once: PySide takes microseconds for each, and hundreds of cards are made at a time.
_RIGHT = Qt.TextElideMode.ElideRight
_PLAIN = Qt.TextFormat.PlainText
_CACHING = QStaticText.PerformanceHint.AggressiveCaching


@lru_cache(maxsize=64)
def metrics(size: int, bold: bool = False, mono: bool = False) -> QFontMetricsF:
    """Measures of the interface font at a size."""
    return QFontMetricsF(font(size, bold=bold, mono=mono))


@lru_cache(maxsize=8192)
def advance(text: str, size: int, bold: bool = False, mono: bool = False) -> float:
    """How wide the text is, in pixels. Large networks say the same again and again."""
    return metrics(size, bold, mono).horizontalAdvance(text)


def elided(text: str, size: int, width: float, *, bold: bool = False) -> str:
    """The text, shortened with an ellipsis where it is wider than `width`."""
    if advance(text, size, bold) <= width:
        return text
    return metrics(size, bold).elidedText(text, _RIGHT, width)


def parts_within(text: str, size: int, width: float) -> str:
    """As many of the parts of the text, parted by commas, as fit: "Conv 7×7, 64 …" of "Conv 7×7, 64, stride 2"."""
    head, shown = text, text
    while advance(shown, size) > width and ", " in head:
        head = head.rpartition(", ")[0]
        shown = f"{head} …"
    return shown


def static(text: str) -> QStaticText:
    """The text laid out in one line, to be painted many times."""
    made = QStaticText(text)
    made.setTextFormat(_PLAIN)
    made.setPerformanceHint(_CACHING)
    return made
