"""The canvas as a picture in a file: SVG, PDF or PNG, with all detail whatever the zoom. Knows no document."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from builder.graph.problems import Problem, ProblemError
from builder.ui.canvas.scene import NEAR, CanvasScene

_BORDER = 24.0
_SHARPNESS = 2.0  # pixels of a PNG for a pixel of the canvas
_MOST_PIXELS = 100_000_000


def render(scene: CanvasScene, path: Path) -> None:
    """Write the whole network to `path`; its ending says in which format.

    Raises `ProblemError` for another ending, or when the file cannot be written.
    """
    area = scene.network_rect().adjusted(-_BORDER, -_BORDER, _BORDER, _BORDER)
    detail, scene.detail = scene.detail, NEAR
    scene.ink.backdrops.exact = True
    try:
        match path.suffix.lower():
            case ".svg":
                done = _svg(scene, path, area)
            case ".pdf":
                done = _pdf(scene, path, area)
            case ".png":
                done = _png(scene, path, area)
            case ending:
                hint = "Choose a name that ends in .svg, .pdf or .png."
                raise ProblemError(Problem("bad-format", f"no picture is called {ending!r}.", str(path), hint=hint))
    finally:
        scene.detail = detail
        scene.ink.backdrops.exact = False
    if not done:
        raise ProblemError(Problem("cannot-write", "the picture could not be written there.", where=str(path)))


def _svg(scene: CanvasScene, path: Path, area: QRectF) -> bool:
    made = QSvgGenerator()
    made.setFileName(str(path))
    made.setSize(area.size().toSize())
    made.setViewBox(QRect(0, 0, round(area.width()), round(area.height())))
    made.setTitle("TorchCanvas")
    painter = QPainter()
    if not painter.begin(made):
        return False
    scene.render(painter, QRectF(0, 0, area.width(), area.height()), area)
    return painter.end()


def _pdf(scene: CanvasScene, path: Path, area: QRectF) -> bool:
    made = QPdfWriter(str(path))
    made.setResolution(144)
    made.setPageSize(QPageSize(QSizeF(area.width() / 2, area.height() / 2), QPageSize.Unit.Point))
    made.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter()
    if not painter.begin(made):
        return False
    scene.render(painter, QRectF(0, 0, made.width(), made.height()), area)
    return painter.end()


def _png(scene: CanvasScene, path: Path, area: QRectF) -> bool:
    sharp = min(_SHARPNESS, (_MOST_PIXELS / max(area.width() * area.height(), 1)) ** 0.5)
    size = QSize(max(1, round(area.width() * sharp)), max(1, round(area.height() * sharp)))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(scene.ink.canvas)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    scene.render(painter, QRectF(0, 0, size.width(), size.height()), area, Qt.AspectRatioMode.KeepAspectRatio)
    painter.end()
    return image.save(str(path))
