"""What leads to the pinned sample from elsewhere: a value pointed at, a sample asked for, the next wrong answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from builder.ui.live import Live
from builder.ui.views.base import View

NONE_WRONG = "There is no wrong answer in the validation part."


class Pinned(QObject):
    """Connects the views with each other, and with who finds a wrong answer."""

    def __init__(
        self,
        views: Mapping[str, View],
        live: Live,
        pin: Callable[[int], None],
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        """Let `pin` look at another sample by its position, and `say` put a sentence into the status line."""
        super().__init__(parent)
        self._pin, self._say = pin, say
        for shown in views.values():
            shown.sample_asked.connect(pin)
            shown.mistake_asked.connect(live.find_mistake)
            for other in views.values():
                shown.seen.connect(other.mark_seen)
        live.mistake_found.connect(self._found)

    def _found(self, position: int | None) -> None:
        if position is None:
            self._say(NONE_WRONG)
        else:
            self._pin(position)
