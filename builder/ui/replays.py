"""Opens runs that were made before, or are being made elsewhere: the project that they trained, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from builder.graph.problems import ProblemError
from builder.project.runs import folder_of, project_of
from builder.ui.document import Document
from builder.ui.files import Files
from builder.ui.live import Live


class Replays(QObject):
    """Shows runs in the window."""

    failed = Signal(object)  # Problem

    def __init__(
        self,
        document: Document,
        files: Files,
        live: Live,
        compare: Callable[[list[Path]], object],
        parent: QWidget,
    ) -> None:
        """Open runs with `files` and `live`, in place of what `document` holds.

        Args:
            compare: puts the curves of some beside those that are seen.
        """
        super().__init__(parent)
        self._compare = compare
        self._document, self._files, self._live, self._window = document, files, live, parent
        live.scout.prepared.connect(lambda _event: self._data_came())

    def choose(self) -> None:
        """Show the runs of this machine, and open the one that is chosen."""
        from builder.train.folders import runs_folder
        from builder.ui.runs_dialog import RunsDialog

        dialog = RunsDialog(runs_folder(), self.open, self._compare, self._window, self.use_of)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def use_of(self, folder: Path) -> str:
        """What a run is needed for in this window, as the end of a sentence; "" for nothing."""
        shown = (self._live.replayed, self._live.recorded)
        if any(place is not None and same(place, folder) for place in shown):
            return "it is open"
        weights = self._document.located.training.weights
        if weights and any(same(place, folder) for place in (Path(weights), *Path(weights).parents)):
            return "the network that is open begins with its weights"
        return ""

    def open(self, named: Path) -> bool:
        """Open the run in a folder (or of a run.json), unless unsaved changes are to stay; whether it is open."""
        folder = folder_of(named)
        try:
            project = project_of(folder)
        except ProblemError as error:
            self.failed.emit(error.problems[0])
            return False
        if not self._files.begin(project):
            return False
        self._live.replay(folder)
        return True

    def _data_came(self) -> None:
        """The data of the run that is shown were not here, and now they are: show its network too."""
        live = self._live
        if live.replayed is not None and live.prepared is None and not live.changes:
            live.replay(live.replayed)


def same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one place."""
    return one.resolve() == other.resolve()
