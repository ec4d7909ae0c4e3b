"""Parameters of a block: whatever is done to them, the network stays the one that it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.graph.block_parameters import add_parameter, remove_parameter, rename_parameter, set_default
from builder.graph.blocks import flatten, rename_block
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import ProblemError
from tests.compile.test_network import networks, staged

USED = st.sampled_from(["B0", "B1", "B2"])


@given(networks(), USED)
def test_a_new_name_changes_nothing_else(network, definition):
    if definition not in network.blocks:
        return
    flat = flatten(network)
    renamed = rename_parameter(network, definition, "p", "q")
    assert [p.name for p in renamed.blocks[definition].parameters] == ["q"]
    assert flatten(renamed) == flat
    assert flatten(rename_parameter(renamed, definition, "q", "p")) == flat
    assert flatten(rename_block(network, definition, "Other")) == flat


def test_a_removed_parameter_leaves_its_default():
    network = remove_parameter(staged(width=7), "Stage", "width")
    assert [p.name for p in network.blocks["Stage"].parameters] == ["depth"]
    assert "arguments" not in network.graph.nodes["stage1"].params
    assert flatten(network) == flatten(staged())


def test_a_default_counts_where_no_value_is_given():
    wider = set_default(staged(), "Stage", "width", 9)
    assert flatten(wider) == flatten(staged(width=9))
    assert flatten(set_default(staged(width=5), "Stage", "width", 9)) == flatten(staged(width=5))


def test_an_added_parameter_can_be_referred_to():
    network = add_parameter(staged(), "Stage", "kernel", 3)
    stage = network.blocks["Stage"]
    node = Node("more", "Conv2d", stage.graph.nodes["widen"].params.set("kernel_size", {"$": "kernel"}))
    graph = Graph(stage.graph.nodes.set("more", node), (*stage.graph.edges, Edge("in1", "more")))
    network = network.with_block(type(stage)("Stage", graph, stage.parameters))
    assert flatten(network).nodes["stage1.more"].params["kernel_size"] == 3


@pytest.mark.parametrize("name", ["width", "two words", "", "2d"])
def test_bad_and_taken_names_are_refused(name):
    with pytest.raises(ProblemError):
        add_parameter(staged(), "Stage", name, 1)
    with pytest.raises(ProblemError):
        rename_parameter(staged(), "Stage", "depth", name)
    assert rename_parameter(staged(), "Stage", "depth", "depth") == staged()
    assert isinstance(staged(), Network)
