"""Pictures of the inside, compared with what the plain model gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from builder.compile.infer import infer
from builder.compile.module import build, rewire
from builder.compile.plan import make_plan
from builder.data.prepare import prepare
from builder.inspect.activations import Activations, at_inference
from builder.inspect.health import healths, measure
from builder.inspect.look import Observer
from builder.inspect.picture import Attention, Own, Part
from builder.inspect.plane import GRID
from builder.inspect.transfer import Fetch
from tests.train.networks import DIGITS, POINTS, picture_net, point_net

PLAN = make_plan(infer(picture_net()))
NAMES = ("input", "conv1", "bn1", "relu1", "drop1", "fc1", "softmax1", "output")


@pytest.fixture
def root() -> torch.nn.Module:
    torch.manual_seed(0)
    return build(PLAN)


def observer(root: torch.nn.Module) -> Observer:
    return Observer(root, PLAN, prepare(DIGITS, (1, 8, 8), "cpu"), "fc1", lambda scores: scores.softmax(1))


def test_a_picture_shows_what_the_model_computes(root: torch.nn.Module) -> None:
    attention = Attention(frozenset({*NAMES, "gone"}), frozenset({"conv1", "fc1", "bn1", "relu1"}), sample=5)
    picture = observer(root).look(7, attention).picture()
    part = prepare(DIGITS, (1, 8, 8), "cpu").validation
    x, target = part.sample(5)
    with torch.no_grad():
        expected = rewire(root.eval(), PLAN, "softmax1")(x)[0]
    assert picture.step == 7
    assert picture.attention == attention
    assert np.array_equal(picture.raw, part.raw(5))
    assert np.array_equal(picture.fitted, x[0].numpy())
    assert picture.target == target.item()
    assert picture.output == pytest.approx(expected.numpy())
    assert set(picture.activations) == set(NAMES)
    assert picture.activations["output"] == pytest.approx(expected.numpy())
    assert picture.activations["conv1"].shape == (4, 6, 6)
    assert picture.activations["conv1"].dtype == np.float32
    assert np.array_equal(picture.activations["relu1"], np.maximum(picture.activations["bn1"], 0))
    assert {name: weight.shape for name, weight in picture.filters.items()} == {
        "conv1": (4, 1, 3, 3),
        "fc1": (10, 144),
    }
    assert {name: bias.shape for name, bias in picture.biases.items()} == {"conv1": (4,), "fc1": (10,)}
    assert np.array_equal(picture.biases["fc1"], root.get_parameter("fc1.bias").detach().numpy())


def test_a_published_picture_belongs_to_nobody(root: torch.nn.Module) -> None:
    attention = Attention(frozenset({"conv1", "input"}), frozenset({"conv1"}))
    watcher = observer(root)
    picture = watcher.look(0, attention).picture()
    kept = picture.filters["conv1"].copy()
    with torch.no_grad():
        root.get_parameter("conv1.weight").fill_(9)
    assert np.array_equal(picture.filters["conv1"], kept)
    picture.fitted[:] = 5
    picture.activations["input"][:] = 5
    assert not np.array_equal(watcher.look(0, attention).picture().fitted, picture.fitted)


def test_looking_leaves_no_trace(root: torch.nn.Module) -> None:
    root.train()
    root.get_submodule("drop1").eval()
    before = {name: tensor.clone() for name, tensor in root.state_dict().items()}
    state = torch.random.get_rng_state()
    observer(root).look(0, Attention(frozenset(NAMES), frozenset({"conv1"}), statistics=True)).picture()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[name], tensor) for name, tensor in root.state_dict().items())
    assert all(parameter.grad is None for parameter in root.parameters())
    modes = {name: module.training for name, module in root.named_modules()}
    assert modes.pop("drop1") is False
    assert all(modes.values())
    with pytest.raises(RuntimeError), at_inference(root):
        root(torch.zeros(1, 1, 2, 2))
    assert root.training


def test_a_sample_beyond_the_end_or_of_an_empty_part_is_another_one(root: torch.nn.Module) -> None:
    data = prepare(DIGITS.changed(validation=0), (1, 8, 8), "cpu")
    watcher = Observer(root, PLAN, data, "fc1", lambda scores: scores)
    picture = watcher.look(0, Attention(sample=len(data.train) + 3)).picture()
    assert np.array_equal(picture.raw, data.train.raw(3))
    test = watcher.look(0, Attention(part=Part.TEST, sample=1)).picture()
    assert np.array_equal(test.raw, data.test.raw(1))


def test_a_picture_of_ones_own_is_seen_as_the_same_picture_of_the_data_is(root: torch.nn.Module) -> None:
    watcher = observer(root)
    data = watcher.look(0, Attention(frozenset(NAMES), sample=5)).picture()
    own = Own.of(prepare(DIGITS, (1, 8, 8), "cpu").validation.raw(5))
    seen = watcher.look(0, Attention(frozenset(NAMES), sample=2, own=own)).picture()
    assert np.array_equal(seen.raw, data.raw)
    assert np.array_equal(seen.fitted, data.fitted)
    assert np.array_equal(seen.output, data.output)
    assert seen.activations.keys() == data.activations.keys()
    assert all(np.array_equal(seen.activations[name], data.activations[name]) for name in data.activations)
    assert seen.target is None
    assert watcher.look(0, Attention(sample=5)).picture().target == data.target


def test_a_picture_of_ones_own_is_encoded_once(root: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = observer(root)
    made = []
    real = Own.array
    monkeypatch.setattr(Own, "array", lambda self: made.append(self) or real(self))
    for _ in range(3):  # equal ones, as they come from the window
        watcher.look(0, Attention(own=Own.of(np.full((1, 8, 8), 9, np.uint8))))
    assert len(made) == 1


def test_a_picture_in_the_form_of_other_data_is_passed_over(root: torch.nn.Module) -> None:
    own = Own.of(np.zeros((1, 28, 28), np.uint8))
    picture = observer(root).look(0, Attention(sample=3, own=own)).picture()
    assert np.array_equal(picture.raw, prepare(DIGITS, (1, 8, 8), "cpu").validation.raw(3))


def test_the_rewired_models_are_kept(root: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = rewire
    monkeypatch.setattr("builder.inspect.rewired.rewire", lambda *arguments: made.append(arguments) or real(*arguments))
    activations = Activations(root, PLAN)
    x = torch.zeros(1, 1, 8, 8)
    for _ in range(3):
        activations({"conv1"}, x)
        activations({"fc1", "output"}, x)
    assert len(made) == 2
    assert activations({"gone"}, x) == {}


def test_health_of_made_up_values() -> None:
    values = {
        "relu1": torch.tensor([[0.0, 1.0, 0.0], [0.0, 3.0, 2.0]]),
        "tanh1": torch.tensor([[-1.0, 0.0], [0.99, 0.5]]),
        "conv1": torch.zeros(2, 3, 4, 4),
    }
    values["conv1"][1, 0, 2, 2] = 1
    root = torch.nn.Module()
    root.add_module("conv1", torch.nn.Conv2d(1, 3, 1, bias=False))
    weight = root.get_parameter("conv1.weight")
    weight.grad = torch.full_like(weight, -2)
    found = healths(list(values), measure(values, {"tanh1": "Tanh", "relu1": "ReLU"}, root).numpy())
    assert found["relu1"].mean == 1
    assert found["relu1"].deviation == pytest.approx(np.std([0, 1, 0, 0, 3, 2]))
    assert found["relu1"].dead == pytest.approx(1 / 3)
    assert found["relu1"].saturated == 0
    assert found["tanh1"].saturated == 0.5
    assert found["tanh1"].gradient is None
    assert found["conv1"].dead == pytest.approx(2 / 3)
    assert found["conv1"].gradient == 2


def test_a_gradient_that_exploded_is_not_taken_for_none() -> None:
    root = torch.nn.ModuleDict({"known": torch.nn.Linear(2, 2), "none": torch.nn.Linear(2, 2)})
    root["known"].weight.grad = torch.full((2, 2), torch.nan)
    rows = measure({name: torch.ones(3, 2) for name in root}, {}, root).numpy()
    found = healths(tuple(root), rows)
    assert np.isnan(found["known"].gradient)  # type: ignore[arg-type]
    assert found["none"].gradient is None


def test_statistics_are_sampled(root: torch.nn.Module) -> None:
    watcher = observer(root)
    attention = Attention(statistics=True)
    first = watcher.look(0, attention).picture().health
    assert set(first) == {"conv1", "bn1", "relu1", "flatten1", "drop1", "fc1", "softmax1"}
    assert watcher.look(1, attention).picture().health is first
    assert watcher.look(1, attention, fresh=True).picture().health is not first
    assert watcher.look(1, Attention()).picture().health == {}


def test_two_inputs_show_the_plane() -> None:
    plan = make_plan(infer(point_net()))
    root = build(plan)
    data = prepare(POINTS, (2,), "cpu")
    watcher = Observer(root, plan, data, "fc2", torch.sigmoid)
    picture = watcher.look(0, Attention(frozenset({"input", "fc1", "sigmoid2"}), sample=4)).picture()
    plane = picture.plane
    assert plane is not None
    assert picture.activations["fc1"].shape == (4, GRID, GRID)
    assert picture.activations["sigmoid2"].shape == (1, GRID, GRID)
    assert picture.output.shape == (1,)
    points, targets = plane.points, plane.targets
    assert len(points) == len(targets) == len(data.train)
    assert (points > plane.low).all()
    assert (points < plane.high).all()
    # A point of the grid, by hand: column 10, row 50; row 0 is the lowest second input.
    x = np.linspace(plane.low[0], plane.high[0], GRID)[10]
    y = np.linspace(plane.low[1], plane.high[1], GRID)[50]
    with torch.no_grad():
        at = data.encode(np.array([[x, y]], np.float32))
        expected = rewire(root.eval(), plan, "sigmoid2")(at).item()
    assert picture.activations["sigmoid2"][0, 50, 10] == pytest.approx(expected, abs=1e-5)
    assert picture.activations["input"][:, 50, 10] == pytest.approx(at[0].numpy(), abs=1e-5)


def test_values_are_copied_and_keep_their_kind() -> None:
    picture = torch.arange(8, dtype=torch.float64).reshape(1, 2, 2, 2).to(memory_format=torch.channels_last)
    flags = torch.tensor([True, False])
    fetch = Fetch({"picture": picture, "flags": flags})
    assert fetch.ready
    arrays = fetch.arrays()
    picture.zero_()
    flags.zero_()
    assert arrays["picture"].dtype == np.float32
    assert arrays["picture"].flags.c_contiguous
    assert arrays["picture"].ravel().tolist() == list(range(8))
    assert arrays["flags"].tolist() == [True, False]


@pytest.mark.cuda
def test_on_a_gpu_values_arrive_whole_although_they_are_overwritten_at_once() -> None:
    device = torch.device("cuda")
    side = torch.cuda.Stream(device)
    for number in range(50):
        tensor = torch.full((1 << 20,), float(number), device=device)
        fetch = Fetch({"x": tensor}, side)
        tensor.fill_(-1)
        assert (fetch.arrays()["x"] == number).all()


def test_a_large_network_is_measured_on_few_samples_and_a_picture_need_not_wait(
    root: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not observer(root).slow
    monkeypatch.setattr("builder.inspect.look.HEALTH_VALUES", 10_000)
    watcher = observer(root)
    assert watcher.slow
    sizes = []
    real = Activations.__call__
    monkeypatch.setattr(Activations, "__call__", lambda self, names, x: sizes.append(len(x)) or real(self, names, x))
    attention = Attention(frozenset({"conv1"}), statistics=True)
    assert watcher.look(0, attention, fresh=None).picture().health == {}
    assert sizes == [1]
    assert watcher.look(0, attention).picture().health
    assert 8 <= sizes[-1] < 64


def test_statistics_take_a_small_part_of_the_time(root: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = observer(root)
    clock = iter([0.0, 3.0, 20.0, 40.0, 41.0])
    monkeypatch.setattr("builder.inspect.look.time.monotonic", lambda: next(clock))
    attention = Attention(statistics=True)
    first = watcher.look(0, attention).picture().health  # from 0 to 3 s
    assert watcher.look(1, attention).picture().health is first  # at 20 s
    assert watcher.look(2, attention).picture().health is not first  # at 40 s
