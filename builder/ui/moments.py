"""Which steps of a run can be looked back at, and which of them one looks at. Knows no trainer: its owner asks that."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal


class Moments(QObject):
    """The moments of the run that stands, while it makes no steps: in a pause, and at the end.

    Attributes:
        steps: those that can be looked back at, in their order; none while there is nothing of the kind.
        step: the one that is looked at; None for the newest.
    """

    steps_changed = Signal(object)  # the steps
    step_changed = Signal(object)  # the step, or None

    def __init__(self, show: Callable[[int], object], parent: QObject | None = None) -> None:
        """Let `show` bring the network to a step."""
        super().__init__(parent)
        self._show = show
        self.steps: tuple[int, ...] = ()
        self.step: int | None = None

    def look_at(self, step: int) -> None:
        """Look at the network as it was at one of the steps."""
        if step in self.steps:
            self._show(step)
            self._set_step(None if step == self.steps[-1] else step)

    def go(self, by: int) -> None:
        """Look at an earlier moment, or a later one; nothing happens beyond the ends."""
        if self.steps:
            self.look_at(self.steps[max(0, min(self.place + by, len(self.steps) - 1))])

    @property
    def place(self) -> int:
        """The number of the step that is looked at among `steps`."""
        return len(self.steps) - 1 if self.step is None else self.steps.index(self.step)

    def set_steps(self, steps: tuple[int, ...], *, anew: bool = False) -> None:
        """These there are now; who looks at an earlier one goes on doing so as long as it is among them.

        Args:
            anew: the network shows the newest.
        """
        if anew:
            self._set_step(None)
        changed, self.steps = steps != self.steps, steps
        if self.step not in steps:
            self._set_step(None)
        if changed:
            self.steps_changed.emit(steps)

    def _set_step(self, step: int | None) -> None:
        if step != self.step:
            self.step = step
            self.step_changed.emit(step)
