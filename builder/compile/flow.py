"""What the values of a class are called in its `forward`, and where its modules are attached. No torch.

All that depends on names and wires alone: an edit of a layer's parameters finds it as it was, and the rows with it, by
which `source` knows the lines that it has written before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from keyword import iskeyword

from builder.compile.classes import Form
from builder.compile.plan import Step
from builder.compile.sites import Use, ends_of, input_names, value_names
from builder.compile.wording import assignment, containers_of, reach

_TAKEN = frozenset({"x", "self", "torch", "nn", "torchvision"})
_KNOWN = 256  # classes whose flow is remembered: those of a large network, and of the edits before


@dataclass(frozen=True)
class Row:
    """One item of a class.

    Attributes:
        nodes: the dotted names of the nodes that it is at each of the class's sites.
        containers: the statements that make the containers of its module, where it is the first in them.
        attach: what stands before and behind what makes its module; empty where it makes none.
        place: the expression for its module.
        given: what stands before its call in `forward`.
        values: the variables that go in.
        aside: whether only an auxiliary output needs it.
    """

    nodes: tuple[str, ...]
    containers: tuple[str, ...]
    attach: tuple[str, str] | None
    place: str
    given: str
    values: tuple[str, ...]
    aside: bool


@dataclass(frozen=True, eq=False)
class Flow:
    """A class's rows, what enters and leaves, and what leaves besides in training."""

    rows: tuple[Row, ...]
    entering: str
    leaving: str
    helpers: tuple[str, ...]


class _Kind(Enum):
    CALL, MODULE, BLOCK = range(3)


_Item = tuple[str, _Kind, tuple[str, ...], tuple[str, ...]]  # its name in the class, what it is, what enters and leaves


def flow_of(form: Form, helpers: tuple[str, ...] = ()) -> Flow:
    """The flow of a class; the same object as long as nothing in it is named or wired otherwise.

    Args:
        helpers: values that are returned besides the class's own.
    """
    site = form.sites[0]
    items = tuple([_item(local, item) for local, item in zip(site.names, site.items, strict=True)])
    gatherer = site.items.index(site.gatherer) if form.gathers and site.gatherer is not None else -1
    prefixes = tuple([other.prefix for other in form.sites])
    return _flow(items, site.inputs, tuple(input_names(site)), site.outputs, helpers, prefixes, form.gathers, gatherer)


def _item(local: str, item: Step | Use) -> _Item:
    if isinstance(item, Use):
        return local, _Kind.BLOCK, *ends_of(item)
    return local, _Kind.MODULE if item.builds_module else _Kind.CALL, item.inputs, (item.name,)


@lru_cache(maxsize=_KNOWN)
def _flow(
    items: tuple[_Item, ...],
    inputs: tuple[str, ...],
    called: tuple[str, ...],
    outputs: tuple[str, ...],
    helpers: tuple[str, ...],
    prefixes: tuple[str, ...],
    gathers: bool,
    gatherer: int,
) -> Flow:
    variables = _variables(
        inputs, items, (*outputs, *helpers), value_names(inputs, called, ((i[0], i[3]) for i in items))
    )
    containers = containers_of(name for name, kind, _, _ in items if kind is not _Kind.CALL)
    needed = _needed(items, outputs)
    made: set[str] = set()
    rows = []
    for number, (local, kind, entering, leaving) in enumerate(items):
        rows.append(
            Row(
                tuple([prefix + local for prefix in prefixes]),
                tuple(_made_before(local, containers, made)) if kind is _Kind.MODULE else (),
                _attached(local, kind, containers),
                reach(local, containers),
                f"{', '.join(variables[name] for name in leaving)} = ",
                ("*inputs",) if number == gatherer else tuple([variables[name] for name in entering]),
                number not in needed,
            )
        )
    starts = "*inputs" if gathers else ", ".join(variables[name] for name in inputs)
    ends = ", ".join(variables[name] for name in outputs)
    return Flow(tuple(rows), starts, ends, tuple([variables[name] for name in helpers]))


def _attached(local: str, kind: _Kind, containers: dict[str, str]) -> tuple[str, str] | None:
    match kind:
        case _Kind.CALL:
            return None
        case _Kind.MODULE:
            return assignment(local, containers)
        case _Kind.BLOCK:
            return f"self.{local} = ", ""


def _made_before(local: str, containers: dict[str, str], made: set[str]) -> Sequence[str]:
    """The statements that make the containers of a module, those in `made` left out, which are more then."""
    found = []
    parts = local.split(".")
    for depth in range(1, len(parts)):
        prefix = ".".join(parts[:depth])
        if prefix not in made:
            made.add(prefix)
            before, after = assignment(prefix, containers)
            found.append(f"{before}{containers[prefix]}(){after}")
    return found


def _needed(items: tuple[_Item, ...], wanted: Sequence[str]) -> set[int]:
    """The numbers of the items that the wanted values are computed in; a block is computed as a whole."""
    values, found = set(wanted), set()
    for number in reversed(range(len(items))):
        _, _, inputs, outputs = items[number]
        if not values.isdisjoint(outputs):
            found.add(number)
            values.update(inputs)
    return found


def _variables(
    starts: Sequence[str], items: tuple[_Item, ...], wanted: Sequence[str], names: dict[str, str]
) -> dict[str, str]:
    """The variable of each value: `x` for what only the next line uses, the node's name for what lives longer.

    Args:
        starts: what is there at first; wanted: what is returned.
        names: of the values, in the class.
    """
    uses: dict[str, list[int]] = defaultdict(list)
    for number, (_, _, inputs, _) in enumerate(items):
        for name in inputs:
            uses[name].append(number)
    for name in wanted:
        uses[name].append(len(items))
    variables: dict[str, str] = {}
    taken = set(_TAKEN)
    for number, given in enumerate((starts, *(outputs for _, _, _, outputs in items))):
        for name in given:
            if len(given) == 1 and set(uses[name]) == {number}:
                variables[name] = "x"
                continue
            variable = stem = names[name].replace(".", "_")
            suffix = 1
            while variable in taken or iskeyword(variable):
                suffix += 1
                variable = f"{stem}_{suffix}"
            taken.add(variable)
            variables[name] = variable
    return variables
