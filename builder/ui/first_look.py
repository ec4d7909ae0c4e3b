"""Looks at the samples of the data that are chosen, whatever becomes of them: neither a network nor a run is needed.

While a run is under way, and where data and network do not fit, nobody else does. Knows no panel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from builder.data.catalogue import CancelledError, find
from builder.data.settings import DataSettings
from builder.graph.problems import ProblemError
from builder.project.document import Project
from builder.ui.document import Document
from builder.ui.scout import SETTLE, at_hand

if TYPE_CHECKING:
    from builder.ui.inspector.samples import Sample

_EVERY = 50  # milliseconds between two looks at what has come


class FirstLook(QObject):
    """Loads the samples once other ones are chosen, if they are on this computer."""

    def __init__(
        self, document: Document, show: Callable[[Sequence[Sample]], object], parent: QObject | None = None
    ) -> None:
        """`show` gets some of each class, as `Prepared` has them."""
        super().__init__(parent)
        self._document, self._show = document, show
        self._stop = Event()
        self._threads: list[Thread] = []
        self._come: list[tuple[Sample, ...]] = []  # by the thread, which knows no Qt and may outlive the window
        # Behind a trainer that loads them too: that tells how far it is, and what it has loaded is at hand then.
        self._settle = QTimer(self, interval=2 * SETTLE, singleShot=True)
        self._settle.timeout.connect(self._look)
        self._frame = QTimer(self, interval=_EVERY)
        self._frame.timeout.connect(self._hear)
        document.changed.connect(self._changed)
        document.replaced.connect(self._settle.start)

    def _changed(self, old: Project, new: Project) -> None:
        if old.data is not new.data and _loaded_by(old.data) != _loaded_by(new.data):
            self.leave()
            self._settle.start()

    def leave(self) -> None:
        """Nothing that is being loaded is wanted any more."""
        self._stop.set()
        self._settle.stop()
        self._frame.stop()

    def close(self, seconds: float = 5.0) -> bool:
        """Want nothing more, and wait for what is under way: a library that is being imported cannot be stopped.

        Returns:
            whether all of it has ended in time.
        """
        self.leave()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _look(self) -> None:
        self.leave()
        if at_hand(self._document.value):
            self._stop, self._come = Event(), []
            work = (self._document.value.data, self._stop, self._come)
            thread = Thread(target=_load, args=work, name="first look", daemon=True)
            self._threads = [*(each for each in self._threads if each.is_alive()), thread]
            thread.start()
            self._frame.start()

    def _hear(self) -> None:
        if self._come:
            self._frame.stop()
            self._show(self._come[0])


def _loaded_by(settings: DataSettings) -> tuple[object, ...]:
    """What decides which samples are loaded."""
    chosen = find(settings.dataset)
    options = sorted(chosen.options) if chosen is not None else ()
    return settings.dataset, *(getattr(settings, name) for name in options)


def _load(settings: DataSettings, stop: Event, come: list[tuple[Sample, ...]]) -> None:
    if stop.is_set():
        return
    from builder.data.samples import data_set, examples, load

    try:
        come.append(tuple(examples(load(settings, cancelled=stop.is_set), data_set(settings))))
    except (ProblemError, CancelledError, MemoryError):
        pass  # why they cannot be had is said where they are wanted for a training
    finally:
        come.append(())  # behind what was found; nobody waits for ever
