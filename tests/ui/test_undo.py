"""Undo and redo of any edits, blocks included, bring back the very values that there were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.compile.network import infer_network
from builder.graph import edits
from builder.graph.blocks import BLOCK, group, rename_block, ungroup
from builder.graph.model import Network, Point
from builder.graph.problems import ProblemError
from builder.project.document import Project
from builder.ui.document import Document
from tests.drawn import networks

ACTIONS = ("group", "ungroup", "repeat", "remove", "move", "rename", "rename block", "forget a parameter", "disconnect")


def edited(draw: st.DrawFn, network: Network) -> Network:
    """The network after one edit. Raises `ProblemError` when that cannot be made."""
    graph = network.graph
    names = sorted(graph.nodes)
    blocks = [name for name in names if graph.nodes[name].kind == BLOCK]
    name = draw(st.sampled_from(names))
    block = draw(st.sampled_from(blocks or names))
    match draw(st.sampled_from(ACTIONS)):
        case "group":
            chosen = draw(st.sets(st.sampled_from(names), min_size=1, max_size=3))
            number = len(network.blocks)
            return group(network, chosen, edits.free_name(graph, "made"), f"Made{number}")
        case "ungroup":
            return network.with_graph(ungroup(graph, block, network.blocks))
        case "repeat":
            params = {**graph.nodes[block].params, "repeat": draw(st.integers(1, 3))}
            return network.with_graph(edits.set_params(graph, block, params))
        case "remove":
            return network.with_graph(edits.remove_nodes(graph, [name], heal=draw(st.booleans())))
        case "move":
            return network.with_graph(edits.move(graph, {name: Point(draw(st.integers(0, 9)), 5)}))
        case "rename":
            return network.with_graph(edits.rename(graph, name, f"{name}x"))
        case "rename block":
            return rename_block(network, draw(st.sampled_from(sorted(network.blocks) or ["none"])), "Renamed")
        case "forget a parameter":
            return network.with_graph(edits.set_params(graph, name, {}))
        case _:
            return network.with_graph(edits.disconnect(graph, *graph.edges[:1]))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(start=networks(), data=st.data())
@pytest.mark.usefixtures("qapp")
def test_undo_and_redo_bring_back_what_was(start: Network, data: st.DataObject) -> None:
    document = Document(Project("drawn", start))
    values, place = [document.value], 0

    def agree() -> None:
        assert document.value is values[place]
        fresh = infer_network(document.value.network)
        assert document.flat.nodes == fresh.flat.nodes
        assert list(document.known.problems()) == list(fresh.problems())

    for _ in range(data.draw(st.integers(1, 8))):
        move: Any = data.draw(st.sampled_from(["edit", "edit", "edit", "undo", "redo"]))
        if move == "edit":
            try:
                network = edited(data.draw, document.value.network)
            except ProblemError:
                continue
            value = Project("drawn", network)
            if network.graph.nodes and network != document.value.network:
                document.commit("edit", value)
                values[place + 1 :] = [value]
                place += 1
        elif move == "undo" and place:
            document.undo.undo()
            place -= 1
        elif move == "redo" and place + 1 < len(values):
            document.undo.redo()
            place += 1
        agree()
    while place:
        document.undo.undo()
        place -= 1
        agree()
    assert document.value == Project("drawn", start)
    for _ in values[1:]:
        document.undo.redo()
        place += 1
    agree()
