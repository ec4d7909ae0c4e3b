"""A run on the calling thread: that it learns, that it repeats itself, and how it fails."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from builder.compile.weights import initial
from builder.data.settings import DataSettings
from builder.graph.problems import SetSetting
from builder.train.headless import Result, train
from builder.train.job import Job
from builder.train.learner import warm_up
from builder.train.messages import EpochEnded, Event, Failed, Finished, Phase, Prepared, Reason
from builder.train.reading import load_run, read_metrics
from builder.train.settings import SGD, Adam, AdamW, Optimizer, RMSprop, TrainingSettings
from tests.train.networks import chain, picture_job, point_job


def weights(folder: Path) -> dict[str, torch.Tensor]:
    run = load_run(folder)
    return load_file(run.weights[max(run.weights)])


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_it_learns_and_tells() -> None:
    heard: list[Event] = []
    result = train(picture_job(epochs=8), heard.append)
    assert result.reason is Reason.COMPLETED
    assert result.problem is None
    first, last = result.epochs[0], result.epochs[-1]
    assert last.train_loss < first.train_loss / 2
    assert last.validation_accuracy is not None
    assert last.validation_accuracy > 0.6
    assert (last.epoch, last.step) == (8, 32)
    assert 0 < first.seconds < 60
    assert first.images_per_second > 0
    prepared = next(event for event in heard if isinstance(event, Prepared))
    assert prepared.train_samples == 200
    assert prepared.parameters == 4 * 9 + 4 + 8 + 144 * 10 + 10
    assert heard[-1] == result.finished
    assert result.finished.test_accuracy is not None


@pytest.mark.parametrize("loss", ["binary-cross-entropy", "squared-error", "absolute-error"])
@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(nesterov=True),
        SGD(learning_rate=1.0, momentum=0, nesterov=True),
        Adam(learning_rate=0.05),
        AdamW(learning_rate=0.05),
        RMSprop(),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_two_classes_with_each_loss_and_optimiser(loss: str, optimizer: Optimizer) -> None:
    result = train(point_job(loss=loss, optimizer=optimizer, epochs=20))
    assert result.problem is None
    assert result.finished.test_accuracy is not None
    assert result.finished.test_accuracy > 0.75


def test_accuracy_agrees_with_counting_by_hand(tmp_path: Path) -> None:
    """One step over all samples: the training figures of epoch 1 are those of the initial weights."""
    graph = chain([1, 8, 8], ("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 10}))
    job = Job(graph, DataSettings(limit=300), TrainingSettings(epochs=1, batch_size=300, seed=5))
    result = train(job)
    from builder.compile.infer import infer
    from builder.compile.module import build
    from builder.compile.plan import make_plan
    from builder.data.prepare import prepare

    plan = make_plan(infer(graph))
    torch.manual_seed(5)
    model = build(plan)
    data = prepare(job.data, (1, 8, 8), "cpu")
    x, y = data.train.batch(data.train.order())
    scores = model(x)
    assert result.epochs[0].train_accuracy == pytest.approx((scores.argmax(1) == y).float().mean().item())
    assert result.epochs[0].train_loss == pytest.approx(torch.nn.functional.cross_entropy(scores, y).item())


@pytest.mark.parametrize("loss", ["cross-entropy", "binary-cross-entropy", "squared-error", "absolute-error"])
def test_who_is_taken_for_whom_agrees_with_counting_by_hand(loss: str) -> None:
    """Also with one output for two classes, and over several batches of an evaluation."""
    from builder.train import loop
    from builder.train.learner import make_learner

    job = picture_job() if loss == "cross-entropy" else point_job(loss=loss)
    learner = make_learner(job, lambda *_: None, lambda: False)
    part = learner.data.train
    figures = loop.evaluate(learner, part, lambda: None)
    assert figures is not None
    assert figures.confusion is not None
    x, target = learner.load(torch.arange(len(part)), part)
    learner.root.eval()
    scores = learner.model(x).detach()
    said = scores.argmax(1) if scores.dim() > 1 and scores.shape[1] > 1 else learner.objective.answer(scores) > 0.5
    pairs = list(zip(target.flatten().int().tolist(), said.flatten().int().tolist(), strict=True))
    side = 10 if loss == "cross-entropy" else 2
    assert figures.confusion.dtype == np.int64
    assert figures.confusion.tolist() == [[pairs.count((i, j)) for j in range(side)] for i in range(side)]
    assert figures.accuracy == figures.confusion.trace() / len(part)


def test_no_batch_of_an_evaluation_waits_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    from builder.train import loop
    from builder.train.learner import make_learner

    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    monkeypatch.setattr(loop, "at_once", lambda _learner: 20)
    calls: list[str] = []
    for name in ("item", "tolist", "__bool__", "__int__", "nonzero", "bincount"):
        monkeypatch.setattr(torch.Tensor, name, lambda *_, called=name, **__: calls.append(called))
    loop.evaluate(learner, learner.data.validation, lambda: None)
    assert calls == []


def test_every_epoch_and_the_end_tell_who_is_taken_for_whom(tmp_path: Path) -> None:
    result = train(picture_job(), run_folder=tmp_path / "run")
    tables = [(ended.step, "validation", ended.confusion) for ended in result.epochs]
    tables.append((result.finished.step, "test", result.finished.confusion))
    rows = [row for row in read_metrics(tmp_path / "run" / "metrics.jsonl") if row["event"] == "confusion"]
    told = [(step, part, table.tolist()) for step, part, table in tables if table is not None]
    assert [(row["step"], row["part"], row["counts"]) for row in rows] == told
    assert len(told) == 3


def test_the_seed_repeats_a_run_to_the_last_digit(tmp_path: Path) -> None:
    one = train(picture_job(seed=3), run_folder=tmp_path / "one")
    torch.rand(17)  # somebody else draws from the process's generator
    two = train(picture_job(seed=3), run_folder=tmp_path / "two")
    other = train(picture_job(seed=4), run_folder=tmp_path / "other")
    assert same(weights(tmp_path / "one"), weights(tmp_path / "two"))
    assert not same(weights(tmp_path / "one"), weights(tmp_path / "other"))
    assert figures(one) == figures(two) != figures(other)


def figures(result: Result) -> list[tuple[float | None, ...]]:
    return [(e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy) for e in result.epochs]


def test_a_run_leaves_the_generator_of_the_process_alone() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    train(picture_job())
    warm_up()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_no_step_waits_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a number out of a tensor makes the processor wait for a GPU: none of it in a step."""
    from builder.train import loop
    from builder.train.learner import make_learner

    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    learner._host = False  # as on a GPU, where the check of the loss is left for later
    calls: list[str] = []
    for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__", "nonzero"):
        monkeypatch.setattr(torch.Tensor, name, lambda *_, called=name, **__: calls.append(called))
    rows = torch.arange(20)
    assert list(loop.step(learner, rows)) == list(Phase)
    assert list(loop.step(learner, rows)) == list(Phase)
    assert calls == []


def test_stopping_ends_behind_a_step_and_keeps_the_weights(tmp_path: Path) -> None:
    stop = threading.Event()

    def after_three(progress: object) -> None:
        if progress.step >= 0:
            stop.set()

    result = train(picture_job(epochs=1000), run_folder=tmp_path / "run", stop=stop, on_progress=after_three)
    assert result.reason is Reason.STOPPED
    assert result.finished.step == 1
    assert max(load_run(tmp_path / "run").weights) == 1


def test_a_stop_before_the_first_step_leaves_no_folder(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    result = train(picture_job(), run_folder=tmp_path / "run", stop=stop)
    assert (result.reason, result.finished.step, result.finished.run) == (Reason.STOPPED, 0, "")
    assert not (tmp_path / "run").exists()


def failure(job: Job, folder: Path | None = None) -> Result:
    heard: list[Event] = []
    result = train(job, heard.append, folder)
    assert [type(event) for event in heard[-2:]] == [Failed, Finished]
    assert result.reason is Reason.FAILED
    assert result.problem is not None
    return result


def test_a_loss_that_is_no_number_names_setting_and_layer(tmp_path: Path) -> None:
    graph = chain([2], ("fc1", "Linear", {"features": 8}), ("relu1", "ReLU", {}), ("fc2", "Linear", {"features": 1}))
    settings = TrainingSettings(loss="squared-error", optimizer=SGD(learning_rate=100), epochs=50)
    result = failure(Job(graph, DataSettings(dataset="moons"), settings), tmp_path / "run")
    problem = result.problem
    assert problem is not None
    assert problem.code == "loss-not-finite"
    assert problem.where == "training.optimizer.learning_rate"
    assert problem.fix is not None
    assert problem.fix.edits == (SetSetting("training.optimizer.learning_rate", 0.01),)
    # The weights were not spoiled: what is saved can still be looked at.
    assert all(torch.isfinite(tensor).all() for tensor in weights(tmp_path / "run").values())
    run = load_run(tmp_path / "run")
    assert run.end is not None
    assert run.steps[-1, 0] == result.finished.step  # the last losses too, which say what led to it


def test_the_first_layer_that_is_not_finite_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from builder.train import session

    real = session.make_learner

    def spoiled(*args: object) -> object:
        learner = real(*args)  # type: ignore[arg-type]
        learner.root.get_parameter("fc1.bias").data[0] = math.inf
        return learner

    monkeypatch.setattr(session, "make_learner", spoiled)
    problem = failure(picture_job()).problem
    assert problem is not None
    assert "not finite is fc1" in problem.message


@pytest.mark.parametrize(
    ("error", "code", "where"),
    [
        (MemoryError(), "out-of-memory", "training.batch_size"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "out-of-memory",
         "training.batch_size"),
        (FileNotFoundError(2, "No such file", "/gone/picture.jpg"), "file-vanished", "/gone/picture.jpg"),
        (PermissionError(13, "Permission denied", "/shut"), "file-unreadable", "/shut"),
        (KeyError("x"), "training-failed", ""),
    ],
)  # fmt: skip
def test_a_batch_that_fails_ends_in_a_problem(
    error: Exception, code: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from builder.data.resident import ResidentPart

    def fail(self: object, rows: object) -> None:
        raise error

    monkeypatch.setattr(ResidentPart, "batch", fail)
    problem = failure(picture_job()).problem
    assert problem is not None
    assert (problem.code, problem.where) == (code, where)
    assert "enforce" not in str(problem)


def test_a_layer_that_cannot_work_on_its_batch_is_named() -> None:
    """Batch norm over a single value has no variance: PyTorch refuses it, and only while training."""
    graph = chain(
        [1, 8, 8],
        ("conv1", "Conv2d", {"filters": 4, "kernel_size": 8}),
        ("bn1", "BatchNorm2d", {}),
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 10}),
    )
    problem = failure(Job(graph, DataSettings(limit=50), TrainingSettings(batch_size=1))).problem
    assert problem is not None
    assert (problem.code, problem.where) == ("step-failed", "bn1")


def test_a_last_batch_of_one_sample_is_left_out() -> None:
    graph = chain(
        [1, 8, 8],
        ("conv1", "Conv2d", {"filters": 4, "kernel_size": 8}),
        ("bn1", "BatchNorm2d", {}),
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 10}),
    )
    result = train(Job(graph, DataSettings(limit=51), TrainingSettings(batch_size=25, epochs=1)))
    assert result.problem is None
    assert result.finished.step == 2


@pytest.mark.parametrize(
    ("job", "where"),
    [
        (Job(chain([2], ("fc1", "Linear", {"features": 3})), DataSettings(dataset="moons"), TrainingSettings()), "fc1"),
        (Job(chain([1, 8, 8], ("relu1", "ReLU", {})), DataSettings(), TrainingSettings()), "relu1"),
        (Job(chain([1, 8, 8], ("fc1", "Linear", {})), DataSettings(), TrainingSettings()), "fc1"),
        (picture_job(device="cuda:7"), "training.device"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_place(job: Job, where: str) -> None:
    problem = failure(job).problem
    assert problem is not None
    assert problem.where == where


def test_a_network_without_weights_is_refused() -> None:
    job = Job(chain([2], ("relu1", "ReLU", {})), DataSettings(dataset="moons"), TrainingSettings())
    problem = failure(job).problem
    assert problem is not None
    assert problem.code == "nothing-to-learn"


def test_initial_weights_depend_on_the_seed_alone() -> None:
    from builder.compile.infer import infer
    from builder.compile.plan import make_plan

    plan = make_plan(infer(picture_job().graph))
    one, two, other = (initial(plan, seed).state_dict() for seed in (1, 1, 2))
    assert same(one, two)
    assert not same(one, other)


def test_epochs_are_told_in_order() -> None:
    heard: list[Event] = []
    train(point_job(epochs=3), heard.append)
    assert [event.epoch for event in heard if isinstance(event, EpochEnded)] == [1, 2, 3]
