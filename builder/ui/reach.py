"""Says how far an edit of a block reached, also behind undo and redo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from builder.project.document import Project
from builder.ui.document import Document


class Reach(QObject):
    """Follows the document; `say` gets a sentence when several copies have changed at once."""

    def __init__(self, document: Document, say: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._say = document, say
        document.changed.connect(self._changed)

    def _changed(self, old: Project, new: Project) -> None:
        before, after = old.network.blocks, new.network.blocks
        if before is after:
            return
        for name, block in after.items():
            was = before.get(name)
            if was is None or was is block:
                continue
            if was.parameters == block.parameters and was.graph.same_network(block.graph):
                continue
            count = self._document.copies_of(name)
            if count > 1:
                self._say(f"{name} has changed in all {count:,} copies.")
                return
