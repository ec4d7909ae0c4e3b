"""What an edit has changed comes into sight: one would look for it, or believe that nothing has happened.

Knows the view that looks and the items that it looks at; makes no edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.project.document import Project
from builder.project.edits import definition_at
from builder.ui.canvas.scene import covered

if TYPE_CHECKING:
    from builder.ui.canvas.view import CanvasView


def show_changed(view: CanvasView, old: Project, new: Project) -> None:
    """After an undo, a redo or a mend: scroll to the nodes that are new or stand elsewhere.

    Where they are too many, all is shown. In a block that is open, what has changed elsewhere is not looked for.
    """
    path = view.document.opened
    definition = definition_at(new.network, path)
    if path and (definition is None or definition not in old.network.blocks):
        return
    before, now = (
        (project.network.blocks[definition].graph if definition is not None else project.graph)
        for project in (old, new)
    )
    moved = [name for name in now.nodes if now.positions.get(name) != before.positions.get(name)]
    boxes = [view.canvas.nodes[name].box() for name in moved if name in view.canvas.nodes]
    area, seen = covered(boxes), view.visible_area()
    if not boxes or seen.contains(area):
        return
    if area.width() < seen.width() and area.height() < seen.height():
        view.ensureVisible(area, 40, 40)
    elif 2 * sum(seen.contains(box) for box in boxes) < len(boxes):
        view.fit()
