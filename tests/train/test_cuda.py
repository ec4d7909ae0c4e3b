"""Training on a real GPU: what the stand-in of `test_faraway` cannot tell, its numbers, streams and waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from builder.data.augmentation import Augmentation
from builder.data.prepare import forget
from builder.inspect.picture import Attention
from builder.inspect.question import Method, Named, Question
from builder.train.headless import train
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.loop import step
from builder.train.messages import FindMistake, FindResponses, Reason
from builder.train.mistakes import Mistakes
from builder.train.responses import strongest
from builder.train.settings import SGD, Adam, AdamW, Optimizer, RMSprop
from tests.train.networks import chain, picture_job
from tests.train.test_run import stop_at

pytestmark = pytest.mark.cuda
OPTIMIZERS = [SGD(nesterov=True), Adam(), AdamW(), RMSprop(centered=True)]


@pytest.fixture(autouse=True)
def _leave_nothing_there() -> Iterator[None]:
    yield
    forget()


def there(**training: Any) -> Job:
    return picture_job(device="cuda", **training)


def calm(device: str, **training: Any) -> Job:
    """Without dropout, whose numbers are others on each kind of device."""
    layers = (("conv1", "Conv2d", {"filters": 4, "kernel_size": 3}), ("bn1", "BatchNorm2d", {}), ("relu1", "ReLU", {}),
              ("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 10}))  # fmt: skip
    return replace(picture_job(device=device, **training), graph=chain([1, 8, 8], *layers))


def learner_of(job: Job) -> Learner:
    return make_learner(job, lambda *_: None, lambda: False)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.kind)
def test_a_run_is_nearly_that_of_the_cpu(optimizer: Optimizer, tmp_path: Path) -> None:
    settings = {"optimizer": optimizer, "l1": 0.0001, "max_norm": 2.0, "patience": 5}
    found, wanted = train(calm("cuda", **settings), run_folder=tmp_path), train(calm("cpu", **settings))
    assert found.problem is None
    assert [e.train_loss for e in found.epochs] == pytest.approx([e.train_loss for e in wanted.epochs], rel=0.02)
    assert found.finished.test_loss == pytest.approx(wanted.finished.test_loss, rel=0.05)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.kind)
def test_a_run_that_was_stopped_goes_on(optimizer: Optimizer, tmp_path: Path) -> None:
    job = there(optimizer=optimizer)
    whole = train(job)
    assert train(job, run_folder=tmp_path, **stop_at(6)).reason is Reason.STOPPED
    resumed = train(job, run_folder=tmp_path, resume=True)
    assert resumed.problem is None
    assert resumed.finished.test_loss == pytest.approx(whole.finished.test_loss, rel=1e-3)


@pytest.mark.parametrize("augmented", [False, True])
def test_no_step_waits_for_the_device(augmented: bool) -> None:
    job = there(l1=0.0001, max_norm=2.0)
    if augmented:
        job = replace(job, data=job.data.changed(augmentation=Augmentation(rotation=20, contrast=0.2, noise=0.1)))
    learner = learner_of(job)
    for number, rows in enumerate(learner.batches()):
        torch.cuda.set_sync_debug_mode("error" if number else "default")  # the first fills what is kept
        try:
            list(step(learner, rows))
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert len(learner.meter.take(wait=True)) == learner.steps_per_epoch


@pytest.mark.parametrize("method", Method)
def test_a_picture_holds_the_values_of_its_step(method: Method) -> None:
    learner = learner_of(there())
    watcher = learner.observer()
    question = Question(method, Named.ANSWER, "conv1" if method is Method.GRAD_CAM else "")
    names = frozenset({"conv1", "bn1", "fc1"})
    attention = Attention(names, names, statistics=True, question=question, gradients=names)
    for rows in learner.batches():
        list(step(learner, rows))
        wanted = learner.root.get_parameter("conv1.weight").detach().cpu().numpy()
        look = watcher.look(learner.step, attention, fresh=True)
        list(step(learner, rows))  # the copies are of before
        picture = look.picture()
        assert np.array_equal(picture.filters["conv1"], wanted)
        assert picture.attribution is not None
        assert picture.attribution.values.shape == (8, 8)
        assert picture.backward is not None
        assert picture.backward.gradients["conv1"].shape == picture.activations["conv1"].shape


def test_mistakes_and_responses() -> None:
    learner = learner_of(there())
    assert Mistakes(learner).find(FindMistake(-1), lambda: False) is not None
    assert len(strongest(learner, FindResponses("conv1", 1), lambda: False).found) == 9


def test_dropout_follows_the_seed_and_leaves_other_numbers_alone() -> None:
    torch.cuda.manual_seed(5)
    before = torch.cuda.get_rng_state()
    one = train(there(seed=3))
    assert torch.equal(torch.cuda.get_rng_state(), before)
    torch.cuda.manual_seed(6)
    other = train(there(seed=3))
    assert one.epochs[0].train_loss == pytest.approx(other.epochs[0].train_loss, rel=1e-4)
