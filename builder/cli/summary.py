"""The command `summary`: the analysis table of a network. Nothing is built, so any size is told at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from builder.cli.output import ProjectArgument, open_project, print_json, print_table, shape_of
from builder.compile.analysis import Analysis, LayerAnalysis, analyse
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.graph.edits import set_params
from builder.graph.problems import Problem, ProblemError
from builder.layers.base import Role, show
from builder.layers.registry import find
from builder.project.document import Project


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("summary")(summary)


def summary(
    project: ProjectArgument,
    input: Annotated[
        str, typer.Option("--input", metavar="CxHxW", help="Analyse it for another input.", show_default=False)
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Print output shape, neurons, parameters, multiply-adds, memory and receptive field of every layer."""
    opened = open_project(project)
    if input:
        opened = with_input(opened, shape_of(input))
    table = analyse(make_plan(infer_flat(opened.network)))
    if json:
        print_json(table.json())
    else:
        _print(table)


def with_input(project: Project, shape: tuple[int, ...]) -> Project:
    """The project with another input shape. Raises `ProblemError` when it has no input."""
    for node in project.graph.nodes.values():
        kind = find(node.kind)
        if kind is not None and kind.role is Role.INPUT:
            params = node.params.set("shape", shape)
            return replace(project, network=project.network.with_graph(set_params(project.graph, node.name, params)))
    raise ProblemError(Problem("no-input", "the network has no input."))


HEADER = ("LAYER", "KIND", "OUTPUT", "NEURONS", "WEIGHTS", "BIASES", "MULTIPLY-ADDS", "MEMORY", "SEES")
RIGHT = "<<<>>>>>>"


def _print(table: Analysis) -> None:
    total = table.total
    rows = [("input", "", show(table.input_shape), "", "", "", "", "", ""), *(_row(layer) for layer in table.layers)]
    print_table(HEADER, rows, RIGHT)
    print()
    frozen = total.parameters - total.trainable
    print(f"{total.parameters:,} parameters" + (f", {frozen:,} of them frozen" if frozen else ""))
    print(f"{total.multiply_adds:,} multiply-adds and {_bytes(total.activation_bytes)} of activations for one sample")


def _row(layer: LayerAnalysis) -> tuple[str, ...]:
    field = layer.receptive_field
    return (
        layer.name,
        layer.kind,
        show(layer.output_shape),
        f"{layer.neurons:,}",
        f"{layer.weights:,}" if layer.weights else "",
        f"{layer.biases:,}" if layer.biases else "",
        f"{layer.multiply_adds:,}" if layer.multiply_adds else "",
        _bytes(layer.activation_bytes),
        "all" if field is None else f"{field.size[0]}×{field.size[1]}",
    )


def _bytes(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("KB", "MB", "GB", "TB", "PB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{count} B" if unit == "B" else f"{size:.3g} {unit}" if size < 1000 else f"{size:,.0f} {unit}"
