"""What a network costs and what each of its layers sees, by arithmetic alone. No torch, and nothing is allocated.

Receptive fields follow Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
2019, https://distill.pub/2019/computing-receptive-fields.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from operator import is_
from typing import Any, NamedTuple

from builder.compile.infer import Inference
from builder.compile.plan import Plan, Step, make_plan
from builder.graph.model import Shape
from builder.layers.base import Window
from builder.layers.freezing import is_frozen

BYTES = 4  # of one number in 32-bit floating point


@dataclass(frozen=True)
class ReceptiveField:
    """The part of the input that one cell of a feature map depends on; each pair is (height, width), in input cells.

    The cell in row i sees the rows from `offset[0] + i * stride[0]` on, `size[0]` of them; columns likewise. Rows below
    0, and those past the last, lie in the padding.
    """

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    offset: tuple[int, int] = (0, 0)

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of what the first cell sees; 0 is the middle of the first input cell."""
        return (self.offset[0] + (self.size[0] - 1) / 2, self.offset[1] + (self.size[1] - 1) / 2)

    def seen_by(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of what a cell sees; the last two are one past the end."""
        top, left = self.offset[0] + row * self.stride[0], self.offset[1] + column * self.stride[1]
        return top, left, top + self.size[0], left + self.size[1]

    def through(self, window: Window) -> ReceptiveField:
        """The field of a layer that looks through `window` at maps with this field."""
        pairs = [
            (
                self.size[axis] + window.dilation[axis] * (window.size[axis] - 1) * self.stride[axis],
                self.stride[axis] * window.stride[axis],
                self.offset[axis] - window.padding[axis] * self.stride[axis],
            )
            for axis in (0, 1)
        ]
        (height, down, top), (width, across, left) = pairs
        return ReceptiveField((height, width), (down, across), (top, left))


_PIXEL = ReceptiveField()


@dataclass(frozen=True)
class LayerAnalysis:
    """The numbers of one layer, for one sample.

    Attributes:
        output_shape: without the batch dimension.
        neurons: how many numbers it gives.
        weights, biases: learned numbers; `parameters` is their sum and `trainable` those that training changes.
        multiply_adds: multiplications-and-additions, each pair counted as one.
        activation_bytes: memory of its output.
        receptive_field: None once it sees the whole input, or where no single window tells what it sees.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    output_shape: Shape
    neurons: int
    weights: int
    biases: int
    parameters: int
    trainable: int
    multiply_adds: int
    activation_bytes: int
    receptive_field: ReceptiveField | None


@dataclass(frozen=True)
class Total:
    """Sums over all layers, for one sample."""

    parameters: int
    trainable: int
    multiply_adds: int
    activation_bytes: int


@dataclass(frozen=True)
class Analysis:
    """The analysis table: the layers in order of execution, and their sums."""

    input_shape: Shape
    layers: tuple[LayerAnalysis, ...]
    total: Total

    def layer(self, name: str) -> LayerAnalysis | None:
        """The row of a layer, None when it has none (input, output, or left out of the model)."""
        return self._by_name.get(name)

    def json(self) -> dict[str, Any]:
        """The table as plain JSON values, as `torchcanvas summary --json` prints it."""
        return {
            "input": list(self.input_shape),
            "layers": [_plain(asdict(layer)) for layer in self.layers],
            "total": asdict(self.total),
        }

    @cached_property
    def _by_name(self) -> dict[str, LayerAnalysis]:
        return {layer.name: layer for layer in self.layers}


def analyse(plan: Plan, *, bytes_per_number: int = BYTES) -> Analysis:
    """The analysis table of a network. Sizes are exact whole numbers, however large. Made once for a plan."""
    kept: Analysis | None = plan.memo.get(("analysis", bytes_per_number))
    if kept is None:
        kept = plan.memo["analysis", bytes_per_number] = _analyse(plan, bytes_per_number)
    return kept


def total(inference: Inference) -> Total:
    """The sums of that table alone, without what each layer sees. Raises `ProblemError` for a network with errors."""
    kept: Total | None = inference.memo.get("total")
    if kept is None:
        layers = [inference.nodes[step.name] for step in make_plan(inference).steps]
        parameters = sum([layer.parameters for layer in layers])
        kept = inference.memo["total"] = Total(
            parameters=parameters,
            trainable=parameters - sum([layer.frozen for layer in layers]),
            multiply_adds=sum([layer.multiply_adds for layer in layers]),
            activation_bytes=BYTES * sum([layer.neurons for layer in layers]),
        )
    return kept


def _analyse(plan: Plan, bytes_per_number: int) -> Analysis:
    fields = receptive_fields(plan)
    layers = tuple(_row(step, fields[step.name], bytes_per_number) for step in plan.steps)
    total = Total(
        parameters=sum(layer.parameters for layer in layers),
        trainable=sum(layer.trainable for layer in layers),
        multiply_adds=sum(layer.multiply_adds for layer in layers),
        activation_bytes=sum(layer.activation_bytes for layer in layers),
    )
    return Analysis(plan.input_shape, layers, total)


def receptive_fields(plan: Plan) -> dict[str, ReceptiveField | None]:
    """What one cell of each step sees of the input; the input's own name is among them."""
    picture = len(plan.input_shape) == 3
    fields: dict[str, ReceptiveField | None] = {plan.input: _PIXEL if picture else None}
    for step in plan.steps:
        arriving = [fields[name] for name in step.inputs]
        kept: _Seen | None = step.memo.get("field")
        if kept is None or not all(map(is_, kept.arriving, arriving)):
            before, window = _union(arriving), step.layer.window(step.input_shapes)
            field = before.through(window) if before is not None and window is not None else None
            if kept is not None and kept.field == field:
                field = kept.field  # so that what lies behind finds it unchanged
            kept = step.memo["field"] = _Seen(arriving, field)
        fields[step.name] = kept.field
    return fields


class _Seen(NamedTuple):
    """What a step sees, and what it was worked out from: compared by identity, upstream the same is the same."""

    arriving: list[ReceptiveField | None]
    field: ReceptiveField | None


def _union(fields: list[ReceptiveField | None]) -> ReceptiveField | None:
    """What joined branches see together: the smallest box around all of it."""
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields) or any(field.stride != known[0].stride for field in known):
        return None
    top, left = (min(field.offset[axis] for field in known) for axis in (0, 1))
    bottom, right = (max(field.offset[axis] + field.size[axis] for field in known) for axis in (0, 1))
    return ReceptiveField((bottom - top, right - left), known[0].stride, (top, left))


def _row(step: Step, field: ReceptiveField | None, bytes_per_number: int) -> LayerAnalysis:
    kept: LayerAnalysis | None = step.memo.get(("row", bytes_per_number))
    if kept is None or kept.receptive_field is not field:
        kept = step.memo["row", bytes_per_number] = _count(step, field, bytes_per_number)
    return kept


def _count(step: Step, field: ReceptiveField | None, bytes_per_number: int) -> LayerAnalysis:
    sizes = {name: math.prod(shape) for name, shape in step.layer.weights(step.input_shapes).items()}
    biases = sum(size for name, size in sizes.items() if name.endswith("bias"))
    parameters = sum(sizes.values())
    neurons = math.prod(step.output_shape)
    return LayerAnalysis(
        name=step.name,
        kind=step.layer.kind(),
        inputs=step.inputs,
        output_shape=step.output_shape,
        neurons=neurons,
        weights=parameters - biases,
        biases=biases,
        parameters=parameters,
        trainable=0 if is_frozen(step.layer) else parameters,
        multiply_adds=step.layer.multiply_adds(step.input_shapes, step.output_shape),
        activation_bytes=neurons * bytes_per_number,
        receptive_field=field,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
