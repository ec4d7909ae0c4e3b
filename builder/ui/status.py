"""The line at the bottom: problems, size of the network, how it is trained."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from builder.compile.analysis import total
from builder.compile.infer import Inference
from builder.compile.limits import size
from builder.graph.problems import Problem, ProblemError, Severity
from builder.project.document import Project
from builder.train.messages import Finished, Progress, Reason, State
from builder.train.settings import SGD, OneCycle, TrainingSettings
from builder.ui.terms import TERMS
from builder.ui.theme import theme
from builder.ui.widgets.buttons import PushButton

HINT_SECONDS = 5


class StatusLine(QWidget):
    """Figures of the network at the left, of the training at the right, hints in between.

    Attributes:
        problems_asked: the user wants to see the list of problems.
    """

    problems_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._problems = PushButton()
        self._problems.setToolTip("Show the list of problems")
        self._problems.setProperty("kind", "quiet")
        self._problems.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._problems.clicked.connect(self.problems_asked)
        self._size = QLabel()
        self._size.setToolTip(
            "<br>".join(f"<b>{name}</b>: {words}" for name, words in TERMS.items() if name != "Layers")
        )
        self._hint = QLabel()
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._training = QLabel()
        self._training.setToolTip(
            "How the network is trained: optimiser and learning rate, samples in a batch, and the seed that makes a "
            "run the same again. Changed under Training at the right."
        )
        self._training.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(1000 * HINT_SECONDS)
        self._forget.timeout.connect(lambda: self._hint.setText(""))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 12, 2)
        row.setSpacing(16)
        row.addWidget(self._problems)
        row.addWidget(self._size)
        row.addWidget(self._hint, 1)
        row.addWidget(self._training)
        self._found: tuple[Problem, ...] = ()
        self._settings: TrainingSettings | None = None
        self._rate = ""  # of the step under way, for a reader
        theme().changed.connect(self._recolour)

    def _recolour(self) -> None:
        self.set_problems(self._found)

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """How many problems there are, errors first."""
        self._found = problems
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        warnings = len(problems) - errors
        role = "bad" if errors else "warn" if warnings else "good"
        if errors:
            text = f"{errors} problem{'s' if errors > 1 else ''}"
        elif warnings:
            text = f"{warnings} warning{'s' if warnings > 1 else ''}"
        else:
            text = "No problems"
        self._problems.setText(f"●  {text}")
        style = f"color: {theme().hex(role)};"
        if style != self._problems.styleSheet():  # Qt works through it anew even when it is the same
            self._problems.setStyleSheet(style)

    def set_network(self, inference: Inference) -> None:
        """Size and cost of the network, when it compiles."""
        try:
            sums = total(inference)
        except ProblemError:
            self._size.setText("")
            return
        frozen = sums.parameters - sums.trainable
        parts = (
            f"{sums.parameters:,} parameters" + (f", {frozen:,} frozen" if frozen else ""),
            f"{sums.multiply_adds:,} multiply-adds",
            f"{size(sums.activation_bytes)} of activations a sample",
        )
        self._size.setText("     ".join(parts))

    def set_project(self, project: Project) -> None:
        """How the network is trained, in a line."""
        self._settings = project.training
        self._say_training()

    def set_progress(self, progress: Progress) -> None:
        """The learning rate of the step under way."""
        under_way = progress.step > 0 and progress.state in (State.RUNNING, State.PAUSED)
        rate = f"{progress.rate:.3g}" if under_way else ""
        if rate != self._rate:
            self._rate = rate
            self._say_training()

    def _say_training(self) -> None:
        if self._settings is not None:
            self._training.setText(training_words(self._settings, self._rate))

    def hint(self, text: str) -> None:
        """A passing remark, gone after some seconds."""
        self._hint.setText(text)
        self._forget.start()


def training_words(settings: TrainingSettings, rate: str = "") -> str:
    """Optimiser, batch and seed: "SGD 0.05, momentum 0.9 · batch 64 · seed 0".

    With the rate of the step under way, if the schedule has made it another one: "SGD 0.05 → 0.0123, ...".
    """
    rule = settings.optimizer
    words = f"{type(rule).__name__} {rule.learning_rate:g}"
    if rate not in ("", f"{rule.learning_rate:.3g}"):
        words += f" → {rate}"
    if isinstance(rule, SGD) and rule.momentum:
        schedule = settings.schedule
        if isinstance(schedule, OneCycle) and schedule.cycle_momentum:
            words += f", momentum {schedule.lowest:g} to {schedule.highest:g}"
        else:
            words += f", momentum {rule.momentum:g}"
    return f"{words} · batch {settings.batch_size} · seed {settings.seed}"


def ended_words(event: Finished) -> str:
    """How a run ended, with which weights where they are not those of its last step, and its figures in the test."""
    words = _end(event)
    if event.test_accuracy is not None:
        words += f" · test accuracy {100 * event.test_accuracy:.2f} %"
    elif event.test_loss is not None:
        words += f" · test loss {event.test_loss:.4g}"
    return words


def stale_words(changes: Sequence[str]) -> str:
    """What of the document is another than when the run began."""
    what = " and the ".join(filter(None, (", the ".join(changes[:-1]), changes[-1])))
    have = "has" if tuple(changes) in (("network",), ("data",)) else "have"
    return f"The {what} {have} changed since this run began. What you see is the run as it was then."


def _end(event: Finished) -> str:
    if event.reason is Reason.EARLY:
        return f"stopped early, back to epoch {event.best_epoch}"
    if event.reason is not Reason.COMPLETED:
        return f"stopped at step {event.step:,}"
    return "done" if event.best_epoch is None else f"done, best: epoch {event.best_epoch}"
