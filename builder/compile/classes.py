"""Which classes a person would write for a network with blocks, and what each takes as arguments. No text, no torch.

Every copy of every block is a `Site`. Sites that hold the same calls, but for the numbers in them, share a `Form`: one
class. A number that differs between its sites is told by the block's parameters where one of a few expressions gives it
at every site, and is an argument of its own (`in_channels`) where none does. So each class, called as it is called in
this network, builds exactly what the plan says, in the plan's order.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

from builder.compile.plan import Plan, Step
from builder.graph.expansion import Expansion, Level, Written
from builder.graph.expression import evaluate, reference
from builder.graph.instance import INPUT
from builder.graph.model import Block, Node
from builder.graph.problems import ProblemError
from builder.layers.base import Call
from builder.layers.freezing import is_frozen

# Names that the text uses itself, and those of the script in which it may stand (see `project.script`).
# fmt: off
RESERVED = frozenset({
    "self", "x", "nn", "torch", "torchvision", "super", "range",
    "DistributedDataParallel", "Image", "ImageOps", "BATCH_SIZE", "DATA_SEED", "EPOCHS", "LIMIT", "NOISE", "POINTS",
    "SEED", "TEST", "VALIDATION", "WEIGHTS", "WEIGHTS_FOLDER",
})
# fmt: on

# What a layer leaves out of its call; put in where only some sites of a class leave it out.
_USUAL: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}
_MAY_LACK = {f"torch.nn.{kind}" for kind in ("Conv2d", "ConvTranspose2d")} | {"torch.nn.Linear"}
# What arguments without a keyword are called.
_POSITIONS = {
    "torch.nn.Linear": ("in_features", "out_features"),
    "torch.nn.Conv2d": ("in_channels", "out_channels"),
    "torch.nn.ConvTranspose2d": ("in_channels", "out_channels"),
    "torch.nn.BatchNorm2d": ("features",),
    "torch.nn.BatchNorm1d": ("features",),
}


@dataclass(frozen=True)
class Expression:
    """Stands in the place of a number that the class's arguments tell."""

    text: str


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


@dataclass(eq=False)
class Form:
    """A class: what its sites have in common.

    Attributes:
        name: of the class.
        sites: every place where it is used; `sites[0]` stands for all of them where they are alike.
        parameters: the arguments of its constructor.
        holes: for each item the values in its calls, in the order of `_values_of`: plain, or an `Expression`; none for
            a step of a class that is used once.
    """

    name: str
    sites: list[Site]
    parameters: tuple[str, ...] = ()
    holes: list[list[Any]] = field(default_factory=list)
    extra: _Extra = field(default_factory=dict)

    def call(self, number: int) -> Call:
        """The call of an item that is a step, with an `Expression` wherever its sites differ."""
        step = self.sites[0].items[number]
        assert isinstance(step, Step)
        if len(self.sites) == 1:
            return step.call
        call, holes = step.call, iter(self.holes[number])
        args = [next(holes) if _plain(value) else value for value in call.args]
        kwargs: dict[str, Any] = {}
        for key in _keywords(step, self.extra.get(self.sites[0].local(step), ())):
            there = key in call.kwargs
            value = next(holes) if not there or _plain(call.kwargs[key]) else call.kwargs[key]
            if there or isinstance(value, Expression):
                kwargs[key] = value
        return Call(call.target, *args, **kwargs)

    @property
    def block(self) -> Block | None:
        """The definition that it is made from."""
        return self.sites[0].block


def forms_of(plan: Plan, class_name: str, expansion: Expansion | None = None) -> list[Form]:
    """The classes, each behind those that it uses; the network's is the last.

    Args:
        expansion: of the network that the plan is of; without one all of it is one class.
    """
    flow = _Flow(plan)
    steps = list(plan.steps)
    if expansion is None:
        root = Site("", None, {}, [*steps], (plan.input,), (flow.wanted,))
    else:
        root = flow.site(expansion.root, None, {}, steps)
        root.inputs, root.outputs = (plan.input,), (flow.wanted,)
    return _Classes(class_name).of(root)


class _Flow:
    """Where the values of a plan go."""

    def __init__(self, plan: Plan) -> None:
        self.wanted = plan.outputs[0][1]
        self.place = {step.name: number for number, step in enumerate(plan.steps)}
        self.last = {name: number for number, step in enumerate(plan.steps) for name in step.inputs}
        self.last |= {name: len(plan.steps) for _, name in plan.outputs}

    def site(self, level: Level, block: Block | None, arguments: Mapping[str, Any], steps: list[Step]) -> Site:
        """The site that these steps, which follow each other in the plan, make up."""
        flat: set[str] = set()  # blocks that cannot be a class here, whose layers therefore stand in this one
        while True:
            items: list[Step | Use] = []
            seen: set[str] = set()
            for name, some in groupby(steps, key=lambda step: self._within(step, level, flat)):
                part = list(some)
                use = self._use(level.instances[name], part) if name and name not in seen else None
                if name and use is None:
                    flat.add(name)
                    break
                seen.add(name)
                items += [use] if use is not None else part
            else:
                return Site(level.prefix, block, arguments, items, *self._ends(steps))

    @staticmethod
    def _within(step: Step, level: Level, flat: set[str]) -> str:
        """The block on this level that holds a step; empty when none does."""
        name = step.name[len(level.prefix) :].partition(".")[0]
        return name if name in level.instances and name not in flat else ""

    def _use(self, written: Written, steps: list[Step]) -> Use | None:
        """A block as one attribute; None when its copies are not a chain, or mixed up with each other."""
        instance = written.instance
        if instance is None:
            return None
        copies = []
        parts = [list(part) for _, part in groupby(steps, key=lambda step: _holder(step, written.copies))]
        if [_holder(part[0], written.copies) for part in parts] != list(range(len(written.copies))):
            return None
        for level, part in zip(written.copies, parts, strict=True):
            copies.append(self.site(level, instance.block, instance.arguments, part))
        if any(len(before.outputs) > 1 or before.outputs != after.inputs for before, after in pairwise(copies)):
            return None
        if len(copies) > 1 and any(len(copy.inputs) != len(copies[-1].outputs) for copy in copies):
            return None
        return Use(written.node.name, copies, repeated=len(copies) > 1)

    def _ends(self, steps: list[Step]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        first, behind = self.place[steps[0].name], self.place[steps[-1].name] + 1
        entering = [name for step in steps for name in step.inputs if self.place.get(name, -1) < first]
        leaving = [step.name for step in steps if self.last[step.name] >= behind]
        return tuple(dict.fromkeys(entering)), tuple(leaving)


def _holder(step: Step, copies: tuple[Level, ...]) -> int:
    """The number of the copy that holds a step."""
    if len(copies) == 1:
        return 0
    outer = copies[0].prefix[: -len("0.")]
    return int(step.name[len(outer) :].partition(".")[0])


class _Classes:
    """Sorts sites into forms, the innermost definitions first: a form's arguments decide what its users look like."""

    def __init__(self, class_name: str) -> None:
        self._root_name = class_name
        self._names = {class_name, *RESERVED}

    def of(self, root: Site) -> list[Form]:
        found: list[Form] = []
        by_block: dict[str, list[Site]] = {}
        for site in root.sites():
            by_block.setdefault(site.block.name if site.block else "", []).append(site)
        for name in _inside_first(by_block):
            sites = by_block[name]
            extra = _lacking(sites)
            groups: dict[str, list[Site]] = {}
            for site in sites:
                alike = repr(self._skeleton(site, extra)) if len(sites) > 1 else ""
                groups.setdefault(alike, []).append(site)
            for group in groups.values():
                form = Form(self._class_name(name) if name else self._root_name, group, extra=extra)
                _fill(form)
                found.append(form)
        return found

    def _class_name(self, block: str) -> str:
        parts = re.findall(r"[A-Za-z0-9]+", block)
        stem = "".join(part[:1].upper() + part[1:] for part in parts)
        stem = f"Block{stem}" if not stem[:1].isalpha() else stem
        name, number = stem, 1
        while name in self._names or keyword.iskeyword(name):
            number += 1
            name = f"{stem}{number}"
        self._names.add(name)
        return name

    @staticmethod
    def _skeleton(site: Site, extra: _Extra) -> Any:
        """All that the sites of a class have in common: everything but the values in the calls of its modules."""
        names = local_names(site)
        rows: list[tuple[Any, ...]] = []
        for item in site.items:
            local = site.local(item)
            if isinstance(item, Use):
                first, last = item.copies[0], item.copies[-1]
                ends = [[names[name] for name in first.inputs], len(last.outputs)]
                rows.append(("use", local, item.repeated, [run[0].form.name for run in item.runs], ends))
                continue
            rows.append(("step", local, _fixed(item, extra.get(local, ())), [names[name] for name in item.inputs]))
        return rows, [names[name] for name in site.outputs]


def _fixed(step: Step, more: tuple[str, ...]) -> str:
    """What a step's call has in common with that of its like: all of it, or all but the values that may differ.

    Args:
        more: keywords that another site of the same step has.
    """
    kept: str | None = step.memo.get(("fixed", more))
    if kept is None:
        call = step.call
        fixed: Any = call
        if step.builds_module:
            lists = [value for value in call.args if not _plain(value)]
            fixed = (call.target, len(call.args), _keywords(step, more), lists, call.forward)
        kept = step.memo["fixed", more] = repr((fixed, step.initial, is_frozen(step.layer)))
    return kept


def local_names(site: Site) -> dict[str, str]:
    """What the values that a site works with are called in it, whichever of its class's sites it is."""
    names = dict(zip(site.inputs, _input_names(site), strict=True))
    for item in site.items:
        local = site.local(item)
        if isinstance(item, Use):
            leaving = item.copies[-1].outputs
            several = len(leaving) > 1
            names |= {name: f"{local}_{number}" if several else local for number, name in enumerate(leaving, 1)}
        else:
            names[item.name] = local
    return names


def _input_names(site: Site) -> list[str]:
    """As the definition calls its entrances, where it has as many."""
    if site.block is None:
        return list(site.inputs)
    known = [node.name for node in site.block.graph.nodes.values() if node.kind == INPUT]
    own = [f"input{number}" for number in range(1, len(site.inputs) + 1)]
    taken = {site.local(item) for item in site.items}
    return known if len(known) == len(own) and taken.isdisjoint(known) else own


def _values_of(site: Site, item: Step | Use, extra: _Extra) -> list[tuple[str, Any]]:
    """The values in the calls of one item that may differ from site to site, with what they are called."""
    if isinstance(item, Use):
        found: list[tuple[str, Any]] = []
        for run in item.runs:
            found += run[0].values.items()
            found.append(("times", len(run)))
        return found
    call = item.call
    if not item.builds_module:
        return []
    others = extra.get(site.local(item), ())
    kept: list[tuple[str, Any]] | None = item.memo.get(("values", others))
    if kept is None:
        names = _POSITIONS.get(call.target, ())
        numbered = enumerate(call.args)
        kept = [(names[i] if i < len(names) else "size", value) for i, value in numbered if _plain(value)]
        for key in _keywords(item, others):
            value = call.kwargs[key] if key in call.kwargs else _USUAL[key]
            if _plain(value):
                kept.append((key, value))
        item.memo["values", others] = kept
    return kept


_Extra = dict[str, tuple[str, ...]]  # for steps of a definition, by local name: all keywords that any site has


def _lacking(sites: list[Site]) -> _Extra:
    most: dict[str, dict[str, None]] = {}
    for site in sites if len(sites) > 1 else ():
        for item in site.items:
            if isinstance(item, Step) and item.call.target in _MAY_LACK:
                known = most.setdefault(site.local(item), {})
                known |= dict.fromkeys(key for key in item.call.kwargs if key in _USUAL)
    return {name: tuple(keys) for name, keys in most.items()}


def _keywords(step: Step, others: tuple[str, ...]) -> tuple[str, ...]:
    """The keywords of a call, with those that another site of the same step has."""
    own = tuple(step.call.kwargs)
    more = [key for key in others if key not in own] if step.call.target in _MAY_LACK else []
    if not more:
        return own
    order = list(_USUAL)
    rest = sorted([*(key for key in own if key in _USUAL), *more], key=order.index)
    return (*(key for key in own if key not in _USUAL), *rest)


def _plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))


def _inside_first(by_block: Mapping[str, list[Site]]) -> list[str]:
    """The definitions, each behind those that it holds."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in order:
            return
        for site in by_block[name]:
            for item in site.items:
                if isinstance(item, Use) and (block := item.copies[0].block) is not None:
                    visit(block.name)
        order[name] = None

    for name in by_block:
        visit(name)
    return list(order)


def _fill(form: Form) -> None:
    """Find out what a class takes as arguments, and with what values it is called at each of its sites."""
    sites = form.sites
    told = _Told.at(sites)
    own: dict[str, list[Any]] = {}  # arguments that no parameter tells, with their values by site
    used: set[str] = set()
    for number, item in enumerate(sites[0].items):
        if len(sites) == 1:
            alone = _values_of(sites[0], item, form.extra) if isinstance(item, Use) else []
            form.holes.append([value for _, value in alone])
            continue
        rows = [_values_of(site, site.items[number], form.extra) for site in sites]
        node = form.block.graph.nodes.get(sites[0].local(item)) if form.block else None
        holes: list[Any] = []
        for column in zip(*rows, strict=True):
            values = [value for _, value in column]
            key = _key(values)
            if key.count(key[0]) == len(key):
                holes.append(values[0])
                continue
            text = told.expression(values, node) or next((n for n, known in own.items() if _key(known) == key), None)
            if text is None:
                text = _free(column[0][0], own, form.block)
                own[text] = values
            used |= set(re.findall(r"[A-Za-z]\w*", text))
            holes.append(Expression(text))
        form.holes.append(holes)
    names = [name for name in told.names if name in used]
    form.parameters = (*own, *names)
    for place, site in enumerate(sites):
        site.form = form
        site.values = {name: values[place] for name, values in own.items()} | {n: site.arguments[n] for n in names}


@dataclass(eq=False)
class _Told:
    """What the parameters of a class's block tell at each of its sites."""

    names: list[str]
    numbers: dict[str, list[Any]]  # values of each parameter, by site
    texts: dict[tuple[str, ...], list[str]]  # expressions by what they give, the simplest first

    @classmethod
    def at(cls, sites: list[Site]) -> _Told:
        block = sites[0].block
        if block is None:
            return cls([], {}, {})
        names = [p.name for p in block.parameters if not _forbidden(p.name)]
        numbers = {name: [site.arguments[name] for site in sites] for name in names}
        texts: dict[tuple[str, ...], list[str]] = {}
        every = [text for node in block.graph.nodes.values() for text in _texts(node.params)]
        for text in dict.fromkeys([*names, *every]):
            given = numbers.get(text) or _evaluated(text, sites, names)
            texts.setdefault(_key(given), []).append(text)
        return cls(names, numbers, texts)

    def expression(self, values: list[Any], node: Node | None) -> str | None:
        """What gives these values: what the definition says there, a parameter, or a little arithmetic."""
        if texts := self.texts.get(_key(values)):
            here = set(_texts(node.params)) if node is not None and len(texts) > 1 else set()
            return next((text for text in texts if text in here), texts[0])
        for name, numbers in self.numbers.items():
            pairs = list(zip(numbers, values, strict=True))
            if not all(type(number) is int and type(value) is int and number > 0 for number, value in pairs):
                continue
            factor, divisor = pairs[0][1] // pairs[0][0], pairs[0][0] // (pairs[0][1] or 1)
            if factor > 1 and all(value == number * factor for number, value in pairs):
                return f"{name} * {factor}"
            if divisor > 1 and all(value * divisor == number for number, value in pairs):
                return f"{name} // {divisor}"
            if all(value == number - 1 for number, value in pairs):
                return f"{name} - 1"
        return None


def _evaluated(text: str, sites: list[Site], names: list[str]) -> list[Any]:
    try:
        return [evaluate(text, {name: site.arguments[name] for name in names}) for site in sites]
    except ProblemError:
        return []


def _texts(value: Any) -> Iterator[str]:
    """The expressions in stored parameters, at any depth."""
    text = reference(value)
    if text is not None:
        yield " ".join(text.split())
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)


def _key(values: list[Any]) -> tuple[str, ...]:
    return tuple(map(repr, values))  # 1 is not True here, and not 1.0


def _forbidden(name: str) -> bool:
    return name in RESERVED or keyword.iskeyword(name)


def _free(stem: str, own: Mapping[str, Any], block: Block | None) -> str:
    """A name for an argument that neither another argument nor a parameter of the block has."""
    taken = {*own, *(p.name for p in block.parameters)} if block else {*own}
    name, number = stem, 1
    while name in taken or _forbidden(name):
        number += 1
        name = f"{stem}{number}"
    return name
