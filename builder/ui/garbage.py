"""When Python looks for garbage: not in the middle of something long that makes none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_later() -> Iterator[None]:
    """No collection inside: among the hundreds of thousands of objects of a large network it takes tens of
    milliseconds, and would fall just where the window is busy for longest."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
