"""The loss over the steps of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from builder.train.messages import EpochEnded
from builder.ui.views.base import view
from builder.ui.views.curves import CurveView
from builder.ui.views.frame import Choice

if TYPE_CHECKING:
    from builder.ui.views.plot import CurvePlot, Measure


@view("loss")
class LossView(CurveView):
    """How wrong the network is, on the data it learns from and on data it has never seen."""

    column: ClassVar[int] = 1

    def add_controls(self) -> None:
        self.axis = Choice(("log", "linear"), "Vertical axis", self._axis_chosen)
        self.frame.head.add(self.axis, 1)

    def measure(self) -> Measure:
        from builder.ui.views.plot import Measure, loss_figure

        return Measure(loss_figure)

    def of_epoch(self, epoch: EpochEnded) -> float | None:
        return epoch.validation_loss

    def set_up(self, plot: CurvePlot) -> None:
        plot.log = self.axis.value == 0

    def _axis_chosen(self, _number: int) -> None:
        for plot in self.plots():
            self.set_up(plot)
        self.refresh()
