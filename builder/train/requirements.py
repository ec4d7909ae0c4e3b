"""Whether the settings of a training go together with each other and with the data. Quick; no torch, no data."""

from __future__ import annotations

from collections.abc import Iterator

from builder.data.settings import DataSettings
from builder.graph.problems import Fix, Problem, SetSetting, Severity
from builder.train.settings import Plateau, TrainingSettings

SHARE = 0.15  # of the samples, kept for a validation part that was forgotten


def requirements(training: TrainingSettings, data: DataSettings) -> Iterator[Problem]:
    """What these settings need and do not get, and what of them comes to nothing."""
    asking = asks_for_validation(training)
    if asking and not data.validates:
        yield no_validation(asking)
    if data.in_folds and data.fold > data.folds:
        message = f"there is no fold {data.fold} of {data.folds}."
        fix = Fix(f"Validate on fold {data.folds}", (SetSetting("data.fold", data.folds),))
        yield Problem("no-such-fold", message, where="data.fold", fix=fix)
    if training.class_weights != "none" and not training.weighs_classes:
        message = "only cross-entropy and binary cross-entropy have class weights: with this loss, samples count alike."
        yield Problem("no-class-weights", message, where="training.class_weights", severity=Severity.WARNING)
    if training.warmup >= training.epochs:
        message = f"it takes all {_epochs(training.epochs)}, so the learning rate never reaches its full value."
        yield Problem("long-warm-up", message, where="training.warmup", severity=Severity.WARNING)
    regularised = training.l1 or training.max_norm or training.optimizer.weight_decay
    if training.regularise_after >= training.epochs and regularised:
        message = f"training ends after {_epochs(training.epochs)}, before weight decay, L1 or max norm begin."
        yield Problem("late-regularisation", message, where="training.regularise_after", severity=Severity.WARNING)


def asks_for_validation(training: TrainingSettings) -> str:
    """The setting that cannot do without a validation part; empty when none needs it."""
    if training.patience:
        return "training.patience"
    return "training.schedule" if isinstance(training.schedule, Plateau) else ""


def no_validation(where: str) -> Problem:
    """There is no validation part, and this setting needs one."""
    what = "training stops" if where == "training.patience" else "the learning rate falls"
    message = f"the validation loss decides when {what}, but no samples are kept for validation."
    fix = Fix(f"Keep {SHARE:.0%} for validation", (SetSetting("data.validation", SHARE),))
    return Problem("no-validation", message, where=where, fix=fix)


def _epochs(count: int) -> str:
    return f"{count:,} epoch{'s' if count != 1 else ''}"
