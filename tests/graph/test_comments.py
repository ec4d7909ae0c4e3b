"""Comments: only an edit of comments touches them, and none of them touches the model."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builder.graph import comments, edits
from builder.graph.blocks import flatten, group, ungroup
from builder.graph.checks import faults
from builder.graph.frozen import FrozenDict
from builder.graph.model import Comment, Edge, Graph, Network, Node, Point
from builder.graph.problems import ProblemError
from tests.graph.programs import attempt, cards, carry_out, edit, graphs, names, points, written

OF_COMMENTS = ("paste", "write", "rewrite", "shift", "wipe")
HERE = Comment("here", Point(30, 10), 100, 40)


@given(graphs(), edit)
def test_no_other_edit_loses_or_changes_a_comment(graph, action):
    if action[0] in OF_COMMENTS:
        return
    assert attempt(graph, action).comments is graph.comments


@given(graphs(), edit.filter(lambda action: action[0] in OF_COMMENTS and action[0] != "paste"))
def test_what_is_written_is_no_part_of_the_model(graph, action):
    after = carry_out(graph, action)
    assert after.same_network(graph)
    assert (after.nodes, after.edges, after.positions) == (graph.nodes, graph.edges, graph.positions)
    assert Network(after).same_network(Network(graph))
    assert faults(after) == ()


@given(graphs(), st.sets(names, max_size=4), written, points)
def test_pasted_comments_stand_shifted_under_fresh_names(graph, wanted, some, offset):
    piece = edits.fragment(graph, wanted, some)
    assert set(piece.comments) == some & set(graph.comments)
    pasted, _ = edits.paste(graph, piece, offset)
    assert {name: pasted.comments[name] for name in graph.comments} == graph.comments
    added = [comment for name, comment in pasted.comments.items() if name not in graph.comments]
    moved = [replace(c, at=Point(c.at.x + offset.x, c.at.y + offset.y)) for c in piece.comments.values()]
    assert added == moved


@given(graphs(), st.lists(cards, max_size=5))
def test_added_comments_stay_apart_and_in_order(graph, added):
    after = comments.add_comments(graph, added)
    assert list(after.comments.values()) == [*graph.comments.values(), *added]


@given(graphs(), st.sets(names, min_size=1, max_size=4), written)
def test_selected_comments_go_into_a_block_and_come_out_where_they_stood(graph, selection, some):
    some = some & set(graph.comments)
    try:
        grouped = group(Network(graph), selection, "block1", "Definition", some)
    except ProblemError:
        return
    assert set(grouped.blocks["Definition"].graph.comments) == some
    assert set(grouped.graph.comments) == set(graph.comments) - some
    assert not any(c in flatten(grouped).comments.values() for c in graph.comments.values())
    apart = ungroup(grouped.graph, "block1", grouped.blocks)
    assert len(apart.comments) == len(graph.comments)
    if all(name in graph.positions for name in selection if name in graph.nodes):
        assert sorted(map(str, apart.comments.values())) == sorted(map(str, graph.comments.values()))


def test_a_repeated_block_taken_apart_brings_its_comments_once():
    nodes = [Node("x", "Input"), Node("a", "ReLU"), Node("y", "Output")]
    graph = Graph.of(nodes, [Edge("x", "a"), Edge("a", "y")], {"a": Point(0, 0)}, {"comment1": HERE})
    grouped = group(Network(graph), ["a"], "block1", "D", ["comment1"])
    thrice = edits.set_params(grouped.graph, "block1", {"definition": "D", "repeat": 3})
    apart = ungroup(thrice, "block1", grouped.blocks)
    assert len(apart.nodes) == 5
    assert list(apart.comments.values()) == [HERE]


def test_a_definition_that_says_more_compiles_to_the_same():
    graph = Graph.of([Node("a", "ReLU")], (), {"a": Point(0, 0)}, {"comment1": HERE})
    network = group(Network(graph), ["a"], "block1", "D", ["comment1"])
    silent = replace(network.blocks["D"], graph=replace(network.blocks["D"].graph, comments=FrozenDict()))
    assert network.with_block(silent) != network
    assert network.with_block(silent).same_network(network)
    assert flatten(network).comments == {}


def test_a_comment_keeps_a_size_that_can_be_grabbed():
    small = comments.resized(HERE, -5, 1e9)
    assert (small.width, small.height) == (comments.LEAST_WIDTH, comments.MOST)
    assert faults(Graph.of([], comments={"comment1": small})) == ()
