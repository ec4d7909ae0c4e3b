"""What the gallery offers: each built-in network with its small variant, its figures, and the words that find it.

Knows no widget. Nothing here makes a network: figures come from one that was made already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from builder.compile.limits import size
from builder.compile.network import NetworkInference
from builder.compile.plan import make_plan
from builder.data.catalogue import find as find_data
from builder.data.settings import DataSettings
from builder.graph.model import Network, Shape
from builder.layers.base import show
from builder.layers.registry import find as find_kind
from builder.project import templates
from builder.project.document import Project
from builder.project.templates import Template

EMPTY = ""
"""What stands for the empty canvas among the names of templates."""

_SMALL = "-small"


@dataclass(frozen=True)
class Entry:
    """One card of the gallery.

    Attributes:
        name: of the template; `EMPTY` for the empty canvas.
        title, help, notes, group: as the template declares them.
        small: name of the variant that trains within a lecture; empty without one.
    """

    name: str
    title: str
    help: str
    group: str
    notes: str = ""
    small: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The networks behind the card: one, or the one of the paper and the small one."""
        return (self.name, self.small) if self.small else (self.name,)


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All cards, group by group: the empty canvas, and every template, a small one together with its big one."""
    every = {template.name: template for template in templates.templates()}
    blank = "Nothing on it yet: drag layers there, or type their names."
    found = [Entry(EMPTY, "Empty canvas", blank, next(iter(every.values())).group)]
    for name, template in every.items():
        if name.endswith(_SMALL) and name.removesuffix(_SMALL) in every:
            continue
        small = name + _SMALL if name + _SMALL in every else ""
        found.append(Entry(name, template.title, template.help, template.group, template.notes, small))
    return tuple(found)


def by_group(shown: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """These cards below their headings."""
    return [(group, list(cards)) for group, cards in groupby(shown, key=lambda entry: entry.group)]


@lru_cache(maxsize=128)
def template_of(name: str) -> Template | None:
    """The template of this name; None for the empty canvas."""
    return next((template for template in templates.templates() if template.name == name), None)


def project_of(name: str) -> Project:
    """What opens under this name."""
    return templates.load(name) if name != EMPTY else Project()


# What it takes to train -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Readiness:
    """Whether one can press Run at once.

    Attributes:
        role: of the colour: "good" when it trains at once, "warn" when something must be fetched, "muted" when there is
            nothing to learn.
        words: the same in a sentence without a full stop.
    """

    role: str
    words: str


def readiness(data: DataSettings, folder: Path) -> Readiness:
    """What pressing Run would need first; `folder` is where downloaded data sets live."""
    chosen = find_data(data.dataset)
    if chosen is None:
        return Readiness("muted", "Its data set is not known here")
    if not chosen.at_hand(folder):
        return Readiness("warn", f"Downloads {chosen.title} first ({size(chosen.download_size)})")
    if chosen.caution:
        return Readiness("muted", f"Runs at once, but on {chosen.title.lower()}: nothing to learn")
    return Readiness("good", "Trains at once, offline")


def small_first(entry: Entry, ready: Mapping[str, Readiness]) -> bool:
    """Whether the small variant trains at once, and the network of the paper does not."""
    at_once = {name: name in ready and ready[name].role == "good" for name in entry.names}
    return bool(entry.small) and at_once[entry.small] and not at_once[entry.name]


# Figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What is known of a network once it was made.

    Attributes:
        input: shape of one sample; empty without an input.
        layers: how many there are with all blocks written out.
        parameters, multiply_adds: for one sample.
        kinds: the kinds of layers in it, inside its blocks too.
    """

    input: Shape
    layers: int
    parameters: int
    multiply_adds: int
    kinds: frozenset[str]


def input_words(shape: Shape) -> str:
    """What a network takes: "3×224×224", "2 numbers"."""
    return f"{shape[0]} number{'' if shape[0] == 1 else 's'}" if len(shape) == 1 else show(shape)


def facts_of(network: Network, known: NetworkInference) -> Facts:
    """The figures of a network whose shapes are known. Raises `ProblemError` for one that does not compile."""
    flat = known.flat
    graphs = [network.graph, *(block.graph for block in network.blocks.values())]
    kinds = frozenset(node.kind for graph in graphs for node in graph.nodes.values())
    if not flat.nodes:
        return Facts((), 0, 0, 0, kinds)
    shape = next((shape for name in flat.inputs if (shape := flat.shape(name))), ())
    layers = [flat.nodes[step.name] for step in make_plan(flat).steps]
    parameters = sum(layer.parameters for layer in layers)
    return Facts(shape, len(flat.nodes), parameters, sum(layer.multiply_adds for layer in layers), kinds)


# Search -----------------------------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("×", "x"))


def matching(typed: str, facts: Mapping[str, Facts]) -> tuple[Entry, ...]:
    """The cards for which every word typed begins a word that belongs to the network; those of such a name first.

    What else a kind of layer is called counts only where no network is called or described so: a perceptron is a
    network, and fully connected layers, which are found by that word too, stand in nearly all of them.

    Args:
        facts: by name, of the networks that were made so far: without its facts a network is not found by its layers.
    """
    wanted = _words(typed)
    every = entries()
    found = [entry for entry in every if _holds(entry, wanted, _kinds(facts, entry), keywords=True)]
    if any(_begin(wanted, _said(entry)) for entry in found):
        found = [entry for entry in found if _holds(entry, wanted, _kinds(facts, entry), keywords=False)]
    named = {entry.name for entry in found if _is_named(entry, wanted)}
    groups = {entry.group for entry in found if entry.name in named}
    order = list(dict.fromkeys(entry.group for entry in found))
    place = {group: (group not in groups, order.index(group)) for group in order}  # a heading stands only once
    return tuple(sorted(found, key=lambda entry: (place[entry.group], entry.name not in named)))


def best(typed: str, found: Iterable[Entry]) -> Entry | None:
    """The card that is meant most likely: the first whose name has all words, else the first."""
    cards, wanted = list(found), _words(typed)
    named = (card for card in cards if _is_named(card, wanted))
    return next(named, cards[0] if cards else None)


def _is_named(entry: Entry, wanted: Iterable[str]) -> bool:
    return _begin(wanted, frozenset(_words(f"{entry.title} {entry.name}")))


def _kinds(facts: Mapping[str, Facts], entry: Entry) -> frozenset[str]:
    return facts[entry.name].kinds if entry.name in facts else frozenset()


def _holds(entry: Entry, wanted: list[str], kinds: frozenset[str], *, keywords: bool) -> bool:
    return _begin(wanted, _said(entry) | _layer_words(kinds, keywords))


def _begin(wanted: Iterable[str], words: frozenset[str]) -> bool:
    return all(any(word.startswith(start) for word in words) for start in wanted)


@lru_cache(maxsize=128)
def _said(entry: Entry) -> frozenset[str]:
    texts = [entry.title, entry.help, entry.notes, entry.group]
    for name in entry.names:
        template = template_of(name)
        if template is not None:
            data = find_data(template.data.dataset)
            texts += [name, template.title, template.help, data.title if data is not None else ""]
    return frozenset(word for text in texts for word in _words(text))


@lru_cache(maxsize=128)
def _layer_words(kinds: frozenset[str], keywords: bool) -> frozenset[str]:
    texts: list[str] = []
    for kind in kinds:
        layer = find_kind(kind)
        if layer is not None and layer.offered:
            texts += [kind, layer.title, *(layer.keywords if keywords else ())]
    return frozenset(word for text in texts for word in _words(text))
