"""The texts of an SVG as outlines, so that it looks the same on a machine that has none of our fonts.

No program but a browser reads fonts that are embedded in an SVG, so letters are drawn: each once, and used wherever it
occurs, as Matplotlib does it. What is written stays in the file as the label of each group, for a search in the file
and for screen readers.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QGlyphRun, QPainterPath, QRawFont, QTextLayout

_EM = 1000  # units of an outline for the size of its font
_TEXT = re.compile(r"<text\s+([^>]*)>([^<]*)</text>")
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')


def with_outlines(svg: bytes) -> bytes:
    """The same picture with its texts drawn.

    A text stays as it is where no font here has its letters, or only as coloured pictures: its reader may have one.
    """
    letters = _Letters()
    drawn = _TEXT.sub(letters.drawn, svg.decode())
    return drawn.replace("<defs>", "<defs>\n" + "\n".join(letters.paths.values()), 1).encode()


@dataclass
class _Letters:
    """The letters of one file: what defines each, by the name of its outline."""

    paths: dict[str, str] = field(default_factory=dict)
    _names: dict[tuple[str, str, int], str] = field(default_factory=dict)
    _empty: set[str] = field(default_factory=set)

    def drawn(self, match: re.Match[str]) -> str:
        """One text as a group of letters."""
        given = dict(_ATTRIBUTE.findall(match[1]))
        words = html.unescape(match[2])
        font = QFont([name.strip() for name in html.unescape(given["font-family"]).split(",")])
        size = float(given["font-size"])
        font.setPixelSize(round(size))
        font.setWeight(QFont.Weight(int(given["font-weight"])))
        scale = round(size) / _EM
        uses: list[str] = []
        for run, baseline in _runs(words, font):
            for index, place in zip(run.glyphIndexes(), run.positions(), strict=True):
                name = self._outline(run.rawFont(), index)
                if name is None:
                    return match[0]
                if name not in self._empty:
                    x, y = round(place.x() / scale), round((place.y() - baseline) / scale)
                    lowered = f' y="{y}"' if y else ""
                    uses.append(f'<use xlink:href="#{name}" x="{x}"{lowered}/>')
        looks = " ".join(f'{key}="{given[key]}"' for key in ("fill", "fill-opacity", "stroke") if key in given)
        place_ = f"translate({given['x']},{given['y']}) scale({scale:g})"
        label = html.escape(words, quote=True)
        return f'<g {looks} transform="{place_}" aria-label="{label}">{"".join(uses)}</g>'

    def _outline(self, font: QRawFont, index: int) -> str | None:
        """The name of a letter's outline; None where its font has none for it."""
        if index == 0:
            return None
        key = (font.familyName(), font.styleName(), index)
        if key not in self._names:
            large = QRawFont(font)
            large.setPixelSize(_EM)
            path = large.pathForGlyph(index)
            if path.isEmpty() and not large.boundingRect(index).isEmpty():
                return None
            name = self._names[key] = f"g{len(self._names)}"
            if path.isEmpty():
                self._empty.add(name)  # a space
            else:
                self.paths[name] = f'<path id="{name}" d="{_data(path)}"/>'
        return self._names[key]


def _runs(words: str, font: QFont) -> list[tuple[QGlyphRun, float]]:
    """What a line of text is made of, with the height of its baseline."""
    layout = QTextLayout(words, font)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(1e7)
    line.setPosition(QPointF())
    layout.endLayout()
    return [(run, line.ascent()) for run in layout.glyphRuns()]


def _data(path: QPainterPath) -> str:
    """A path in the words of SVG."""
    kinds = QPainterPath.ElementType
    parts: list[str] = []
    for number in range(path.elementCount()):
        step = path.elementAt(number)
        word = {kinds.MoveToElement: "M", kinds.LineToElement: "L", kinds.CurveToElement: "C"}.get(step.type, "")
        parts.append(f"{word}{round(step.x)},{round(step.y)}")
    return " ".join(parts) + "Z"
