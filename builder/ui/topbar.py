"""The bar at the top: project name, menus, run controls, progress and device. Shows state; knows no trainer."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenuBar,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from builder.train.messages import Inside, Phase, Prepared, Preparing, Progress, State
from builder.ui.icons import dress
from builder.ui.pace import PACES, TIP
from builder.ui.theme import theme
from builder.ui.views.frame import Choice
from builder.ui.widgets import phases
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.labels import Elided, label

RUN_TIP = "Train the network (F5)"
FOLLOWED = "This run is made elsewhere, and followed here: Stop ends that"
AGAIN_TIP = "Train it once more, from the same initial weights (F5)"


class TopBar(QWidget):
    """Menus and run controls on one line; what matters least goes first when it gets narrow.

    Attributes:
        menus: the menu bar, to be filled by the window.
        run, batch, phase, stop, reset: the buttons, in this order.
        pace: how fast a run goes.
        strip: the phases of a step, shown while the run waits inside one.
    """

    run_asked = Signal()  # run, pause or resume, whatever the button says
    batch_asked = Signal()
    phase_asked = Signal()
    stop_asked = Signal()
    reset_asked = Signal()
    theme_asked = Signal()
    pace_asked = Signal(float)  # seconds for a step

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = State.FINISHED
        self._stepped = self._follows = self._waits = False
        self._told: tuple[State, bool, Inside | None, bool, bool] | None = None
        self._inside: Inside | None = None
        self._next = "One phase"
        self._name = Elided(role="heading")
        self._note = label(role="muted")
        self._words_of_figures = ("", "")  # all of them, and with the least of them left out
        self._needed = 0  # the most room that the figures of a run have taken, so that their neighbours stand still
        self.menus = QMenuBar(self)
        self.menus.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)  # all of them, always
        self.run = self._button("play", "Run", RUN_TIP, self.run_asked)
        self.run.setProperty("kind", "primary")
        self.batch = self._button("step", "One batch", "One training step, then wait (F6)", self.batch_asked)
        self.phase = self._button(
            "phase", "One phase", "Batch, forward, loss, backward, update: one at a time (F7)", self.phase_asked
        )
        self.stop = self._button(
            "stop", "Stop", "End this run; what was learned stays to be looked at (Shift+F5)", self.stop_asked
        )
        self.reset = self._button("reset", "Reset", "Back to the same initial weights", self.reset_asked)
        self.pace = Choice(tuple(PACES.values()), TIP, lambda number: self.pace_asked.emit(tuple(PACES)[number]))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximum(1000)
        self._bar.setFixedHeight(6)
        self._bar.setMinimumWidth(60)
        self._bar.setMaximumWidth(220)
        self.strip = phases.PhaseStrip()
        self._figures = Elided(role="muted")
        self._figures.setMinimumWidth(40)
        self._figures.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._device = label(role="muted")
        self._device.setToolTip("Where the network is trained. Chosen in the training settings.")
        self.theme_button = QToolButton()
        self.theme_button.setToolTip("Light or dark theme")
        self.theme_button.setProperty("kind", "quiet")
        self.theme_button.setAccessibleName("Light or dark theme")
        self.theme_button.clicked.connect(self.theme_asked)

        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(self._name)
        row.addWidget(self.menus)
        row.addSpacing(8)
        for button in (self.run, self.batch, self.phase, self.stop, self.reset):
            row.addWidget(button)
        row.addWidget(self.pace)
        row.addSpacing(8)
        row.addWidget(self._bar, 1)
        row.addWidget(self.strip)
        row.addWidget(self._figures, 3)
        row.addWidget(self._note)  # it comes and goes with every edit: no button may move for that
        row.addSpacing(8)
        row.addWidget(self._device)
        row.addWidget(self.theme_button)
        theme().changed.connect(self._recolour)
        self._recolour()
        self.set_state(State.FINISHED, stepped=False)

    def _button(self, icon_name: str, text: str, tip: str, signal: SignalInstance) -> QPushButton:
        button = PushButton(text)
        button.setToolTip(tip)
        dress(button, icon_name)
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(signal)
        return button

    def _recolour(self) -> None:
        dress(self.theme_button, "sun" if theme().dark else "moon", "muted")

    # What is shown --------------------------------------------------------------------------------------------------

    def set_document(self, name: str, path: Path | None, note: str) -> None:
        """Name of the project and a word on its state ("edited", "autosaved")."""
        self._name.setText(name)
        self._name.setToolTip(str(path) if path else "not saved yet")
        self._note.setText(note)
        self._fit()

    def set_state(
        self,
        state: State,
        *,
        stepped: bool,
        inside: Inside | None = None,
        can_run: bool = True,
        follows: bool = False,
    ) -> None:
        """Which buttons make sense, and what the first one does.

        Args:
            follows: the run is made elsewhere: it can be left alone, and nothing else.
        """
        self._waits = False
        told = state, stepped, inside, can_run, follows
        if told == self._told:  # it is told behind every edit
            return
        self._told = told
        self._state, self._stepped, self._follows = state, stepped, follows
        running = state is State.RUNNING and not follows
        can_run = can_run and not follows
        name, text = ("pause", "Pause") if running else ("play", "Resume" if self._mid_run else "Run")
        dress(self.run, name, "on_accent")
        self.run.setText(text)
        blocked = not (can_run or self._mid_run or running)
        tip = AGAIN_TIP if stepped and state is State.FINISHED else RUN_TIP
        why = FOLLOWED if follows else "Mend the problems first: their number stands at the lower left"
        self.run.setToolTip(why if blocked else tip)
        self.run.setEnabled(can_run or self._mid_run or running)
        stepping = not running and (can_run or self._mid_run) and (state is not State.PREPARING or stepped)
        self.batch.setEnabled(stepping)
        self.phase.setEnabled(stepping)
        self._inside = inside if self._mid_run else None
        self._next = f"Next: {self._inside.phase.value}" if self._inside is not None else "One phase"
        self.strip.set_next(self._inside.phase if self._inside is not None else None)
        if self._inside is not None:
            self._say(phases.words(self._inside), phases.brought(self._inside))
        self.stop.setEnabled(running or self._mid_run or follows)
        self.reset.setEnabled(stepped)
        self._fit()

    @property
    def _mid_run(self) -> bool:
        return self._stepped and self._state is State.PAUSED

    def set_progress(self, progress: Progress) -> None:
        """Epoch, speed and remaining time."""
        if progress.state is State.PREPARING:
            return  # what is being prepared stands there
        if self._waits:
            return  # what was asked for stands there
        if self._inside is not None and progress.state is State.PAUSED:
            return  # what the last phase brought stands there
        self._bar.setValue(round(1000 * progress.step / progress.steps) if progress.steps else 0)
        if progress.state is State.FINISHED:
            return  # how it ended stands there, also where it did so before the first step
        if not progress.step:
            self._say("ready" if progress.state is State.PAUSED else "")
            return
        parts = [f"epoch {min(max(progress.epoch, 1), progress.epochs)} of {progress.epochs}"]
        speed = ""
        if progress.images_per_second >= 1 and progress.state is State.RUNNING:
            speed = f"{progress.images_per_second:,.0f} images/s"
        if progress.seconds_left is not None and progress.state is State.RUNNING:
            parts.append(f"{clock(progress.seconds_left)} left")
        elif progress.state is State.PAUSED:
            parts.append(f"paused at step {progress.step:,}")
        short = " · ".join(parts)
        if speed:
            parts.insert(1, speed)
        if self._follows:
            parts.insert(0, "followed")
        self._say(" · ".join(parts), short)

    def wait(self, words: str) -> None:
        """Show what was asked for and has not happened yet, until the state is another one."""
        self._waits = True
        self._say(words)

    def set_preparing(self, event: Preparing) -> None:
        """Work before the first step."""
        self._bar.setValue(round(1000 * event.share) if event.share is not None else 0)
        self._say(event.message)

    def set_prepared(self, event: Prepared) -> None:
        """Where the network will be trained."""
        self._device.setText(device_words(event.device))
        self._make_room()

    def set_pace(self, seconds: float) -> None:
        """How fast a run goes was chosen, here or in the menu."""
        self.pace.show_value(tuple(PACES).index(seconds))
        self._fit()

    def clear(self) -> None:
        """No run has begun."""
        self._bar.setValue(0)
        self._say("")

    def say(self, text: str) -> None:
        """A word in the place of the figures: how a run ended."""
        short = text.replace("test accuracy", "test")  # the per cent says the rest
        self._say(text, short.replace("stopped early, back to", "early stop:"))

    def figures(self) -> str:
        """What stands beside the bar now."""
        return self._figures.text()

    def _say(self, text: str, short: str = "") -> None:
        self._words_of_figures = (text, short or text)
        self._make_room()

    # Narrow windows -------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self.width()
        self._name.setFixedWidth(min(150, max(56, width // 12)))  # no button moves for another name
        self.pace.setVisible(width > 1240 or (width > 1000 and self.pace.value > 0))  # else it is in the menu
        self.strip.setVisible(self._inside is not None and width > 1480)
        for button, least in ((self.phase, 1080), (self.reset, 1000), (self.batch, 920)):
            button.setText(self._words(button) if width > least else "")
        self._keep_width(self.run, "Resume")
        self._keep_width(self.phase, f"Next: {Phase.BACKWARD.value}")
        self._figures.setVisible(width > 760)
        self._make_room()

    def _make_room(self) -> None:
        """How a run goes is worth more than that the document is not saved, than where it runs, and than its speed."""
        whole, short = self._words_of_figures
        needed = self._figures.fontMetrics().horizontalAdvance(whole) + 4
        self._needed = max(self._needed, needed) if self._state is State.RUNNING else needed
        bar = self._inside is None and self.width() > 900
        room = self._room(bar)
        if bar and self._state is State.FINISHED and room < needed:
            bar, room = False, self._room(False)  # how it ended says more than a bar that stands still
        self._bar.setVisible(bar)
        spared = self._note.sizeHint().width() + self._row.spacing() if self._note.text() else 0
        device = self._device.sizeHint().width() + 2 * self._row.spacing() if self._device.text() else 0
        self._note.setVisible(bool(self._note.text()) and room - device - spared >= self._needed)
        self._device.setVisible(bool(self._device.text()) and room - device >= self._needed)
        self._figures.setText(whole if room >= needed else short)

    def _room(self, bar: bool) -> int:
        """What the figures get when neither note nor device stand there."""
        margins = self._row.contentsMargins()
        others = (self._name, self.menus, self.run, self.batch, self.phase, self.stop, self.reset, self.pace,
                  self.strip, self.theme_button)  # fmt: skip
        left = self.width() - margins.left() - margins.right() - 3 * self._row.spacing()
        for widget in others:
            if not widget.isHidden():
                width = widget.sizeHint().width()
                least, most = widget.minimumWidth(), widget.maximumWidth()
                left -= min(max(width, least), most) + self._row.spacing()
        if not bar:
            return left
        left -= self._row.spacing()
        return left - min(self._bar.maximumWidth(), max(self._bar.minimumWidth(), left // 4))

    @staticmethod
    def _keep_width(button: QPushButton, longest: str) -> None:
        """What stands beside a button stays where it is when the button says something else."""
        metrics = button.fontMetrics()
        more = metrics.horizontalAdvance(longest) - metrics.horizontalAdvance(button.text())
        button.setMinimumWidth(button.sizeHint().width() + more if button.text() else 0)

    def _words(self, button: QPushButton) -> str:
        return {self.batch: "One batch", self.phase: self._next, self.reset: "Reset"}[button]


def device_words(device: str) -> str:
    """A device for a reader: "CPU, 2 cores" or "GPU 1" for "cpu" or "cuda:1"."""
    kind, _, number = device.partition(":")
    if kind != "cpu":
        return "GPU" if number in ("", "0") else f"GPU {number}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"


def clock(seconds: float) -> str:
    """Seconds as 0:17, 12:05 or 3:02:44."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
