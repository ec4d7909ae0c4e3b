"""What the statistics come to layer by layer: which layers have a figure, which one, and in words. No widgets."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from builder.compile.infer import Inference
from builder.inspect.picture import FLAT_ENDS, Health
from builder.layers.base import Category
from builder.layers.freezing import is_frozen
from builder.ui.health import activates, answers
from builder.ui.views.paint import figure

NOT_A_NUMBER, NO_GRADIENT, FROZEN, CONSTANT = "not a number", "no gradient", "frozen", "constant"


@dataclass(frozen=True)
class Layer:
    """What of a layer does not change while it learns.

    Attributes:
        kind: of layer, as the catalogue names it.
        units: of its output.
        weighted: it has weights; frozen: and training leaves them alone.
        gates: it is an activation function between layers, whose units can die; flat: and has flat ends.
    """

    name: str
    kind: str
    category: Category
    units: int
    weighted: bool
    frozen: bool
    gates: bool
    flat: bool


@dataclass(frozen=True)
class Look:
    """The statistics of all layers, behind so many steps."""

    step: int
    health: Mapping[str, Health]

    @property
    def has_gradient(self) -> bool:
        """Whether there was a backward pass before it."""
        return any(each.gradient is not None for each in self.health.values())


@dataclass(frozen=True)
class Measure:
    """One of the figures that can be shown.

    Attributes:
        name: in the head; title: over the plot.
        log: stands on a logarithmic axis, else on one from 0 to 1.
        takes: which layers have it; value: what it is.
        nothing: what to say where no layer has it.
        mean: the mean of the output is shown with it.
    """

    name: str
    title: str
    log: bool
    takes: Callable[[Layer], bool]
    value: Callable[[Health], float | None]
    nothing: str
    mean: bool = False


@dataclass(frozen=True)
class Bar:
    """What is drawn for one layer.

    Attributes:
        value: None where there is none, and infinite or not a number where it is.
        first: at the first look of the run.
        mean: of the output, where it is shown.
        note: why there is no bar, in two or three words; "" where there is one.
    """

    layer: Layer
    value: float | None
    first: float | None = None
    mean: float | None = None
    note: str = ""


GRADIENT = Measure(
    "gradient",
    "gradient of the weights (root mean square)",
    True,
    lambda layer: layer.weighted,
    lambda health: health.gradient,
    "No layer of this network has weights, so there is no gradient to compare.",
)
ACTIVATION = Measure(
    "activation",
    "deviation of the output",
    True,
    lambda layer: True,
    lambda health: health.deviation,
    "This network has no layers yet.",
    mean=True,
)
DEAD = Measure(
    "dead",
    "units that give 0 for a whole batch",
    False,
    lambda layer: layer.gates,
    lambda health: health.dead,
    "Units die in an activation function such as ReLU, and this network has none between its layers.",
)
SATURATED = Measure(
    "saturated",
    "outputs at a flat end of the function",
    False,
    lambda layer: layer.flat,
    lambda health: health.saturated,
    "Only Sigmoid and Tanh have flat ends, and this network has none between its layers.",
)
MEASURES = (GRADIENT, ACTIVATION, DEAD, SATURATED)


def layers(inference: Inference) -> dict[str, Layer]:
    """The layers of a network that work, by name."""
    found = {}
    for name, info in inference.nodes.items():
        layer = info.layer
        if layer is None or info.output is None:
            continue
        kind = layer.kind()
        gates = activates(name, inference) and not answers(name, inference)
        weighted = "weight" in layer.weights(info.known_inputs)
        units = info.output[0] if info.output else 0
        flat = gates and kind in FLAT_ENDS
        found[name] = Layer(name, kind, layer.category, units, weighted, is_frozen(layer), gates, flat)
    return found


def bars(measure: Measure, known: Mapping[str, Layer], newest: Look, first: Look | None) -> list[Bar]:
    """The bars of all layers that have this figure, in the order in which the network computes them.

    Layers that are gone from the network since the look are left out.
    """
    return [
        _bar(measure, known[name], health, first.health.get(name) if first is not None else None)
        for name, health in newest.health.items()
        if name in known and measure.takes(known[name])
    ]


def _bar(measure: Measure, layer: Layer, health: Health, first: Health | None) -> Bar:
    value = measure.value(health)
    note = ""
    if value is None or (measure is GRADIENT and value == 0.0):
        note = FROZEN if layer.frozen else NO_GRADIENT
    elif not math.isfinite(value):
        note = NOT_A_NUMBER if math.isnan(value) else "∞"
    elif measure.log and value == 0.0:
        note = CONSTANT
    return Bar(
        layer, value, measure.value(first) if first is not None else None, health.mean if measure.mean else None, note
    )


def words(measure: Measure, bar: Bar, first_step: int | None) -> str:
    """A layer and its figures for a reader, in a few lines."""
    lines = [f"{bar.layer.name} · {bar.layer.kind}", f"{measure.name} {_value(measure, bar, bar.value)}"]
    if measure.mean and bar.mean is not None:
        lines[1] = f"deviation {_value(measure, bar, bar.value)} · mean {figure(bar.mean)}"
    if bar.note == FROZEN:
        lines[1] = "frozen: no gradient is computed"
    elif bar.note == NO_GRADIENT:
        lines[1] = "no gradient reaches its weights"
    if bar.first is not None and first_step is not None:
        lines.append(f"at step {first_step:,}: {_value(measure, bar, bar.first)}")
    return "\n".join(lines)


def _value(measure: Measure, bar: Bar, value: float | None) -> str:
    if value is None:
        return "none"
    if measure.log or not math.isfinite(value):
        return figure(value)
    share = f"{figure(100 * value)} %"
    return f"{round(value * bar.layer.units):,} of {bar.layer.units:,} units, {share}" if measure is DEAD else share


def table(known: Mapping[str, Layer], looks: Iterable[tuple[str, Look]]) -> str:
    """All figures of all layers as comma-separated values, for each of the looks by its name."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("look", "step", "layer", "kind", "gradient", "mean", "deviation", "dead", "saturated"))
    for called, look in looks:
        for name, health in look.health.items():
            if name in known:
                figures = (health.gradient, health.mean, health.deviation, health.dead, health.saturated)
                written = ["" if value is None else f"{value:.6g}" for value in figures]
                out.writerow((called, look.step, name, known[name].kind, *written))
    return text.getvalue()
