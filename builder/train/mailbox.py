"""A one-place mailbox: newest wins, and the sender can ask whether a new one is wanted. Standard library only."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most one value. Any thread may post, any thread may take."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None

    def post(self, value: T) -> None:
        """Put a value in; one that nobody took is dropped."""
        with self._lock:
            self._value = value

    def take(self) -> T | None:
        """Take the value out; None when there is none."""
        with self._lock:
            value, self._value = self._value, None
        return value

    @property
    def empty(self) -> bool:
        """Whether the last value was taken, so that a new one is worth making."""
        return self._value is None
