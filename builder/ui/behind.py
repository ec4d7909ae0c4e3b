"""Work that takes its time, while the window goes on painting: the caller gets the result as from any call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal

T = TypeVar("T")

AT_ONCE = 0.03  # seconds within which nobody sees that there was a wait


class _Bell(QObject):
    rung = Signal()


def behind(work: Callable[[], T]) -> T:
    """What `work` returns or raises, done on a thread of its own. Keys and mouse wait until it is done."""
    results: list[T] = []
    errors: list[BaseException] = []
    bell = _Bell()
    loop = QEventLoop()
    bell.rung.connect(loop.quit, Qt.ConnectionType.QueuedConnection)

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)
        bell.rung.emit()

    thread = threading.Thread(target=run, name="behind")
    thread.start()
    thread.join(AT_ONCE)
    if thread.is_alive():
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        thread.join()
    if errors:
        raise errors[0]
    return results[0]
