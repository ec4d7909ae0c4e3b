"""Whatever a file holds, what is told of it is a problem in a reader's words: no other error, no wait, no memory."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from builder.compile.analysis import analyse
from builder.compile.module import build
from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.compile.source import network_source
from builder.graph.frozen import freeze, thaw
from builder.graph.problems import ProblemError
from builder.layers.base import Role
from builder.layers.registry import kinds
from builder.project import templates
from builder.project.block_library import keep, read_kept
from builder.project.check import check
from builder.project.edits import set_setting
from builder.project.form import decode, encode, to_json
from builder.project.job import make_job
from builder.project.predict import Predictor
from builder.project.script import to_script
from builder.train import headless
from tests.mutations import mutated

calm = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example,
        HealthCheck.function_scoped_fixture]  # fmt: skip
NAMES = ["lenet5", "two-stage", "googlenet-small", "resnet20-small", "preact-resnet-small", "inception-cells"]


def around(kind: str, number: int) -> dict[str, Any]:
    """A project of one layer."""
    example = kinds()[kind].examples[number]
    nodes = [
        {"name": "input", "kind": "Input", "params": {"shape": list(example.inputs[0])}},
        {"name": "it", "kind": kind, "params": json.loads(json.dumps(thaw(freeze(dict(example.params)))))},
        {"name": "output", "kind": "Output"},
    ]
    edges = [["input", "it"], ["it", "output"]]
    return {"format": "torchcanvas-project", "version": 1, "network": {"nodes": nodes, "edges": edges}}


BASES = [to_json(templates.load(name)) for name in NAMES]
SINGLE = [
    around(kind, number)
    for kind, layer in kinds().items()
    for number, example in enumerate(layer.examples)
    if layer.role is Role.LAYER and len(example.inputs) == 1
]


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong inside is a problem, and can be printed."""
    try:
        yield
    except ProblemError as error:
        assert all(str(problem) for problem in error.problems)  # noqa: PT017


def gone_through(text: str) -> None:
    """All that is done with a project that was opened, as far as it goes."""
    project = decode(text)
    assert decode(encode(project)) == project
    assert all(str(problem) for problem in check(project))
    known = infer_network(project.network)
    for path in ((), *((name,) for name in project.graph.nodes)):
        if known.expansion.level(path) is not None:
            assert all(str(problem) for problem in known.page(path).problems())
    plan = make_plan(known.flat)
    table = analyse(plan)
    json.dumps(table.json(), allow_nan=False)
    with told():
        compile(network_source(known), "source", "exec")
    with told():
        compile(to_script(project), "script", "exec")
    largest = max(math.prod(shape) for shape in (plan.input_shape, *(step.output_shape for step in plan.steps)))
    if table.total.parameters < 10**6 and largest < 10**5 and table.total.multiply_adds < 10**7:
        with torch.no_grad():
            answer = build(plan).eval()(torch.zeros(2, *plan.input_shape))
        # What an import has recorded is taken at its word until it runs.
        recorded = any(not step.layer.offered for step in plan.steps)
        assert recorded or tuple(answer.shape[1:]) == plan.shape(plan.outputs[0][1])


@settings(max_examples=60, suppress_health_check=calm)
@given(st.sampled_from(BASES).flatmap(mutated))
def test_a_changed_template_is_a_project_or_a_problem(form: Any) -> None:
    with told():
        gone_through(json.dumps(form))


@settings(max_examples=250, suppress_health_check=calm)
@given(st.sampled_from(SINGLE).flatmap(lambda whole: mutated(whole, 2)))
def test_a_changed_layer_is_a_project_or_a_problem(form: Any) -> None:
    with told():
        gone_through(json.dumps(form))


# Blocks and runs ------------------------------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=calm)
@given(data=st.data())
def test_a_changed_block_of_the_library_is_a_block_or_a_problem(data: st.DataObject, tmp_path: Path) -> None:
    blocks = templates.load("googlenet-small").network.blocks
    path = keep(blocks["inception"], blocks, tmp_path)
    form = data.draw(mutated(json.loads(path.read_text())))
    path.write_text(json.dumps(form))
    with told():
        read_kept(path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few steps."""
    project = templates.load("mlp")
    for path, value in (("training.epochs", 1), ("training.device", "cpu"), ("data.limit", 64)):
        project = set_setting(project, path, value)
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert headless.train(make_job(project), run_folder=folder).problem is None
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "digit.png")
    Predictor(folder)(folder / "digit.png")
    return folder


@settings(max_examples=60, suppress_health_check=calm)
@given(data=st.data())
def test_a_changed_run_predicts_or_is_a_problem(data: st.DataObject, run: Path) -> None:
    description, metrics = run / "run.json", run / "metrics.jsonl"
    before, rows = description.read_text("utf-8"), metrics.read_text("utf-8")
    form = json.loads(before)
    part = data.draw(st.sampled_from(["", "document", "normalisation", "classes"]))
    changed = data.draw(mutated(form[part])) if part else data.draw(mutated(form))
    line = data.draw(mutated(json.loads(rows.splitlines()[-2])))
    try:
        description.write_text(json.dumps({**form, part: changed} if part else changed), "utf-8")
        metrics.write_text(f"{json.dumps(line)}\n{rows}", "utf-8")
        with told():
            Predictor(run)(run / "digit.png")
    finally:
        description.write_text(before, "utf-8")
        metrics.write_text(rows, "utf-8")


@settings(max_examples=80, suppress_health_check=calm)
@given(data=st.data())
def test_damaged_weights_predict_or_are_a_problem(data: st.DataObject, run: Path) -> None:
    path = max((run / "weights").iterdir())
    before = path.read_bytes()
    damaged = bytearray(before)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, 300))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(before), 0, 7, 8, 100, len(before) - 1]))
    try:
        path.write_bytes(damaged[:cut])
        with told():
            Predictor(run)(run / "digit.png")
    finally:
        path.write_bytes(before)


def test_a_run_whose_answers_are_pictures_predicts_no_class(tmp_path: Path) -> None:
    project = templates.load("denoiser")
    for path, value in (("training.epochs", 1), ("training.device", "cpu"), ("data.limit", 64)):
        project = set_setting(project, path, value)
    assert headless.train(make_job(project), run_folder=tmp_path / "run").problem is None
    with pytest.raises(ProblemError, match="its answers are no classes"):
        Predictor(tmp_path / "run")


def test_weights_of_a_strange_name_are_passed_by(run: Path, tmp_path: Path) -> None:
    with suppress(OSError):
        (run / "weights" / "²³.safetensors").write_bytes(b"")
    Predictor(run)
