"""Runs whose curves stay, so that the one under way can be compared with them. Knows points; no plot, no trainer.

The run before stays by itself, without a name and until the next one ends. A run that was given a name stays until it
is forgotten. All views of curves share one `Kept`, so that a run has the same name and colour in each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from builder.ui.views.series import Series

MOST = 6  # with names; more could not be told apart
UNNAMED = "run before"
COLOURS = tuple(f"kept{number}" for number in range(1, MOST + 1))  # theme roles
DROPPED = "The kept runs are gone: they learned from other data or by another loss, so their curves do not compare."

Curves = tuple[Series, Series]
"""Of training and of validation."""


@dataclass(eq=False)
class Run:
    """One run.

    Attributes:
        name: "" for one that stays only until the next one ends.
        measure: what its figures are figures of, data and loss; runs of another one cannot be compared.
        role: of the theme: its colour.
        curves: by key of the view that plots them.
        folder: where it was recorded, once it has ended; "" where it was not.
        of_many: it is one of a row made and named together (folds), and makes room for others, never they for it.
        foreign: it has nothing to do with the runs to come, and is not kept; over: such a one has ended.
    """

    name: str = ""
    measure: str = ""
    role: str = "muted"
    curves: dict[str, Curves] = field(default_factory=dict)
    folder: str = ""
    of_many: bool = False
    foreign: bool = False
    over: bool = False

    @property
    def words(self) -> str:
        """What it is called beside its curve."""
        return self.name or UNNAMED


class Kept(QObject):
    """The runs that are kept, and the one under way.

    Attributes:
        runs: oldest first.
        current: the run under way, or the ended one that is still looked at.
    """

    changed = Signal()  # there are others now, or another name
    ensemble_asked = Signal()  # somebody wants to know what they are worth together
    said = Signal(str)  # a sentence for the status line: what was dropped, and why

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []
        self.current = Run()

    @property
    def named(self) -> tuple[Run, ...]:
        """Those that stay until they are forgotten."""
        return tuple(run for run in self.runs if run.name)

    @property
    def ended(self) -> tuple[Run, ...]:
        """Those of them, and of the one that is looked at, that have a name and a folder with weights."""
        every = self.runs if self.current in self.runs else [*self.runs, self.current]
        return tuple(run for run in every if run.name and run.folder)

    def note_end(self, folder: str) -> None:
        """The run under way has ended, and was recorded there; a short one before any of its points was told."""
        self._renew()
        self.current.folder = folder

    def name_current(self, name: str, *, of_many: bool = False) -> None:
        """Keep the run under way, or the one about to begin, under this name; "" keeps it as any other.

        Args:
            of_many: as in `Run`.
        """
        self._renew()
        self.current.of_many = of_many
        if name != self.current.name:
            self.current.name = name
            self.changed.emit()

    def free_name(self) -> str:
        """A name that no kept run has."""
        taken = {run.name for run in self.runs}
        return next(name for number in range(1, MOST + 2) if (name := f"run {number}") not in taken)

    def start(self, measure: str) -> None:
        """A run has begun to have figures: what does not compare with it goes. Each view may tell it."""
        self._renew()
        self.current.foreign = False  # there was none to see before, or it was too short to be handed over
        left = [run for run in self.runs if run.measure == measure]
        if any(run.name for run in self.runs if run not in left):
            self.said.emit(DROPPED)
        if self.current.name:  # made once more: it takes the place of that run
            left = [run for run in left if run.name != self.current.name]
        if left != self.runs:
            self.runs = left
            self.changed.emit()

    def hand_over(self, key: str, measure: str, curves: Curves) -> None:
        """The run that was under way is over: these are its curves in the view of this key."""
        run = self.current
        if run.foreign:
            run.over = True
            return
        run.curves[key] = curves
        if run not in self.runs:
            run.measure = measure
            self.runs = [other for other in self.runs if other.name != run.name]
            self._keep(run)
        self.changed.emit()

    def _keep(self, run: Run) -> None:
        if run.name and len(self.named) == MOST:
            row = [other for other in self.named if other.of_many]
            if row or not run.of_many:
                oldest = (row or self.named)[0]
                self.runs.remove(oldest)
                self.said.emit(f"{oldest.name} is no longer kept: more than {MOST} runs could not be told apart.")
            else:
                self.said.emit(f"{run.name} is not kept: there are {MOST} runs, and more could not be told apart.")
                run.name = ""
                self.runs = [other for other in self.runs if other.name]  # it takes the place of the run before
        if run.name:
            taken = {other.role for other in self.runs}
            run.role = next(role for role in COLOURS if role not in taken)
        self.runs.append(run)

    def add(self, name: str, measure: str, curves: dict[str, Curves], folder: str = "") -> str:
        """Keep a run that was made before; returns the name that it has here: one that no other has.

        Args:
            curves, folder: as in `Run`.
        """
        taken = {*(run.name for run in self.runs), self.current.name}
        free = next(n for n in (name, *(f"{name} {number}" for number in range(2, MOST + 4))) if n not in taken)
        self._keep(Run(free, measure, curves=curves, folder=folder))
        self.changed.emit()
        return free

    def forget(self, run: Run) -> None:
        """Keep this one no longer."""
        self.runs = [other for other in self.runs if other is not run]
        self.changed.emit()

    def forget_all(self) -> None:
        """Keep none of them, and not the one under way either."""
        self._renew()
        self.current.name = ""
        self.runs = []
        self.changed.emit()

    def begin_anew(self) -> None:
        """Keep none of them, and compare the runs to come only with each other: what is seen now is another matter."""
        self.forget_all()
        self.current.foreign = True

    def _renew(self) -> None:
        if self.current in self.runs or self.current.over:
            self.current = Run()
