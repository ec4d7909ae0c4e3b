"""The accuracy over the steps of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from builder.train.messages import EpochEnded, Prepared
from builder.ui.views.base import view
from builder.ui.views.curves import CurveView

if TYPE_CHECKING:
    from builder.ui.views.plot import Measure


@view("accuracy")
class AccuracyView(CurveView):
    """Which share of the samples the network gets right."""

    column: ClassVar[int] = 2

    _classes = True  # what is learned has such, as far as is known

    def set_prepared(self, event: Prepared) -> None:
        super().set_prepared(event)
        self._classes = bool(event.classes)
        self.refresh()

    def measure(self) -> Measure:
        from builder.ui.views.plot import Measure, per_cent

        return Measure(per_cent, 0.0, 1.0)

    def of_epoch(self, epoch: EpochEnded) -> float | None:
        return epoch.validation_accuracy

    def empty_words(self) -> str:
        if not self._classes:
            return "This network tells no classes apart: no answer is simply right or wrong. See the loss instead."
        return self.bid(
            "Press Run: the share of right answers grows here while the network learns to tell classes apart."
        )
