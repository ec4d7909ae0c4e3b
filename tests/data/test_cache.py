"""The bounded store: newest kept, nothing made twice, errors not kept."""

from __future__ import annotations

import threading

import pytest

from builder.data.cache import Cache
from builder.data.catalogue import CancelledError
from builder.data.samples import never


def cache(entries: int = 2, limit: int = 100) -> Cache[bytes]:
    return Cache(entries, limit, len)


def fill(store: Cache[bytes], key: str, size: int = 1) -> None:
    store.get(key, lambda: bytes(size), never)


def kept(store: Cache[bytes], key: str) -> bool:
    """Whether `key` is there; does not change the store."""

    def missing() -> bytes:
        raise LookupError

    try:
        store.get(key, missing, never)
    except LookupError:
        return False
    return True


def test_what_was_used_last_stays() -> None:
    store = cache(entries=2)
    fill(store, "a")
    fill(store, "b")
    fill(store, "a")
    fill(store, "c")
    assert [kept(store, key) for key in "abc"] == [True, False, True]


def test_bytes_are_bounded_but_the_newest_stays() -> None:
    store = cache(entries=5, limit=100)
    fill(store, "a", 60)
    fill(store, "b", 60)
    assert [kept(store, key) for key in "ab"] == [False, True]
    fill(store, "c", 500)
    assert [kept(store, key) for key in "abc"] == [False, False, True]


def test_an_error_is_raised_and_tried_again_next_time() -> None:
    store = cache()
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: bytes(1 // 0), never)
    assert store.get("a", lambda: b"x", never) == b"x"


def test_two_threads_make_it_once() -> None:
    store, made, begun, go_on = cache(), [], threading.Event(), threading.Event()

    def slow() -> bytes:
        made.append(1)
        begun.set()
        assert go_on.wait(10)
        return b"x"

    waiting = threading.Event()

    def asked() -> bool:  # looked at only while waiting
        waiting.set()
        return False

    found: list[bytes] = []
    first = threading.Thread(target=lambda: found.append(store.get("a", slow, never)))
    second = threading.Thread(target=lambda: found.append(store.get("a", slow, asked)))
    first.start()
    assert begun.wait(10)
    second.start()
    assert waiting.wait(10)
    fill(store, "b")  # another key does not wait
    go_on.set()
    first.join()
    second.join()
    assert found == [b"x", b"x"]
    assert made == [1]


def test_whoever_waits_can_give_up() -> None:
    store, begun, go_on = cache(), threading.Event(), threading.Event()

    def slow() -> bytes:
        begun.set()
        assert go_on.wait(10)
        return b"x"

    thread = threading.Thread(target=lambda: store.get("a", slow, never))
    thread.start()
    assert begun.wait(10)
    with pytest.raises(CancelledError):
        store.get("a", slow, lambda: True)
    go_on.set()
    thread.join()
    assert kept(store, "a")
