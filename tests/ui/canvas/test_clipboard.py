"""Copied nodes as text: the same again, and whatever else the clipboard holds is a problem."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.graph.model import Network
from builder.graph.problems import ProblemError
from builder.project import templates
from builder.ui.canvas.clipboard import from_text, to_text
from tests.drawn import networks
from tests.mutations import mutated

calm = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(max_examples=20, suppress_health_check=calm)
@given(networks())
def test_what_is_copied_is_what_is_pasted(network: Network) -> None:
    graph, blocks = from_text(to_text(network.graph, network.blocks))
    assert graph == network.graph
    assert blocks == network.blocks


@settings(max_examples=60, suppress_health_check=calm)
@given(st.data())
def test_changed_text_is_nodes_or_a_problem(data: st.DataObject) -> None:
    network = templates.load("googlenet-small").network
    form = data.draw(mutated(json.loads(to_text(network.graph, network.blocks))))
    try:
        from_text(json.dumps(form))
    except ProblemError as error:
        assert str(error.problems[0])  # noqa: PT017
