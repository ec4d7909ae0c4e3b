"""A project's diagram without a window: what the command line exports. Needs Qt, but neither a screen nor torch."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from builder.project.document import Project
from builder.ui.canvas.export import picture
from builder.ui.canvas.scene import CanvasScene
from builder.ui.document import Document


def draw(project: Project, wanted: str, look: str = "light", scale: float | None = None) -> bytes:
    """The contents of a picture file; see `canvas.export.picture`. Raises `ProblemError`."""
    _app = QApplication.instance() or QApplication(["torchcanvas"])
    document = Document(project)
    scene = CanvasScene(document)
    try:
        return picture(scene, wanted, look=look, scale=scale)
    finally:
        scene.deleteLater()
        document.deleteLater()
