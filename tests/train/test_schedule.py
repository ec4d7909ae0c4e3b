"""The learning rate over a run: its formula, what the optimiser really gets, and what resuming makes of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from builder.train.headless import train
from builder.train.learner import Learner
from builder.train.loop import step
from builder.train.patience import Patience, from_text
from builder.train.schedules import Place
from builder.train.settings import (
    SGD,
    Adam,
    AdamW,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    RMSprop,
    StepDecay,
    TrainingSettings,
)
from tests.train.networks import picture_job

KINDS = {
    kind.model_fields["kind"].default: kind for kind in get_args(TrainingSettings.model_fields["schedule"].annotation)
}


def at(epoch: float, of: int = 10, drops: int = 0) -> Place:
    """A place in a run of so many epochs with 20 steps each."""
    return Place(round(20 * epoch), 20 * of, 20, drops)


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        (Constant(), {0: 1, 7: 1}),
        (Cosine(), {0: 1, 5: 0.5, 10: 0}),
        (Cosine(last=0.1), {0: 1, 5: 0.55, 10: 0.1}),
        (StepDecay(), {0: 1, 0.95: 1, 1: 0.9, 1.5: 0.9, 2: 0.81}),
        (StepDecay(factor=0.1, every=3), {2.95: 1, 3: 0.1, 5.95: 0.1, 6: 0.01}),
        (Exponential(factor=0.5), {0: 1, 0.5: math.sqrt(0.5), 1: 0.5, 2: 0.25}),
        (OneCycle(), {0: 0.04, 1.5: 0.52, 3: 1, 6.5: 0.5, 10: 0}),
        (OneCycle(rise=0.5, first=0, last=0.2), {0: 0, 5: 1, 10: 0.2}),
    ],
    ids=repr,
)
def test_each_schedule_has_its_curve(schedule: Constant | Cosine, shares: dict[float, float]) -> None:
    for epoch, share in shares.items():
        assert schedule.share(at(epoch)) == pytest.approx(share), epoch
    assert schedule.formula()


def test_the_stair_goes_down_as_pytorchs_own() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.9)
    for epoch in range(10):
        assert StepDecay(every=3).share(at(epoch)) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("rule", [SGD(), Adam(), AdamW(beta2=0.99), RMSprop(momentum=0.5)], ids=repr)
def test_the_waves_of_rate_and_momentum_are_pytorchs_own(rule: SGD | Adam) -> None:
    weights = [torch.nn.Parameter(torch.zeros(1))]
    optimizer = getattr(torch.optim, rule.torch_class)(weights, lr=1.0, **rule.options())
    # It counts up to the last step, ours up to the end behind it.
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, 201, pct_start=0.305)
    training = TrainingSettings(epochs=10, optimizer=rule, schedule=OneCycle())
    for done in range(200):
        assert training.rate_share(done, 20) == pytest.approx(theirs.get_last_lr()[0], abs=0.01)
        for name, value in training.cycled(done, 20).items():
            assert value == pytest.approx(optimizer.param_groups[0][name], abs=0.01)
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("rule", [SGD(momentum=0), Adam(beta1=0), RMSprop()], ids=repr)
def test_no_momentum_is_not_cycled_nor_where_it_is_not_wished(rule: SGD | Adam) -> None:
    training = TrainingSettings(optimizer=rule, schedule=OneCycle())
    assert not training.cycles_momentum
    assert not TrainingSettings(schedule=OneCycle(cycle_momentum=False)).cycles_momentum
    assert not TrainingSettings(schedule=Cosine()).cycles_momentum


def test_every_update_gets_the_momentum_of_its_place_in_the_run() -> None:
    training = TrainingSettings(epochs=2, batch_size=50, schedule=OneCycle(highest=0.9, lowest=0.5), warmup=0.5)
    found = [group["momentum"] for group in groups(training)]
    wave = [0.9, 0.9, *(0.7 + 0.2 * math.cos(math.pi * done / 1.8) for done in (0, 1))]
    assert found[:4] == pytest.approx(wave)
    assert min(found) < 0.6
    assert max(found) == 0.9


def test_a_plateau_falls_each_time_the_loss_has_stood_still() -> None:
    patience = Patience()
    losses = [3, 2, 2, 2.5, 1, 1.5, 1.5, 1.5, 1.5, math.nan, 0.5]
    fallen = []
    for epoch, loss in enumerate(losses, 1):
        patience.hear(epoch, loss, 2)
        fallen.append(patience.drops)
    assert fallen == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    assert (patience.best, patience.epoch, patience.since) == (0.5, 11, 0)
    assert Plateau(factor=0.5).share(at(3, drops=2)) == 0.25
    assert from_text(patience.text()) == patience


@pytest.mark.parametrize(("warmup", "falls"), [(0, [2, 3, 4, 5]), (1, [2, 3, 4, 5]), (1.5, [3, 4, 5]), (3, [4, 5])])
def test_a_plateau_does_not_count_the_epochs_of_the_warm_up(warmup: float, falls: list[int]) -> None:
    """Those that begin in it; by a loss that never gets better after the first epoch, with patience 1."""
    from builder.train.learner import make_learner

    training = TrainingSettings(batch_size=50, schedule=Plateau(patience=1), warmup=warmup)
    learner = make_learner(picture_job(**dict(training)), lambda *_: None, lambda: False)
    fallen = []
    for epoch in range(1, 6):
        learner.end_epoch()
        before = learner.patience.drops
        learner.judge(1.0)
        fallen += [epoch] * (learner.patience.drops - before)
    assert fallen == falls
    assert learner.patience.since == 4  # early stopping counts all


@pytest.mark.parametrize("kind", KINDS)
def test_warming_up_leads_evenly_to_where_the_schedule_begins(kind: str) -> None:
    training = TrainingSettings(epochs=10, schedule=KINDS[kind](), warmup=1.5)
    shares = [training.rate_share(step, 20) for step in range(31)]
    assert shares == pytest.approx([shares[-1] * (step + 1) / 31 for step in range(31)])
    assert shares[-1] == KINDS[kind]().share(Place(0, 170, 20))
    assert training.rate_share(199, 20) == KINDS[kind]().share(Place(169, 170, 20))


def test_a_warm_up_longer_than_the_run_is_no_failure() -> None:
    training = TrainingSettings(epochs=1, schedule=Cosine(), warmup=3)
    assert [training.rate_share(step, 4) for step in range(4)] == pytest.approx([1 / 13, 2 / 13, 3 / 13, 4 / 13])


def groups(training: TrainingSettings) -> list[dict[str, Any]]:
    """What the optimiser was told at every update of a run."""
    from builder.train.learner import make_learner

    learner: Learner = make_learner(picture_job(**dict(training)), lambda *_: None, lambda: False)
    found = []
    for _ in range(training.epochs):
        for rows in learner.batches():
            list(step(learner, rows))
            found.append({name: value for name, value in learner.optimizer.param_groups[0].items() if name != "params"})
        learner.end_epoch()
    return found


def rates(training: TrainingSettings) -> list[float]:
    """The learning rate of every update of a run."""
    return [group["lr"] for group in groups(training)]


def test_every_update_gets_the_rate_of_its_place_in_the_run() -> None:
    found = rates(TrainingSettings(epochs=2, batch_size=50, optimizer=SGD(learning_rate=0.2), schedule=Cosine()))
    count = len(found)
    assert found == pytest.approx([0.1 * (1 + math.cos(math.pi * k / count)) for k in range(count)])


def test_a_constant_rate_stays() -> None:
    assert set(rates(TrainingSettings(epochs=1, batch_size=50, optimizer=SGD(learning_rate=0.2)))) == {0.2}


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_follows_the_same_schedule(tmp_path: Path, kind: str) -> None:
    schedule = KINDS[kind]()
    if isinstance(schedule, Plateau):
        schedule = Plateau(patience=1, factor=0.5)
    rule = SGD(learning_rate=2.0)  # too fast: the validation loss rises now and then
    training = TrainingSettings(epochs=6, batch_size=50, schedule=schedule, optimizer=rule, warmup=0.5)
    whole = train(picture_job(**dict(training)), run_folder=tmp_path / "whole")
    stopped = _stop_after_epochs(3, training, tmp_path / "parts")
    assert len(stopped) == 3
    train(picture_job(**dict(training)), run_folder=tmp_path / "parts", resume=True)
    assert whole.problem is None
    first, second = (_newest(tmp_path / name) for name in ("whole", "parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    if isinstance(schedule, Plateau):  # so that there was something to remember
        before = [epoch.validation_loss for epoch in whole.epochs[:3]]
        assert before != sorted(before, reverse=True)


def _stop_after_epochs(count: int, training: TrainingSettings, folder: Path) -> list[object]:
    import threading

    from builder.train.messages import EpochEnded

    stop, ended = threading.Event(), []

    def hear(event: object) -> None:
        if isinstance(event, EpochEnded):
            ended.append(event)
            if len(ended) == count:
                stop.set()

    train(picture_job(**dict(training)), hear, folder, stop)
    return ended


def _newest(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(max((folder / "weights").glob("*.safetensors"), key=lambda path: int(path.stem)))
