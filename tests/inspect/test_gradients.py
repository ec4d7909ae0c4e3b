"""How the loss changes with what each layer gives, compared with PyTorch's own way back through networks by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from builder.compile.module import build
from builder.compile.network import infer_flat
from builder.compile.plan import Plan, make_plan
from builder.data.settings import DataSettings
from builder.graph.model import Graph
from builder.inspect import sparing
from builder.inspect.activations import named_classes, sources_of
from builder.inspect.backward import FAILED, UNKNOWN, Backward
from builder.inspect.gradients import Gradients, Loss
from builder.inspect.picture import Attention, Own, Picture
from builder.project import templates
from builder.train.job import Job
from builder.train.learner import Learner, make_learner
from builder.train.settings import TrainingSettings
from tests.train.networks import DIGITS, chain, picture_job, point_job
from tests.train.test_auxiliary import learner as two_ends

LARGE = 30_000_000  # parameters: what needs a hundred megabytes and more is left out


def learner_of(graph: Graph, data: DataSettings = DIGITS, **training: Any) -> Learner:
    torch.manual_seed(0)
    return make_learner(Job(graph, data, TrainingSettings(**training)), lambda *_: None, lambda: False)


def look(learner: Learner, *names: str, **attention: Any) -> Picture:
    wish = Attention(frozenset(names), gradients=frozenset(names), **attention)
    return learner.observer().look(0, wish, fresh=True).picture()


def back(learner: Learner, *names: str, **attention: Any) -> Backward:
    found = look(learner, *names, **attention).backward
    assert found is not None
    return found


def test_the_figures_are_those_of_a_network_written_by_hand() -> None:
    """In evaluation mode: though the network is being trained, with dropout and averages of batch norm."""
    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    learner.root.train()
    names = ("input", "conv1", "bn1", "relu1", "flatten1", "drop1", "fc1")
    found = back(learner, *names, sample=5)
    x, target = learner.data.validation.sample(5)
    layer = learner.root.get_submodule
    values: dict[str, Tensor] = {"input": x.clone().requires_grad_()}
    norm = layer("bn1")
    values["conv1"] = layer("conv1")(values["input"])
    values["bn1"] = functional.batch_norm(
        values["conv1"], norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False
    )
    values["relu1"] = values["bn1"].clamp(min=0)
    values["flatten1"] = values["relu1"].reshape(1, -1)
    values["drop1"] = values["flatten1"] * 1
    values["fc1"] = layer("fc1")(values["drop1"])
    for value in values.values():
        value.retain_grad()
    loss = functional.cross_entropy(values["fc1"], target)
    loss.backward()  # type: ignore[no-untyped-call]
    assert found.gradients.keys() == values.keys()
    for name, value in values.items():
        assert value.grad is not None
        assert value.grad.any()
        assert found.gradients[name] == pytest.approx(value.grad[0].numpy(), abs=1e-7), name
        assert found.gradients[name].shape == value.shape[1:]
    assert found.loss == pytest.approx(loss.item())
    assert (found.right, found.guessed, found.missing) == (int(target), False, "")
    # Where it begins, it is what the network says less what is right.
    said = values["fc1"].detach().softmax(1)[0]
    said[int(target)] -= 1
    assert found.gradients["fc1"] == pytest.approx(said.numpy(), abs=1e-6)


def pooled(kind: str, params: Mapping[str, Any] | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a layer before pooling gives, its gradients, and those of the pooled maps."""
    graph = chain(
        [1, 8, 8],
        ("conv1", "Conv2d", {"filters": 4, "kernel_size": 3, "padding": 1}),
        ("relu1", "ReLU", {}),
        ("pool1", kind, dict(params or {})),
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 10}),
        ("softmax1", "Softmax", {}),
    )
    picture = look(learner_of(graph), "relu1", "pool1", sample=3)
    assert picture.backward is not None
    gradients = picture.backward.gradients
    return picture.activations["relu1"], gradients["relu1"], gradients["pool1"]


def windows(maps: np.ndarray) -> np.ndarray:
    """Maps as their windows of 2 by 2: (maps, rows, columns, 4)."""
    count, height, width = maps.shape
    cut = maps.reshape(count, height // 2, 2, width // 2, 2).transpose(0, 1, 3, 2, 4)
    return cut.reshape(count, height // 2, width // 2, 4)


def test_max_pooling_leads_its_gradient_to_the_winner_alone() -> None:
    values, before, behind = pooled("MaxPool2d")
    winners = windows(values).argmax(-1)  # the first of equal ones, as PyTorch has it
    wanted = np.zeros((*behind.shape, 4), np.float32)
    np.put_along_axis(wanted, winners[..., None], behind[..., None], -1)
    assert behind.all()
    assert np.array_equal(windows(before), wanted)
    assert np.count_nonzero(before) == before.size // 4


def test_average_pooling_spreads_its_gradient_evenly() -> None:
    _, before, behind = pooled("AvgPool2d")
    assert np.array_equal(windows(before), np.repeat(behind[..., None] / 4, 4, -1))
    assert before.all()


NETWORKS = [template.name for template in templates.templates()]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_of_every_network_has_gradients_or_stands_behind_the_loss(name: str) -> None:
    project = templates.load(name)
    plan = make_plan(infer_flat(project.network))
    ends = [plan.before_loss(project.training.loss, n) for n in range(len(plan.outputs))]
    reached = plan.needed_for(*ends)
    behind = {node for node, source in sources_of(plan).items() if source not in reached}
    fused = {step.name for step in plan.steps if step.layer.fused_with == project.training.loss}
    assert behind <= fused | {output for output, _ in plan.outputs}
    if max(plan.input_shape) > 64 or sum(step.layer.parameter_count(step.input_shapes) for step in plan.steps) > LARGE:
        return
    torch.manual_seed(0)
    root = build(plan)
    objective = _objective(project.training.loss, plan)
    gradients = Gradients(root, plan, Loss(tuple((end, 1.0) for end in ends), objective[0]))
    root.train()
    before = {key: value.clone() for key, value in root.state_dict().items()}
    random = torch.random.get_rng_state()
    x = torch.linspace(-1, 1, int(np.prod(plan.input_shape))).reshape(1, *plan.input_shape)
    found, loss = gradients(sources_of(plan), x, objective[1])
    assert found.keys() == sources_of(plan).keys() - behind
    assert loss.isfinite()
    for node, gradient in found.items():
        assert gradient.shape[1:] == plan.shape(sources_of(plan)[node])
        assert gradient.isfinite().all()
        assert gradient.any(), node
    assert torch.equal(torch.random.get_rng_state(), random)
    assert all(torch.equal(before[key], value) for key, value in root.state_dict().items())
    assert all(parameter.grad is None for parameter in root.parameters())
    assert all(module.training for module in root.modules())


def _objective(loss: str, plan: Plan) -> tuple[Any, Tensor]:
    from builder.train.objective import Objective

    shape = plan.shape(plan.before_loss(loss))
    target = torch.tensor([1]) if len(shape) == 1 else torch.zeros(1, *shape)
    return Objective(loss, counts=len(shape) == 1).loss, target  # type: ignore[arg-type]


def test_auxiliary_outputs_count_as_they_do_in_training() -> None:
    learner = two_ends()
    found = back(learner, "hidden", "side", "softmax1", "auxiliary", "fc", "output")
    x, target = learner.data.validation.sample(0)
    layer = learner.root.get_submodule
    hidden = layer("hidden")(x.flatten(1)).detach().requires_grad_()
    side, main = layer("side")(hidden), layer("fc")(hidden)
    loss = functional.cross_entropy(main, target)
    whole = loss + 0.3 * functional.cross_entropy(side, target)
    wanted = torch.autograd.grad(whole, (hidden, side, main))
    assert found.gradients.keys() == {"hidden", "side", "fc"}
    for name, gradient in zip(("hidden", "side", "fc"), wanted, strict=True):
        assert found.gradients[name] == pytest.approx(gradient[0].numpy(), abs=1e-7)
    assert found.loss == pytest.approx(loss.item())
    assert {"side", "fc", "hidden", "input"} <= found.reached
    assert not {"softmax1", "softmax2"} & found.reached


def test_of_two_inputs_the_gradient_is_that_of_the_point() -> None:
    learner = make_learner(point_job(), lambda *_: None, lambda: False)
    picture = look(learner, "input", "fc1", "sigmoid2", sample=4)
    assert picture.plane is not None
    assert picture.backward is not None
    assert {name: each.shape for name, each in picture.backward.gradients.items()} == {"input": (2,), "fc1": (4,)}
    assert picture.backward.right == picture.target


def test_of_a_picture_of_ones_own_its_own_answer_counts_as_right() -> None:
    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    own = Own((1, 8, 8), bytes(range(64)))
    picture = look(learner, "fc1", own=own)
    found = picture.backward
    assert found is not None
    assert found.guessed
    assert found.right == picture.output.argmax()
    assert found.gradients["fc1"].argmin() == found.right  # more of it would make the loss smaller
    assert named_classes(torch.tensor([[2.0], [-1.0]]), torch.sigmoid).tolist() == [1, 0]  # one output for two classes


@pytest.mark.parametrize("own", [False, True])
def test_where_a_picture_is_wanted_that_of_ones_own_has_no_loss(own: bool) -> None:
    graph = chain([1, 32, 32], ("conv1", "Conv2d", {"filters": 1, "kernel_size": 3, "padding": 1}))
    learner = learner_of(graph, DataSettings(dataset="noisy-digits", limit=100), loss="squared-error")
    picture = Own((1, 32, 32), bytes(1024)) if own else None
    found = back(learner, "conv1", own=picture)
    assert found.missing == (UNKNOWN if own else "")
    assert bool(found.gradients) is not own
    assert found.right is None


def test_nothing_comes_through_a_flat_step() -> None:
    graph = chain(
        [1, 8, 8],
        ("flatten1", "Flatten", {}),
        ("fc1", "Linear", {"features": 5}),
        ("sign1", "Sign", {}),
        ("fc2", "Linear", {"features": 10}),
    )
    found = back(learner_of(graph), "fc1", "sign1")
    assert found.gradients["sign1"].any()
    assert found.gradients["fc1"].shape == (5,)
    assert not found.gradients["fc1"].any()


def test_frozen_layers_are_gone_through() -> None:
    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    before = back(learner, "conv1")
    learner.root.requires_grad_(False)
    assert np.array_equal(back(learner, "conv1").gradients["conv1"], before.gradients["conv1"])


def test_gradients_are_those_before_others_work_in_place() -> None:
    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    before = back(learner, "conv1", "bn1")
    learner.root.add_module("relu1", nn.ReLU(inplace=True))
    again = back(learner, "conv1", "bn1")
    for name in ("conv1", "bn1"):
        assert np.array_equal(again.gradients[name], before.gradients[name])


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, IndexError, ValueError])
def test_what_fails_is_said_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    learner = make_learner(picture_job(), lambda *_: None, lambda: False)

    def fail(*_rest: object) -> None:
        raise error

    monkeypatch.setattr(Gradients, "__call__", fail)
    picture = look(learner, "conv1")
    assert picture.activations
    assert picture.backward is not None
    assert picture.backward.missing == FAILED


def test_they_are_worked_out_when_asked_for_and_at_a_lower_rate_where_they_are_dear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner = make_learner(picture_job(), lambda *_: None, lambda: False)
    clock, passes = [0.0], []
    monkeypatch.setattr("builder.inspect.sparing.time.monotonic", lambda: clock[0])
    real = Gradients.__call__

    def slow(self: Gradients, *rest: Any) -> Any:
        passes.append(rest)
        clock[0] += 1.0
        return real(self, *rest)

    monkeypatch.setattr(Gradients, "__call__", slow)
    watcher = learner.observer()
    attention = Attention(gradients=frozenset({"conv1"}))
    assert attention.wanted
    assert watcher.look(0, Attention(frozenset({"conv1"}))).picture().backward is None
    assert not passes
    first = watcher.look(0, attention).picture().backward
    assert watcher.look(1, attention).picture().backward is first
    clock[0] += 1.0 / sparing.SHARE
    assert watcher.look(1, attention).picture().backward is not first
    watcher.look(2, attention, fresh=True)  # somebody waits for it
    assert len(passes) == 3
    other = replace(attention, sample=1)
    assert watcher.look(2, other, fresh=None).picture().backward is None  # not that of another sample
    assert watcher.look(2, other).picture().backward is not None
    wider = replace(other, gradients=frozenset({"conv1", "fc1"}))
    found = watcher.look(2, wider).picture().backward
    assert found is not None
    assert found.gradients.keys() == {"conv1", "fc1"}
