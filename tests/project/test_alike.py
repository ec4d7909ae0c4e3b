"""Layers whose units begin as copies of each other: told where it matters, and mended for one layer or for all."""

from __future__ import annotations

from typing import Any

import pytest

from builder.graph.edits import set_params
from builder.graph.problems import Problem, Severity
from builder.layers.initialisation import Zeros, initialise_network
from builder.project import templates
from builder.project.check import check
from builder.project.document import Project
from builder.project.edits import apply_fix, set_setting


def beginning(project: Project, **layers: dict[str, Any]) -> Project:
    """The project in which these layers begin their weights so."""
    for name, scheme in layers.items():
        params = {**project.graph.nodes[name].params, "initialisation": scheme}
        project = project.with_graph(set_params(project.graph, name, params))
    return project


def warned(project: Project) -> dict[str, Problem]:
    found = check(project)
    assert all(problem.code == "all-alike" and problem.severity is Severity.WARNING for problem in found)
    return {problem.where: problem for problem in found}


@pytest.mark.parametrize(
    ("scheme", "number"),
    [
        ({"kind": "zeros"}, "0"),
        ({"kind": "constant", "value": 0.25}, "0.25"),
        ({"kind": "normal", "mean": 0.5, "deviation": 0}, "0.5"),
        ({"kind": "uniform", "low": -1, "high": -1}, "-1"),
        ({"kind": "normal", "mean": 0.5}, ""),
        ({"kind": "uniform"}, ""),
    ],
)
def test_a_hidden_layer_that_begins_with_one_number(scheme: dict[str, Any], number: str) -> None:
    project = beginning(templates.load("lenet5"), fc1=scheme)
    found = warned(project)
    assert list(found) == (["fc1"] if number else [])
    for problem in found.values():
        words = f"all its weights begin at {number}, so its units begin alike and differ only by the weights behind"
        assert words in problem.message
        assert problem.field == "initialisation"
        assert [fix.title for fix in problem.fixes] == ["Use PyTorch's own initial weights"]
        assert check(apply_fix(project, problem.fixes[0])) == ()


def test_all_layers_can_be_mended_at_once() -> None:
    project = templates.load("lenet5")
    project = project.with_graph(initialise_network(project.network, Zeros()).graph)
    found = warned(project)
    assert list(found) == ["conv1", "conv2", "conv3", "fc1"]  # the last layer's units answer for a class each
    assert all("all learn the same" in problem.message for problem in found.values())
    one, every = found["conv1"].fixes
    assert list(warned(apply_fix(project, one))) == ["conv2", "conv3", "fc1"]
    assert check(apply_fix(project, every)) == ()


def test_it_is_told_once_for_all_copies_of_a_block_and_mended_there() -> None:
    project = templates.load("resnet18-small")
    project = Project(**{**vars(project), "network": initialise_network(project.network, Zeros())})
    found = warned(project)
    assert "stage1.0.conv1" in found
    assert len(found) < 12
    assert check(apply_fix(project, found["stage1.0.conv1"].fixes[1])) == ()


def test_it_does_not_matter_where_no_unit_has_a_like_or_nothing_learns() -> None:
    zeros = {"kind": "zeros"}
    assert warned(beginning(templates.load("perceptron"), fc1=zeros)) == {}
    frozen = beginning(templates.load("lenet5"), fc1=zeros)
    params = {**frozen.graph.nodes["fc1"].params, "trainable": False}
    assert warned(frozen.with_graph(set_params(frozen.graph, "fc1", params))) == {}


def test_stored_weights_begin_instead() -> None:
    project = set_setting(beginning(templates.load("lenet5"), fc1={"kind": "zeros"}), "training.weights", "none")
    assert "all-alike" not in {problem.code for problem in check(project)}
