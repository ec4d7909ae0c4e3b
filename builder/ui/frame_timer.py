"""The beat at which the window looks at what training has brought. Knows neither the trainer nor what is drawn."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

FASTEST, SLOWEST = 33, 100  # milliseconds between frames: 30 Hz when drawing is cheap, 10 Hz when it is not
IDLE = 100  # while nothing trains, pictures change only when somebody selects something
DRAWING_SHARE = 0.06  # of one core's time: while drawing holds the interpreter, a training thread all but stands still


class FrameTimer(QTimer):
    """Fires for each frame; its owner tells it what the last one cost."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cost = 0.0  # seconds that a frame takes, averaged over some

    def pace(self, cost: float = 0.0, *, training: bool) -> None:
        """Choose the time to the next frame: drawing must leave the training thread its share of the machine.

        Args:
            cost: seconds that the last frame took, painting included; 0 for none yet.
        """
        if training:
            self._cost += (cost - self._cost) / 6
            interval = int(min(SLOWEST, max(FASTEST, 1000 * self._cost / DRAWING_SHARE)))
        else:
            interval = IDLE if cost else FASTEST
        if abs(self.interval() - interval) > 4 or not self.isActive():
            self.start(interval)
