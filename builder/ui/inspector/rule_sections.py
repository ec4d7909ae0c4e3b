"""What the optimiser, the schedule and the regularisation of the settings mean, as formulas, below the form."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from builder.train.messages import Progress
from builder.train.settings import AdamW, Constant, OneCycle, Plateau, TrainingSettings
from builder.ui.inspector.rate_curve import RateCurve, letter_of_momentum
from builder.ui.widgets.formula import FormulaBox
from builder.ui.widgets.labels import label
from builder.ui.widgets.section import Section

# What the letters of the formulas stand for, in the order of their telling.
_LETTERS = {
    "g": "g is the gradient of the loss",
    "η": "η the learning rate",
    "μ": "μ the momentum",
    "m̂": "m̂ and v̂ are m and v divided by 1 − β^{t}, since both begin at 0",
    "α": "α is the memory of the squared gradient",
    "ε": "ε keeps the division from zero",
    "λ": "λ is the weight decay",
}


class RuleSections(QWidget):
    """Sections on one update of a weight, on the learning rate over the run, and on what keeps weights small.

    Attributes:
        curve: the learning rate over the run.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._update, self._rate, self._small = Section("Update"), Section("Schedule"), Section("Regularisation")
        self._update_formula, self._rate_formula, self._small_formula = (FormulaBox("–") for _ in range(3))
        self._letters, self._rate_text, self._small_text = (label("", "muted", wrap=True) for _ in range(3))
        self.curve = RateCurve()
        for section, *widgets in (
            (self._update, self._update_formula, self._letters),
            (self._rate, self._rate_formula, self.curve, self._rate_text),
            (self._small, self._small_formula, self._small_text),
        ):
            for widget in widgets:
                section.add(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for section in (self._update, self._rate, self._small):
            column.addWidget(section)

    def show_settings(self, settings: TrainingSettings, per_epoch: int) -> None:
        """Show what these settings mean; `per_epoch` is the steps of an epoch, 0 where they are not known."""
        formula = settings.optimizer.formula()
        self._update_formula.set_text(formula, "")
        self._letters.setText(letters(formula))
        self._rate.setVisible(settings.changes_rate)
        self._rate_formula.set_text(rate_formula(settings), "")
        self._rate_text.setText(rate_words(settings))
        self.curve.show_plan(settings, per_epoch)
        small = small_formulas(settings)
        self._small.setVisible(bool(small))
        self._small_formula.set_text("\n".join(small), "")
        self._small_text.setText(small_words(settings))

    def texts(self) -> str:
        """All that is shown, marks of the rich text included."""
        boxes = ((self._update, self._update_formula, self._letters), (self._rate, self._rate_formula, self._rate_text),
                 (self._small, self._small_formula, self._small_text))  # fmt: skip
        return "\n".join(f"{box.text()}\n{text.text()}" for section, box, text in boxes if not section.isHidden())

    def follow(self, progress: Progress) -> None:
        """A run stands here."""
        self.curve.follow(progress)


def letters(formula: str) -> str:
    """What the letters of a formula stand for, as a sentence."""
    found = [words for letter, words in _LETTERS.items() if letter in formula]
    return f"{', '.join(found)}.".replace("β^{t}", "βᵗ")


def rate_formula(settings: TrainingSettings) -> str:
    """What the schedule makes of the learning rate, and of the momentum where it does."""
    schedule = settings.schedule
    if not isinstance(schedule, OneCycle) or not settings.cycles_momentum:
        return schedule.formula()
    letter = letter_of_momentum(settings).replace("β₁", "β_{1}")
    return f"{schedule.formula()}\n{letter}: from {schedule.highest:g} to {schedule.lowest:g}, then back"


def rate_words(settings: TrainingSettings) -> str:
    """What η₀ and t are, and how the warm-up leads there."""
    formula = settings.schedule.formula()
    parts = ["η₀ is" if "η_{0}" in formula else "η begins as", "the learning rate of the optimiser"]
    if isinstance(settings.schedule, Constant | Plateau):
        words = " ".join(parts)
    else:
        words = f"{' '.join(parts)}, t counts epochs{', T is all of them' if 'T' in formula else ''}"
    if settings.cycles_momentum:
        letter = letter_of_momentum(settings)
        words += f". {letter}, drawn dotted, is lowest where η is highest; that of the optimiser is not used"
    if not settings.warmup:
        return f"{words}."
    epochs = f"{settings.warmup:g} epoch{'s' if settings.warmup != 1 else ''}"
    return f"{words}. In the warm-up before, η rises evenly for {epochs}."


def small_formulas(settings: TrainingSettings) -> list[str]:
    """One formula for each way in which weights are kept small."""
    found, decay = [], settings.optimizer.weight_decay
    if settings.l1:
        found.append(f"L ← L + {settings.l1:g}·Σ|w|")
    if decay:
        found.append(f"w ← w − η·{decay:g}·w" if isinstance(settings.optimizer, AdamW) else f"g ← g + {decay:g}·w")
    if settings.max_norm:
        found.append(f"√(Σw^{{2}}) ≤ {settings.max_norm:g} for each unit")
    return found


def small_words(settings: TrainingSettings) -> str:
    """Which ways these are, and when they begin."""
    ways = {"L1": settings.l1, "weight decay": settings.optimizer.weight_decay, "max norm": settings.max_norm}
    *names, last = [name for name, there in ways.items() if there] or [""]
    words = f"{', '.join(names)} and {last}" if names else last
    after = settings.regularise_after
    return f"{words[:1].upper()}{words[1:]}{f', from epoch {after + 1} on' if after else ''}."
