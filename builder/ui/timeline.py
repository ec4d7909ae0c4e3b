"""The strip under the canvas with which one looks back at a run: earlier, later, or as a film."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider, QWidget

from builder.inspect.picture import Picture
from builder.train.messages import EpochEnded
from builder.ui.icons import dress
from builder.ui.live import Live
from builder.ui.widgets.buttons import small_button
from builder.ui.widgets.labels import label

FRAME = 300  # milliseconds that each moment of the film stands


class Timeline(QFrame):
    """Stands there while there is a run with moments to be looked back at.

    Attributes:
        slider: one place for each moment; play: begins and ends the film; words: which moment it is.
        film_asked: the film is to be saved.
    """

    film_asked = Signal()

    def __init__(self, live: Live, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self._epochs: dict[int, int] = {}  # the epoch that ended with a step
        self.setObjectName("timeline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.play = small_button("play", "", self.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Moment of the run")
        self.slider.setToolTip("The network as it was: drag back to the first step (Alt+, and Alt+.)")
        self.slider.setPageStep(4)
        self.slider.valueChanged.connect(self._moved)
        self.words = label(role="muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(8)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        row.addWidget(small_button("film", "Save the run as a film…", self.film_asked.emit))
        self._film = QTimer(self, interval=FRAME)
        self._film.timeout.connect(self._next)
        self._drawn: int | None = None  # the step of the picture that came last
        live.moments.steps_changed.connect(lambda _steps: self._renew())
        live.moments.step_changed.connect(lambda _step: self._show_place())
        live.epoch_ended.connect(self._add_epoch)
        live.picture_taken.connect(self._note_picture)
        live.cleared.connect(self._clear)
        self._dress_play()
        self._renew()

    @property
    def playing(self) -> bool:
        """Whether the film runs."""
        return self._film.isActive()

    def to_come(self) -> int:
        """The height that it will take where it does not stand now."""
        return self.sizeHint().height() if self.isHidden() else 0

    def toggle(self) -> None:
        """Let the film run, from the beginning where it stands at the end; or stop it."""
        moments = self._live.moments
        if self.playing or len(moments.steps) < 2:
            self._film.stop()
        else:
            if moments.step is None:
                moments.look_at(moments.steps[0])
            self._film.start()
        self._dress_play()

    def _next(self) -> None:
        moments = self._live.moments
        if not moments.steps or moments.step is None:
            self._film.stop()
            self._dress_play()
        elif self._drawn == moments.step:  # else its pictures are still on their way
            moments.go(1)

    def _moved(self, place: int) -> None:
        steps = self._live.moments.steps
        if 0 <= place < len(steps):
            self._live.moments.look_at(steps[place])

    def _add_epoch(self, epoch: EpochEnded) -> None:
        self._epochs[epoch.step] = epoch.epoch
        if epoch.step in self._live.moments.steps:  # they may be known before the epochs are told
            self._renew()

    def _note_picture(self, picture: Picture) -> None:
        self._drawn = picture.step

    def _clear(self) -> None:
        self._epochs.clear()
        self._drawn = None

    def _renew(self) -> None:
        steps = self._live.moments.steps
        self.setVisible(len(steps) > 1)
        if len(steps) < 2:
            self._film.stop()
            self._dress_play()
            return
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(steps) - 1)
        self.slider.blockSignals(False)
        metrics = self.words.fontMetrics()
        widest = max(metrics.horizontalAdvance(self.named(step)) for step in steps)
        self.words.setMinimumWidth(widest + 4)
        self._show_place()

    def _show_place(self) -> None:
        moments = self._live.moments
        if not moments.steps:
            return
        self.slider.blockSignals(True)
        self.slider.setValue(moments.place)
        self.slider.blockSignals(False)
        self.words.setText(self.named(moments.steps[moments.place]))

    def named(self, step: int) -> str:
        """A step for a reader, with the epoch that ended there."""
        if step == 0:
            return "initial weights"
        epoch = self._epochs.get(step)
        return f"step {step:,}" + (f" · epoch {epoch}" if epoch is not None else "")

    def _dress_play(self) -> None:
        playing = self.playing
        dress(self.play, "pause" if playing else "play", "muted")
        tip = "Stop the film" if playing else "Play the run: how the network came to be (F9)"
        self.play.setToolTip(tip)
        self.play.setAccessibleName(tip)
