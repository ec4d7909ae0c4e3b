"""Cross-validation in the window: the folds run one after the other, each kept by name, and in the end their mean.

Each fold is an ordinary run, so curves, pictures, pause and stop are as ever. Knows document, training and kept runs,
as the lessons' guide does; speaks on the banner.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QInputDialog, QWidget

from builder.project.cross_validation import FEWEST, MOST, USUAL, on_all, project_of_fold
from builder.project.document import Project
from builder.train.folds import Fold, best_epochs, fold_of, spread
from builder.train.messages import EpochEnded, Finished, Reason
from builder.ui.banner import Banner, Offer
from builder.ui.document import Document
from builder.ui.live import Live
from builder.ui.views.kept import Kept

SUBJECT = "folds"
TOGETHER = "Train on training and validation part together"
_QUESTION = (
    "Training and validation part together are divided into folds, each with the same\n"
    "share of every class. For each fold the network is trained anew on all others and\n"
    "validated on this one; the test part is not looked at.\n\nFolds:"
)


class CrossValidation(QObject):
    """Runs the folds of what the document said when it began; edits meanwhile are for later runs.

    Attributes:
        folds: how many; 0 while none run.
        found: those that have ended, in their order.
        ask_folds: asks how many there are to be; 0 when nobody chose. A test puts its own here.
    """

    def __init__(
        self,
        document: Document,
        live: Live,
        kept: Kept,
        banner: Banner,
        begin: Callable[[], object],
        parent: QWidget,
    ) -> None:
        """`begin` drops the run that stands, and trains what the document says."""
        super().__init__(parent)
        self._document, self._live, self._kept, self._banner, self._begin = document, live, kept, banner, begin
        self._window = parent
        self.folds = 0
        self.found: list[Fold] = []
        self.ask_folds = self._ask_folds
        self._value = self._located = document.value
        self._epochs: list[EpochEnded] = []
        self._best: int | None = None  # of the run that ended last, where it went back to it
        self._beginning = self._stopped = False
        live.epoch_ended.connect(self._epochs.append)
        live.cleared.connect(self._cleared)
        live.finished.connect(self._finished)
        document.replaced.connect(self.found.clear)

    def ask(self) -> None:
        """Ask for the number of folds, and run them."""
        folds = self.ask_folds()
        if folds:
            self.start(folds)

    def start(self, folds: int) -> None:
        """Drop the run that stands, and train once for each fold."""
        self._value, self._located = self._document.value, self._document.located
        self.found.clear()
        self.folds, self._stopped = folds, False
        self._live.when_ready(self._next)

    def stop(self) -> None:
        """End the fold under way, and all of it; what has ended is told."""
        self._stopped = True  # also between two folds
        self._live.stop()

    def train_on_all(self) -> None:
        """Train on training and validation part together, for as many epochs as were found to be best.

        That is an edit of the settings, which can be undone.
        """
        best = best_epochs(self.found) if self.found and self._value.training.patience else self._best
        project = on_all(self._document.value, best)
        self._document.commit("Train on all samples but the test part", project)
        self._begin()

    # The folds ------------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        fold = len(self.found) + 1
        self._beginning = True
        begun = self._live.run_fold(self._value, self._fold_project(fold))
        self._beginning = False
        if not begun:  # why, it has said
            self._end()
            return
        self._kept.name_current(self._name(), of_many=True)
        so_far = f" So far: {self._figures()}." if self.found else ""
        text = f"<b>Cross-validation</b>, fold {fold} of {self.folds}.{so_far}"
        self._banner.show_message(SUBJECT, text, offers=(Offer("Stop it", self.stop),), lasting=True)

    def _fold_project(self, fold: int) -> Project:
        return project_of_fold(self._located, self.folds, fold)

    def _finished(self, event: Finished) -> None:
        self._best = event.best_epoch
        if not self.folds:
            self.found.clear()  # what was best for the folds is not for this run
            return
        fold = len(self.found) + 1
        ended = fold_of(fold, self._epochs, event)
        if event.reason in (Reason.COMPLETED, Reason.EARLY) and ended is not None:
            self.found.append(ended)
            if fold < self.folds:
                QTimer.singleShot(0, self, self._go_on)  # behind what the other listeners make of this end
                return
            self._tell(f"<b>Cross-validation</b> of {self.folds} folds")
        elif event.reason is Reason.STOPPED and self.found:
            self._tell_stopped()
        else:
            self._banner.withdraw(SUBJECT)
        self._end()

    def _go_on(self) -> None:
        if self.folds and self._stopped:
            self._tell_stopped()
            self._end()
        elif self.folds:  # nobody has dropped it meanwhile
            self._next()

    def _cleared(self) -> None:
        self._epochs.clear()
        if not self._beginning:
            self._best = None
            if self.folds:  # another run, or another document
                self._banner.withdraw(SUBJECT)
                if self._kept.current.name == self._name():  # too short to be kept, or kept: the next is another run
                    self._kept.name_current("")
                self._end()

    def _name(self) -> str:
        return f"fold {len(self.found) + 1}"

    def _end(self) -> None:
        self.folds = 0

    def _tell_stopped(self) -> None:
        self._tell(f"<b>Cross-validation</b>, stopped in fold {len(self.found) + 1} of {self.folds}")

    def _tell(self, words: str) -> None:
        figures, each = self._figures(), ", ".join(self._each())
        among = f"; mean ± standard deviation of {each}" if len(self.found) > 1 else ""
        offers = (Offer(TOGETHER, self.train_on_all),)
        self._banner.show_message(SUBJECT, f"{words}: {figures}{among}.", offers=offers, lasting=True)

    def _figures(self) -> str:
        """Mean and standard deviation of the validation figures, in words."""
        accuracy, loss = spread([fold.accuracy for fold in self.found]), spread([fold.loss for fold in self.found])
        several = len(self.found) > 1
        parts = []
        if accuracy is not None:
            parts.append(f"{100 * accuracy.mean:.1f}{f' ± {100 * accuracy.deviation:.1f}' if several else ''} % right")
        if loss is not None:
            parts.append(f"validation loss {loss.mean:.3g}{f' ± {loss.deviation:.2g}' if several else ''}")
        return ", ".join(parts)

    def _each(self) -> list[str]:
        if any(fold.accuracy is None for fold in self.found):
            return [f"{fold.loss:.3g}" for fold in self.found]
        return [f"{100 * (fold.accuracy or 0):.1f} %" for fold in self.found]

    def _ask_folds(self) -> int:
        folds, taken = QInputDialog.getInt(self._window, "Cross-validate", _QUESTION, USUAL, FEWEST, MOST)
        return folds if taken else 0
