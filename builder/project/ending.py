"""Whether what ends a network goes with the loss: cross-entropy wants scores of any size. Pure rules on layers.

Without them a student's second softmax, or the ReLU before it, shows only as a network that learns badly.
"""

from __future__ import annotations

from dataclasses import dataclass

from builder.compile.infer import Inference
from builder.data.fit import BINARY, CROSS_ENTROPY, LOSSES
from builder.graph.frozen import FrozenDict
from builder.graph.problems import Edit, Fix, Problem, RemoveNode, ReplaceNode, SetParams, SetSetting, Severity


@dataclass(frozen=True)
class End:
    """What the last two layers before an output are.

    Attributes:
        last, before: their names; empty where there is none.
        asks: the loss that the last one is a part of; empty for none.
        squeezing: which of the two squeeze what they give.
    """

    last: str = ""
    before: str = ""
    asks: str = ""
    squeezing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, inference: Inference, output: str) -> End:
        """Those before an output node; nothing where its name is empty."""
        last = _before(inference, output)
        before = _before(inference, last)
        layers = {name: inference.nodes[name].layer for name in (last, before) if name}
        asking = layers.get(last)
        squeezing = (name for name, layer in layers.items() if layer is not None and layer.squeezes)
        return cls(last, before, asking.fused_with if asking is not None else "", frozenset(squeezing))

    @property
    def behind(self) -> str:
        """The node behind which another layer would give the scores: what a loss contains stays the last."""
        return self.before if self.asks else self.last


def ending_problem(end: End, loss: str, two_classes: bool, deciding: tuple[str, str]) -> Problem | None:
    """What squeezes the scores before the loss gets them; None where nothing does.

    Args:
        two_classes: whether the data ask a yes-or-no question.
        deciding: the node that decides how many numbers reach the output, and its parameter; empty where none does.
    """
    own = end.asks == loss
    name = end.before if own else end.last
    if loss not in (CROSS_ENTROPY, BINARY) or name not in end.squeezing:
        return None
    message = f"{LOSSES[loss]} compares scores of any size, but {name} squeezes them first."
    hint = f"The loss contains {end.last} itself." if own else "Such a network learns slowly, or not at all."
    fix = _other_end(end, two_classes, deciding) if not own else Fix(f"Remove {name}", (RemoveNode(name),))
    return Problem("squeezed-scores", message, where=name, hint=hint, fix=fix, severity=Severity.WARNING)


def _other_end(end: End, two_classes: bool, deciding: tuple[str, str]) -> Fix:
    """What mends a last layer that is no part of the loss."""
    node, units = deciding
    if end.asks == BINARY and two_classes and units:
        edits: tuple[Edit, ...] = (SetSetting("training.loss", BINARY), SetParams(node, FrozenDict({units: 1})))
        return Fix("Use binary cross-entropy with 1 output", edits)
    if end.asks == BINARY:
        return Fix("Make it a softmax", (ReplaceNode(end.last, "Softmax"),))
    if end.asks == CROSS_ENTROPY:
        return Fix("Make it a sigmoid", (ReplaceNode(end.last, "Sigmoid"),))
    return Fix(f"Remove {end.last}", (RemoveNode(end.last),))


def _before(inference: Inference, name: str) -> str:
    wires = inference.graph.incoming[name] if name else ()
    return wires[0].source if wires else ""
