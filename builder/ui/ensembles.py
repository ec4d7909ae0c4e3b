"""What the kept runs are worth together: computed on a thread of its own, and told on the banner."""

from __future__ import annotations

import contextlib
import html
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from builder.data.catalogue import CancelledError
from builder.graph.problems import Problem, ProblemError
from builder.ui.banner import Banner, Offer
from builder.ui.views.kept import Kept, Run

if TYPE_CHECKING:
    from builder.project.ensemble import Ensemble

SUBJECT = "ensemble"
TITLE = "Ensemble of the kept runs"
TOO_FEW = "An ensemble needs two runs that have ended and are kept by name; here {}."


class Ensembles(QObject):
    """Judges the networks of the kept runs together, on the test part.

    Attributes:
        failed: Problem: why they cannot be.
    """

    failed = Signal(object)
    _answered = Signal(int)
    _done = Signal(object)  # Ensemble, Problem, or None when it was given up

    def __init__(self, kept: Kept, banner: Banner, say: Callable[[str], object], parent: QObject) -> None:
        """Let `say` put a sentence into the status line."""
        super().__init__(parent)
        self._kept, self._banner, self._say = kept, banner, say
        self._runs: Sequence[Run] = ()
        self._stop: threading.Event | None = None  # of the work under way
        kept.ensemble_asked.connect(self.ask)
        self._answered.connect(self._show_progress)
        self._done.connect(self._show)

    def ask(self) -> None:
        """Begin, unless it is under way."""
        if self._stop is not None:
            return
        runs = self._kept.ended
        if len(runs) < 2:
            self._say(TOO_FEW.format(f"is only {runs[0].name}" if runs else "is none"))
            return
        self._runs, stop = runs, threading.Event()
        self._stop = stop
        self._show_progress(0)

        def work() -> None:
            from builder.project.ensemble import ensemble

            found: Ensemble | Problem | None = None
            try:
                found = ensemble([Path(run.folder) for run in runs], tell, stop.is_set)
            except ProblemError as error:
                found = error.problems[0]
            except CancelledError:
                pass
            except (MemoryError, RuntimeError):
                message = "there is not enough memory to let the kept runs answer together."
                found = Problem("out-of-memory", message)
            with contextlib.suppress(RuntimeError):  # the window may be gone by now
                self._done.emit(found)

        def tell(done: int) -> None:
            with contextlib.suppress(RuntimeError):
                self._answered.emit(done)

        threading.Thread(target=work, name="ensemble", daemon=True).start()

    def stop(self) -> None:
        """Give up the work under way."""
        if self._stop is not None:
            self._stop.set()

    def _show_progress(self, done: int) -> None:
        if self._stop is None or self._stop.is_set():
            return
        text = f"<b>Ensemble</b>: the kept runs answer the test part, {done} of {len(self._runs)} so far."
        self._banner.show_message(SUBJECT, text, offers=(Offer("Stop it", self.stop),), lasting=True)

    def _show(self, found: Ensemble | Problem | None) -> None:
        self._stop = None
        if found is None or isinstance(found, Problem):
            self._banner.withdraw(SUBJECT)
            if found is not None:
                self.failed.emit(found)
            return
        alone = ", ".join(
            f"{html.escape(run.name)} {100 * member.accuracy:.1f} %"
            for run, member in zip(self._runs, found.members, strict=True)
        )
        top5 = f", top-5 accuracy {100 * found.top5:.1f} %" if found.top5 is not None else ""
        text = (
            f"<b>Ensemble</b> of {len(self._runs)} runs, the mean of their probabilities: {100 * found.accuracy:.1f} % "
            f"of the test part right{top5}. Alone: {alone}; on average {100 * found.mean:.1f} %."
        )
        self._banner.show_message(SUBJECT, text, lasting=True)
