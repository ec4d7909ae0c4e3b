"""What leads to the pinned sample from elsewhere: a value pointed at, a sample asked for, a wrong answer, a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from builder.inspect.picture import Own, Pin
from builder.train.messages import Prepared
from builder.ui.live import Live
from builder.ui.views.base import View
from builder.ui.views.own import own_shape

NONE_WRONG = "There is no wrong answer in the validation part."
NONE_OF_THE_KIND = "By now, there is no such wrong answer in the validation part."


class Pinned(QObject):
    """Connects the views with each other, and with who finds a wrong answer."""

    def __init__(
        self,
        views: Mapping[str, View],
        live: Live,
        pin: Callable[[int], None],
        pin_own: Callable[[Own], None],
        say: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        """Let `pin` look at another sample by its position, `pin_own` at a picture of the user's own, and `say` put a
        sentence into the status line."""
        super().__init__(parent)
        self._pin, self._say, self._live = pin, say, live
        self._of_a_kind = False  # what was asked for last
        for shown in views.values():
            shown.sample_asked.connect(pin)
            shown.own_asked.connect(pin_own)
            shown.mistake_asked.connect(self._find)
            for other in views.values():
                shown.seen.connect(other.mark_seen)
        live.mistake_found.connect(self._found)

    def _find(self, after: int, true: int | None, said: int | None) -> None:
        self._of_a_kind = true is not None or said is not None
        self._live.find_mistake(after, true, said)

    def _found(self, position: int | None) -> None:
        if position is None:
            self._say(NONE_OF_THE_KIND if self._of_a_kind else NONE_WRONG)
        else:
            self._pin(position)


def fitting(pin: Pin, event: Prepared) -> Pin:
    """What stays pinned of this now that other data may be there."""
    own = pin.own if pin.own is not None and pin.own.shape == own_shape(event) else None
    return Pin(pin.sample if pin.sample < event.validation_samples else 0, own)
