"""The analysis as a table: folded by block, scaled to a batch, written as CSV."""

from __future__ import annotations

import csv
import io

from builder.compile.analysis import analyse
from builder.compile.infer import infer
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.table import Row, make_table, to_csv
from builder.project import templates
from tests.compile.networks import residual


def test_figures_are_those_of_the_summary() -> None:
    analysis = analyse(make_plan(infer(residual(2, 2))))
    told = analysis.json()
    table = make_table(analysis)
    assert [row.name for row in table.layers()] == [layer["name"] for layer in told["layers"]]
    for row, layer in zip(table.layers(), told["layers"], strict=True):
        for field in ("kind", "neurons", "weights", "biases", "trainable", "multiply_adds", "activation_bytes"):
            assert getattr(row, field) == layer[field]
        assert list(row.output_shape) == layer["output_shape"]
    for field in ("trainable", "multiply_adds", "activation_bytes"):
        assert getattr(table, field) == told["total"][field]
    assert table.weights + table.biases == told["total"]["parameters"]


def test_memory_is_that_of_the_batch_and_the_type() -> None:
    analysis = analyse(make_plan(infer(residual(1, 1))))
    one = make_table(analysis)
    assert make_table(analysis, batch=64).activation_bytes == 64 * one.activation_bytes
    assert make_table(analysis, number="float64").activation_bytes == 2 * one.activation_bytes
    assert make_table(analysis, batch=4, number="float16").activation_bytes == 2 * one.activation_bytes
    assert make_table(analysis, batch=64).multiply_adds == one.multiply_adds


def folds(row: Row) -> list[Row]:
    return [fold for child in row.children for fold in ((child, *folds(child)) if child.children else ())]


def test_layers_of_a_block_are_folded_and_summed() -> None:
    table = make_table(analyse(make_plan(infer_flat(templates.load("resnet18").network))))
    found = folds(table)
    assert found
    names = [row.name for row in (*table.layers(), *found)]
    assert len(set(names)) == len(names)
    for fold in found:
        assert all(child.name.startswith(f"{fold.name}.") for child in fold.children)
        assert fold.weights == sum(layer.weights for layer in fold.layers())
        assert fold.multiply_adds == sum(layer.multiply_adds for layer in fold.layers())
        assert fold.output_shape == list(fold.layers())[-1].output_shape
        assert fold.kind.startswith(f"{len(list(fold.layers()))} layer")
    assert table.weights + table.biases == 11_689_512


def test_csv_has_a_line_for_each_layer_and_the_totals() -> None:
    table = make_table(analyse(make_plan(infer(residual(1, 2)))), batch=2)
    lines = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert [line["name"] for line in lines] == [*(row.name for row in table.layers()), "total"]
    for line, row in zip(lines, (*table.layers(), table), strict=True):
        assert int(line["weights"]) == row.weights
        assert int(line["activation_bytes"]) == row.activation_bytes
    assert "×" in lines[0]["field_size"]
    assert lines[-1]["field_size"] == ""
