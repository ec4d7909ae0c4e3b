"""Layers whose weights all begin with one number, so that their units begin as copies of each other. Pure, no torch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from builder.compile.infer import Inference, NodeInfo
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.problems import Fix, Problem, SetParams, Severity
from builder.layers.base import Layer
from builder.layers.freezing import is_frozen
from builder.layers.initialisation import DEFAULT

_TITLE = "Use PyTorch's own initial weights"
_HINT = "Random weights let each unit learn something of its own."


def alike_problems(inference: Inference) -> tuple[Problem, ...]:
    """A warning for each such layer, by its name in the flat graph; none for the last, whose units answer for a class
    each and are told apart by the loss."""
    found: list[tuple[str, str]] = []
    for name, info in inference.nodes.items():
        number = _same(info.layer)
        if number is None or info.layer is None or is_frozen(info.layer) or _units(info) < 2:
            continue
        followers = list(_followers(inference, name))
        if not followers:
            continue
        ever = all(_same(layer) is not None for layer in followers)
        fate = "all learn the same" if ever else "differ only by the weights behind them"
        found.append((name, f"all its weights begin at {number:g}, so its units begin alike and {fate}."))
    edits = {name: SetParams(name, FrozenDict({"initialisation": freeze(DEFAULT.plain())})) for name, _ in found}
    every = (Fix(f"{_TITLE} everywhere", tuple(edits.values())),) if len(edits) > 1 else ()
    return tuple(
        Problem(
            "all-alike",
            message,
            where=name,
            field="initialisation",
            hint=_HINT,
            fix=Fix(_TITLE, (edits[name],)),
            severity=Severity.WARNING,
            also=every,
        )
        for name, message in found
    )


def _same(layer: Layer | None) -> float | None:
    """The number that all weights of a layer begin with; None where they are drawn."""
    if layer is None or not _begins(type(layer)):
        return None
    number: float | None = getattr(layer, "initialisation").same  # noqa: B009 - the class may have none, for the types
    return number


@cache
def _begins(kind: type[Layer]) -> bool:
    """Whether the weights of a kind of layer begin somehow: every layer is asked behind every edit."""
    return "initialisation" in kind.model_fields


def _units(info: NodeInfo) -> int:
    """How many units, or filters, see the same of the input."""
    if info.layer is None or info.output is None:
        return 0
    weight = info.layer.weights(info.known_inputs).get("weight", ())
    own = len(weight) == 4 and weight[1] == 1 and info.known_inputs[0][0] > 1  # each filter has a channel of its own
    return 0 if not weight or own else weight[0]


def _followers(inference: Inference, name: str) -> Iterator[Layer]:
    """The next layers whose weights are drawn or filled, along every path from a node."""
    seen = {name}
    waiting = [name]
    while waiting:
        for edge in inference.graph.outgoing[waiting.pop()]:
            if edge.target in seen or edge.target not in inference.nodes:
                continue
            seen.add(edge.target)
            layer = inference.nodes[edge.target].layer
            if layer is not None and _begins(type(layer)):
                yield layer
            else:
                waiting.append(edge.target)
