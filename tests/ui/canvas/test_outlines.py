"""An SVG that needs no font: its letters are drawn as the canvas draws them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from builder.graph.comments import add_comments
from builder.graph.model import Comment, Point
from builder.ui.canvas.export import picture
from builder.ui.canvas.outlines import with_outlines
from builder.ui.canvas.view import CanvasView
from builder.ui.theme import font

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


def svg_of(words: str, family: str = "Inter,JetBrains Mono", size: int = 13, weight: int = 400) -> bytes:
    looks = f'font-family="{family}" font-size="{size}" font-weight="{weight}" font-style="normal"'
    text = f'<text fill="#123456" stroke="none" xml:space="preserve" x="7" y="20.5" {looks} \n >{words}</text>'
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 300 40"'
    return f"<svg {head}><defs>\n</defs>{text}</svg>".encode()


def letters(svg: bytes) -> list[ElementTree.Element]:
    """What is drawn for the first text."""
    group = next(g for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if "aria-label" in g.attrib)
    return list(group)


def rendered(svg: bytes, wide: int, high: int) -> QImage:
    image = QImage(wide, high, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    QSvgRenderer(svg).render(painter, QRectF(image.rect()))
    painter.end()
    return image


def ink(image: QImage) -> int:
    """How many pixels are not white."""
    return sum(image.pixelColor(x, y).lightness() < 200 for x in range(image.width()) for y in range(image.height()))


def test_a_drawn_network_needs_no_font_and_keeps_its_words(view: CanvasView) -> None:
    graph = add_comments(view.document.graph, [Comment("1998 <a> & b", Point(0, -200), 200, 60)])
    view.document.commit_graph("Write", graph)
    svg = picture(view.canvas, "svg")
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(f"{SVG}text"))
    labels = {group.attrib["aria-label"] for group in root.iter(f"{SVG}g") if "aria-label" in group.attrib}
    assert {"conv1", "output", "1998 <a> & b"} <= labels
    defined = [path.attrib["id"] for path in root.iter(f"{SVG}path") if "id" in path.attrib]
    used = {use.attrib[LINK].removeprefix("#") for use in root.iter(f"{SVG}use")}
    assert used == set(defined)
    assert len(defined) == len(set(defined)), "every letter is drawn once"
    assert not re.search(rb"font-face|data:font", svg)


@pytest.mark.parametrize(("bold", "mono"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("words", ["conv1", "Te AV 16×10×10", "fi 48,120 parameters"])
def test_letters_stand_where_the_canvas_has_them(words: str, bold: bool, mono: bool) -> None:
    face = font(13, bold=bold, mono=mono)
    svg = with_outlines(svg_of(words, ",".join(face.families()), 13, int(face.weight())))
    whole = QFontMetricsF(face).horizontalAdvance(words)
    last = float(letters(svg)[-1].attrib["x"]) * 13 / 1000
    assert last == pytest.approx(whole - QFontMetricsF(face).horizontalAdvance(words[-1]), abs=0.6)


def test_drawn_letters_look_as_set_ones() -> None:
    set_, drawn = svg_of("conv1 6×28×28"), with_outlines(svg_of("conv1 6×28×28"))
    before, after = ink(rendered(set_, 600, 80)), ink(rendered(drawn, 600, 80))
    assert before == pytest.approx(after, rel=0.12)
    assert before > 300


def test_a_letter_that_no_font_here_has_is_left_to_the_reader() -> None:
    svg = svg_of("\U0010fffd")
    assert with_outlines(svg) == svg.replace(b"<defs>\n", b"<defs>\n\n")


def test_spaces_draw_nothing() -> None:
    assert len(letters(with_outlines(svg_of("a b")))) == 2
