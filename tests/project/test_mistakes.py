"""What students get wrong: each mistake is told, and the offered fixes, one click each, lead to a sound network."""

from __future__ import annotations

from typing import Any

import pytest

from builder.compile.infer import infer
from builder.graph import edits
from builder.graph.frozen import FrozenDict
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import AddAfter
from builder.project.check import check
from builder.project.document import Project, new_project
from builder.project.edits import apply_fix, set_setting
from builder.project.learn_from import learn_from

Layer = tuple[str, dict[str, Any]]

PICTURE: Layer = ("Input", {"shape": (1, 28, 28)})
POINT: Layer = ("Input", {"shape": (2,)})
CONV: Layer = ("Conv2d", {"filters": 8, "kernel_size": 3})
TEN: Layer = ("Linear", {"features": 10})
ONE: Layer = ("Linear", {"features": 1})
FLAT: Layer = ("Flatten", {})
RELU: Layer = ("ReLU", {})
SIGMOID: Layer = ("Sigmoid", {})
SOFTMAX: Layer = ("Softmax", {})
OUT: Layer = ("Output", {})
_SIXTEEN = "Insert 1×1 convolution to 16×28×28"
_EIGHT = "Insert 1×1 convolution to 8×28×28"
BINARY = {"data.dataset": "moons", "training.loss": "binary-cross-entropy"}


def row(*layers: Layer) -> Graph:
    """Layers one behind the other, called by their number."""
    graph = Graph()
    for number, (kind, params) in enumerate(layers):
        graph = edits.add_node(graph, Node(f"n{number}", kind, FrozenDict(params)))
        if number:
            graph = edits.connect(graph, Edge(f"n{number - 1}", f"n{number}"))
    return graph


def project(graph: Graph, settings: dict[str, Any]) -> Project:
    made = new_project("Mistake", Network(graph))
    for path, value in settings.items():
        made = set_setting(made, path, value)
    return made


def mended(made: Project) -> tuple[Project, list[str]]:
    """The project after the first fix that is offered, and the next, while there is one; and what was clicked."""
    clicked: list[str] = []
    for _ in range(6):
        fix = next((problem.fix for problem in check(made) if problem.fix is not None), None)
        if fix is None:
            break
        clicked.append(fix.title)
        made = apply_fix(made, fix)
    return made, clicked


@pytest.mark.parametrize(
    ("layers", "settings", "clicks"),
    [
        pytest.param((PICTURE, CONV, TEN, OUT), {}, ["Insert Flatten"], id="no flatten"),
        pytest.param((PICTURE, CONV, RELU, OUT), {}, ["Add Flatten and Linear"], id="maps as an answer"),
        pytest.param((PICTURE, CONV, SOFTMAX, OUT), {}, ["Add Flatten and Linear"], id="softmax of maps"),
        pytest.param((PICTURE, FLAT, ("Linear", {"features": 7}), OUT), {}, ["Give n2 10 outputs"], id="outputs"),
        pytest.param((PICTURE, FLAT, TEN, SOFTMAX, SOFTMAX, OUT), {}, ["Remove n3"], id="softmax twice"),
        pytest.param((PICTURE, FLAT, TEN, RELU, SOFTMAX, OUT), {}, ["Remove n3"], id="relu before softmax"),
        pytest.param((PICTURE, FLAT, TEN, RELU, OUT), {}, ["Remove n3"], id="relu at the end"),
        pytest.param((PICTURE, FLAT, TEN, SIGMOID, OUT), {}, ["Make it a softmax"], id="sigmoid for ten classes"),
        pytest.param((POINT, ONE, SOFTMAX, OUT), BINARY, ["Make it a sigmoid"], id="softmax of one number"),
        pytest.param(
            (POINT, TEN, SIGMOID, OUT),
            {"data.dataset": "moons"},
            ["Use binary cross-entropy with 1 output"],
            id="sigmoid for two classes",
        ),
        pytest.param((PICTURE, ONE, SIGMOID, OUT), BINARY, ["Insert Flatten", "Make the input 2 numbers"], id="points"),
        pytest.param((FLAT, TEN, OUT), {}, ["Add Input"], id="no input"),
        pytest.param((PICTURE, FLAT, TEN), {}, ["Add Output"], id="no output"),
        pytest.param((PICTURE, ("Conv2d", {"kernel_size": 31}), FLAT, TEN, OUT), {}, ["Set padding to 2"], id="window"),
    ],
)
def test_one_click_mends_it(layers: tuple[Layer, ...], settings: dict[str, Any], clicks: list[str]) -> None:
    made, clicked = mended(project(row(*layers), settings))
    assert clicked == clicks
    assert check(made) == ()


def merged(kind: str, first: list[Layer], second: list[Layer]) -> Graph:
    """Two branches of an input, and what joins them; an empty branch is the wire itself."""
    graph = edits.add_node(Graph(), Node("n0", "Input", FrozenDict(PICTURE[1])))
    graph = edits.add_node(graph, Node("join", kind))
    for port, (stem, branch) in enumerate((("a", first), ("b", second))):
        before = "n0"
        for number, (layer, params) in enumerate(branch):
            graph = edits.add_node(graph, Node(f"{stem}{number}", layer, FrozenDict(params)))
            graph = edits.connect(graph, Edge(before, f"{stem}{number}"))
            before = f"{stem}{number}"
        graph = edits.connect(graph, Edge(before, "join", 0, port))
    for before, (name, layer, params) in zip(
        ("join", "flat", "fc"), (("flat", *FLAT), ("fc", *TEN), ("out", *OUT)), strict=True
    ):
        graph = edits.connect(edits.add_node(graph, Node(name, layer, FrozenDict(params))), Edge(before, name))
    return graph


FIVE: Layer = ("Conv2d", {"filters": 8, "kernel_size": 5})
WIDE: Layer = ("Conv2d", {"filters": 16, "kernel_size": (1, 7), "padding": (0, 3)})
NORM: Layer = ("BatchNorm2d", {})
STEP: Layer = ("Conv2d", {"filters": 8, "kernel_size": 3, "stride": 2, "padding": 1})


@pytest.mark.parametrize(
    ("graph", "clicks"),
    [
        pytest.param(merged("Concatenate", [CONV], [FIVE]), ["Pad a0 and b0"], id="sizes of maps"),
        pytest.param(merged("Concatenate", [FIVE, RELU], []), ["Pad a0"], id="one branch"),
        pytest.param(merged("Concatenate", [CONV, CONV], [FIVE, CONV]), ["Pad 4 layers"], id="many"),
        pytest.param(merged("Add", [WIDE], [CONV]), ["Pad b0", _SIXTEEN], id="channels too"),
        pytest.param(
            merged("Add", [], [CONV, NORM, RELU, CONV, NORM]),
            ["Pad b0 and b3", _EIGHT],
            id="a residual block by hand",
        ),
        pytest.param(merged("Add", [], [STEP]), ["Insert 1×1 convolution to 8×14×14"], id="stride"),
    ],
)
def test_branches_are_brought_together(graph: Graph, clicks: list[str]) -> None:
    made, clicked = mended(project(graph, {}))
    assert clicked == clicks
    assert check(made) == ()


def test_what_joins_branches_of_unlike_size_offers_other_ways_too() -> None:
    graph = merged("Concatenate", [FIVE], [CONV])
    (problem,) = check(project(graph, {}))
    assert [fix.title for fix in problem.fixes] == ["Pad a0 and b0", "Insert pooling to 24×24"]
    for fix in problem.fixes:
        after = apply_fix(project(graph, {}), fix)
        assert "shape-mismatch" not in [found.code for found in check(after)]


def test_an_offer_to_pad_knows_the_names_of_today() -> None:
    graph = merged("Concatenate", [CONV], [FIVE])
    before = infer(graph)
    renamed = infer(edits.rename(graph, "b0", "big"), before)
    assert renamed.nodes == infer(edits.rename(graph, "b0", "big")).nodes
    (problem,) = renamed.nodes["join"].problems
    assert problem.fix is not None
    assert problem.fix.title == "Pad a0 and big"


def test_points_are_no_input_for_a_network_of_pictures() -> None:
    problems = check(project(row(PICTURE, CONV, FLAT, ONE, SIGMOID, OUT), BINARY))
    assert [problem.fix.title for problem in problems if problem.fix] == ["Use the built-in digits"]


PAINTER: Layer = ("Conv2d", {"filters": 1, "padding": 1})
DENOISE = {"data.dataset": "noisy-digits", "training.loss": "squared-error"}


@pytest.mark.parametrize(
    ("layers", "clicks"),
    [
        pytest.param((PICTURE, PAINTER, OUT), ["Make the input 1×32×32"], id="size"),
        pytest.param(
            (("Input", {"shape": (1, 32, 32)}), CONV, ("Conv2d", {"filters": 8, "padding": 2}), OUT),
            ["Add a 1×1 convolution to 1×32×32"],
            id="channels",
        ),
        pytest.param(
            (PICTURE, ("Conv2d", {"filters": 8, "padding": 1}), OUT),
            ["Make the input 1×32×32 and add a 1×1 convolution to 1×32×32"],
            id="both",
        ),
        pytest.param((PICTURE, FLAT, TEN, OUT), ["Use the built-in digits"], id="ten classes"),
        pytest.param(
            (PICTURE, FLAT, ("Linear", {"features": 7}), OUT),
            ["Use the built-in digits", "Give n2 10 outputs"],
            id="seven numbers",
        ),
        pytest.param((POINT, ONE, OUT), ["Use Moons"], id="points"),
    ],
)
def test_a_network_that_is_to_answer_with_pictures(layers: tuple[Layer, ...], clicks: list[str]) -> None:
    made, clicked = mended(project(row(*layers), DENOISE))
    assert clicked == clicks
    assert check(made) == ()


def test_data_chosen_on_purpose_are_not_exchanged_for_others() -> None:
    assert learn_from(project(row(PICTURE, FLAT, TEN, OUT), {}), "noisy-digits").data.dataset == "noisy-digits"


def test_an_output_belongs_behind_the_last_layer_and_not_behind_the_input() -> None:
    graph = edits.disconnect(row(PICTURE, CONV, RELU), Edge("n0", "n1"))
    (problem,) = (problem for problem in check(project(graph, {})) if problem.code == "no-output")
    assert problem.fix is not None
    assert problem.fix.edits == (AddAfter("n2", "Output"),)


@pytest.mark.parametrize("loss", ["squared-error", "absolute-error"])
def test_distances_compare_what_is_squeezed_too(loss: str) -> None:
    assert check(project(row(PICTURE, FLAT, TEN, SIGMOID, OUT), {"training.loss": loss})) == ()
