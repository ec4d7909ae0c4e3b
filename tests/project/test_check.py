"""The check of a whole project, and the job that is made of a sound one."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from builder.compile.infer import infer
from builder.compile.network import infer_network
from builder.graph.edits import set_params
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import Problem, ProblemError
from builder.project import check as check_module
from builder.project import templates
from builder.project.check import check
from builder.project.document import Project
from builder.project.edits import apply_fix, set_setting
from builder.project.form import from_json
from builder.project.job import make_job
from builder.project.weights import located

NAMES = [template.name for template in templates.templates()]


def changed(project: Project, **settings: object) -> Project:
    for path, value in settings.items():
        project = set_setting(project, path.replace("__", "."), value)
    return project


def mended(project: Project) -> Project:
    """The project with every fix taken that is offered."""
    for problem in check(project):
        if problem.fix is not None:
            project = apply_fix(project, problem.fix)
    return project


@pytest.mark.parametrize("name", NAMES)
def test_every_template_is_sound(name: str) -> None:
    project = templates.load(name)
    assert check(project) == ()
    job = make_job(project)
    assert from_json(dict(job.document)) == project
    assert set(project.graph.positions) == set(project.graph.nodes)
    assert project.name == next(t.title for t in templates.templates() if t.name == name)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("perceptron", 3), ("two-stage", 17), ("lenet5", 61_706), ("mlp", 100 * (784 + 1) + 10 * (100 + 1))],
)
def test_templates_have_the_parameters_of_the_lectures(name: str, parameters: int) -> None:
    infos = infer(templates.load(name).graph).nodes.values()
    assert (
        sum(info.layer.parameter_count(info.known_inputs) for info in infos if info.layer and info.inputs) == parameters
    )


def test_an_unknown_template_is_a_problem() -> None:
    with pytest.raises(ProblemError, match=r"Did you mean lenet5\?"):
        templates.load("lenet")
    with pytest.raises(ProblemError, match="There are perceptron"):
        templates.load("../../secrets")


@pytest.mark.parametrize(
    ("name", "settings", "where"),
    [
        ("lenet5", {"data__dataset": "moons"}, {"input", "fc2"}),
        ("lenet5", {"training__loss": "binary-cross-entropy"}, {"training.loss"}),
        ("two-stage", {"data__dataset": "digits"}, {"input", "training.loss"}),
        ("two-stage", {"training__loss": "cross-entropy"}, {"fc2"}),
        ("lenet5", {"data__validation": "0", "training__patience": "2"}, {"training.patience"}),
        ("lenet5", {"data__validation": "0", "training__schedule": "plateau"}, {"training.schedule"}),
    ],
)
def test_what_does_not_go_together_is_told_and_mended(name: str, settings: dict[str, str], where: set[str]) -> None:
    project = changed(templates.load(name), **settings)
    problems = check(project)
    assert {problem.where for problem in problems} == where
    with pytest.raises(ProblemError):
        make_job(project)
    for _ in range(3):  # a fix may bring up the next question
        project = mended(project)
    assert check(project) == ()


@pytest.mark.parametrize(
    "named", ["\0", "a\0b/w.safetensors", "~nobody-of-this-name/run", "x" * 3000, "/dev/null", "/"]
)
def test_a_path_of_weights_that_can_be_none_is_one_problem(named: str) -> None:
    project = located(changed(templates.load("lenet5"), training__weights=named), None)
    (problem,) = check(project)
    assert (problem.code, problem.where) == ("no-weights", "training.weights")
    assert len(problem.message) < 200
    assert check(mended(project)) == ()


def test_a_wrong_number_of_outputs_is_placed_where_it_is_decided() -> None:
    project = templates.load("lenet5")
    project = project.with_graph(set_params(project.graph, "fc2", {"features": 7}))
    (problem,) = check(project)
    assert (problem.where, problem.field) == ("fc2", "features")
    assert mended(project).graph.nodes["fc2"].params["features"] == 10


@pytest.mark.parametrize("groups", [1, 3])
def test_the_maps_of_a_convolution_may_decide_it(groups: int) -> None:
    params = {"filters": 6, "kernel_size": 1, "groups": groups}
    nodes = (
        Node("input", "Input", freeze({"shape": (3, 16, 16)})),
        Node("conv1", "Conv2d", freeze(params)),
        Node("relu1", "ReLU"),
        Node("pool1", "AdaptiveAvgPool2d"),
        Node("flatten1", "Flatten"),
        Node("output", "Output"),
    )
    graph = Graph.of(nodes, [Edge(one.name, other.name) for one, other in pairwise(nodes)])
    (problem,) = check(Project(network=Network(graph)))
    assert problem.where == "conv1"
    if groups == 1:
        assert mended(Project(network=Network(graph))).graph.nodes["conv1"].params["filters"] == 10
    else:
        assert problem.fix is None, "10 filters are not to be shared out among 3 groups"


def test_a_network_too_large_is_refused_before_memory_is_touched() -> None:
    project = templates.load("lenet5")
    project = project.with_graph(set_params(project.graph, "fc1", {"features": 10**12}))
    began = time.perf_counter()
    (problem,) = check(project)
    assert time.perf_counter() - began < 5
    assert (problem.code, problem.where) == ("too-large", "fc1")


def test_memory_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "_memory", lambda: 1_000)
    assert [problem.code for problem in check(templates.load("lenet5"))] == ["too-large"]


def test_an_empty_canvas_is_not_an_accident() -> None:
    problems = check(Project())
    assert {problem.code for problem in problems} == {"no-input", "no-output"}
    assert all(isinstance(problem, Problem) for problem in problems)


def test_what_is_known_is_not_inferred_again() -> None:
    project = templates.load("lenet5")
    assert check(project, infer_network(project.network)) == check(project)


def test_what_is_wrong_in_every_copy_of_a_block_is_told_once() -> None:
    project = templates.load("resnet18-small")
    block = project.network.blocks["basic"]
    wrong = set_params(block.graph, "conv1", {"filters": freeze({"$": "chanels * 2"}), "padding": 1})
    project = replace(project, network=project.network.with_block(replace(block, graph=wrong)))
    (problem,) = check(project)
    assert (problem.where, problem.field) == ("stage1.0.conv1", "filters")
    assert "names chanels" in problem.message
    assert problem.message.endswith("(the same in 5 copies of basic).")
