"""What a step of a model uses, before it has a place in the new graph: calls whose leaves are wires and weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from builder.compile.importing.functions import VALUE
from builder.graph.model import Shape
from builder.layers.base import MODULE, Call, Input, Own


@dataclass(frozen=True)
class Wire:
    """A value that a node of the new graph gives."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class Learned:
    """A learned tensor of the model, by its path."""

    path: str


@dataclass(frozen=True)
class Applied:
    """The result of a module of the model, called with these arguments."""

    path: str
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


class Batch:
    """How many samples there are."""


BATCH = Batch()


def call(target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """A call without the options that say nothing."""
    kwargs = {key: value for key, value in kwargs.items() if value is not None and key not in ("inplace", "out")}
    return Call(target, *args, **kwargs)


def inner(term: Any) -> Iterator[Any]:
    """What stands directly in a call and is no plain value."""
    items = (*term.args, *term.kwargs.values()) if isinstance(term, Call) else (term,)
    for item in items:
        if isinstance(item, tuple):
            for part in item:
                yield from inner(part) if isinstance(part, tuple) else iter((part,) if _special(part) else ())
        elif _special(item):
            yield item


def _special(item: Any) -> bool:
    return isinstance(item, (Wire, Learned, Applied, Batch, Call))


def _leaves(term: Any) -> Iterator[Any]:
    """Everything within a term that is neither call nor list."""
    if isinstance(term, Call):
        for item in (*term.args, *term.kwargs.values()):
            yield from _leaves(item)
    elif isinstance(term, Applied):
        yield term
        for item in (*term.args, *(value for _, value in term.kwargs)):
            yield from _leaves(item)
    elif isinstance(term, tuple):
        for item in term:
            yield from _leaves(item)
    elif isinstance(term, slice):
        yield from (term.start, term.stop, term.step)
    else:
        yield term


def wires_of(term: Any) -> Iterator[Wire]:
    """The values that a term uses, in order, each as often as it is used."""
    return (leaf for leaf in _leaves(term) if isinstance(leaf, Wire))


def learned_in(term: Any) -> Iterator[str]:
    """The paths of the learned tensors that a term uses."""
    return (leaf.path for leaf in _leaves(term) if isinstance(leaf, Learned))


def paths_in(term: Any) -> Iterator[str]:
    """The paths of the modules that a term uses."""
    return (leaf.path for leaf in _leaves(term) if isinstance(leaf, Applied))


def shown(value: Any) -> Any:
    """Arguments as the table of functions sees them."""
    if isinstance(value, Wire):
        return VALUE
    return tuple(shown(item) for item in value) if isinstance(value, tuple) else value


def recorded(term: Any, wires: list[Wire], learned: list[str]) -> Any:
    """The term as a call of an `Operation`."""
    if isinstance(term, Wire):
        return Input(wires.index(term))
    if isinstance(term, Learned):
        return Own(str(learned.index(term.path)))
    if isinstance(term, Batch):
        return Call("torch.Tensor.size", Input(0), 0)
    if isinstance(term, Applied):
        options = {key: recorded(value, wires, learned) for key, value in term.kwargs}
        return Call(MODULE, *(recorded(argument, wires, learned) for argument in term.args), **options)
    if isinstance(term, Call):
        options = {key: recorded(value, wires, learned) for key, value in term.kwargs.items()}
        return Call(term.target, *(recorded(argument, wires, learned) for argument in term.args), **options)
    return tuple(recorded(item, wires, learned) for item in term) if isinstance(term, tuple) else term
