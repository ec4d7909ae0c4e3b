"""Training with frozen layers: their weights stay to the last bit, the others learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from builder.compile.analysis import analyse
from builder.compile.infer import infer
from builder.compile.plan import make_plan
from builder.compile.source import to_source
from builder.compile.weights import initial
from builder.graph.edits import set_params
from builder.graph.problems import SetParams
from builder.layers.edits import apply
from builder.train.headless import train
from builder.train.job import Job
from builder.train.messages import Reason
from builder.train.reading import load_run
from tests.train.networks import picture_job


def frozen(*names: str, **training: object) -> Job:
    job = picture_job(**training)
    graph = job.graph
    for name in names:
        graph = set_params(graph, name, {**graph.nodes[name].params, "trainable": False})
    return replace(job, graph=graph)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_frozen_weights_stay(tmp_path: Path, optimizer: str) -> None:
    job = frozen("conv1", "bn1", optimizer={"kind": optimizer, "weight_decay": 0.01})
    assert train(job, run_folder=tmp_path / "run").reason is Reason.COMPLETED
    run = load_run(tmp_path / "run")
    first, last = load_file(run.weights[0]), load_file(run.weights[max(run.weights)])
    same = {name for name in first if torch.equal(first[name], last[name])}
    assert same == {"conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias"}, "averages are measured all the same"


def test_a_run_with_frozen_layers_goes_on(tmp_path: Path) -> None:
    whole = train(frozen("conv1", epochs=2))
    half = frozen("conv1", epochs=1)
    assert train(half, run_folder=tmp_path / "run").problem is None
    rest = train(frozen("conv1", epochs=2), run_folder=tmp_path / "run", resume=True)
    assert rest.epochs[-1].train_loss == whole.epochs[-1].train_loss


def test_with_every_layer_frozen_there_is_nothing_to_learn(tmp_path: Path) -> None:
    result = train(frozen("conv1", "bn1", "fc1"), run_folder=tmp_path / "run")
    assert result.problem is not None
    assert result.problem.code == "nothing-to-learn"
    assert "frozen" in result.problem.message
    assert not (tmp_path / "run").exists()
    assert result.problem.fix is not None
    assert {edit.node for edit in result.problem.fix.edits if isinstance(edit, SetParams)} == {"conv1", "bn1", "fc1"}
    graph = frozen("conv1", "bn1", "fc1").graph
    for edit in result.problem.fix.edits:
        graph = apply(graph, edit)
    assert train(replace(frozen(), graph=graph)).problem is None


def test_every_layer_frozen_can_be_looked_at(fly) -> None:
    from builder.inspect.picture import Attention
    from builder.train.messages import Failed, Resume, State, StateChanged

    flight = fly(frozen("conv1", "bn1", "fc1"), paused=True, attention=Attention(frozenset({"conv1"})))
    flight.until(StateChanged, lambda event: event.state is State.PAUSED)
    flight.trainer.send(Resume())
    assert flight.until(Failed).problem.code == "nothing-to-learn"
    picture = flight.trainer.mailbox.take()
    assert picture is not None
    assert "conv1" in picture.activations


def test_the_table_and_the_source_tell(tmp_path: Path) -> None:
    plan = make_plan(infer(frozen("conv1").graph))
    table = analyse(plan)
    row = table.layer("conv1")
    assert row is not None
    assert (row.parameters, row.trainable) == (40, 0)
    assert table.total.parameters - table.total.trainable == 40
    text = to_source(plan)
    space: dict[str, type[torch.nn.Module]] = {}
    exec(text, space)  # our own text
    learned = {name: weight.requires_grad for name, weight in space["Net"]().named_parameters()}
    assert learned == {name: weight.requires_grad for name, weight in initial(plan, 0).named_parameters()}
    assert [name for name, learns in learned.items() if not learns] == ["conv1.weight", "conv1.bias"]
