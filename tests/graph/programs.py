"""Random programs of edits, and the graphs that they make: shared by the tests of this room."""

from __future__ import annotations

from hypothesis import strategies as st

from builder.graph import comments, edits
from builder.graph.model import Comment, Edge, Graph, Node, Point
from builder.graph.problems import ProblemError

NAMES = [f"n{number}" for number in range(6)]
names = st.sampled_from(NAMES)
ports = st.integers(0, 2)
points = st.builds(Point, st.integers(-500, 500), st.integers(-500, 500))
written = st.sets(st.sampled_from([f"comment{number}" for number in range(1, 5)]), max_size=3)
cards = st.builds(
    Comment,
    st.text(max_size=20),
    points,
    st.integers(int(comments.LEAST_WIDTH), 400),
    st.integers(int(comments.LEAST_HEIGHT), 400),
    st.sampled_from(comments.COLOURS),
)

edit = st.one_of(
    st.tuples(st.just("add"), names, points),
    st.tuples(st.just("connect"), names, names, ports),
    st.tuples(st.just("disconnect"), st.integers(0, 9)),
    st.tuples(st.just("remove"), st.sets(names, max_size=3), st.booleans()),
    st.tuples(st.just("insert"), st.integers(0, 9)),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("params"), names, st.integers(0, 5)),
    st.tuples(st.just("move"), names, points),
    st.tuples(st.just("paste"), st.sets(names, max_size=4), points, written),
    st.tuples(st.just("write"), cards),
    st.tuples(st.just("rewrite"), written, cards),
    st.tuples(st.just("shift"), written, points),
    st.tuples(st.just("wipe"), written),
)


def carry_out(graph: Graph, action: tuple) -> Graph:  # type: ignore[type-arg]
    match action:
        case ("add", name, at):
            return edits.add_node(graph, Node(name, "ReLU"), at)
        case ("connect", source, target, port):
            return edits.connect(graph, Edge(source, target, 0, port))
        case ("disconnect", number):
            return edits.disconnect(graph, *graph.edges[number : number + 1])
        case ("remove", gone, heal):
            return edits.remove_nodes(graph, gone, heal=heal)
        case ("insert", number):
            if not graph.edges:
                return graph
            node = Node(edits.free_name(graph, "new"), "ReLU")
            return edits.insert_on_edge(graph, graph.edges[number % len(graph.edges)], node)
        case ("rename", old, new):
            return edits.rename(graph, old, new)
        case ("params", name, value):
            return edits.set_params(graph, name, {"filters": value})
        case ("move", name, at):
            return edits.move(graph, {name: at})
        case ("paste", wanted, offset, some):
            return edits.paste(graph, edits.fragment(graph, wanted, some), offset)[0]
        case ("write", card):
            return comments.add_comments(graph, [card])
        case ("rewrite", some, card):
            return comments.change_comments(graph, dict.fromkeys(some, card))
        case ("shift", some, at):
            return comments.move_comments(graph, dict.fromkeys(some, at))
        case ("wipe", some):
            return comments.remove_comments(graph, some)
    raise AssertionError(action)


def attempt(graph: Graph, action: tuple) -> Graph:  # type: ignore[type-arg]
    try:
        return carry_out(graph, action)
    except ProblemError:
        return graph


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A sound graph of about six nodes that a random program of edits has been through."""
    graph = Graph.of([Node(name, "ReLU") for name in NAMES])
    wires = st.tuples(st.integers(0, 4), st.integers(1, 5), ports)
    for source, target, port in draw(st.lists(wires, max_size=12)):
        if source < target:
            graph = edits.connect(graph, Edge(NAMES[source], NAMES[target], 0, port))
    for action in draw(st.lists(edit, max_size=6)):
        graph = attempt(graph, action)
    return graph
