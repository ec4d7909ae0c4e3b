"""An immutable, hashable mapping and the conversion of plain JSON values into immutable ones.

Knows nothing of graphs: it exists so that a network is a value that can be shared, compared and undone.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class FrozenDict(Mapping[K, V]):
    """A mapping that keeps insertion order, cannot change and can be hashed (when its values can).

    Two mappings are equal when they hold the same items, in any order, as with `dict`.
    """

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._items: dict[K, V] = dict(items)
        self._hash: int | None = None

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    # The inherited views go through `__getitem__` for each item; the dictionary's own are just as safe and much faster.

    def keys(self) -> KeysView[K]:
        return self._items.keys()

    def values(self) -> ValuesView[V]:
        return self._items.values()

    def items(self) -> ItemsView[K, V]:
        return self._items.items()

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: Any = None) -> Any:
        return self._items.get(key, default)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, FrozenDict):
            return self._items == other._items
        if isinstance(other, Mapping):
            return self._items == dict(other)
        return NotImplemented

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._items.items()))
        return self._hash

    def __repr__(self) -> str:
        return f"FrozenDict({self._items!r})"

    def set(self, key: K, value: V) -> FrozenDict[K, V]:
        """A copy in which `key` holds `value`."""
        return FrozenDict({**self._items, key: value})

    def update(self, items: Mapping[K, V]) -> FrozenDict[K, V]:
        """A copy with the given items added or replaced."""
        return FrozenDict({**self._items, **items})

    def without(self, *keys: K) -> FrozenDict[K, V]:
        """A copy that lacks the given keys; absent ones are ignored."""
        return FrozenDict({k: v for k, v in self._items.items() if k not in keys})


def freeze(value: Any) -> Any:
    """The immutable form of a JSON value: lists become tuples, objects become `FrozenDict`."""
    if isinstance(value, Mapping):
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """The plain JSON form of a frozen value: the inverse of `freeze`."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    return value
