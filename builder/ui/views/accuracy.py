"""The accuracy over the steps of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from builder.train.messages import EpochEnded
from builder.ui.views.base import view
from builder.ui.views.curves import CurveView

if TYPE_CHECKING:
    from builder.ui.views.plot import Measure


@view
class AccuracyView(CurveView):
    """Which share of the samples the network gets right."""

    key: ClassVar[str] = "accuracy"
    title: ClassVar[str] = "Accuracy"
    help: ClassVar[str] = "The share of samples that the network gets right, in training and on data kept apart."
    column: ClassVar[int] = 2

    def measure(self) -> Measure:
        from builder.ui.views.plot import Measure, per_cent

        return Measure(per_cent, 0.0, 1.0)

    def of_epoch(self, epoch: EpochEnded) -> float | None:
        return epoch.validation_accuracy

    def empty_words(self) -> str:
        return "Press Run: the share of right answers grows here while the network learns to tell classes apart."
