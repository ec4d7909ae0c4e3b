"""t-SNE on a thread of its own, beside window and training: values in, points out by a mailbox. Knows neither."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from builder.inspect.cloud import Floats, Places
from builder.inspect.unfold import ROUNDS, unfold
from builder.train.mailbox import Mailbox

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Unfolded:
    """Points so far.

    Attributes:
        points: (n, 2); None where it failed.
        share: of the work that is done, up to 1.
    """

    points: Places | None
    share: float


class Unfolding:
    """One t-SNE under way on a daemon thread.

    Attributes:
        mailbox: the newest points.
    """

    def __init__(self, values: Floats, start: Places, *, unfolded: bool = False) -> None:
        """Begin at once; arguments as for `unfold`."""
        self.mailbox: Mailbox[Unfolded] = Mailbox()
        self._stop = threading.Event()
        self._values, self._start, self._unfolded = values, start, unfolded
        self._thread = threading.Thread(target=self._work, name="t-sne", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give it up behind the round under way; nothing more is told."""
        self._stop.set()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def join(self, timeout: float) -> None:
        """Wait so many seconds for the thread to end."""
        self._thread.join(timeout)

    def _work(self) -> None:
        try:
            for number, points in enumerate(unfold(self._values, self._start, unfolded=self._unfolded)):
                if self._stop.is_set():
                    return
                self.mailbox.post(Unfolded(points, (number + 1) / len(ROUNDS)))
        except Exception:  # whatever it is, the window must not wait for ever
            log.debug("t-SNE failed", exc_info=True)
            self.mailbox.post(Unfolded(None, 1.0))
