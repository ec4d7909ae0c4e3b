"""What the curves of loss and accuracy share: their data, the plot, enlarging, saving and copying."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QInputDialog, QMenu, QVBoxLayout, QWidget

from builder.train.messages import EpochEnded, Finished, Prepared
from builder.train.reading import Run
from builder.ui.theme import font, theme
from builder.ui.views.frame import Legend, ViewFrame
from builder.ui.views.kept import Curves, Kept
from builder.ui.views.seen import SeenView
from builder.ui.views.series import Doubles, Other, Series
from builder.ui.views.takeaway import Entry, LargeWindow
from builder.ui.widgets.buttons import menu_button, small_button

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from builder.ui.views.plot import CurvePlot, Measure


LONGEST = 24  # letters of a run's name
_CURVES = (("training", "training"), ("validation", "validation"))  # names, and roles of their colours
WORTH_KEEPING = 10  # steps; a few that were made by hand are no run to compare another with


class CurveView(SeenView):
    """Base of the views that plot one figure over the steps of a run. Subclasses name the figure.

    Attributes:
        training, validation: the curves' points.
        kept: the runs to compare with; all views of a window share them.
        column: of the rows of scalars.
        ask_name: asks under which name to keep a run; a test puts its own here.
    """

    column: ClassVar[int]
    enlarged: EnlargedPlot | None = None

    def __init__(self) -> None:
        super().__init__()
        self.training, self.validation = Series(), Series(1024)
        self.kept = Kept()
        self.kept.changed.connect(self.refresh)
        self.ask_name = self._ask_name
        self.notes: list[tuple[int, str]] = []  # what happened behind a step: the learning rate was set by hand, say
        self._epoch_ends: dict[int, int] = {}  # the step that each epoch ended with
        self._moment: int | None = None  # the step that is looked at, of a run that has ended
        self._measure = ""  # what the figures of this run are figures of
        self._content = QWidget()
        self._plot: CurvePlot | None = None
        QVBoxLayout(self._content).setContentsMargins(0, 0, 0, 0)
        self.frame = ViewFrame(self.title, self._content)
        self.frame.set_empty(self.empty_words())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        self.legend = Legend(_CURVES)
        self._buttons = [
            small_button("enlarge", "Enlarge", self.enlarge),
            menu_button("Copy or save the plot or its figures", self.actions_menu),
        ]
        self.frame.head.add(self.legend, 2)
        self.add_controls()
        enlarge, more = self._buttons
        self.frame.head.add(enlarge, in_menu=True)
        self.frame.head.add(more, -1, in_menu=True)
        for button in self._buttons:
            button.setEnabled(False)

    # For subclasses -------------------------------------------------------------------------------------------------

    def add_controls(self) -> None:
        """Put this view's own controls into the head."""

    def measure(self) -> Measure:
        """What is plotted."""
        raise NotImplementedError

    def empty_words(self) -> str:
        """What stands there before the first point."""
        return self.bid("Press Run: the curve grows here while the network learns.")

    def of_epoch(self, epoch: EpochEnded) -> float | None:
        """The validation figure of an epoch."""
        raise NotImplementedError

    def set_up(self, plot: CurvePlot) -> None:
        """Bring a plot into the state of the controls."""

    # The rest -------------------------------------------------------------------------------------------------------

    @property
    def seen_measure(self) -> str:
        """That of the run that is seen; "" where there is none."""
        return self._measure if self.training.count or self.validation.count else ""

    @property
    def compares(self) -> bool:
        """Whether the curves of other runs stand behind those of this one."""
        return bool(self.others())

    def others(self) -> list[Other]:
        """The curves of the kept runs, oldest first."""
        runs = [run for run in self.kept.runs if self.key in run.curves]
        return [Other(run.words, run.role, not run.name, *run.curves[self.key]) for run in runs]

    def set_kept(self, kept: Kept) -> None:
        self.kept.changed.disconnect(self.refresh)
        self.kept = kept
        kept.changed.connect(self.refresh)

    def sizeHint(self) -> QSize:
        return QSize(360, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(144, 112)  # with head and tabs no higher than the others

    def set_prepared(self, event: Prepared) -> None:
        self._measure = measure_of(event.data, event.loss)

    def add_scalars(self, rows: NDArray[np.float64]) -> None:
        if len(rows):
            first = not self.training.count
            if first:
                self.kept.start(self._measure)  # a loss on points of the plane is no measure for one on pictures
            self.training.add(rows[:, 0], rows[:, self.column])
            if first or self._stale or self._soon.isActive() or not self.watched:
                self.refresh()
            for plot in self.plots() if self.watched else ():
                if plot.isVisible():
                    plot.follow()

    def add_epoch(self, epoch: EpochEnded) -> None:
        self._epoch_ends[epoch.epoch] = epoch.step
        value = self.of_epoch(epoch)
        if value is not None:
            self.validation.add(np.array([float(epoch.step)]), np.array([value]))
            self._soon.start()  # drawn once, with other epochs and with the steps that come along

    def add_rate(self, step: int, rate: float) -> None:
        self.notes.append((step, f"rate {rate:.2g}"))
        self._soon.start()

    def set_finished(self, event: Finished) -> None:
        step = self._epoch_ends.get(event.best_epoch) if event.best_epoch is not None else None
        if step is not None:
            self.notes.append((step, "best epoch"))
            self._soon.start()

    def show_moment(self, step: int | None) -> None:
        self._moment = step
        for plot in self.plots():
            plot.show_moment(step)

    def clear(self) -> None:
        self.notes.clear()
        self._epoch_ends.clear()
        if self.training.count >= WORTH_KEEPING:
            curves = Series(), Series(1024)
            for series, taken in zip((self.training, self.validation), curves, strict=True):
                taken.take_over(series)
            self.kept.hand_over(self.key, self._measure, curves)
        self.training.clear()
        self.validation.clear()
        for plot in self.plots():
            plot.span = None
        self.refresh()

    def curves_of(self, run: Run) -> Curves:
        """The curves of a run that was made before."""
        training, validation = Series(), Series(1024)
        training.add(run.steps[:, 0], run.steps[:, self.column])
        known = [(epoch.step, value) for epoch in run.epochs if (value := self.of_epoch(epoch)) is not None]
        for step, value in known:
            validation.add(np.array([float(step)]), np.array([value]))
        return training, validation

    def keep_run(self) -> None:
        """Ask for a name, and keep the run that is seen under it."""
        if not (self.training.count or self.validation.count):
            self.said.emit("There is no run to keep yet.")
            return
        name = self.ask_name(self.kept.current.name or self.kept.free_name())
        if name:
            self.kept.name_current(name)
            self.said.emit(f"Kept as {name}: its curve stays behind those of the runs that follow.")

    def _ask_name(self, proposed: str) -> str:
        asked = QInputDialog(self)
        asked.setWindowTitle("Keep this run to compare")
        asked.setLabelText("Its name beside its curve:")
        asked.setTextValue(proposed)
        asked.resize(340, asked.sizeHint().height())  # room for the title
        taken = asked.exec() == QInputDialog.DialogCode.Accepted
        asked.deleteLater()
        return asked.textValue().strip()[:LONGEST] if taken else ""

    def plots(self) -> list[CurvePlot]:
        """The plots that there are now: the view's own and an enlarged one."""
        found = [self._plot] if self._plot is not None else []
        return [*found, self.enlarged.plot] if self.enlarged is not None else found

    def make_plot(self, *, large: bool = False) -> CurvePlot:
        """Another plot of the same points; `large` for a window of its own or a slide, to be read from the back row."""
        # Not before the first point, since pyqtgraph is slow to import.
        from builder.ui.views.plot import LARGE, TEXT, CurvePlot

        series = self.training, self.validation
        made = CurvePlot(self.measure(), *series, self.others, self.notes, self._name, text=LARGE if large else TEXT)
        self.set_up(made)
        made.show_moment(self._moment)
        return made

    def _name(self) -> str:
        return self.kept.current.name if self.training.count else ""

    def draw_anew(self) -> None:
        super().draw_anew()
        # The run before alone would not be told from one of its own; those with names are.
        known = bool(self.training.count or self.validation.count or any(not other.dashed for other in self.others()))
        for button in self._buttons:
            button.setEnabled(known)
        self.frame.set_empty("" if known else self.empty_words())
        if known:
            self._build()
        for plot in self.plots():
            if plot.isVisible():
                plot.refresh()

    def _build(self) -> None:
        layout = self._content.layout()
        if self._plot is None and layout is not None:
            self._plot = self.make_plot()
            layout.addWidget(self._plot)
            self._plot.show()

    def make_enlarged(self) -> QWidget:
        return EnlargedPlot(self)

    @property
    def filled(self) -> bool:
        return not self.frame.empty

    def entries(self) -> list[Entry]:
        enlarge, *rest = super().entries()
        return [enlarge, ("Show the whole run", self.show_all), *rest]

    def actions_menu(self) -> QMenu:
        menu = super().actions_menu()
        menu.addSeparator()
        menu.addAction("Keep this run to compare…", self.keep_run).setEnabled(self.training.count > 0)
        for run in self.kept.runs:
            menu.addAction(f"Forget {run.name or 'the run before'}", partial(self.kept.forget, run))
        if len(self.kept.ended) > 1:
            menu.addAction("Ensemble of the kept runs", self.kept.ensemble_asked.emit)
        if len(self.kept.runs) > 1:
            menu.addAction("Forget all kept runs", self.kept.forget_all)
        return menu

    def show_all(self) -> None:
        """Undo every zoom."""
        for plot in self.plots():
            plot.reset()

    def image(self) -> QImage | None:
        """The plot with its title and legend, large enough for a slide; None before the first point."""
        if not self.filled:
            return None
        plot = self.make_plot(large=True)
        plot.span = self._plot.span if self._plot is not None else None
        plot.resize(960, 540)
        plot.grab()  # a widget that was never shown takes its size here
        plot.refresh()
        drawn = plot.grab()
        plot.deleteLater()
        image = QImage(960, 580, QImage.Format.Format_RGB32)
        image.fill(theme().color("panel"))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(QRect(0, 40, 960, 540), drawn)
        painter.setFont(font(15, bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(QRectF(12, 8, 400, 28), Qt.AlignmentFlag.AlignVCenter, self.title)
        legend = self.legend.sizeHint()
        painter.translate(948 - legend.width(), 22 - legend.height() / 2)
        self.legend.paint(painter)
        painter.end()
        return image

    def table(self) -> str:
        """The figures as comma-separated values: mean, lowest and highest where points were joined."""
        lines = ["curve,step,mean,lowest,highest,points"]
        every = [("training", self.training), ("validation", self.validation)]
        for other in self.others():
            every += [(f"training of {other.name}", other.training), (f"validation of {other.name}", other.validation)]
        for name, series in every:
            words = f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & set(',"') else name
            lines += [f"{words},{_row(bucket)}" for bucket in series.buckets()]
        return "\n".join(lines) + "\n"


class EnlargedPlot(LargeWindow):
    """A second plot of the same points in a large window."""

    def __init__(self, view: CurveView) -> None:
        plot = view.make_plot(large=True)
        super().__init__(view, view.title, plot, 960, 640)
        self.plot = plot
        self.column.insertWidget(0, Legend(_CURVES, 17), 0, Qt.AlignmentFlag.AlignRight)  # that of the view is covered


def measure_of(data: str, loss: str) -> str:
    """What the figures of a run are figures of; curves of another measure do not compare."""
    return f"{data} {loss}"


def _row(bucket: Doubles) -> str:
    count = bucket[Series.COUNT]
    step = (bucket[Series.FIRST] + bucket[Series.LAST]) / 2
    values = (bucket[Series.SUM] / count, bucket[Series.LOW], bucket[Series.HIGH])
    return ",".join(
        [f"{step:g}" if math.isclose(step % 1, 0) else f"{step:.1f}", *(f"{v:.8g}" for v in values), f"{count:.0f}"]
    )
