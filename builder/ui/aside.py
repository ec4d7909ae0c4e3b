"""A document that makes room for another, and comes back as it stood. Knows no window and asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder.graph import steps
from builder.project.document import Project
from builder.ui.document import Document


@dataclass(frozen=True)
class Aside:
    """How a document stood.

    Attributes:
        title: what it was called.
        value, path, clean: the project, its file, and whether it stood there as it was.
        opened, selection, comments: what was shown of it and selected.
    """

    title: str
    value: Project
    path: Path | None
    clean: bool
    opened: steps.Path
    selection: tuple[str, ...]
    comments: tuple[str, ...]

    @staticmethod
    def of(document: Document) -> Aside:
        """The document as it stands."""
        return Aside(
            document.title,
            document.value,
            document.path,
            document.undo.isClean(),
            document.opened,
            document.selection,
            document.chosen_comments,
        )

    def restore(self, document: Document) -> None:
        """Put it into the place of what the document holds; it counts as unsaved where its file is gone."""
        clean = self.clean and (self.path is None or self.path.exists())
        document.open(self.value, self.path, clean=clean)
        document.show_page(self.opened)
        document.select(self.selection, self.comments)
