"""Brings in what training and curves need, behind the painted window and without stopping it. Knows no window."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QObject, Signal

# The library of PyTorch that pulls in all others, where loading it ahead needs no more than its path.
_LIBRARY = {"linux": "libtorch.so", "darwin": "libtorch.dylib"}


class Engine(QObject):
    """Imports PyTorch and pyqtgraph on a thread of its own and says when they are there."""

    ready = Signal()

    def start(self) -> None:
        """Begin: right after the first paint, before anything moves."""
        threading.Thread(target=lambda: bring_in(self.ready.emit), name="engine", daemon=True).start()


def bring_in(ready: Callable[[], object]) -> None:
    """Import all that is needed, tell `ready`, and do once what is slow the first time."""
    try:
        load_libraries()
        # All that a run needs, so that Run itself imports nothing.
        import builder.project.job
        import builder.train.run
        import builder.train.trainer
        import builder.ui.views.plot  # noqa: F401
        from builder.train import learner

        ready()
        learner.warm_up()
    finally:
        # Modules stay for good. A collector that went through them again and again would stop the window each time.
        gc.freeze()
        gc.enable()


def load_libraries() -> None:
    """Load PyTorch's libraries: `import torch` would do it holding the interpreter, for a fifth of a second."""
    spec, name = find_spec("torch"), _LIBRARY.get(sys.platform)
    if spec is None or spec.origin is None or name is None:
        return
    # Called as a function of C, since `ctypes.CDLL` holds the interpreter too. Where it fails, the import says why.
    load = ctypes.CDLL(None).dlopen
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    load(os.fsencode(Path(spec.origin).parent / "lib" / name), os.RTLD_NOW)
