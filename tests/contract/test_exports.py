"""What leaves for other programs computes the same: every kind of layer and some templates, as ONNX and `.pt2`.

One export costs half a second whatever it holds, so the first examples of all kinds go into one network, and each
stands for itself only when that one is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from builder.compile.archive import to_archive
from builder.compile.importing import load
from builder.compile.infer import infer
from builder.compile.network import infer_flat
from builder.compile.onnx import to_onnx
from builder.compile.plan import Plan, make_plan
from builder.compile.weights import trained
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Network, Node, Shape
from builder.graph.problems import ProblemError
from builder.project import templates
from tests.contract.layer_cases import WORKING, Case

# What ONNX cannot say, with the reason. Whatever else is refused fails a test.
REFUSED = {
    "AdaptiveMaxPool2d-1": "it has no pooling whose windows differ in size",
    "L2Pool2d-1": "ceil_mode: windows at the edge are smaller, and its average knows no divisor but their size",
    "L2Pool2d-3": "the same",
}
FIRST = [case for case in WORKING if case.number == 0 and repr(case) not in REFUSED]
SMALL = ["inception-cells", "alexnet-small", "vgg16-small", "resnet18-small", "preact-resnet-small"]
SAMPLES = 3

Values = tuple[Tensor, Tensor]  # what the exported model gives, and what ours does


def side_by_side(cases: Sequence[Case]) -> Plan:
    """A network of branches with one layer each; all that they give leaves as one row."""
    nodes, edges = [Node("x", "Input", freeze({"shape": [3]}))], []
    feeds: dict[tuple[Shape, int], str] = {}
    for number, case in enumerate(cases):
        for port, shape in enumerate(case.inputs):
            form = feeds.get((shape, port))
            if form is None:
                feed, form = f"fc{len(feeds)}", f"as{len(feeds)}"
                feeds[shape, port] = form
                nodes.append(Node(feed, "Linear", freeze({"features": math.prod(shape)})))
                nodes.append(Node(form, "Reshape", freeze({"shape": shape})))
                edges += [Edge("x", feed), Edge(feed, form)]
            edges.append(Edge(form, f"it{number}", 0, port))
        nodes += [Node(f"it{number}", case.kind, freeze(case.params)), Node(f"row{number}", "Flatten")]
        edges += [Edge(f"it{number}", f"row{number}"), Edge(f"row{number}", "all", 0, number)]
    nodes += [Node("all", "Concatenate" if len(cases) > 1 else "Identity"), Node("y", "Output")]
    return make_plan(infer(Graph.of(nodes, [*edges, Edge("all", "y")])))


def plan_of(network: Network) -> Plan:
    return make_plan(infer_flat(network))


def as_onnx(plan: Plan) -> Values:
    import onnxruntime

    session = onnxruntime.InferenceSession(to_onnx(plan))
    x = torch.randn(SAMPLES, *plan.input_shape, generator=torch.Generator().manual_seed(1))
    (found,) = session.run(None, {plan.input: x.numpy()})
    with torch.no_grad():
        return torch.from_numpy(found), trained(plan)(x)


def agree(values: Values) -> None:
    found, expected = values
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_onnx_computes_what_every_layer_does() -> None:
    faults: dict[str, str] = {}
    try:
        found, expected = as_onnx(side_by_side(FIRST))
    except ProblemError:
        rows = [(case, lambda case=case: as_onnx(side_by_side([case]))) for case in FIRST]
    else:
        sizes = [math.prod(case.output) for case in FIRST]
        parts = zip(found.split(sizes, 1), expected.split(sizes, 1), strict=True)
        rows = [(case, lambda part=part: part) for case, part in zip(FIRST, parts, strict=True)]
    for case, values in rows:
        try:
            agree(values())
        except (ProblemError, AssertionError) as error:
            faults[case.kind] = str(error)
    assert faults == {}


@pytest.mark.parametrize("case", [case for case in WORKING if repr(case) in REFUSED], ids=repr)
def test_what_onnx_cannot_say_is_one_problem_at_the_layer(case: Case) -> None:
    with pytest.raises(ProblemError) as caught:
        to_onnx(side_by_side([case]))
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("not-exportable", "it0")
    assert case.layer.title in problem.message
    assert "\n" not in str(problem)


def test_no_refusal_is_out_of_date() -> None:
    assert set(REFUSED) <= {repr(case) for case in WORKING}


@pytest.mark.parametrize("name", SMALL)
def test_templates_as_onnx(name: str) -> None:
    agree(as_onnx(plan_of(templates.load(name).network)))


@pytest.mark.parametrize("name", [*SMALL, "denoiser", "lenet5", "googlenet-small", "two-stage", "wide-resnet-small"])
def test_an_archive_comes_back_as_a_network_that_computes_the_same(name: str, tmp_path: Path) -> None:
    plan = plan_of(templates.load(name).network)
    path = tmp_path / "model.pt2"
    path.write_bytes(to_archive(plan))
    back = load(str(path))
    assert [problem.code for problem in back.problems] == (["left-out"] if len(plan.outputs) > 1 else [])
    model, again = trained(plan), trained(plan_of(back.network))
    again.load_state_dict(back.weights)
    nested = trained(plan_of(back.nested().network))
    nested.load_state_dict(back.nested().weights)
    x = torch.randn(SAMPLES, *plan.input_shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = model(x)
        assert not torch.equal(expected[0], expected[1])
        torch.testing.assert_close(again(x), expected, rtol=0, atol=1e-6)
        torch.testing.assert_close(nested(x), expected, rtol=0, atol=1e-6)
