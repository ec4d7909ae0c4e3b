"""The analysis as a table for people: one row a layer, layers of a block folded under one, figures for a whole batch.

The numbers are those of `analysis`; here they are only put together, scaled and written out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from builder.compile.analysis import Analysis, LayerAnalysis, ReceptiveField
from builder.graph.model import Shape
from builder.layers.base import show

NUMBERS = {"float32": 4, "float64": 8, "float16": 2}
"""Bytes of one number, by the type in which a network may be computed."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a layer, a block with its layers, or the whole network.

    Attributes:
        name: dotted, as in the flat network; empty for the whole network.
        kind: of a layer; of a block, how many layers it holds.
        output_shape: what leaves it, for one sample.
        activation_bytes: for the batch and the type of number that were asked for.
        receptive_field: what one cell of its output sees; None where no single window tells.
        children: the layers and blocks within; none for a layer.
    """

    name: str
    kind: str
    output_shape: Shape
    neurons: int
    weights: int
    biases: int
    trainable: int
    multiply_adds: int
    activation_bytes: int
    receptive_field: ReceptiveField | None
    children: tuple[Row, ...] = ()

    @property
    def label(self) -> str:
        """The last part of its name."""
        return self.name.rpartition(".")[2]

    def layers(self) -> Iterator[Row]:
        """The layers in it, itself if it is one, in order of execution."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.layers()


def make_table(analysis: Analysis, *, batch: int = 1, number: str = "float32") -> Row:
    """The whole network as a row with its layers and blocks within.

    Args:
        batch: samples at once; only the memory of the activations depends on it.
        number: one of `NUMBERS`.
    """
    scale = batch * NUMBERS[number]
    children = _folded([(layer.name.split("."), _layer(layer, scale)) for layer in analysis.layers], "")
    return _sum("", children, "The network")


def _layer(layer: LayerAnalysis, scale: int) -> Row:
    return Row(
        layer.name, layer.kind, layer.output_shape, layer.neurons, layer.weights, layer.biases, layer.trainable,
        layer.multiply_adds, layer.neurons * scale, layer.receptive_field,
    )  # fmt: skip


def _folded(entries: list[tuple[list[str], Row]], prefix: str) -> tuple[Row, ...]:
    """Rows of a level: entries whose names go on below the same part become one row, where the first of them stands."""
    groups: dict[str, list[tuple[list[str], Row]]] = {}
    for parts, row in entries:
        groups.setdefault(parts[0], []).append((parts[1:], row))
    rows = []
    for part, inside in groups.items():
        deeper = [entry for entry in inside if entry[0]]
        rows += [row for rest, row in inside if not rest]
        if deeper:
            name = f"{prefix}{part}"
            rows.append(_sum(name, _folded(deeper, f"{name}."), ""))
    return tuple(rows)


def _sum(name: str, children: tuple[Row, ...], kind: str) -> Row:
    count = sum(1 for child in children for _ in child.layers())
    last = children[-1] if children else None
    return Row(
        name=name,
        kind=kind or f"{count} layer{'s' * (count != 1)}",
        output_shape=last.output_shape if last else (),
        neurons=sum(child.neurons for child in children),
        weights=sum(child.weights for child in children),
        biases=sum(child.biases for child in children),
        trainable=sum(child.trainable for child in children),
        multiply_adds=sum(child.multiply_adds for child in children),
        activation_bytes=sum(child.activation_bytes for child in children),
        receptive_field=last.receptive_field if last else None,
        children=children,
    )


def to_csv(table: Row) -> str:
    """One line for each layer and a last one with the totals, under the names that `summary --json` uses."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["name", "kind", "output_shape", "neurons", "weights", "biases", "trainable", "multiply_adds",
         "activation_bytes", "field_size", "field_stride", "field_centre"]
    )  # fmt: skip
    for row in (*table.layers(), table) if table.children else ():
        field = row.receptive_field if row.name else None
        writer.writerow(
            [row.name or "total", row.kind if row.name else "", show(row.output_shape) if row.name else "",
             row.neurons, row.weights, row.biases, row.trainable, row.multiply_adds, row.activation_bytes,
             *(("×".join(map(str, pair)) for pair in (field.size, field.stride)) if field else ("", "")),
             "×".join(f"{place:g}" for place in field.centre) if field else ""]
        )  # fmt: skip
    return text.getvalue()
