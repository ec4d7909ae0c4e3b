"""How late the event loop is: a clock that it has to keep. Knows no window, and imports nothing heavy."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

HEARTBEAT = 16  # milliseconds


class Heartbeat(QObject):
    """Notes how late each beat of the event loop comes, in milliseconds: for so long nothing answered."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=HEARTBEAT)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin; the next beat is due in one period."""
        self._clock.start()
        self._timer.start()

    def stop(self) -> None:
        """Note no more."""
        self._timer.stop()

    def _beat(self) -> None:
        self.late.append(max(0.0, self._clock.nsecsElapsed() / 1e6 - HEARTBEAT))
        self._clock.restart()
