"""Where the blocks of a network stand in its plan: every copy of every block as a `Site`. No text, no torch.

A block that cannot be one attribute of what holds it (its steps are mixed up with others', or its copies are no chain)
is no site: its layers then stand in the one around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from builder.compile.plan import Plan, Step
from builder.graph.expansion import Expansion, Level, Written
from builder.graph.instance import INPUT
from builder.graph.model import Block
from builder.layers.base import Input

if TYPE_CHECKING:
    from builder.compile.classes import Form


@dataclass(eq=False)
class Use:
    """A block in a site: its copies in a row, one only where it is not repeated."""

    name: str
    copies: list[Site]
    repeated: bool

    @property
    def runs(self) -> list[list[Site]]:
        """The copies, those next to each other that are made alike taken together."""
        made = groupby(self.copies, key=lambda site: (id(site.form), repr(site.values)))
        return [list(run) for _, run in made]


@dataclass(eq=False)
class Site:
    """One copy of a block in its place, or the network itself.

    Attributes:
        prefix: what the names of its steps begin with.
        block: its definition; None for the network.
        arguments: values of the block's parameters here.
        items: what it holds, in order of execution.
        inputs, outputs: the values that enter and leave it, by the names of the steps that give them.
        form: its class; values: what the class is called with here.
    """

    prefix: str
    block: Block | None
    arguments: Mapping[str, Any]
    items: list[Step | Use]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    form: Form = field(init=False)
    values: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the items within the site."""
        return tuple([self.local(item) for item in self.items])

    @property
    def gatherer(self) -> Step | None:
        """The step that takes all that enters, in order and as one list, where nothing else uses any of it."""
        first, *others = self.items
        if len(self.inputs) < 2 or not isinstance(first, Step):
            return None
        used = {name for item in others for name in (item.inputs if isinstance(item, Step) else item.copies[0].inputs)}
        whole = not first.builds_module and Input(None) in first.call.args and first.inputs == self.inputs
        return first if whole and used.isdisjoint(self.inputs) else None

    def local(self, item: Step | Use) -> str:
        """The name of an item within the site."""
        return item.name if isinstance(item, Use) else item.name[len(self.prefix) :]

    def sites(self) -> Iterator[Site]:
        """All sites within, the innermost first, and this one."""
        for item in self.items:
            if isinstance(item, Use):
                for copy in item.copies:
                    yield from copy.sites()
        yield self


def root_site(plan: Plan, expansion: Expansion | None = None) -> Site:
    """The network itself, with all that it holds.

    Args:
        expansion: of the network that the plan is of; without one it holds steps alone.
    """
    flow = _Flow(plan)
    steps = list(plan.steps)
    if expansion is None:
        return Site("", None, {}, [*steps], (plan.input,), (flow.wanted,))
    root = flow.site(expansion.root, None, {}, steps)
    root.inputs, root.outputs = (plan.input,), (flow.wanted,)
    return root


class _Flow:
    """Where the values of a plan go."""

    def __init__(self, plan: Plan) -> None:
        self.wanted = plan.outputs[0][1]
        self.place = {step.name: number for number, step in enumerate(plan.steps)}
        self.last = {name: number for number, step in enumerate(plan.steps) for name in step.inputs}
        self.last |= {name: len(plan.steps) for _, name in plan.outputs}

    def site(self, level: Level, block: Block | None, arguments: Mapping[str, Any], steps: list[Step]) -> Site:
        """The site that these steps, which follow each other in the plan, make up."""
        if not level.instances:
            return Site(level.prefix, block, arguments, [*steps], *self._ends(steps))
        parts = [(name, list(some)) for name, some in groupby(steps, key=lambda step: self._within(step, level))]
        torn = {name for name, count in Counter(name for name, _ in parts).items() if count > 1}
        items: list[Step | Use] = []
        for name, part in parts:
            # What cannot be a class here leaves its layers to this one.
            use = self._use(level.instances[name], part) if name and name not in torn else None
            items += [use] if use is not None else part
        return Site(level.prefix, block, arguments, items, *self._ends(steps))

    @staticmethod
    def _within(step: Step, level: Level) -> str:
        """The block on this level that holds a step; empty when none does."""
        name = step.name[len(level.prefix) :].partition(".")[0]
        return name if name in level.instances else ""

    def _use(self, written: Written, steps: list[Step]) -> Use | None:
        """A block as one attribute; None when its copies are not a chain, or mixed up with each other."""
        instance = written.instance
        if instance is None:
            return None
        copies = []
        parts: Sequence[list[Step]] = [steps]
        if len(written.copies) > 1:
            found = [
                (number, list(part))
                for number, part in groupby(steps, key=lambda step: _number_of(step, written.copies[0]))
            ]
            if [number for number, _ in found] != list(range(len(written.copies))):
                return None
            parts = [part for _, part in found]
        for level, part in zip(written.copies, parts, strict=True):
            copies.append(self.site(level, instance.block, instance.arguments, part))
        if any(len(before.outputs) > 1 or before.outputs != after.inputs for before, after in pairwise(copies)):
            return None
        if len(copies) > 1 and any(len(copy.inputs) != len(copies[-1].outputs) for copy in copies):
            return None
        return Use(written.node.name, copies, repeated=len(copies) > 1)

    def _ends(self, steps: list[Step]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if not steps:
            return (), ()  # of a network in which the input itself leaves
        first, behind = self.place[steps[0].name], self.place[steps[-1].name] + 1
        entering = [name for step in steps for name in step.inputs if self.place.get(name, -1) < first]
        leaving = [step.name for step in steps if self.last[step.name] >= behind]
        return tuple(dict.fromkeys(entering)), tuple(leaving)


def _number_of(step: Step, first: Level) -> int:
    """The number of the copy that holds a step, of several of which this is the first."""
    outer = first.prefix[: -len("0.")]
    return int(step.name[len(outer) :].partition(".")[0])


def ends_of(item: Step | Use) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which values enter and leave an item."""
    if isinstance(item, Use):
        return item.copies[0].inputs, item.copies[-1].outputs
    return item.inputs, (item.name,)


def local_names(site: Site) -> dict[str, str]:
    """What the values that a site works with are called in it, whichever of its class's sites it is."""
    return value_names(
        site.inputs,
        input_names(site),
        ((local, ends_of(item)[1]) for local, item in zip(site.names, site.items, strict=True)),
    )


def value_names(
    inputs: Sequence[str], called: Sequence[str], items: Iterable[tuple[str, Sequence[str]]]
) -> dict[str, str]:
    """The same from what enters and what that is called, and from each item's name in the site and what leaves it."""
    names = dict(zip(inputs, called, strict=True))
    for local, leaving in items:
        several = len(leaving) > 1
        for number, name in enumerate(leaving, 1):
            names[name] = f"{local}_{number}" if several else local
    return names


def input_names(site: Site) -> list[str]:
    """As the definition calls its entrances, where it has as many."""
    if site.block is None:
        return list(site.inputs)
    known = [node.name for node in site.block.graph.nodes.values() if node.kind == INPUT]
    own = [f"input{number}" for number in range(1, len(site.inputs) + 1)]
    taken = {site.local(item) for item in site.items}
    return known if len(known) == len(own) and taken.isdisjoint(known) else own
