"""A small, bounded store of results that are costly to make: the newest stay, and nothing is made twice at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from builder.data.catalogue import Asked, CancelledError

V = TypeVar("V")

_LOOK = 0.05  # seconds between two looks at whether somebody who waits was told to stop


class Cache(Generic[V]):
    """Results by key, from any thread. Whatever was used last is forgotten last.

    Args:
        entries: how many are kept at most.
        limit: bytes that all of them may take; the newest is kept even when it alone takes more.
        size: bytes of a result.
    """

    def __init__(self, entries: int, limit: int, size: Callable[[V], int]) -> None:
        self._entries, self._limit, self._size = entries, limit, size
        self._kept: OrderedDict[Hashable, V] = OrderedDict()
        self._in_work: set[Hashable] = set()
        self._changed = threading.Condition()

    def get(self, key: Hashable, make: Callable[[], V], cancelled: Asked) -> V:
        """What is kept under `key`, or else what `make` returns; what it raises is raised and not kept.

        While another thread makes it, this one waits. Raises `CancelledError` when `cancelled` says so meanwhile.
        """
        with self._changed:
            while key in self._in_work:
                if cancelled():
                    raise CancelledError
                self._changed.wait(_LOOK)
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            self._in_work.add(key)
        try:
            value = make()
            with self._changed:
                self._kept[key] = value
                self._forget()
            return value
        finally:
            with self._changed:
                self._in_work.discard(key)
                self._changed.notify_all()

    def _forget(self) -> None:
        while len(self._kept) > 1 and (
            len(self._kept) > self._entries or sum(map(self._size, self._kept.values())) > self._limit
        ):
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._changed:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
