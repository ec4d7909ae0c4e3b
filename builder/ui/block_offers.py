"""Keeps the palette told of the blocks that can be had: the project's definitions and the user's library."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer

from builder.project.block_library import Kept, kept
from builder.project.document import Project
from builder.ui.canvas.grouping import Grouping
from builder.ui.document import Document
from builder.ui.palette import Palette


class BlockOffers(QObject):
    """Follows the document; reads the library once behind the first paint, and again when it has changed."""

    def __init__(self, document: Document, palette: Palette, grouping: Grouping, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._palette = document, palette
        self._library: Mapping[str, Kept] = {}
        grouping.kept = self.read
        document.changed.connect(self._changed)
        self._first = QTimer(self, singleShot=True, interval=0)
        self._first.timeout.connect(self.read)
        self._first.start()

    def read(self) -> None:
        """Look into the library."""
        self._library = kept()
        self._offer()

    def _changed(self, old: Project, new: Project) -> None:
        if old.network.blocks is not new.network.blocks:
            self._offer()

    def _offer(self) -> None:
        own = self._document.value.network.blocks.values()
        self._palette.set_blocks(own, [each.block for each in self._library.values()])
