"""The canvas as a picture for slides and papers: SVG, PDF or PNG, with all detail whatever the zoom, in either theme.

Knows no document. What is selected or under the mouse is drawn like everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from builder.graph.problems import Problem, ProblemError
from builder.ui.canvas.comments import CommentItem
from builder.ui.canvas.face import NEAR
from builder.ui.canvas.ink import Ink
from builder.ui.canvas.nodes import NodeItem
from builder.ui.canvas.outlines import with_outlines
from builder.ui.canvas.scene import CanvasScene
from builder.ui.canvas.wires import WireItem
from builder.ui.theme import Theme, theme
from builder.writing import write

_BORDER = 24.0
_SHARPNESS = 2.0  # pixels of a PNG for a pixel of the canvas, where nothing else is asked for
_MOST_PIXELS = 100_000_000

_Item = NodeItem | WireItem | CommentItem


def render(
    scene: CanvasScene,
    path: Path,
    *,
    names: Iterable[str] = (),
    comments: Iterable[str] = (),
    look: str = "",
    scale: float | None = None,
) -> None:
    """Write a picture to `path`, whose ending says in which format; for the rest see `picture`.

    Raises `ProblemError` for another ending, or when the file cannot be written.
    """
    wanted = path.suffix.lower().removeprefix(".")
    if wanted not in _FORMATS:
        hint = "Choose a name that ends in .svg, .pdf or .png."
        raise ProblemError(Problem("bad-format", f"no picture is called {path.suffix!r}.", str(path), hint=hint))
    write(path, picture(scene, wanted, names=names, comments=comments, look=look, scale=scale))


def picture(
    scene: CanvasScene,
    wanted: str,
    *,
    names: Iterable[str] = (),
    comments: Iterable[str] = (),
    look: str = "",
    scale: float | None = None,
) -> bytes:
    """The contents of a picture file.

    Args:
        wanted: svg, pdf or png.
        names, comments: draw only these nodes, the wires among them, and these comments; without any, everything.
        look: "light" or "dark"; empty for the theme in force.
        scale: size against that of the canvas at 100 %.

    Raises:
        ProblemError: there is no room for a picture so large.
    """
    with _posed(scene, frozenset(names), frozenset(comments), look):
        area = _covered(scene).adjusted(-_BORDER, -_BORDER, _BORDER, _BORDER)
        device = QBuffer()
        device.open(QIODevice.OpenModeFlag.WriteOnly)
        if not _FORMATS[wanted](scene, device, area, scale):
            raise ProblemError(Problem("no-picture", "this picture could not be drawn.", hint="Make it smaller."))
    data = bytes(device.data().data())
    return with_outlines(data) if wanted == "svg" else data


@contextmanager
def _posed(scene: CanvasScene, names: frozenset[str], comments: frozenset[str], look: str) -> Iterator[None]:
    """The scene as it is drawn into files; afterwards it is as it was."""
    detail, ink = scene.detail, scene.ink
    hidden: list[_Item] = []
    if names or comments:
        hidden += [item for name, item in scene.nodes.items() if name not in names]
        hidden += [wire for edge, wire in scene.wires.items() if not names.issuperset((edge.source, edge.target))]
        hidden += [item for name, item in scene.comments.items() if name not in comments]
    items: list[_Item] = [*scene.nodes.values(), *scene.wires.values(), *scene.comments.values()]
    marked = [(item, item.chosen, item.hovered) for item in items]
    scene.detail, scene.ink = NEAR, _ink(look or theme().name)
    scene.ink.backdrops.exact = True
    for item in hidden:
        item.setVisible(False)
    for item, _, _ in marked:
        item.chosen = item.hovered = False
    try:
        yield
    finally:
        scene.detail, scene.ink = detail, ink
        for item in hidden:
            item.setVisible(True)
        for item, chosen, hovered in marked:
            item.chosen, item.hovered = chosen, hovered


def _ink(look: str) -> Ink:
    other = Theme()
    other.choose(look)
    return Ink(other)


def _covered(scene: CanvasScene) -> QRectF:
    bounds = QRectF()
    cards: list[NodeItem | CommentItem] = [*scene.nodes.values(), *scene.comments.values()]
    for item in cards:
        if item.isVisible():
            bounds = bounds.united(item.box())
    for wire in scene.wires.values():
        if wire.isVisible():
            bounds = bounds.united(wire.boundingRect())
    return bounds


def _svg(scene: CanvasScene, device: QIODevice, area: QRectF, scale: float | None) -> bool:
    made = QSvgGenerator()
    made.setOutputDevice(device)
    made.setResolution(96)  # as browsers have it: a pixel of the canvas is one of theirs
    made.setSize((area.size() * (scale or 1)).toSize())
    made.setViewBox(QRect(0, 0, round(area.width()), round(area.height())))
    made.setTitle(scene.document.value.name)
    painter = QPainter()
    if not painter.begin(made):
        return False
    _draw(scene, painter, QRectF(0, 0, area.width(), area.height()), area)
    return painter.end()


def _pdf(scene: CanvasScene, device: QIODevice, area: QRectF, scale: float | None) -> bool:
    made = QPdfWriter(device)
    made.setTitle(scene.document.value.name)
    made.setResolution(144)
    # A point is 1/72 inch and a pixel of the canvas counts as half of one: a LeNet-5 then fits a page.
    made.setPageSize(QPageSize(QSizeF(area.width() / 2, area.height() / 2) * (scale or 1), QPageSize.Unit.Point))
    made.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter()
    if not painter.begin(made):
        return False
    _draw(scene, painter, QRectF(0, 0, made.width(), made.height()), area)
    return painter.end()


def _png(scene: CanvasScene, device: QIODevice, area: QRectF, scale: float | None) -> bool:
    most = (_MOST_PIXELS / max(area.width() * area.height(), 1)) ** 0.5
    sharp = min(_SHARPNESS if scale is None else scale, most)
    size = QSize(max(1, round(area.width() * sharp)), max(1, round(area.height() * sharp)))
    image = QImage(size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    _draw(scene, painter, QRectF(0, 0, size.width(), size.height()), area)
    painter.end()
    return image.save(device, "PNG")  # type: ignore[call-overload,no-any-return]


def _draw(scene: CanvasScene, painter: QPainter, target: QRectF, area: QRectF) -> None:
    painter.fillRect(target, scene.ink.canvas)
    scene.render(painter, target, area)


_FORMATS: dict[str, Callable[[CanvasScene, QIODevice, QRectF, float | None], bool]] = {
    "svg": _svg,
    "pdf": _pdf,
    "png": _png,
}
