"""Edits keep a graph sound, whatever their order, and undo is a return to the very value that was."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.graph import edits
from builder.graph.checks import faults
from builder.graph.model import Comment, Edge, Graph, Node, Point
from builder.graph.order import cycles, downstream, nodes_on_cycles, topological_order, would_cycle
from builder.graph.problems import ProblemError
from tests.graph.programs import attempt, edit, graphs, names


def sound(graph: Graph) -> None:
    assert faults(graph) == ()
    order, rest = topological_order(graph)
    assert not rest
    assert sorted(order) == sorted(graph.nodes)
    place = {name: number for number, name in enumerate(order)}
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)


@given(st.lists(edit, max_size=40))
def test_every_edit_leaves_a_sound_graph(actions):
    graph = Graph()
    for action in actions:
        graph = attempt(graph, action)
        sound(graph)


@dataclass
class History:
    """Undo and redo as the window has them: values to go back and forth between."""

    values: list[Graph] = field(default_factory=lambda: [Graph()])
    now: int = 0

    def push(self, graph: Graph) -> None:
        self.values[self.now + 1 :] = [graph]
        self.now += 1


@given(st.lists(st.one_of(edit, st.just(("undo",)), st.just(("redo",))), max_size=40))
def test_programs_of_edits_undos_and_redos_agree_with_a_list_of_plain_values(actions):
    history = History()
    plain: list[tuple] = [describe(Graph())]  # type: ignore[type-arg]
    for action in actions:
        if action == ("undo",):
            history.now = max(0, history.now - 1)
        elif action == ("redo",):
            history.now = min(len(history.values) - 1, history.now + 1)
        else:
            graph = attempt(history.values[history.now], action)
            plain[history.now + 1 :] = [describe(graph)]
            history.push(graph)
        # No later edit changed an earlier value, and every value can be come back to.
        assert [describe(value) for value in history.values] == plain


def describe(graph: Graph) -> tuple:  # type: ignore[type-arg]
    """The value in plain terms that cannot share anything with it."""
    nodes = [(key, node.name, node.kind, tuple(node.params.items())) for key, node in graph.nodes.items()]
    written = [(name, *map(str, (c.text, *c.at, c.width, c.height, c.colour))) for name, c in graph.comments.items()]
    places = [(name, tuple(p)) for name, p in graph.positions.items()]
    return nodes, [tuple(edge) for edge in graph.edges], places, written


@given(graphs(), names, names)
def test_renaming_there_and_back_changes_nothing(graph, old, new):
    if old not in graph.nodes or new in graph.nodes:
        return
    there = edits.rename(graph, old, new)
    assert there.nodes[new].name == new
    assert describe(edits.rename(there, new, old)) == describe(graph)


@given(graphs(), st.sets(names, max_size=4))
def test_pasted_nodes_get_fresh_names_and_the_wires_among_them(graph, wanted):
    piece = edits.fragment(graph, wanted)
    pasted, renamed = edits.paste(graph, piece, Point(20, 20))
    assert len(pasted.nodes) == len(graph.nodes) + len(piece.nodes)
    assert set(renamed.values()).isdisjoint(graph.nodes)
    copies = {(edge.source, edge.target) for edge in pasted.edges[len(graph.edges) :]}
    assert copies == {(renamed[edge.source], renamed[edge.target]) for edge in piece.edges}


@given(st.integers(3, 9), st.sets(st.integers(1, 7), max_size=5))
def test_removing_from_a_chain_heals_it(length, gone):
    every = [f"c{number}" for number in range(length)]
    graph = Graph.of([Node(name, "ReLU") for name in every], map(Edge, every, every[1:]))
    gone = {f"c{number}" for number in gone if number < length - 1}
    healed = edits.remove_nodes(graph, gone)
    left = [name for name in every if name not in gone]
    assert set(healed.edges) == set(map(Edge, left, left[1:]))


@given(graphs(), names, names)
def test_a_wire_that_would_cycle_is_refused_and_no_other(graph, source, target):
    if source not in graph.nodes or target not in graph.nodes:
        return
    raw = Graph(graph.nodes, (*graph.edges, Edge(source, target, 0, 9)), graph.positions)
    on_cycle = bool(nodes_on_cycles(raw))
    assert would_cycle(graph, source, target) == on_cycle == bool(cycles(raw))
    if on_cycle:
        with pytest.raises(ProblemError, match="cycle"):
            edits.connect(graph, Edge(source, target))


@given(st.integers(1, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14))
def test_cycles_are_found_exactly(count, pairs):
    every = [f"c{number}" for number in range(count)]
    wires = [Edge(every[a], every[b], 0, a) for a, b in sorted(pairs) if a < count and b < count]
    graph = Graph.of([Node(name, "ReLU") for name in every], wires)
    after = {name: {e.target for e in graph.outgoing[name]} for name in every}
    expected = {name for name in every if any(name in downstream(graph, step) for step in after[name])}
    assert nodes_on_cycles(graph) == expected
    for circle in cycles(graph):
        assert all(b in after[a] for a, b in zip(circle, (*circle[1:], circle[0]), strict=True))


@pytest.mark.parametrize(
    "name", ["", "1a", "a b", "a.b", "_x", "class", "forward", "training", "naïve", "a\n", "a" * 101]
)
def test_bad_names_are_refused(name):
    with pytest.raises(ProblemError) as caught:
        edits.add_node(Graph(), Node(name, "ReLU"))
    assert caught.value.problems[0].code == "bad-name"


def test_a_taken_name_is_refused():
    graph = edits.add_node(Graph(), Node("a", "ReLU"))
    with pytest.raises(ProblemError, match="already a layer called a"):
        edits.add_node(graph, Node("a", "Tanh"))


def test_a_wired_node_cannot_be_put_on_another_wire():
    graph = Graph.of([Node(name, "ReLU") for name in "abc"], [Edge("a", "b"), Edge("b", "c")])
    with pytest.raises(ProblemError, match="has wires already"):
        edits.insert_on_edge(graph, Edge("a", "b"), graph.nodes["c"])
    with pytest.raises(ProblemError, match="no wire from a to c"):
        edits.insert_on_edge(graph, Edge("a", "c"), Node("d", "ReLU"))


@pytest.mark.parametrize(
    "graph",
    [
        Graph.of([Node("a", "ReLU")], [Edge("a", "b")]),
        Graph.of([Node("a", "ReLU"), Node("b", "ReLU")], [Edge("a", "b", 0, -1)]),
        Graph.of([Node("a", "ReLU"), Node("b", "ReLU")], [Edge("a", "b", 0, 10**12)]),
        Graph.of([Node("a", "ReLU"), Node("b", "ReLU")], [Edge("a", "b"), Edge("a", "b")]),
        Graph.of([Node("import", "ReLU")]),
        Graph.of([Node("a", "ReLU")], (), {"b": Point(0, 0)}),
        Graph.of([Node("a", "ReLU")], (), {"a": Point(float("nan"), 0)}),
        Graph.of([], comments={"comment1": Comment("", Point(0, float("inf")), 100, 100)}),
        Graph.of([], comments={"comment1": Comment("", Point(0, 0), float("nan"), 100)}),
        Graph.of([], comments={"comment1": Comment("", Point(0, 0), 100, 1e9)}),
        Graph.of([], comments={"comment1": Comment("", Point(0, 0), 100, 1)}),
        Graph.of([], comments={"comment1": Comment("a" * 10_001, Point(0, 0), 100, 100)}),
        Graph.of([], comments={"comment1": Comment("", Point(0, 0), 100, 100, "mauve")}),
        Graph.of([], comments={"": Comment("", Point(0, 0), 100, 100)}),
    ],
)
def test_unsound_graphs_are_told(graph):
    assert faults(graph)


def test_a_chain_comes_in_one_piece_branch_by_branch():
    graph = Graph.of(
        [Node(name, "ReLU") for name in ("a", "b1", "c1", "b2", "c2", "z")],
        [Edge("a", "b1"), Edge("a", "c1"), Edge("b1", "b2"), Edge("c1", "c2"), Edge("b2", "z"), Edge("c2", "z", 0, 1)],
    )
    assert topological_order(graph)[0] == ("a", "b1", "b2", "c1", "c2", "z")
