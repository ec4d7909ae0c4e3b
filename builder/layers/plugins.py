"""Layers by third parties: packages that name a module in the entry-point group `torchcanvas.layers`.

Importing such a module registers its layers, as with the built-in ones. A broken one is reported and skipped; its nodes
stay in the project as layers of an unknown kind. Nothing is loaded until asked for.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from builder.graph.problems import Problem, Severity
from builder.layers import registry
from builder.layers.base import Example, Layer

GROUP = "torchcanvas.layers"

_seen: set[tuple[str, str]] = set()


def load_plugins() -> tuple[Problem, ...]:
    """Register the layers of every installed plug-in that was not loaded before; one problem for each broken one."""
    found = []
    for entry in entry_points(group=GROUP):
        if (entry.name, entry.value) in _seen:
            continue
        _seen.add((entry.name, entry.value))
        before = dict(registry.kinds())
        try:
            entry.load()
            faults = [fault for kind, layer in _new(before) if (fault := _fault(kind, layer))]
        except Exception as error:  # whatever a stranger's module raises, the program goes on
            faults = [f"{type(error).__name__}: {error}"]
        if faults:
            registry.restore(before)
            found.append(_problem(entry, faults[0]))
    return tuple(found)


def _new(before: dict[str, type[Layer]]) -> list[tuple[str, type[Layer]]]:
    return [(kind, layer) for kind, layer in registry.kinds().items() if kind not in before]


def _fault(kind: str, layer: type[Layer]) -> str:
    """What a declaration lacks so much that palette or inspector would fail; empty when nothing."""
    for name in ("title", "category", "stem"):
        if not getattr(layer, name, None):
            return f"the layer {kind} has no {name}"
    if not layer.examples:
        return f"the layer {kind} has no examples"
    layer.model_validate({})
    for number, example in enumerate(layer.examples, 1):
        try:
            _try(layer, example)
        except Exception as error:
            return f"the layer {kind} fails at its example {number}: {type(error).__name__}: {error}"
    return ""


def _try(layer: type[Layer], example: Example) -> None:
    """Ask a layer all that the window asks it. Raises whatever it raises."""
    made = layer(**example.params)
    output = made.output_shape(example.inputs)
    made.headline()
    made.lower(example.inputs)
    made.initial(example.inputs)
    made.parameter_count(example.inputs)
    made.multiply_adds(example.inputs, output)
    made.window(example.inputs)
    made.formulas(example.inputs, output)


def _problem(entry: EntryPoint, reason: str) -> Problem:
    package = entry.dist.name if entry.dist is not None else entry.value
    message = f"the plug-in {entry.name} of {package} was left out: {' '.join(reason.split())}."
    hint = "Update or remove the package; everything else works without it."
    return Problem("broken-plugin", message, where=entry.name, hint=hint, severity=Severity.WARNING)
