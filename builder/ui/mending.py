"""What the banner offers against a problem of a run, and when it is out of date. Knows no trainer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from operator import attrgetter

from PySide6.QtCore import QObject

from builder.graph.problems import Fix, Problem
from builder.project.document import Project
from builder.ui.banner import Banner, Offer
from builder.ui.document import Document

UNASKED = frozenset({"busy-machine", "no-pictures", "diverging"})
"""Codes of warnings that come by themselves, and are no answer to what somebody has just done."""

_NEEDS_RESTART = "diverging"
_OF_THE_RUN = (_NEEDS_RESTART, "no-data")


class Mending(QObject):
    """Watches what problems on the banner are about.

    A problem of a setting does not hold any more once the setting has another value, whoever changed it; one that the
    check of the document found does not once the check finds it no more.
    """

    def __init__(
        self, document: Document, banner: Banner, restart: Callable[[], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._banner, self._restart = document, banner, restart
        self._watched: dict[str, str] = {}  # the setting by the subject of the message
        self._found: tuple[Problem, ...] = ()
        self._said: dict[str, Problem] = {}  # of those that were found, by the subject of the message
        document.changed.connect(self._changed)

    def offers(self, problem: Problem) -> tuple[Offer, ...]:
        """The buttons that mend a problem, if anything does."""
        return tuple(self._offer(fix, problem.code == _NEEDS_RESTART) for fix in problem.fixes)

    def _offer(self, fix: Fix, restarts: bool) -> Offer:
        if not restarts:
            return Offer(fix.title, lambda: self._document.apply_fix(fix))

        def again() -> None:
            self._document.apply_fix(fix)
            self._restart()

        return Offer(f"{fix.title} and start again", again)

    def watch(self, subject: str, problem: Problem) -> None:
        """The banner says a problem under this subject."""
        self._watched.pop(subject, None)
        self._said.pop(subject, None)
        if problem in self._found:
            self._said[subject] = problem
        if _value(self._document.value, problem.where) is not None:
            self._watched[subject] = problem.where

    def checked(self, found: Collection[Problem]) -> None:
        """The check of the document found these, and no others."""
        self._found = tuple(found)
        for subject, problem in tuple(self._said.items()):
            if problem not in self._found:
                del self._said[subject]
                self._banner.withdraw(subject)

    def run_dropped(self) -> None:
        """What was said of a run's steps and of its data holds for no other run."""
        for subject in _OF_THE_RUN:
            self._watched.pop(subject, None)
            self._banner.withdraw(subject)

    def _changed(self, old: Project, new: Project) -> None:
        if old.training is new.training and old.data is new.data:
            return
        for subject, path in tuple(self._watched.items()):
            if _value(old, path) != _value(new, path):
                del self._watched[subject]
                self._banner.withdraw(subject)


def _value(project: Project, path: str) -> object:
    """The value of a setting, named by its dotted path; None where there is none of this name."""
    if path.partition(".")[0] not in ("data", "training"):
        return None
    try:
        return attrgetter(path)(project)
    except AttributeError:
        return None
