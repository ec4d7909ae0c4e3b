"""The training panel: its settings, what loss and batches mean, and a learning rate to turn while running."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from PySide6.QtWidgets import QWidget

from builder.compile.stored import Carried
from builder.data.count import training_count
from builder.graph.problems import Problem
from builder.train.messages import Prepared, Progress, State
from builder.train.settings import TrainingSettings
from builder.ui.document import Document
from builder.ui.inspector.panel import Panel, ProblemColumn
from builder.ui.inspector.rule_sections import RuleSections
from builder.ui.inspector.settings_form import SettingsForm
from builder.ui.views.paint import figure
from builder.ui.widgets.file_edit import FileEdit
from builder.ui.widgets.formula import FormulaBox
from builder.ui.widgets.labels import label
from builder.ui.widgets.section import Section

# For each loss: its formula, and what it means.
_LOSSES = {
    "cross-entropy": (
        "L = −log p_{true class}",
        "How surprised the network is by the true class. 0 when it is certain and right; for a guess among ten "
        "classes, 2.3. It works on the scores before a final softmax.",
    ),
    "binary-cross-entropy": (
        "L = −y·log p − (1 − y)·log(1 − p)",
        "How surprised the network is by the true answer, yes or no. A guess costs 0.69. It works on the score "
        "before a final sigmoid.",
    ),
    "squared-error": (
        "L = mean (y − t)^{2}",
        "The mean squared distance from the target. One large mistake counts more than several small ones.",
    ),
    "absolute-error": (
        "L = mean |y − t|",
        "The mean distance from the target. Large mistakes count no more than in proportion.",
    ),
}


# The formulas again, where classes have weights; and what the weights are.
_WEIGHTED = {
    "cross-entropy": "L = −w·log p_{true class}",
    "binary-cross-entropy": "L = w·(−y·log p − (1 − y)·log(1 − p))",
}
_WEIGHT = "w = n / (K·n_{i})"
_WEIGHT_WORDS = (
    "w is the weight of the true class: nᵢ of the n training samples are of it, and K classes have any. The training "
    "loss is weighted so, validation and test loss are not."
)


class TrainingPanel(Panel):
    """The settings of the training."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._samples = 0
        self._classes: dict[str, int] = {}
        self.problems = ProblemColumn()
        self.problems.fix_asked.connect(document.apply_fix)
        self.settings = SettingsForm(document, "training")
        self.form = self.settings.form
        self._steps = Section("Steps")
        self.steps_text = FormulaBox("–", "–")
        self._steps.add(self.steps_text)
        self.early_text = label("", "muted", wrap=True)
        self._steps.add(self.early_text)
        self._loss = Section("Loss")
        self._loss_formula = FormulaBox("–")
        self._weights_formula = FormulaBox("–", "–")
        self._loss_text = label("", "muted", wrap=True)
        self._loss.add(self._loss_formula)
        self._loss.add(self._weights_formula)
        self._loss.add(self._loss_text)
        self.rules = RuleSections()
        for widget in (self.problems, self.settings, self._steps, self._loss, self.rules):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        editor = self.form.row("weights").editor
        assert isinstance(editor, FileEdit)
        editor.setPlaceholderText("fresh weights")
        self._weights = editor
        self._carried: tuple[str, Carried] | None = None  # the setting that named the file, and what came of it
        document.changed.connect(self._renew)
        document.path_changed.connect(self._moved)
        document.weights_moved.connect(self._weights_moved)
        self._moved()
        self._renew()

    def set_prepared(self, event: Prepared) -> None:
        """The data is loaded: the sums have their numbers."""
        self._samples = event.train_samples
        self._classes = dict(zip(event.classes, event.class_counts, strict=False))
        named = self._document.value.training.weights
        self._carried = (named, event.carried) if event.carried is not None else None
        self._renew()

    def set_progress(self, progress: Progress) -> None:
        """A run stands here; the learning rate of its step is told where its schedule has made it another one."""
        under_way = progress.step > 0 and progress.state in (State.RUNNING, State.PAUSED)
        base = self._document.value.training.optimizer.learning_rate
        told = under_way and not math.isclose(progress.rate, base, rel_tol=1e-9)
        row = self.form.row("optimizer.learning_rate")
        row.show_note(f"now {figure(progress.rate)}, by the schedule" if told else "")
        self.rules.follow(progress)

    def forget_run(self) -> None:
        """No run has begun."""
        self.form.row("optimizer.learning_rate").show_note("")
        self.rules.curve.forget()

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show the problems of the training settings among these."""
        self.problems.show_problems(self.settings.show_problems(problems))

    def ask_weights(self, begin: Path) -> Path | None:
        """The file of weights that the user chooses, from a folder on where there is one; None for none."""
        return self._weights.ask(begin if begin.is_dir() else Path())

    def take_weights(self, path: Path) -> bool:
        """Begin with the weights in a file or of a run."""
        self._weights.take(path)
        return True

    def _weights_moved(self, before: str, now: str) -> None:
        if self._carried is not None and self._carried[0] == before:
            self._carried = now, self._carried[1]

    def _moved(self, *_news: object) -> None:
        path = self._document.path
        self._weights.folder = path.absolute().parent if path is not None else None

    def _renew(self, *_news: object) -> None:
        settings = self._document.value.training
        told = self._carried if self._carried is not None and self._carried[0] == settings.weights else None
        self.form.row("weights").show_note(f"taken: {told[1].shares()}" if told is not None else "")
        known = training_count(self._document.value.data) or self._samples
        self.form.row("batch_size").show_note(settings.batch_note(known) if known else "")
        self._steps.setVisible(self._samples > 0)
        self.steps_text.set_text(*steps_texts(self._samples, settings))
        epochs = f"{settings.patience:,} epoch{'s in a row' if settings.patience > 1 else ''}"
        self.early_text.setText(
            f"Stops early after {epochs} without a better validation loss, and goes back to the best."
        )
        self.early_text.setVisible(settings.patience > 0)
        formula, text = _LOSSES.get(settings.loss, ("", ""))
        if settings.weighs_classes:
            formula, text = _WEIGHTED[settings.loss], f"{text} {_WEIGHT_WORDS}"
        self._weights_formula.setVisible(settings.weighs_classes)
        self._weights_formula.set_text(_WEIGHT, weight_texts(self._classes))
        self._loss.setVisible(bool(formula))
        self._loss_formula.set_text(formula, "")
        self._loss_text.setText(text)
        self.rules.show_settings(settings, settings.steps_per_epoch(self._samples))


def weight_texts(classes: Mapping[str, int]) -> str:
    """The weights of the most frequent and of the rarest class as sums, a line each; "" where samples are not known."""
    there = {name: count for name, count in classes.items() if count}
    if not there:
        return ""
    total, ranked = sum(there.values()), sorted(there, key=lambda name: -there[name])
    return "\n".join(
        f"w of {name}: {total:,} / ({len(there):,}·{there[name]:,}) = {total / (len(there) * there[name]):.3g}"
        for name in dict.fromkeys((ranked[0], ranked[-1]))
    )


def steps_texts(samples: int, settings: TrainingSettings) -> tuple[str, str]:
    """How many steps an epoch has, and how many the whole training, as sums."""
    steps = settings.steps_per_epoch(samples)
    epochs = f"{settings.epochs:,} epoch{'s' if settings.epochs != 1 else ''}"
    most = " at most" if settings.patience else ""
    counted = f"{steps:,} step{'s' if steps != 1 else ''}"
    full = ", on the full set" if settings.batch_size >= samples else ""
    left_out = steps * settings.batch_size < samples
    left, right = "⌊⌋" if left_out else "⌈⌉"
    rest = ", without the last sample, which would be alone" if left_out else ""
    return (
        f"{left}{samples:,} samples / {settings.batch_size:,}{right} = {counted} an epoch{full}{rest}",
        f"{counted} · {epochs} = {steps * settings.epochs:,}{most}",
    )
