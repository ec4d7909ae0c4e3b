"""Looks at the data and the initial weights of the next run while one that has ended stays to be looked at.

What it makes is let go of as soon as that is known. `Live` says when; the window shows what comes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from builder.graph.problems import ProblemError
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.sound_part import sound_part
from builder.train.messages import Failed, Finished, Prepared, Preparing, Stop
from builder.ui.document import Document
from builder.ui.let_go import LetGo, drain

if TYPE_CHECKING:
    from builder.train.job import Job
    from builder.train.trainer import Trainer

SETTLE = 300  # milliseconds without an edit before a network is compiled for its first look inside
_EVERY = 50  # milliseconds between two looks at what has come


class Scout(QObject):
    """Prepares what the document says now, and tells of it as a run would.

    Attributes:
        preparing: Preparing, while it works; prepared: Prepared, when all is known.
        failed: Problem, where somebody has asked for it or it could be trained.
        ended: the work is over, whatever came of it.
    """

    preparing = Signal(object)
    prepared = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, document: Document, let_go: LetGo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._let_go = document, let_go
        self._trainer: Trainer | None = None
        self._sketch = False
        self._settle = QTimer(self, interval=SETTLE, singleShot=True)
        self._settle.timeout.connect(self._look_unasked)
        self._frame = QTimer(self, interval=_EVERY)
        self._frame.timeout.connect(self._hear)

    def start(self) -> None:
        """Look once the window has settled, if the data are there already."""
        self._settle.start()

    def _look_unasked(self) -> None:
        if at_hand(self._document.value):
            self.look(asked=False)

    def look(self, *, asked: bool = True) -> None:
        """Look now, and download what is missing."""
        from builder.train.trainer import Trainer

        self.leave()
        try:
            job, self._sketch = job_of(self._document, sketch=not asked)
        except ProblemError as error:
            if asked:
                self.failed.emit(error.problems[0])
            return
        self._trainer = Trainer(job)
        self._trainer.start(paused=True)
        self._frame.start()

    def cancel(self) -> None:
        """Give up the work under way."""
        if self._trainer is not None:
            self._trainer.send(Stop())

    def leave(self) -> None:
        """Nothing that was found is wanted any more."""
        self._settle.stop()
        self._frame.stop()
        trainer, self._trainer = self._trainer, None
        if trainer is not None:
            self._let_go.add(trainer, owes=False)
            self.ended.emit()

    def _hear(self) -> None:
        trainer = self._trainer
        for event in drain(trainer.events) if trainer is not None else ():
            match event:
                case Preparing():
                    self.preparing.emit(event)
                case Prepared():
                    self.leave()
                    self.prepared.emit(event)
                    return
                case Failed(problem) if not self._sketch:
                    self.failed.emit(problem)
                case Finished():
                    self.leave()
                    return


def job_of(
    document: Document, *, sketch: bool, replayed: bool = False, instead: Project | None = None
) -> tuple[Job, bool]:
    """What training the document as it stands would be; or with `sketch`, of an unfinished network the part that works.

    Args:
        replayed: it is only to be shown, with weights of its own: those that it began with may be gone.
        instead: a project like the document's, with its weights located, to train in its place.

    Returns:
        the job, and whether it is of a part only.

    Raises:
        ProblemError: with all that keeps it from training.
    """
    from builder.project.job import make_job

    if replayed:
        return make_job(set_setting(document.value, "training.weights", ""), document.known), False
    try:
        return make_job(instead or document.located, document.known), False
    except ProblemError:
        part = sound_part(document.value, document.known) if sketch else None
        if part is None:
            raise
    return make_job(part, document.known), True


def at_hand(project: Project) -> bool:
    """Whether the data can be looked at without a download, which only the user starts."""
    from builder.data.catalogue import find
    from builder.data.folders import data_folder

    chosen = find(project.data.dataset)
    return chosen is not None and chosen.at_hand(data_folder())
