"""Training on a device other than the CPU, on machines that have none: nothing may mix the two, and no step may wait.

The device is a stand-in that computes on the CPU; so the figures must be those of the CPU, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from builder.compile.module import build
from builder.data.augmentation import Augmentation
from builder.graph.model import Graph
from builder.inspect.picture import Attention, Own
from builder.inspect.preferred import Seeking
from builder.inspect.question import Method, Named, Question
from builder.train.failure import not_finite, problem_of
from builder.train.headless import train
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.loop import evaluate, step
from builder.train.messages import FindMistake, FindResponses, Phase, Reason
from builder.train.mistakes import Mistakes
from builder.train.responses import strongest
from builder.train.rivals import _Pictures
from builder.train.settings import SGD, Adam, AdamW, Plateau, RMSprop
from tests.contract.layer_cases import WORKING, Case, plan_of
from tests.train.faraway import Far, FarTensor, faraway
from tests.train.networks import chain, picture_job, point_job
from tests.train.test_auxiliary import EDGES, NODES
from tests.train.test_run import stop_at

KINDS = ("cuda", "mps")
CHANGES: dict[str, Any] = {
    "flip_horizontal": True, "flip_vertical": True, "shift": 0.1, "rotation": 20, "scale": 0.2, "noise": 0.1,
    "crop": 1, "brightness": 0.2, "contrast": 0.3,
}  # fmt: skip


@pytest.fixture(params=KINDS)
def far(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    with faraway(request.param, monkeypatch) as found:
        yield found


def changed(job: Job, **data: Any) -> Job:
    return replace(job, data=job.data.changed(**data))


def learner_of(job: Job) -> Learner:
    return make_learner(job, lambda *_: None, lambda: False)


def colours() -> Job:
    graph = chain([3, 8, 8], ("conv1", "Conv2d", {"filters": 4, "kernel_size": 3}), ("flatten1", "Flatten", {}),
                  ("fc1", "Linear", {"features": 10}))  # fmt: skip
    return replace(picture_job(), graph=graph)


JOBS = {
    "sgd": picture_job(optimizer=SGD(nesterov=True), l1=0.001, max_norm=1.0),
    "adam": picture_job(optimizer=Adam(), warmup=1, schedule=Plateau()),
    "adamw": picture_job(optimizer=AdamW(), regularise_after=1),
    "rmsprop": picture_job(optimizer=RMSprop(centered=True, momentum=0.5)),
    "early": picture_job(epochs=6, patience=1, optimizer=SGD(learning_rate=0.5)),
    "augmented": changed(picture_job(), augmentation=Augmentation(**CHANGES)),
    "moved by whole pixels": changed(picture_job(), augmentation=Augmentation(flip_horizontal=True, crop=1)),
    "colours": colours(),
    "unit": changed(picture_job(), normalise="unit"),
    "features": changed(picture_job(), normalise="features"),
    "whitened": changed(picture_job(), normalise="whiten"),
    "wrong labels": changed(picture_job(), label_noise=0.3),
    "squared error": picture_job(loss="squared-error"),
    "points": point_job(),
    "noisy points": changed(point_job(), augmentation=Augmentation(noise=0.1), normalise="whiten"),
    "auxiliary": replace(picture_job(), graph=Graph.of(NODES, EDGES)),
    "resized": replace(
        changed(picture_job(), fit="resize"),
        graph=chain([1, 12, 12], ("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 10})),
    ),
}


@pytest.mark.parametrize("name", JOBS)
def test_a_whole_run_is_that_of_the_cpu(name: str, tmp_path: Path, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JOBS[name]
    there = train(job, run_folder=tmp_path / "there")
    assert there.problem is None
    assert there.finished.test_loss is not None
    monkeypatch.setattr("builder.train.learner.choose_device", lambda wish: torch.device("cpu"))
    here = train(job, run_folder=tmp_path / "here")
    assert [epoch.train_loss for epoch in there.epochs] == pytest.approx([epoch.train_loss for epoch in here.epochs])
    # Where the device has no double precision, sums of losses have fewer digits.
    assert there.finished.test_loss == pytest.approx(here.finished.test_loss, rel=1e-5)
    assert there.finished.test_accuracy == here.finished.test_accuracy
    assert (tmp_path / "there" / "resume.safetensors").exists()


def test_a_run_goes_on_there_as_one_that_was_never_stopped(tmp_path: Path, far: Far) -> None:
    job = JOBS["adam"]
    whole = train(job)
    stopped = train(job, run_folder=tmp_path, **stop_at(6))
    assert stopped.reason is Reason.STOPPED
    resumed = train(job, run_folder=tmp_path, resume=True)
    assert resumed.problem is None
    assert resumed.finished.test_loss == whole.finished.test_loss


def test_a_run_from_the_cpu_goes_on_there(tmp_path: Path, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JOBS["adam"]
    with monkeypatch.context() as patch:
        patch.setattr("builder.train.learner.choose_device", lambda wish: torch.device("cpu"))
        train(job, run_folder=tmp_path, **stop_at(6))
    far.own.manual_seed(99)  # somebody else's
    before = far.own.get_state()
    resumed = train(job, run_folder=tmp_path, resume=True)
    assert resumed.problem is None
    assert torch.equal(far.own.get_state(), before)
    assert load_file(tmp_path / "resume.safetensors")["chance.device"].shape == before.shape


def test_early_stopping_goes_on_and_goes_back_there(tmp_path: Path, far: Far) -> None:
    job = picture_job(epochs=3, patience=3)
    train(job, run_folder=tmp_path, **stop_at(10))
    resumed = train(job, run_folder=tmp_path, resume=True)
    assert resumed.problem is None
    assert resumed.finished.best_epoch is not None


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "augmented", "auxiliary", "whitened", "squared error",
                                  "points"])  # fmt: skip
def test_no_step_waits_for_the_device(name: str, far: Far) -> None:
    learner = learner_of(JOBS[name])
    for number, rows in enumerate(learner.batches()):
        if number:  # the first fills what is kept
            far.waits.clear()
        list(step(learner, rows))
    assert far.waits == []
    assert len(learner.meter.take(wait=True)) == learner.steps_per_epoch


def test_what_the_stand_in_cannot_do(far: Far) -> None:
    there = torch.arange(4, device=far.device)
    assert there.device == far.device
    assert isinstance(there, FarTensor)
    for mixed in (
        lambda: there.index_select(0, torch.arange(2)),
        lambda: there + torch.arange(4),
        lambda: there[torch.arange(2)],
        lambda: torch.cat([there, torch.arange(2)]),
        lambda: torch.rand(2, device=far.device, generator=torch.Generator()),
        lambda: torch.rand(2, generator=torch.Generator(far.device)),
    ):
        with pytest.raises(RuntimeError, match=r"Expected .* device"):
            mixed()
    assert (there + torch.tensor(1)).cpu().tolist() == [1, 2, 3, 4]  # a single number may come from the CPU
    far.waits.clear()
    assert int(there.sum()) == 6
    assert len(there[there > 1]) == 2
    assert len(far.waits) == 2


@pytest.mark.parametrize("method", Method)
def test_looking_inside(method: Method, far: Far) -> None:
    learner = learner_of(picture_job())
    for rows in learner.batches():
        list(step(learner, rows))
    watcher = learner.observer()
    names = frozenset({"input", "conv1", "bn1", "relu1", "fc1", "softmax1", "output"})
    question = Question(method, Named.ANSWER, "conv1" if method is Method.GRAD_CAM else "")
    own = Own.of(np.full((1, 8, 8), 100, np.uint8))
    for pinned in (None, own):
        attention = Attention(
            names, names, statistics=True, own=pinned, question=question, gradients=names, seeking=Seeking("fc1")
        )
        picture = watcher.look(learner.step, attention, fresh=True).picture()
        assert picture.activations["conv1"].shape == (4, 6, 6)
        assert picture.filters["conv1"].shape == (4, 1, 3, 3)
        assert picture.health["conv1"].gradient is not None
        assert picture.attribution is not None
        assert picture.attribution.values.shape == (8, 8)
        assert np.isfinite(picture.attribution.values).all()
        assert picture.backward is not None
        assert picture.backward.guessed is (pinned is not None)
        assert picture.backward.gradients["conv1"].any()
        assert picture.preferred is not None
        assert picture.preferred.pictures.shape == (10, 1, 8, 8)
        assert picture.preferred.made > 0


def test_looking_at_a_plane(far: Far) -> None:
    learner = learner_of(point_job())
    watcher = learner.observer()
    picture = watcher.look(
        0, Attention(frozenset({"fc1"}), statistics=True, gradients=frozenset({"fc1"})), fresh=True
    ).picture()
    assert picture.plane is not None
    assert picture.activations["fc1"].shape[0] == 4
    assert picture.backward is not None
    assert picture.backward.gradients["fc1"].shape == (4,)


def test_mistakes_and_responses(far: Far) -> None:
    learner = learner_of(picture_job())
    validation = learner.data.validation
    first = Mistakes(learner).find(FindMistake(-1), lambda: False)
    assert first is not None
    assert Mistakes(learner).find(FindMistake(first), lambda: False) > first
    x, target = learner.load(validation.order()[first : first + 1], validation)
    learner.root.eval()
    said = int(learner.model(x).argmax())
    assert said != int(target)
    kind = FindMistake(-1, true=int(target), said=said)
    assert Mistakes(learner).find(kind, lambda: False) is not None
    assert len(strongest(learner, FindResponses("conv1", 1), lambda: False).found) == 9


def test_what_went_wrong_is_found_there_too(far: Far) -> None:
    learner = learner_of(picture_job())
    steps = step(learner, learner.data.train.order()[:50])
    while next(steps) is not Phase.UPDATE:
        pass
    assert learner.gradient_length() > 0
    with torch.no_grad():
        learner.root.get_parameter("conv1.weight").fill_(torch.nan)
    assert "conv1" in not_finite(learner).message
    assert learner.batch is not None
    learner.batch = (learner.batch[0][:, :, :2], learner.batch[1])
    assert problem_of(RuntimeError(), learner.job, learner).where == "conv1"


def test_figures_of_an_evaluation_wait_once(far: Far) -> None:
    learner = learner_of(picture_job())
    far.waits.clear()
    evaluate(learner, learner.data.validation, lambda: None)
    assert len(far.waits) == 2  # the loss, and the table


def test_the_usual_loop_does_not_wait_for_every_sample(far: Far) -> None:
    samples = _Pictures(learner_of(picture_job()))
    far.waits.clear()
    assert isinstance(samples[3][1], int)
    assert far.waits == []


def test_spoiled_weights_are_not_stored(tmp_path: Path, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Learner.load

    def load(learner: Learner, rows: torch.Tensor, part: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        x, target = real(learner, rows, part)
        return (x * torch.inf if learner.step == 5 else x), target

    monkeypatch.setattr(Learner, "load", load)
    failed = train(picture_job(), run_folder=tmp_path)
    assert failed.problem is not None
    assert failed.problem.code in ("loss-not-finite", "data-not-finite")
    stored = [load_file(path) for path in tmp_path.rglob("*.safetensors")]
    assert len(stored) == 5  # initial, after two early steps and the first epoch, and to go on from there
    assert all(bool(torch.isfinite(tensor).all()) for file in stored for name, tensor in file.items() if name != "rows")
    monkeypatch.setattr(Learner, "load", real)
    assert train(picture_job(), run_folder=tmp_path, resume=True).problem is None


def failing(monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
    """Let the device fail at a step for good, as CUDA does: it then gives nothing back, either."""
    real, count = Learner.forward, [0]

    def forward(learner: Learner, x: torch.Tensor) -> Any:
        count[0] += 1
        if count[0] == at:
            monkeypatch.setattr("builder.train.run._weights", refuse)
            refuse()
        return real(learner, x)

    def refuse(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(Learner, "forward", forward)


@pytest.mark.parametrize(
    ("words", "said"),
    [("CUDA error: device-side assert triggered", "has failed"), ("CUDA error: no kernel image is available", "kind")],
)
def test_a_device_that_fails_ends_the_run_in_words(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, 3, torch.AcceleratorError(words))
    result = train(picture_job(), run_folder=tmp_path)
    assert result.reason is Reason.FAILED
    assert result.problem is not None
    assert result.problem.where == "training.device"
    assert said in result.problem.message
    assert result.problem.fix is not None
    assert words in (tmp_path / "error.txt").read_text()


@pytest.mark.parametrize("library", ["CUDNN", "CUBLAS"])
def test_libraries_that_get_no_memory_are_understood(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, 2, RuntimeError(f"{library} error: {library}_STATUS_ALLOC_FAILED when calling it"))
    problem = train(picture_job()).problem
    assert problem is not None
    assert problem.code == "out-of-memory"


@pytest.mark.parametrize("case", WORKING, ids=repr)
def test_every_layer_learns_there(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    with faraway("cuda", monkeypatch) as far:
        plan = plan_of(case)
        root = build(plan)
        root.to(far.device)
        x = torch.rand(2, *plan.input_shape).to(far.device).requires_grad_(True)
        far.waits.clear()
        for training in (True, False):
            result = root.train(training)(x)
            assert result.device == far.device
            if result.requires_grad:
                result.sum().backward()
        assert far.waits == []
