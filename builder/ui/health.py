"""What the cards say beside the network itself: health of the layers, origin of the data. Plain words; no widgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from builder.compile.infer import Inference
from builder.data.catalogue import find as find_data
from builder.data.settings import DataSettings
from builder.graph.problems import Problem, Severity
from builder.inspect.picture import Health
from builder.layers.base import Category, Role
from builder.layers.registry import find
from builder.ui.canvas.face import SHORT, Badge
from builder.ui.words import told

SATURATED = 0.5  # share of a layer's values at the flat ends from which on it is worth a word
MOSTLY = 0.8  # share from which on it is bad: hardly anything is learned through such a layer
VANISHING = 1e-4  # of the largest gradient of all layers

_RANK = {"": 0, "warn": 1, "bad": 2}


def badges(health: Mapping[str, Health], inference: Inference) -> dict[str, Badge]:
    """The badge of every layer that needs one, by the name of the card that shows it.

    What an activation shows stands on the card of the layer before it, whose weights are the cause; layers that are
    gone from the network are left out.
    """
    found: dict[str, Badge] = {}
    gradients = (each.gradient for each in health.values() if each.gradient is not None)
    largest = max(filter(math.isfinite, gradients), default=0.0)
    for name, each in health.items():
        if name not in inference.graph.nodes:
            continue
        for badge in _badges(name, each, inference, largest):
            card = _card(name, inference)
            if card not in found or _RANK[badge.role] > _RANK[found[card].role]:
                found[card] = badge
    return found


def warnings(problems: Iterable[Problem], inference: Inference) -> dict[str, Badge]:
    """Badges of nodes that are well in themselves, but not with the network, the data, or this machine's memory."""
    found: dict[str, Badge] = {}
    for problem in problems:
        info = inference.nodes.get(problem.where)
        if info is not None and problem not in info.problems:
            role = "bad" if problem.severity is Severity.ERROR else "warn"
            badge = Badge(SHORT.get(problem.code, "problem"), role, told(problem), problem.fixes)
            found.setdefault(problem.where, badge)
    return found


def on_cards(found: Mapping[str, Badge], card_of: Callable[[str], str | None]) -> dict[str, Badge]:
    """The worst badge of all nodes that one card stands for, as a block does for its inside."""
    shown: dict[str, Badge] = {}
    for name, badge in found.items():
        card = card_of(name)
        if card is not None and (card not in shown or _RANK[badge.role] > _RANK[shown[card].role]):
            shown[card] = badge if card == name else badge._replace(words=f"{name}: {badge.words}")
    return shown


def input_note(settings: DataSettings) -> str:
    """Where the input's data come from: "MNIST, normalised"."""
    known = find_data(settings.dataset)
    if known is None:
        return ""
    return known.title if settings.normalise == "none" else f"{known.title}, normalised"


def _badges(name: str, health: Health, inference: Inference, largest: float) -> Iterator[Badge]:
    if not (math.isfinite(health.mean) and math.isfinite(health.deviation)):
        yield Badge("not a number", "bad", "Its values have left the range of numbers. A lower learning rate may help.")
        return
    if activates(name, inference) and not answers(name, inference):
        shape = inference.shape(name)
        units = shape[0] if shape else 0
        dead = round(health.dead * units)
        if dead:
            words = f"{dead:,} of {units:,} units of {name} gave 0 for a whole batch: no gradient reaches them."
            yield Badge(f"{dead:,} dead", _role(health.dead), words)
        if health.saturated >= SATURATED:
            share = f"{100 * health.saturated:.0f} %"
            words = f"{share} of the values of {name} lie at its flat ends, where next to no gradient passes."
            yield Badge("saturated", _role(health.saturated), words)
    if health.gradient == 0.0:
        yield Badge("no gradient", "bad", "No gradient reaches its weights: they stay as they are.")
    elif health.gradient is not None and health.gradient < VANISHING * largest:
        words = f"Its gradient is {largest / health.gradient:,.0f} times smaller than the largest: it hardly learns."
        yield Badge("gradient vanishes", "warn", words)


def _role(share: float) -> str:
    return "bad" if share >= MOSTLY else "warn"


def activates(name: str, inference: Inference) -> bool:
    """Whether a node is an activation function."""
    kind = find(inference.graph.nodes[name].kind)
    return kind is not None and kind.category is Category.ACTIVATION


def answers(name: str, inference: Inference) -> bool:
    """Whether a layer's values leave the network: there, 0 and 1 are sure answers and no unit is dead for them."""
    graph = inference.graph
    kinds = [find(graph.nodes[wire.target].kind) for wire in graph.outgoing.get(name, ())]
    return bool(kinds) and all(kind is not None and kind.role is Role.OUTPUT for kind in kinds)


def _card(name: str, inference: Inference) -> str:
    """The card that speaks for a node: its own, or for an activation the one before it."""
    graph = inference.graph
    while activates(name, inference):
        wires = graph.incoming.get(name, ())
        if len(wires) != 1 or wires[0].source in inference.cyclic:
            break
        name = wires[0].source
    return name
