"""A sign of life of a run, by which others tell one that waits from one that was cut off. No torch.

It is the time of a file in its folder: told apart on every system, and from another machine too. A thread of its own
gives it, so that it does not matter what the run waits for: a reader, a slow step, a long evaluation.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

EVERY = 60.0  # seconds; well below `reading.ABANDONED`


class Heartbeat:
    """Touches a file now and then, from now until `stop`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more; the file keeps the time of the last beat."""
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(EVERY):
            with contextlib.suppress(OSError):  # the disk is away, or the folder: told of where it is written
                os.utime(self._file)
