"""The curves of other runs behind those of the present one. Imports pyqtgraph, as the plot does; knows no axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyqtgraph as pg

from builder.ui.theme import theme
from builder.ui.views.series import Doubles, Other, Series

DASHES = [4.0, 3.0]  # of a run that is not kept by name, in widths of its line
MOST_SMOOTH = 200  # points of a smoothed curve that are drawn


class OtherCurves:
    """Two curves in a view box for each other run.

    Attributes:
        runs: those that are drawn.
    """

    def __init__(self, box: pg.ViewBox, asked: Callable[[], Sequence[Other]]) -> None:
        """Draw into `box` the runs for which `asked` is asked at every drawing."""
        self.runs: tuple[Other, ...] = ()
        self._box, self._asked = box, asked
        self._curves: list[tuple[pg.PlotCurveItem, pg.PlotCurveItem]] = []  # of training, and the line to compare

    def last(self) -> float:
        """The last step of the runs that are kept by name: they are seen whole, others as far as this one has come."""
        ends = (other.line.last for other in self._asked() if not other.dashed)
        return max((end[0] for end in ends if end is not None), default=0.0)

    def dress(self) -> None:
        """Take the colours of the theme in force."""
        for other, (mean, line) in zip(self.runs, self._curves, strict=False):
            dash = DASHES if other.dashed else None
            mean.setPen(pg.mkPen(theme().color(other.role, 0.45), width=1, dash=dash))
            line.setPen(pg.mkPen(theme().color(other.role), width=1.6, dash=dash))

    def draw(
        self, first: float, last: float, columns: int, placed: Callable[[Doubles], Doubles]
    ) -> list[tuple[Doubles, Doubles]]:
        """Draw from step `first` to `last`. Returns where each run's training curve and line lie.

        Args:
            placed: where values stand on the vertical axis.
        """
        self._take()
        drawn = []
        for other, curves in zip(self.runs, self._curves, strict=False):
            # Of more than one run, the training curves would hide what is to be compared.
            both = other.training if len(self.runs) == 1 else Series(2), other.line
            values = []
            for curve, series in zip(curves, both, strict=True):
                found = series.between(first, last, columns)
                y, some = placed(found.mean), few(len(found.mean))
                curve.setData(found.at[some], y[some])
                values.append(y)
            drawn.append((values[0], values[1]))
        return drawn

    def _take(self) -> None:
        runs = tuple(self._asked())
        if runs == self.runs:
            return
        self.runs = runs
        while len(self._curves) < len(runs):
            made = pg.PlotCurveItem(antialias=True), pg.PlotCurveItem(antialias=True)
            for curve in made:
                curve.setSegmentedLineMode("off")
                curve.setZValue(-1)
                self._box.addItem(curve)
            self._curves.append(made)
        for curves in self._curves[len(runs) :]:
            for curve in curves:
                curve.setData([], [])
        self.dress()


def few(points: int) -> slice:
    """Some of so many points of a smooth curve, the newest among them: a thick line costs by its points."""
    sparse = -(-points // MOST_SMOOTH) or 1
    return slice((points - 1) % sparse if sparse > 1 else 0, None, sparse)
