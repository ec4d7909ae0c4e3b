"""What one edit leaves as it was is not worked out again."""

from __future__ import annotations

from builder.compile.analysis import analyse, receptive_fields
from builder.compile.infer import infer
from builder.compile.limits import live_limits
from builder.compile.plan import make_plan
from builder.graph import edits
from builder.graph.model import Point
from tests.compile.networks import residual


def test_plan_and_analysis_are_made_once() -> None:
    inference = infer(residual(2, 2))
    plan = make_plan(inference)
    assert make_plan(inference) is plan
    assert analyse(plan) is analyse(plan)
    assert analyse(plan, bytes_per_number=8) is not analyse(plan)
    assert analyse(plan, bytes_per_number=8).total.activation_bytes == 2 * analyse(plan).total.activation_bytes


def test_what_only_moved_keeps_its_plan() -> None:
    graph = residual(2, 2)
    inference = infer(graph)
    plan = make_plan(inference)
    name = next(iter(graph.nodes))
    moved = infer(edits.move(graph, {name: Point(1.0, 2.0)}), inference)
    assert moved.graph is not graph
    assert make_plan(moved) is plan


def test_an_edit_keeps_the_steps_and_rows_that_it_does_not_reach_and_nothing_else() -> None:
    graph = residual(2, 2)
    before = infer(graph)
    first, table = make_plan(before), analyse(make_plan(before))
    names = [step.name for step in first.steps if step.layer.kind() == "Conv2d"]
    middle = names[len(names) // 2]
    kernel = first.step(middle).layer.kernel_size  # type: ignore[union-attr]
    changed = edits.set_params(
        graph,
        middle,
        {**graph.nodes[middle].params, "kernel_size": [k + 2 for k in kernel], "padding": 1 + kernel[0] // 2},
    )
    after = infer(changed, before)
    second = make_plan(after)
    position = [step.name for step in second.steps].index(middle)
    assert all(one is other for one, other in zip(first.steps[:position], second.steps[:position], strict=True))
    assert second.step(middle) is not first.step(middle)
    again = analyse(second)
    assert all(one is other for one, other in zip(table.layers[:position], again.layers[:position], strict=True))
    afresh = make_plan(infer(changed))
    assert second == afresh
    assert again == analyse(afresh)
    assert receptive_fields(second) == receptive_fields(afresh)
    assert live_limits(after, 64, 1000) == live_limits(infer(changed), 64, 1000)
    # And back again: what was worked out for the changed network must not stay.
    back = make_plan(infer(graph, after))
    assert back == first
    assert analyse(back) == table


def test_another_wire_makes_another_step() -> None:
    graph = residual(2, 2)
    before = infer(graph)
    first = make_plan(before)
    add = next(step for step in first.steps if step.layer.kind() == "Add")
    wires = graph.incoming[add.name]
    swapped = edits.disconnect(graph, *wires)
    for edge, port in zip(wires, (1, 0), strict=True):
        swapped = edits.connect(swapped, edge._replace(target_port=port))
    second = make_plan(infer(swapped, before)).step(add.name)
    assert second is not None
    assert second.inputs == add.inputs[::-1]
