"""The first seconds of the program, timed in its own process: what `bench start` has the window watched by.

Imports nothing heavy: what it imported would no longer be the program's to import.
"""

from __future__ import annotations

import json
import time

from PySide6.QtCore import QTimer

from builder.ui.engine import Engine
from builder.ui.heartbeat import Heartbeat
from builder.ui.window import MainWindow

AFTERWARDS = 1500  # milliseconds behind the first look inside that still count


def watch(window: MainWindow, engine: Engine, began: float) -> None:
    """Note when the window is painted and ready, and how late it answers; in the end print that as JSON and close it.

    Args:
        began: when the process was started, as `time.time` tells it.
    """
    found: dict[str, float] = {}
    heart = Heartbeat()

    def painted() -> None:
        found["painted"] = time.time() - began
        heart.start()

    def ready() -> None:
        found["ready"] = time.time() - began

    def end() -> None:
        heart.stop()
        print(json.dumps(found | {"longest": max(heart.late) / 1000}))
        window.close()

    # All of the window is painted when the event loop is back.
    window.first_painted.connect(lambda: QTimer.singleShot(0, window, painted))
    engine.ready.connect(ready)
    last = QTimer(window, interval=AFTERWARDS, singleShot=True)
    last.timeout.connect(end)
    window.live.picture_taken.connect(lambda _picture: last.isActive() or last.start())
