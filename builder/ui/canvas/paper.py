"""How a comment's text is set: sizes, colours, and the lines that it breaks into. Needs Qt only to measure text."""

from __future__ import annotations

import math
from functools import cache, lru_cache

from PySide6.QtGui import QFontMetricsF, QTextLayout, QTextOption

from builder.graph.comments import LEAST_HEIGHT
from builder.ui.theme import font

# The colours of `graph.comments.COLOURS`: words for a menu, and the role of the theme.
WORDS = {"": "Paper", "blue": "Blue", "green": "Green", "orange": "Orange", "red": "Red"}
ROLES = {"": "muted", "blue": "accent", "green": "good", "orange": "warn", "red": "bad"}

TEXT = (13, 18, 26, 36, 52, 72)  # sizes in pixels; the larger ones are for reading from afar
PAD = 10.0
WIDTH, HEIGHT = 200.0, 68.0  # of a new comment
_SEEN = 8.5  # pixels on the screen that a letter needs to be read


@cache
def step(size: int) -> float:
    """From one line to the next: as Qt's editors have it, so that nothing jumps when one begins to write."""
    return math.ceil(QFontMetricsF(font(size)).lineSpacing())


@lru_cache(maxsize=1024)
def lines_of(text: str, size: int, width: float, height: float) -> tuple[tuple[str, ...], bool]:
    """The lines of a text that an area has room for, and whether that is all of it.

    Where it is not, the last one ends in an ellipsis.

    Args:
        width, height: of the card, its margin included.
    """
    face = font(size)
    room = int((height - 2 * PAD + 0.3 * size) // step(size))
    wide = max(width - 2 * PAD, 1.0)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    found: list[str] = []
    for paragraph in text.split("\n"):
        layout = QTextLayout(paragraph, face)
        layout.setTextOption(option)
        layout.beginLayout()
        while len(found) <= room:
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(wide)
            found.append(paragraph[line.textStart() : line.textStart() + line.textLength()].rstrip())
        layout.endLayout()
        if len(found) > room:
            break
    if len(found) <= room:
        return tuple(found), True
    kept = found[:room]
    if kept:
        measure = QFontMetricsF(face)
        last = kept[-1]
        while last and measure.horizontalAdvance(last + "…") > wide:
            last = last[:-1]
        kept[-1] = last.rstrip(" .,;:") + "…"
    return tuple(kept), False


def height_for(text: str, width: float) -> float:
    """How high a card of this width must be to show all of a text."""
    count = len(lines_of(text, TEXT[0], width, 1e9)[0])
    return max(LEAST_HEIGHT, 4 * -(-(count * step(TEXT[0]) + 2 * PAD) // 4))


def size_for(text: str, width: float, height: float, zoom: float) -> int:
    """The size of letters at a zoom: as on the card where these can be read, else larger, as far as it all fits.

    A text that does not fit at a legible size is cut short rather than set in dust; on a card that has no room for a
    line of that size, it is a little smaller.
    """
    least = _SEEN / zoom
    if least <= TEXT[0]:
        return TEXT[0]
    legible = next((size for size in TEXT if size >= least), TEXT[-1])
    larger = (size for size in reversed(TEXT) if legible < size <= 1.4 * least)
    fitting = next((size for size in larger if lines_of(text, size, width, height)[1]), legible)
    if lines_of(text, fitting, width, height)[0]:
        return fitting
    return next((size for size in reversed(TEXT) if 0.75 * least <= size < fitting), fitting)
