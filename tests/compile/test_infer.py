"""Live shapes: the same with and without what was known before, only what an edit reaches is new, and fixes mend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.graph import edits
from builder.graph.model import Edge, Graph, Node
from builder.graph.order import downstream
from builder.graph.problems import Problem, ProblemError, Severity
from builder.layers.edits import apply
from tests.compile.networks import chain, lenet5, residual

KINDS = ["Input", "Conv2d", "ReLU", "Flatten", "Linear", "Add", "Concatenate", "MaxPool2d", "Output", "Unheard"]
NAMES = [f"n{number}" for number in range(7)]
names = st.sampled_from(NAMES)
PARAMS = [{}, {"filters": 3}, {"features": 4}, {"filters": 0}, {"shape": [5]}, {"kernel_size": 40}, {"padding": 1}]

change = st.one_of(
    st.tuples(st.just("add"), names, st.sampled_from(KINDS), st.sampled_from(PARAMS)),
    st.tuples(st.just("wire"), names, names, st.integers(-1, 3), st.integers(0, 1)),
    st.tuples(st.just("cut"), st.integers(0, 12)),
    st.tuples(st.just("remove"), st.sets(names, max_size=2)),
    st.tuples(st.just("drop"), names),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("params"), names, st.sampled_from(PARAMS)),
    st.tuples(st.just("move"), names),
)


def carry_out(graph: Graph, action: tuple) -> Graph:  # type: ignore[type-arg]
    """One change; wires are laid without checks, so that cycles and wrong ports come about as in a foreign file."""
    try:
        match action:
            case ("add", name, kind, params):
                return edits.add_node(graph, Node(name, kind, params))
            case ("wire", source, target, port, source_port):
                return Graph(graph.nodes, (*graph.edges, Edge(source, target, source_port, port)), graph.positions)
            case ("cut", number):
                return edits.disconnect(graph, *graph.edges[number : number + 1])
            case ("remove", gone):
                wires = [e for e in graph.edges if e.source in graph.nodes and e.target in graph.nodes]
                return edits.remove_nodes(Graph(graph.nodes, tuple(wires), graph.positions), gone)
            case ("drop", name):  # leaves wires that end nowhere
                return Graph(graph.nodes.without(name), graph.edges, graph.positions.without(name))
            case ("rename", old, new):
                return edits.rename(graph, old, new)
            case ("params", name, params):
                return edits.set_params(graph, name, params)
            case ("move", name):
                return edits.move(graph, {name: (3.0, 4.0)})  # type: ignore[dict-item]
    except ProblemError:
        pass
    return graph


START = chain(("n1", "Conv2d", {}), ("n2", "ReLU", {}), ("n3", "Flatten", {}), ("n4", "Linear", {}))


@given(st.lists(change, max_size=25), st.booleans())
def test_inference_edit_by_edit_equals_inference_from_scratch(actions, empty):
    graph = Graph() if empty else START
    known = infer(graph)
    for action in actions:
        before, graph = known, carry_out(graph, action)
        known = infer(graph, before)
        fresh = infer(Graph(graph.nodes, graph.edges, graph.positions))
        assert (known.order, known.cyclic, known.nodes, known.network) == (
            fresh.order,
            fresh.cyclic,
            fresh.nodes,
            fresh.network,
        )
        assert set(known.nodes) == set(graph.nodes)


def test_only_what_an_edit_reaches_is_inferred_anew():
    graph = residual(2, 2)
    before = infer(graph)
    assert not before.errors
    for name in ("s1b0_conv2", "fc"):
        key = "features" if name == "fc" else "stride"
        edited = edits.set_params(graph, name, {**graph.nodes[name].params, key: 3})
        after = infer(edited, before)
        reached = downstream(graph, name)
        assert all(after.nodes[other] is before.nodes[other] for other in graph.nodes if other not in reached)
        assert after.nodes[name] is not before.nodes[name]


def test_an_edit_that_keeps_the_output_reaches_nothing():
    graph = lenet5()
    before = infer(graph)
    after = infer(edits.set_params(graph, "conv1", {**graph.nodes["conv1"].params, "bias": False}), before)
    assert {name for name in graph.nodes if after.nodes[name] is not before.nodes[name]} == {"conv1"}
    moved = infer(edits.move(graph, {"conv1": (5.0, 5.0)}), before)  # type: ignore[dict-item]
    assert moved.nodes is before.nodes


def test_what_stands_before_a_broken_node_keeps_its_shapes():
    graph = edits.remove_nodes(lenet5(), ["flatten"])
    known = infer(graph)
    assert known.shape("tanh3") == (120, 1, 1)
    assert known.shape("fc1") is None
    assert known.shape("fc2") is None
    assert [problem.where for problem in known.errors] == ["fc1"]


def only(graph: Graph) -> Problem:
    (problem,) = infer(graph).errors
    return problem


MENDABLE = {
    "flat input wanted": (edits.remove_nodes(lenet5(), ["flatten"]), "shape-mismatch", "fc1"),
    "no output": (edits.remove_nodes(lenet5(), ["output"]), "no-output", ""),
    "a second input": (edits.add_node(lenet5(), Node("input2", "Input")), "several-inputs", "input2"),
    "a window larger than the picture": (
        chain(("conv", "Conv2d", {"kernel_size": 7}), shape=(1, 5, 5)),
        "shape-mismatch",
        "conv",
    ),
}


@pytest.mark.parametrize(("graph", "code", "where"), MENDABLE.values(), ids=MENDABLE)
def test_the_offered_fix_mends(graph, code, where):
    problem = only(graph)
    assert (problem.code, problem.where) == (code, where)
    assert problem.fix is not None
    for step in problem.fix.edits:
        graph = apply(graph, step)
    assert infer(graph).errors == ()


@pytest.mark.parametrize(
    ("kind", "params", "side", "titles"),
    [
        ("MaxPool2d", {}, 1, ["Remove it", "Set the window to 1×1"]),
        ("MaxPool2d", {"kernel_size": 5}, 3, ["Set the window to 3×3", "Remove it"]),
        ("Conv2d", {"kernel_size": 5}, 3, ["Set padding to 1", "Remove it"]),
    ],
)
def test_a_layer_whose_window_does_not_fit_can_also_be_removed(kind, params, side, titles):
    graph = chain(("it", kind, params), ("flatten", "Flatten", {}), ("fc", "Linear", {}), shape=(1, side, side))
    problem = only(graph)
    assert [fix.title for fix in problem.fixes] == titles
    for fix in problem.fixes:
        mended = graph
        for step in fix.edits:
            mended = apply(mended, step)
        assert infer(mended).errors == ()
        assert ("it" in mended.nodes) == (not fix.title.startswith("Remove"))


@pytest.mark.parametrize("kind", ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d", "MaxPool2d", "Conv2d"])
def test_a_layer_that_needs_a_picture_is_offered_the_place_before_the_flatten(kind):
    rows = ("conv", "Conv2d", {"filters": 6}), ("flatten", "Flatten", {}), ("it", kind, {}), ("fc", "Linear", {})
    graph = chain(*rows, shape=(1, 9, 9))
    before = infer(graph)
    problem = only(graph)
    assert (problem.where, problem.fixes[0].title) == ("it", "Move flatten behind it")
    for step in problem.fixes[0].edits:
        graph = apply(graph, step)
    assert infer(graph, before).errors == ()
    assert [edge.target for edge in graph.outgoing["conv"]] == ["it"]
    (behind,) = graph.outgoing["it"]
    assert graph.nodes[behind.target].kind == "Flatten"


def test_a_flatten_that_others_need_stays_where_it_is():
    graph = chain(("flatten", "Flatten", {}), ("it", "AdaptiveAvgPool2d", {}), shape=(2, 3, 5))
    graph = edits.add_node(graph, Node("fc", "Linear"))
    before = infer(graph)
    assert [fix.title for p in before.problems() if p.where == "it" for fix in p.fixes] == ["Move flatten behind it"]
    graph = edits.connect(graph, Edge("flatten", "fc"))
    assert [p.fixes for p in infer(graph, before).problems() if p.where == "it"] == [()]


@pytest.mark.parametrize("kind", ["Add", "Concatenate"])
def test_a_joint_of_one_wire_can_be_removed(kind):
    graph = chain(("conv", "Conv2d", {}), ("it", kind, {}), ("flatten", "Flatten", {}))
    problem = only(graph)
    assert (problem.code, [fix.title for fix in problem.fixes]) == ("not-connected", ["Remove it"])
    for step in problem.fixes[0].edits:
        graph = apply(graph, step)
    assert Edge("conv", "flatten") in graph.edges
    assert infer(graph).errors == ()
    assert only(edits.disconnect(chain(("it", kind, {})), Edge("input", "it"))).fixes == ()


def test_a_fix_that_would_not_help_is_not_offered():
    graph = chain(("conv", "Conv2d", {"kernel_size": 3, "stride": 1}), ("fc", "Linear", {}), ("p", "MaxPool2d", {}))
    problem = infer(graph).nodes["p"].problems
    assert problem == ()  # its input is unknown: the badge is on fc
    small = chain(("pool", "MaxPool2d", {"kernel_size": 8}), shape=(1, 2, 2))
    (refused,) = infer(small).nodes["pool"].problems
    if refused.fix is not None:
        for step in refused.fix.edits:
            small = apply(small, step)
        assert infer(small).nodes["pool"].problems == ()


@pytest.mark.parametrize(
    ("graph", "code", "where", "words"),
    [
        (Graph(), "no-input", "", "no input"),
        (Graph.of([Node("a", "Unheard")]), "unknown-layer", "a", "no layer of kind Unheard"),
        (Graph.of([Node("a", "Conv2d", {"filters": -1})]), "bad-parameter", "a", "at least 1"),
        (Graph.of([Node("a", "Conv2d")]), "not-connected", "a", "nothing is connected"),
        (Graph.of([Node("i", "Input"), Node("a", "Add")], [Edge("i", "a")]), "not-connected", "a", "at least 2"),
        (Graph.of([Node("i", "Input"), Node("a", "ReLU")], [Edge("i", "a", 0, 4)]), "no-port", "a", "one|1"),
        (Graph.of([Node("i", "Input"), Node("a", "ReLU")], [Edge("i", "a", 3)]), "no-port", "i", "does not have"),
        (Graph.of([Node("i", "Input"), Node("a", "ReLU")], [Edge("a", "i")]), "no-port", "i", "no input port"),
        (Graph.of([Node("a", "ReLU")], [Edge("b", "a")]), "no-such-node", "b", "does not exist"),
        (Graph.of([Node("i", "Input"), Node("a", "Add")], [Edge("i", "a")] * 2), "two-wires", "a", "same port"),
        (
            Graph.of([Node(n, "ReLU") for n in "abc"], [Edge("a", "b"), Edge("b", "a"), Edge("b", "c")]),
            "cycle",
            "a",
            "a → b → a",
        ),
    ],
)
def test_each_situation_has_its_problem(graph, code, where, words):
    import re

    found = [problem for problem in infer(graph).errors if problem.code == code]
    assert [problem.where for problem in found] == [where]
    assert re.search(words, found[0].message)
    with pytest.raises(ProblemError):
        make_plan(infer(graph))


def test_a_cycle_is_one_problem_and_goes_away():
    graph = Graph.of([Node(n, "ReLU") for n in "abc"], [Edge("a", "b"), Edge("b", "c"), Edge("c", "a")])
    broken = infer(graph)
    assert [problem.code for problem in broken.problems() if problem.where in ("a", "b", "c")] == ["cycle"]
    mended = infer(edits.disconnect(graph, Edge("c", "a")), broken)
    assert [problem.code for problem in mended.nodes["a"].problems] == ["not-connected"]


def test_what_nothing_uses_is_a_warning_and_left_out():
    graph = edits.connect(edits.add_node(lenet5(), Node("spare", "ReLU")), Edge("conv1", "spare"))
    known = infer(graph)
    (problem,) = known.problems()
    assert (problem.code, problem.where, problem.severity) == ("unused", "spare", Severity.WARNING)
    assert make_plan(known).step("spare") is None


def test_a_gap_among_the_wires_of_a_merge_does_no_harm():
    wires = [Edge("i", "a"), Edge("a", "s", 0, 0), Edge("i", "s", 0, 5), Edge("s", "o")]
    graph = Graph.of([Node("i", "Input"), Node("a", "ReLU"), Node("s", "Add"), Node("o", "Output")], wires)
    known = infer(graph)
    assert known.errors == ()
    (step,) = (step for step in make_plan(known).steps if step.name == "s")
    assert step.inputs == ("a", "i")


def test_equal_nodes_keep_what_is_known_of_them():
    graph = lenet5()
    before = infer(graph)
    again = Graph.of([Node(node.name, node.kind, dict(node.params)) for node in graph.nodes.values()], graph.edges)  # type: ignore[arg-type]
    after = infer(again, before)
    assert all(after.nodes[name] is before.nodes[name] for name in graph.nodes)
