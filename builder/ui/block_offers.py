"""Keeps the palette told of the blocks that can be had: the project's definitions and the user's library."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer

from builder.graph.problems import Problem, ProblemError
from builder.project.block_library import Kept, forget, kept
from builder.project.document import Project
from builder.ui.canvas.grouping import Grouping
from builder.ui.document import Document
from builder.ui.palette import Palette


class BlockOffers(QObject):
    """Follows the document; reads the library once behind the first paint, and again when it has changed."""

    def __init__(
        self,
        document: Document,
        palette: Palette,
        grouping: Grouping,
        parent: QObject | None = None,
        say: Callable[[str], object] = lambda _words: None,
    ) -> None:
        super().__init__(parent)
        self._document, self._palette = document, palette
        self._library: Mapping[str, Kept] = {}
        grouping.kept = self.read
        document.changed.connect(self._changed)
        palette.forget_asked.connect(self._forget)
        self._say = say
        self._first = QTimer(self, singleShot=True, interval=0)
        self._first.timeout.connect(self.read)
        self._first.start()

    def read(self) -> None:
        """Look into the library."""
        wrong: list[Problem] = []
        self._library = kept(report=wrong.append)
        if wrong:
            self._say(f"The library of blocks has a file that cannot be used. {wrong[0]}")
        self._offer()

    def _forget(self, name: str) -> None:
        try:
            forget(name)
        except ProblemError as error:
            self._say(str(error.problems[0]))
            return
        self._say(f"{name} is in the library no more. Projects that use it keep it.")
        self.read()

    def _changed(self, old: Project, new: Project) -> None:
        if old.network.blocks is not new.network.blocks:
            self._offer()

    def _offer(self) -> None:
        own = self._document.value.network.blocks.values()
        self._palette.set_blocks(own, [each.block for each in self._library.values()])
