"""The catalogue: which layer kinds there are, and how a node becomes one. No torch, no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import ValidationError

from builder.graph.frozen import FrozenDict, thaw
from builder.graph.parameters import problems_of
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import Layer

L = TypeVar("L", bound=type[Layer])

_kinds: dict[str, type[Layer]] = {}


def register(layer: L) -> L:
    """Class decorator: put a layer kind into the catalogue. Raises `ValueError` when the name is taken."""
    if layer.kind() in _kinds:
        raise ValueError(f"two layers are called {layer.kind()}")
    _kinds[layer.kind()] = layer
    return layer


def kinds() -> Mapping[str, type[Layer]]:
    """All layer kinds by name, in the order of registration (which is the order of the palette)."""
    return _kinds


def offered() -> tuple[type[Layer], ...]:
    """The layers that a user can draw, in the order of registration."""
    return tuple(layer for layer in _kinds.values() if layer.offered)


def restore(known: Mapping[str, type[Layer]]) -> None:
    """Make `known`, an earlier copy of `kinds()`, the catalogue again: what a broken plug-in brought is dropped."""
    _kinds.clear()
    _kinds.update(known)
    make.cache_clear()


def find(kind: str) -> type[Layer] | None:
    """The layer class of this name, or None when this program does not know it."""
    return _kinds.get(kind)


def search(words: str) -> Iterator[type[Layer]]:
    """Layers that match every word typed, best first: title, then kind, then keywords, then help text."""
    parts = words.casefold().split()
    ranked = []
    for position, layer in enumerate(offered()):
        texts = [layer.title, layer.kind(), " ".join(layer.keywords), f"{layer.category.value} {layer.help()}"]
        ranks = [_rank(part, [text.casefold() for text in texts]) for part in parts]
        if all(rank is not None for rank in ranks):
            ranked.append((sum(rank for rank in ranks if rank is not None), position, layer))
    return (layer for _, _, layer in sorted(ranked, key=lambda entry: entry[:2]))


def _rank(part: str, texts: list[str]) -> int | None:
    for rank, text in enumerate(texts):
        if text.startswith(part):
            return 2 * rank
        if part in text:
            return 2 * rank + 1
    return None


@lru_cache(maxsize=4096)
def make(kind: str, params: FrozenDict[str, Any]) -> Layer:
    """The validated layer of a node. Raises `ProblemError` (with `where` empty) for an unknown kind or bad values."""
    layer = _kinds.get(kind)
    if layer is None:
        message = f"this program has no layer of kind {kind}."
        hint = "The network opens and saves unchanged; replace or remove this layer to train."
        raise ProblemError(Problem("unknown-layer", message, hint=hint))
    try:
        return layer.model_validate(thaw(params))
    except ValidationError as error:
        raise ProblemError(*problems_of(error, "")) from None
