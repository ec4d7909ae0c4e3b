"""NumPy, imported at its first use: nothing that is painted at the start of the window computes anything.

To be called before anything imports NumPy. A module that says `import numpy as np` gets a stand-in from then on, which
brings in the real one when it is first asked for something; the import system gets the real one from then on.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from types import ModuleType
from typing import Any

_THREADS = "OPENBLAS_NUM_THREADS"


class _Later(ModuleType):
    """Stands for NumPy."""

    _gone = False
    _lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:  # not around the import, which waits for locks of its own
            if not self._gone:
                type(self)._gone = True
                del sys.modules[self.__name__]
        real = _import(self.__name__)
        self.__dict__.update(vars(real))
        return getattr(real, name)


def postpone_numpy() -> None:
    """Let NumPy be imported at its first use, unless it is there already."""
    sys.modules.setdefault("numpy", _Later("numpy"))


def _import(name: str) -> ModuleType:
    """Import it without threads of its own: nothing large is multiplied with it here, and they spin when made.

    PyTorch, which may bring the same library along, does not see that.
    """
    if _THREADS in os.environ:  # somebody has decided
        return importlib.import_module(name)
    os.environ[_THREADS] = "1"
    try:
        return importlib.import_module(name)
    finally:
        os.environ.pop(_THREADS, None)  # gone already, if two threads came at once
