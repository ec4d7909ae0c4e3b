"""Random changes of JSON values at any depth: something missing, doubled, exchanged, huge, of another type, nested."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from builder.layers.registry import kinds

NUMBERS = [0, 1, -1, 2, 7, 1.5, -0.0, 1e300, 10**9, 10**12, 10**15, 10**16, 10**30, 2**31, 2**63, True, False, None]
TEXTS = ["", "a", "input", "conv1", "Block", "Input", "Output", "channels * 9", "1 // 0", "(" * 50, "\ud800", "none",
         "sgd", "x" * 3000, "__class__", "forward", "5x5", "nan", "folder:/nowhere", "input.conv", "é\n"]  # fmt: skip
KEYS = ["kind", "params", "at", "name", "repeat", "arguments", "definition", "parameters", "default", "$", "help"]

scalars = st.sampled_from([*NUMBERS, *TEXTS])
values = st.recursive(
    scalars | st.builds(lambda text: {"$": text}, st.sampled_from(TEXTS)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
deep = st.integers(30, 400).map(lambda depth: nested(depth))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each part of a value stands, the whole of it left out."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from paths(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def mutated(draw: st.DrawFn, whole: Any, most: int = 4) -> Any:
    """The value with up to so many changes."""
    whole = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, most))):
        places = list(paths(whole))
        if not places:
            break
        inner = [place for place in places if {"params", "arguments", "data", "training"} & set(place[:-1])]
        *start, key = draw(st.sampled_from(inner if inner and draw(st.booleans()) else places))
        parent = at(whole, tuple(start))
        match draw(st.integers(0, 6)):
            case 0:
                del parent[key]
            case 1:
                parent[key] = draw(values | deep)
            case 2:
                parent[key] = copy.deepcopy(at(whole, draw(st.sampled_from(places))))
            case 3 if isinstance(parent, list):
                parent.insert(key, copy.deepcopy(parent[key]))
            case 3:
                parent[draw(st.sampled_from([*KEYS, *TEXTS]))] = copy.deepcopy(parent[key])
            case 4 if type(parent[key]) in (int, float):
                factor = draw(st.sampled_from([-1, 0.5, 2, 10, 10**6, 10**12]))
                parent[key] = parent[key] * factor + draw(st.integers(-1, 1))
            case 5 if isinstance(parent[key], str):
                parent[key] = draw(st.sampled_from([*kinds(), *TEXTS]))
            case _:
                parent[key] = draw(values)
    return whole
