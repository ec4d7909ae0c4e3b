"""Finding layers and making them; edits that need the catalogue; outputs that only help training."""

from __future__ import annotations

import subprocess
import sys

import pytest

from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.graph.frozen import FrozenDict, freeze
from builder.graph.model import Edge, Graph, Node
from builder.graph.problems import AddAfter, ProblemError, ReplaceNode
from builder.layers.edits import apply
from builder.layers.registry import find, kinds, make, register, search


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("conv", "Conv2d"),
        ("max pool", "MaxPool2d"),
        ("fully connected", "Linear"),
        ("residual", "Add"),
        ("1x1", "PointwiseConv2d"),
        ("deconvolution", "ConvTranspose2d"),
        ("swish", "Hardswish"),
        ("GAP", "AdaptiveAvgPool2d"),
        ("Conv2d", "Conv2d"),
    ],
)
def test_search_finds(words: str, first: str) -> None:
    assert next(search(words)).kind() == first


def test_search_for_nothing_finds_everything_and_for_nonsense_nothing() -> None:
    assert [layer.kind() for layer in search("")] == [kind for kind, layer in kinds().items() if layer.offered]
    assert list(search("qqq")) == []


def test_a_layer_is_made_once() -> None:
    assert make("Conv2d", FrozenDict({"filters": 3})) is make("Conv2d", FrozenDict({"filters": 3}))


def test_an_unknown_kind_is_a_problem() -> None:
    assert find("Teapot") is None
    with pytest.raises(ProblemError) as caught:
        make("Teapot", FrozenDict())
    assert caught.value.problems[0].code == "unknown-layer"


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="Conv2d"):
        register(kinds()["Conv2d"])


def test_replacing_a_layer_keeps_its_name_and_wires() -> None:
    graph = Graph.of(
        [Node("x", "Input"), Node("it", "BatchNorm2d", freeze({"momentum": 0.5})), Node("y", "Output")],
        [Edge("x", "it"), Edge("it", "y")],
    )
    changed = apply(graph, ReplaceNode("it", "BatchNorm1d"))
    assert changed.nodes["it"] == Node("it", "BatchNorm1d")
    assert changed.edges is graph.edges


def heads(*outputs: tuple[str, str]) -> Graph:
    nodes = [Node("x", "Input", freeze({"shape": [4]})), Node("fc", "Linear")]
    edges = [Edge("x", "fc")]
    for name, kind in outputs:
        nodes.append(Node(name, kind))
        edges.append(Edge("x" if kind == "AuxiliaryOutput" else "fc", name))
    return Graph.of(nodes, edges)


def test_the_main_output_comes_first() -> None:
    plan = make_plan(infer(heads(("side", "AuxiliaryOutput"), ("y", "Output"))))
    assert plan.outputs == (("y", "fc"), ("side", "x"))


def test_an_auxiliary_output_alone_is_no_output() -> None:
    problems = infer(heads(("side", "AuxiliaryOutput"))).errors
    assert [problem.code for problem in problems] == ["no-output"]
    fix = problems[0].fix
    assert fix is not None
    assert fix.edits == (AddAfter("fc", "Output"),)


def test_the_catalogue_does_not_import_torch() -> None:
    program = (
        "import sys\nfrom builder import layers\nfrom builder.layers import plugins, document\n"
        "assert not {'torch', 'torchvision', 'PySide6'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
