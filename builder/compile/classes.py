"""Which classes a person would write for a network with blocks, and what each takes as arguments. No text, no torch.

Sites (see `sites`) that hold the same calls, but for the numbers in them, share a `Form`: one class. So do those of
several definitions whose names differ in their number alone, as an import makes them. A number that differs between its
sites is told by the block's parameters where one of a few expressions gives it at every site, and is an argument of its
own (`in_channels`) where none does. So each class, called as it is called in this network, builds exactly what the plan
says, in the plan's order.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.compile.plan import Plan, Step
from builder.compile.sites import Site, Use, local_names, root_site
from builder.graph.blocks import used_by
from builder.graph.expansion import Expansion
from builder.graph.expression import evaluate, reference
from builder.graph.model import Block, Node
from builder.graph.problems import ProblemError
from builder.layers.base import FILE, Call
from builder.layers.freezing import is_frozen

# Names that the text uses itself, and those of the script in which it may stand (see `project.script`).
# fmt: off
RESERVED = frozenset({
    "self", "x", "nn", "torch", "torchvision", "super", "range",
    "DistributedDataParallel", "Image", "ImageOps", "BATCH_SIZE", "DATA_SEED", "EPOCHS", "LIMIT", "NOISE", "POINTS",
    "SEED", "TEST", "VALIDATION", "AUXILIARY", "WEIGHTS", "WEIGHTS_FOLDER", "ADDED_NOISE", "BRIGHTNESS", "CONTRAST",
    "CROP", "FLIP_HORIZONTAL", "FLIP_VERTICAL", "LABEL_NOISE", "PCA", "ROTATION", "SATURATION", "SCALE", "SHIFT",
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
        """The definition that it is made from; the first of several."""
        return self.sites[0].block

    @property
    def gathers(self) -> bool:
        """Whether it takes as many values as it is given: its sites have unlike numbers of entrances."""
        return len({len(site.inputs) for site in self.sites}) > 1


def forms_of(plan: Plan, class_name: str, expansion: Expansion | None = None) -> list[Form]:
    """The classes, each behind those that it uses; the network's is the last.

    Args:
        expansion: of the network that the plan is of; without one all of it is one class.
    """
    return _Classes(class_name).of(root_site(plan, expansion))


class _Classes:
    """Sorts sites into forms, the innermost definitions first: a form's arguments decide what its users look like."""

    def __init__(self, class_name: str) -> None:
        self._root_name = class_name
        self._names = {class_name, *RESERVED}

    def of(self, root: Site) -> list[Form]:
        found: list[Form] = []
        every = list(root.sites())
        names = _families({site.block.name: site.block for site in every if site.block is not None})
        families: dict[str, list[Site]] = {}
        for site in every:
            families.setdefault(names[site.block.name] if site.block else "", []).append(site)
        for name in _inside_first(families, names):
            sites = families[name]
            extra = _lacking(sites)
            groups: dict[_Skeleton, list[Site]] = {}
            for site in sites:
                alike = self._skeleton(site, extra) if len(sites) > 1 else ()
                groups.setdefault(alike, []).append(site)
            for group in groups.values():
                blocks = {site.block.name for site in group if site.block}
                own = (name.rstrip("*") if len(blocks) > 1 else blocks.pop()) if blocks else ""
                form = Form(self._class_name(own) if own else self._root_name, group, extra=extra)
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
    def _skeleton(site: Site, extra: _Extra) -> _Skeleton:
        """All that the sites of a class have in common: everything but the values in the calls of its modules."""
        names = local_names(site)
        rows: list[_Skeleton] = []
        gatherer = site.gatherer
        for local, item in zip(site.names, site.items, strict=True):
            if isinstance(item, Use):
                first, last = item.copies[0], item.copies[-1]
                forms = tuple([run[0].form.name for run in item.runs])
                entering = tuple([names[name] for name in first.inputs])
                rows.append(("use", local, item.repeated, forms, entering, len(last.outputs)))
                continue
            inputs = ("*",) if item is gatherer else tuple([names[name] for name in item.inputs])
            rows.append(("step", local, _fixed(item, extra.get(local, ())), inputs))
        return tuple(rows), tuple([names[name] for name in site.outputs]), site.block.help if site.block else ""


_Skeleton = tuple[Any, ...]  # text, and tuples of it; a number stands in it only in a place of its own


def _fixed(step: Step, more: tuple[str, ...]) -> str:
    """What a step's call has in common with that of its like: all of it, or all but the values that may differ.

    Args:
        more: keywords that another site of the same step has.
    """
    kept: str | None = step.memo.get(("fixed", more))
    if kept is None:
        call = step.call
        fixed: Any = call
        if step.builds_module and call.target != FILE:
            lists = [value for value in call.args if not _plain(value)]
            fixed = (call.target, len(call.args), _keywords(step, more), lists, call.forward)
        kept = step.memo["fixed", more] = repr((fixed, step.initial, is_frozen(step.layer)))
    return kept


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
        for local, item in zip(site.names, site.items, strict=True):
            if isinstance(item, Step) and item.call.target in _MAY_LACK:
                known = most.setdefault(local, {})
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


def _families(blocks: Mapping[str, Block]) -> dict[str, str]:
    """For each definition what those have in common among which alike ones become one class.

    That is its own name; or `name*` for one without parameters, whatever its number, unless one of them held another.
    """
    families = {name: name if block.parameters else f"{_stem(name)}*" for name, block in blocks.items()}
    inner: dict[str, set[str]] = {}
    for name, family in families.items():
        inner.setdefault(family, set()).update(families[held] for held in used_by(blocks[name].graph, blocks))
    reached = 0
    while reached < (reached := sum(map(len, inner.values()))):  # until nothing more is
        for held in inner.values():
            held.update(*(inner[family] for family in tuple(held)))
    return {name: name if family in inner[family] else family for name, family in families.items()}


def _stem(name: str) -> str:
    return name.rstrip("0123456789").rstrip("_") or name


def _inside_first(families: Mapping[str, list[Site]], names: Mapping[str, str]) -> list[str]:
    """The families, each behind those that it holds."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in order:
            return
        for site in families[name]:
            for item in site.items:
                if isinstance(item, Use) and (block := item.copies[0].block) is not None:
                    visit(names[block.name])
        order[name] = None

    for name in families:
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
            if all(value is values[0] for value in values):  # quicker, and mostly so
                holes.append(values[0])
                continue
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
