"""What the buttons of a lesson do: open a set-up, run it, keep its run by name, and tell how it went.

Knows document, training and kept runs, as the window does; where docks stand is the window's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from builder.graph.problems import ProblemError
from builder.project.document import Project
from builder.project.lessons import SetUp
from builder.project.set_ups import project_of
from builder.train.messages import EpochEnded, Finished
from builder.ui.aside import Aside
from builder.ui.document import Document
from builder.ui.files import Files
from builder.ui.lessons.panel import LessonsPanel
from builder.ui.live import Live
from builder.ui.views.kept import Kept


class Guide(QObject):
    """Leads through a lesson.

    Attributes:
        panel: shows it.
        set_up: what stands on the canvas, as it was opened; None when that is no set-up of the lesson.
        results: how the last run of each set-up ended, by its name.
    """

    failed = Signal(object)  # Problem: a set-up that could not be opened
    aside_changed = Signal()

    def __init__(
        self,
        document: Document,
        files: Files,
        live: Live,
        kept: Kept,
        show_view: Callable[[str], object],
        parent: QObject | None = None,
    ) -> None:
        """`show_view` brings the view of a key to the front."""
        super().__init__(parent)
        self.set_up: SetUp | None = None
        self.results: dict[str, str] = {}
        self._asides: tuple[Aside, ...] = ()  # the user's own documents, in whose places set-ups were opened
        self._lent = False  # what stands on the canvas is of a lesson, and in no file of the user's
        self._project: Project | None = None
        self._document, self._files, self._live, self._kept = document, files, live, kept
        self.panel = panel = LessonsPanel()
        self._show_view = show_view
        self._opening = False
        self._stood = False  # what the cards were told last
        self._epoch: EpochEnded | None = None
        panel.set_up_asked.connect(self.open_set_up)
        panel.run_asked.connect(self.run)
        panel.return_asked.connect(self.go_back)
        panel.turned.connect(self._show_state)
        panel.opened.connect(lambda _lesson: self._enter())
        panel.left.connect(self.leave)
        document.changed.connect(lambda _old, _new: self._name_run())
        document.replaced.connect(self._replaced)
        document.path_changed.connect(self._saved)
        live.cleared.connect(self._cleared)
        live.epoch_ended.connect(self._note_epoch)
        live.progressed.connect(lambda _progress: self._note_steps())
        live.finished.connect(self._finished)
        kept.changed.connect(self._show_state)

    def open_set_up(self, set_up: SetUp) -> bool:
        """Put a set-up onto the canvas, ready to run. What the user has not saved is asked about first."""
        try:
            project = project_of(set_up)
        except ProblemError as error:
            self.failed.emit(error.problems[0])
            return False
        self._opening = True
        try:
            if not self._files.begin(project, self._put_aside):
                return False
        finally:
            self._opening = False
        self._lent = True
        self.set_up, self._project = set_up, project
        self._name_run()
        if set_up.select:
            self._document.go_to(set_up.select)
        for view in set_up.views:
            self._show_view(view)
        self._show_state()
        return True

    def run(self, set_up: SetUp) -> None:
        """Put a set-up onto the canvas and train it."""
        if self.open_set_up(set_up):
            self._live.run()

    def _put_aside(self) -> None:
        if self._lent:
            return
        now = Aside.of(self._document)
        others = (each for each in self._asides if (each.value, each.path) != (now.value, now.path))
        self._asides = (*others, now)
        self.aside_changed.emit()

    @property
    def aside(self) -> Aside | None:
        """What can be gone back to; None for nothing."""
        return self._asides[-1] if self._asides else None

    def go_back(self) -> bool:
        """Open the user's own document again, as it stood before the set-ups; whether it is open.

        What was made of a set-up since, and not saved, is asked about first.
        """
        aside = self.aside
        if aside is None or not self._files.may_discard():
            return False
        self._asides = self._asides[:-1]
        aside.restore(self._document)
        self.aside_changed.emit()
        return True

    def _enter(self) -> None:
        self.leave()
        self._kept.begin_anew()

    def leave(self) -> None:
        """The lesson is over: its runs are kept no longer. What stands on the canvas stays."""
        self.set_up = self._project = None
        self.results = {}
        self._kept.forget_all()

    # News -----------------------------------------------------------------------------------------------------------

    def _saved(self, path: Path | None) -> None:
        if path is not None:  # from now on it is the user's own
            self._lent = False
            self._show_state()

    def _replaced(self) -> None:
        if not self._opening:
            self._lent = False
        if not self._opening and self.set_up is not None:  # the user has opened something else
            self.set_up = self._project = None
            self._name_run()
        self._show_state()

    def _cleared(self) -> None:
        self._epoch = None
        self._name_run()

    def _name_run(self) -> None:
        """The run to come has the name of its set-up, and says so when that was changed since."""
        if self._opening or self._live.stands or self.panel.lesson is None:
            return
        name = self.set_up.name if self.set_up is not None else ""
        if self._project is not None and not self._document.value.trains_like(self._project):
            name = f"{name}, changed"
        self._kept.name_current(name)

    def _note_steps(self) -> None:
        """A run that has begun has its colour; a short one may have ended before its first step was told."""
        if self._live.stands is not self._stood:
            self._show_state()

    def _note_epoch(self, epoch: EpochEnded) -> None:
        self._epoch = epoch

    def _finished(self, event: Finished) -> None:
        name = self._kept.current.name
        if self.set_up is None or name != self.set_up.name or self._epoch is None:
            return
        self.results[name] = result(self._epoch, event)
        self._show_state()

    def _show_state(self) -> None:
        self._stood = self._live.stands
        self.panel.offer_return(self.aside.title if self.aside is not None and self._lent else "")
        roles = {run.name: run.role for run in self._kept.runs if run.name}
        if self.set_up is not None and self._stood:
            roles[self._kept.current.name] = "validation"
        for card in self.panel.cards:
            name = card.set_up.name
            card.show_state(
                open_now=card.set_up is self.set_up, role=roles.get(name, ""), result=self.results.get(name, "")
            )


def result(epoch: EpochEnded, finished: Finished) -> str:
    """How a run ended, in a line: the validation figures of the epoch whose weights it has, and the test."""
    if epoch.validation_loss is None:
        return ""
    if finished.best_loss is not None:  # an earlier epoch perhaps, whose share of right answers is not at hand
        words = f"validation loss {finished.best_loss:.3g} in epoch {finished.best_epoch}"
    else:
        words = f"validation loss {epoch.validation_loss:.3g}"
    if epoch.validation_accuracy is not None and finished.best_epoch in (None, epoch.epoch):
        words += f", {100 * epoch.validation_accuracy:.1f}\u00a0% right"
    if finished.test_accuracy is not None:
        words += f" · test {100 * finished.test_accuracy:.1f}\u00a0%"
    return words
