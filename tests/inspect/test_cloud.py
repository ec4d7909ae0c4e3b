"""Where samples lie: the numerics against scikit-learn, and what is gathered, of how many samples, and when."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from torch import nn

from builder.compile.infer import infer
from builder.compile.module import build, rewire
from builder.compile.plan import Plan, make_plan
from builder.data.prepare import prepare
from builder.inspect import gather
from builder.inspect.cloud import Cloud, Gathering, Samples, turned
from builder.inspect.gather import Gatherer, choose, first, glances
from builder.inspect.look import Observer
from builder.inspect.picture import Attention, Own, Part
from builder.inspect.principal import comparable, pooled_size, principal
from builder.inspect.unfold import ROUNDS, unfold
from tests.train.networks import DIGITS, POINTS, chain, picture_net, point_net

PLAN = make_plan(infer(picture_net()))
MANY = DIGITS.changed(limit=0)


def observer(waiting: Callable[[], bool] = lambda: False, plan: Plan = PLAN, **data: Any) -> Observer:
    torch.manual_seed(0)
    ready = prepare(MANY.changed(**data), plan.input_shape, "cpu")
    scores = plan.before_loss("cross-entropy")
    return Observer(build(plan), plan, ready, scores, lambda x: x.softmax(1), None, waiting)


def cloud(watcher: Observer, layer: str = "conv1", step: int = 0, *, fresh: bool | None = True, **more: Any) -> Cloud:
    wide = more.pop("wide", False)
    found = watcher.look(step, Attention(cloud=Gathering(layer, wide), **more), fresh=fresh).picture().cloud
    assert found is not None
    return found


def slowly(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let each piece of the samples take so long, by the clock that is looked at."""
    now = [100.0]
    whole = Gatherer._piece

    def piece(self: Gatherer, *rest: Any) -> None:
        whole(self, *rest)
        now[0] += seconds

    monkeypatch.setattr(gather.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(Gatherer, "_piece", piece)


# Numerics -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "values"), [(200, 40), (60, 500), (9, 3), (4, 30)])
def test_principal_axes_are_those_of_scikit_learn_up_to_their_sign(samples: int, values: int) -> None:
    random = np.random.default_rng(0)
    x = (random.normal(size=(samples, values)) * np.linspace(3, 0.1, values) + 5).astype(np.float32)
    expected = PCA(2).fit(x)
    axes = principal(torch.from_numpy(x))
    points = axes.place(torch.from_numpy(x)).numpy()
    wanted = expected.transform(x)
    signs = np.sign((points * wanted).sum(0))
    assert points * signs == pytest.approx(wanted, abs=2e-3)
    shares = [axes.share(0), axes.share(1)]
    assert shares == pytest.approx(expected.explained_variance_ratio_.tolist(), rel=1e-3)


def test_principal_axes_leave_the_random_numbers_alone_and_are_the_same_every_time() -> None:
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(50, 400)).astype(np.float32))
    before = torch.get_rng_state(), np.random.get_state()[1].tobytes()  # type: ignore[index, union-attr]
    found = principal(x), comparable(x, 64), principal(x)
    after = torch.get_rng_state(), np.random.get_state()[1].tobytes()  # type: ignore[index, union-attr]
    assert torch.equal(before[0], after[0])
    assert before[1] == after[1]
    assert torch.equal(found[0].directions, found[2].directions)


def test_samples_that_are_all_the_same_lie_on_one_spot() -> None:
    axes = principal(torch.full((20, 7), 3.0))
    assert (axes.share(0), axes.share(1)) == (0.0, 0.0)
    assert not axes.place(torch.full((20, 7), 3.0)).any()
    assert not principal(torch.full((20, 70), 3.0)).place(torch.full((20, 70), 3.0)).any()


def test_large_maps_are_averaged_over_space() -> None:
    values = torch.arange(2 * 4 * 6 * 6, dtype=torch.float32).reshape(2, 4, 6, 6)
    assert pooled_size((4, 6, 6), 144) is None
    assert pooled_size((4, 6, 6), 36) == (3, 3)
    rows = comparable(values, 36)
    assert torch.equal(rows, nn.functional.avg_pool2d(values, 2).flatten(1))
    assert torch.equal(comparable(values, 144), values.flatten(1))


def test_long_lists_are_mixed_and_keep_their_distances_roughly() -> None:
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(30, 30_001)).astype(np.float32))
    mixed = comparable(x, 2048)
    assert mixed.shape == (30, 2048)
    assert torch.pdist(mixed).numpy() == pytest.approx(torch.pdist(x).numpy(), rel=0.1)
    many_maps = comparable(x[:, :30_000].reshape(30, 30_000, 1, 1), 2048)
    assert many_maps.shape == (30, 2048)


@pytest.mark.parametrize("mirrored", [False, True])
def test_points_are_turned_to_where_they_lay(mirrored: bool) -> None:
    points = np.random.default_rng(3).normal(size=(40, 2))
    angle = 2.1
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    there = 3 * points @ turn @ (np.diag([1.0, -1.0]) if mirrored else np.eye(2)) + 5
    matrix = turned(points, there)
    assert matrix @ matrix.T == pytest.approx(np.eye(2))
    assert 3 * points @ matrix + 5 == pytest.approx(there)
    nowhere = np.zeros((40, 2))
    assert np.array_equal(turned(points, nowhere), np.eye(2))
    assert np.array_equal(turned(points[:1], points[:1]), np.eye(2))


def test_t_sne_parts_groups_round_by_round_from_where_they_lay() -> None:
    random = np.random.default_rng(4)
    group = np.repeat(np.arange(3), 20)
    values = (random.normal(size=(60, 10)) + 6 * np.eye(10)[group]).astype(np.float32)
    start = random.normal(size=(60, 2))
    rounds = list(unfold(values, start))
    assert len(rounds) == len(ROUNDS)
    assert silhouette_score(rounds[-1], group) > 0.6 > silhouette_score(start, group)
    again = list(unfold(values, start))
    assert np.array_equal(rounds[-1], again[-1])
    from_there = list(unfold(values, rounds[-1], unfolded=True))[-1]  # groups stay on their side
    middles = [np.array([each[group == number].mean(0) for number in range(3)]) for each in (rounds[-1], from_there)]
    cosines = (middles[0] * middles[1]).sum(1) / np.linalg.norm(middles[0], axis=1) / np.linalg.norm(middles[1], axis=1)
    assert (cosines > 0.7).all()


def test_t_sne_of_few_samples_that_are_all_the_same() -> None:
    points = list(unfold(np.zeros((5, 3), np.float32), np.zeros((5, 2))))[-1]
    assert points.shape == (5, 2)
    assert np.isfinite(points).all()


# Which samples ------------------------------------------------------------------------------------------------------


def test_samples_are_as_many_of_each_class_and_any_first_ones_too() -> None:
    part = prepare(MANY, (1, 8, 8), "cpu").train
    samples = choose(part, "training", classes=True)
    assert len(samples) == gather.MOST_SAMPLES
    assert samples.total == len(part)
    assert samples.targets is not None
    assert np.bincount(samples.targets).tolist() == [40] * 10
    few = first(samples, 30)
    assert few.targets is not None
    assert np.bincount(few.targets).tolist() == [3] * 10
    assert all(part.target(int(at)) == target for at, target in zip(few.positions, few.targets, strict=True))
    assert few.pictures is not None
    assert few.pictures.shape == (30, 1, 8, 8)
    assert samples.pictures is not None
    assert samples.pictures.max() == 255  # sixteen shades are shown as bright as 255
    assert few.shared(samples) == 30
    assert samples.shared(choose(part, "test", classes=True)) == 0
    alone = choose(part, "training", classes=False)
    assert alone.targets is None
    assert len(set(alone.positions.tolist())) == gather.MOST_SAMPLES


def test_glances_are_small_and_points_have_none() -> None:
    class Large:
        def raw(self, _position: int) -> np.ndarray:
            return np.full((3, 480, 240), 200, np.uint8)

    found = glances(Large(), np.arange(2))  # type: ignore[arg-type]
    assert found is not None
    assert found.shape == (2, 3, 48, 24)
    assert (found == 200).all()
    assert glances(prepare(POINTS, (2,), "cpu").train, np.arange(3)) is None


# Gathering ----------------------------------------------------------------------------------------------------------


def test_points_are_those_of_all_samples_at_once_and_the_pinned_one_lies_among_them() -> None:
    watcher = observer()
    found = cloud(watcher, "conv1", sample=7)
    part = prepare(MANY, (1, 8, 8), "cpu").validation
    assert len(found.points) == min(len(part), gather.MOST_SAMPLES)
    x, targets = part.batch(torch.from_numpy(found.samples.positions))
    root = watcher._root.eval()
    with torch.no_grad():
        rows = rewire(root, PLAN, "conv1")(x).flatten(1).numpy()
        said = rewire(root, PLAN, "fc1")(x).argmax(1)
    wanted = PCA(2).fit(rows).transform(rows)
    assert found.points * np.sign((found.points * wanted).sum(0)) == pytest.approx(wanted, abs=1e-3)
    assert found.said is not None
    assert np.array_equal(found.said, said.numpy())
    assert np.array_equal(found.samples.targets, targets.numpy())
    assert (found.units, found.pooled, found.mixed, found.plain, found.more) == (144, None, None, False, False)
    assert found.samples.part == "validation"
    at = int(np.flatnonzero(found.samples.positions == 7)[0])
    assert found.pinned == pytest.approx(tuple(found.points[at]), abs=1e-3)
    own = Own.of(part.raw(7))
    assert cloud(watcher, "conv1", own=own, sample=2).pinned == pytest.approx(tuple(found.points[at]), abs=1e-3)


def test_t_sne_begins_from_many_axes() -> None:
    watcher = observer()
    assert cloud(watcher).wide is None
    found = cloud(watcher, wide=True)
    assert found.wide is not None
    assert found.wide.shape == (len(found.points), 50)
    few = cloud(watcher, "fc1", wide=True)
    assert few.wide is not None
    assert few.wide.shape[1] == 10


def test_another_part_and_another_layer() -> None:
    watcher = observer()
    test = cloud(watcher, part=Part.TEST)
    assert test.samples.part == "test"
    assert cloud(watcher, "input").units == 64
    assert cloud(watcher, "output").units == 10
    gone = cloud(watcher, "gone")
    assert not len(gone.points)
    assert not gone.failed
    assert cloud(observer(validation=0), "conv1").samples.part == "training"


def test_two_numbers_are_axes_themselves_and_one_lies_on_a_line() -> None:
    plan = make_plan(infer(point_net()))
    data = prepare(POINTS, (2,), "cpu")
    watcher = Observer(build(plan), plan, data, "fc2", torch.sigmoid)
    raw = cloud(watcher, "input")
    part = data.validation
    assert raw.plain
    assert raw.points == pytest.approx(part.batch(torch.from_numpy(raw.samples.positions))[0].numpy())
    single = cloud(watcher, "sigmoid2")
    assert single.plain
    assert not single.points[:, 1].any()
    assert single.said is not None
    assert np.array_equal(single.said, single.points[:, 0] > 0.5)
    assert single.points[:, 0].max() <= 1.0
    assert not cloud(watcher, "fc1").plain
    assert single.samples.pictures is None


def test_what_is_no_number_is_told() -> None:
    watcher = observer()
    with torch.no_grad():
        watcher._root.get_parameter("conv1.weight").fill_(math.nan)
    assert cloud(watcher).failed
    assert not cloud(watcher, "input").failed


def test_what_fails_is_told_and_not_tried_again_with_these_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = observer()
    tried = []

    def fail(*_rest: object) -> None:
        tried.append(1)
        raise torch.OutOfMemoryError

    monkeypatch.setattr(Gatherer, "_piece", fail)
    assert cloud(watcher).failed
    assert cloud(watcher, fresh=False).failed
    assert len(tried) == 1
    assert not watcher.gatherer.unfinished


# When, and how many -------------------------------------------------------------------------------------------------


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each piece that goes through the network."""
    found: list[int] = []
    whole = Gatherer._piece
    monkeypatch.setattr(Gatherer, "_piece", lambda self, *rest: (found.append(1), whole(self, *rest))[1])
    return found


def test_the_same_weights_are_asked_once_and_others_only_when_it_is_due(
    looked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = observer()
    now = [100.0]
    monkeypatch.setattr(gather.time, "monotonic", lambda: now[0])
    found = cloud(watcher, fresh=False)
    once = len(looked)
    assert once > 0
    assert cloud(watcher, fresh=False) is found
    assert cloud(watcher, fresh=True) is found
    assert cloud(watcher, step=1, fresh=False) is found  # of other weights, but lately
    assert cloud(watcher, step=1, fresh=None) is found
    assert len(looked) == once
    now[0] += gather.EVERY
    assert cloud(watcher, step=1, fresh=False).step == 1
    assert cloud(watcher, step=2, fresh=True).step == 2
    watcher.look(2, Attention()).picture()
    before = len(looked)
    assert cloud(watcher, step=2, fresh=False).step == 2
    assert len(looked) > before  # what nobody wants is not kept


def test_a_slow_network_is_asked_for_fewer_samples_and_for_the_same_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = observer()
    slowly(monkeypatch, gather.MOST_SECONDS / 2)
    found = cloud(watcher, fresh=False)
    assert 0 < len(found.points) < gather.MOST_SAMPLES / 4
    assert not found.more or not watcher.gatherer.unfinished
    later = cloud(watcher, step=9, fresh=False)
    assert later is found  # it took long, so the next look is far off
    monkeypatch.setattr(gather, "SHARE", 1e9)
    monkeypatch.setattr(gather, "EVERY", 0.0)
    other = observer()
    first_look = cloud(other, fresh=False)
    gather.time.monotonic()
    other.gatherer._due = -math.inf
    assert np.array_equal(cloud(other, step=9, fresh=False).samples.positions, first_look.samples.positions)


def test_while_nothing_else_goes_on_more_samples_follow_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = observer()
    slowly(monkeypatch, gather.ROUND)
    found = cloud(watcher, fresh=True)
    assert found.more
    assert watcher.gatherer.unfinished
    sizes = [len(found.points)]
    while watcher.gatherer.unfinished:
        found = cloud(watcher, fresh=False)
        sizes.append(len(found.points))
    assert sizes == sorted(set(sizes))
    assert not found.more
    assert sizes[-1] == len(found.samples) == len(choose(watcher._data.validation, "validation", classes=True))


def test_a_look_ends_between_two_pieces_when_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = [False]
    monkeypatch.setattr(gather, "PIECE_VALUES", 20 * 144)  # 20 samples
    watcher = observer(lambda: waits[0])
    found = cloud(watcher, fresh=True)
    waits[0] = True
    monkeypatch.setattr(watcher.gatherer, "_due", -math.inf)
    assert cloud(watcher, step=1, fresh=False) is found  # beside a training, what there was stays
    partly = cloud(watcher, step=1, fresh=True)
    assert partly.more
    assert len(partly.points) < len(found.points)
    waits[0] = False
    assert len(cloud(watcher, step=1, fresh=False).points) == len(found.points)


def test_pieces_are_small_where_layers_are_large() -> None:
    plan = make_plan(infer(chain([3, 64, 64], ("conv1", "Conv2d", {"filters": 64}), ("flatten1", "Flatten", {}),
                                 ("fc1", "Linear", {"features": 10}))))  # fmt: skip
    watcher = observer(plan=plan)
    found = cloud(watcher, "flatten1")
    assert found.mixed == 2048
    assert found.pooled is None
    maps = cloud(watcher, "conv1")
    assert maps.pooled is not None
    assert math.prod(maps.pooled) <= 2048
    largest = max(math.prod(step.output_shape) for step in plan.steps)
    assert watcher.gatherer._largest == largest


def test_samples_are_told_apart() -> None:
    def made(positions: list[int], targets: list[int] | None = None, part: str = "validation") -> Samples:
        return Samples(part, 9, np.array(positions), None if targets is None else np.array(targets))

    assert made([1, 2, 3]).shared(made([1, 2])) == 2
    assert made([1, 2, 3]).shared(made([2, 1])) == 0
    assert made([1, 2], [0, 1]).shared(made([1, 2], [0, 0])) == 0
    assert made([1, 2], [0, 1]).shared(made([1, 2])) == 0
    assert made([1, 2]).shared(made([1, 2], part="test")) == 0
