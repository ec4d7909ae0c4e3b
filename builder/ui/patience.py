"""Says that a command was heard where its effect is long in coming: a step of a large network takes seconds.

Knows what was asked of a run and what came of it; where the words stand is for whoever gets them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from builder.train.messages import Command, Pause, Resume, State, Stop

if TYPE_CHECKING:
    from builder.ui.live import Live

SOON = 400  # milliseconds within which nobody wonders


class Patience(QObject):
    """Tells `say` of a command that a run has not followed yet."""

    def __init__(self, live: Live, say: Callable[[str], None]) -> None:
        super().__init__(live)
        self._live, self._say, self._words = live, say, ""
        self._soon = QTimer(self, interval=SOON, singleShot=True)
        self._soon.timeout.connect(lambda: self._say(self._words))
        live.commanded.connect(self._commanded)
        for news in (live.state_changed, live.preparing, live.failed, live.finished, live.cleared):
            news.connect(self._soon.stop)

    def _commanded(self, command: Command) -> None:
        running = self._live.state is State.RUNNING
        match command:
            case Resume() if not running:
                self._words = "starting …"
            case Pause() if running:
                self._words = "pausing behind this phase …"
            case Stop() if self._live.training:
                self._words = "stopping behind this step …"
            case _:
                return
        self._soon.start()
