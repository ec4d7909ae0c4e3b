"""What speaks for a class, compared with captum and with sums that can be done by hand, for every built-in network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from builder.compile.infer import infer
from builder.compile.module import build, rewire
from builder.compile.network import infer_flat
from builder.compile.plan import Plan, make_plan
from builder.data.prepare import prepare
from builder.inspect import attribution, sparing
from builder.inspect.activations import Activations
from builder.inspect.attribution import Attributor, Explainer, patches
from builder.inspect.look import Observer
from builder.inspect.picture import Attention
from builder.inspect.question import A_PICTURE, NO_MAPS, NO_PICTURE, Method, Named, Question, layer_for_maps, refusal
from builder.inspect.sparing import Asked
from builder.project import templates
from tests.train.networks import DIGITS, chain, picture_net, point_net

PLAN = make_plan(infer(picture_net()))
LARGE = 30_000_000  # parameters: what needs a hundred megabytes and more is left out
NETWORKS = [template.name for template in templates.templates()]


def softmax(scores: Tensor) -> Tensor:
    return scores.softmax(1)


class Asking:
    """A network with an attributor, and one picture."""

    def __init__(self, plan: Plan, loss: str = "cross-entropy", answer: Callable[[Tensor], Tensor] = softmax) -> None:
        torch.manual_seed(0)
        self.plan, self.root = plan, build(plan)
        self.scores = plan.before_loss(loss)
        self.attributor = Attributor(self.root, plan, self.scores, answer, classes=True)
        self.x = torch.randn(1, *plan.input_shape)

    def said(self) -> Tensor:
        return Activations(self.root, self.plan)({self.scores}, self.x)[self.scores]

    def __call__(
        self, method: Method, of: int | Named = Named.ANSWER, layer: str = "", target: int | None = None
    ) -> Any:
        return self.attributor(Question(method, of, layer), self.x, self.said(), target)


@pytest.fixture
def captum(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))  # it imports matplotlib, which keeps a list of fonts there
    import captum.attr

    return captum.attr


@pytest.mark.filterwarnings("ignore:Input Tensor .* did not already require gradients")
def test_the_figures_are_those_of_captum(captum: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(PLAN)
    asking.root.eval()
    model = rewire(asking.root, PLAN, asking.scores)
    x = asking.x

    def same(method: Method, expected: Tensor, layer: str = "") -> None:
        values, number = asking(method, 3, layer)
        assert number.tolist() == [3]
        assert values.shape == (8, 8)
        assert torch.allclose(values, expected.detach().reshape(8, 8), atol=1e-6)

    for chunk in (1000, 3):
        monkeypatch.setattr(asking.attributor, "_at_once", chunk)
        same(Method.SALIENCY, captum.Saliency(model).attribute(x, target=3))
        integrated = captum.IntegratedGradients(model)
        expected = integrated.attribute(x, target=3, n_steps=attribution.STEPS, method="riemann_middle")
        same(Method.INTEGRATED_GRADIENTS, expected)
        occluded = captum.Occlusion(model).attribute(x, target=3, sliding_window_shapes=(1, 2, 2), strides=(1, 1, 1))
        same(Method.OCCLUSION, occluded)
        grad_cam = captum.LayerGradCam(model, model.get_submodule("bn1")).attribute(x, target=3, relu_attributions=True)
        same(Method.GRAD_CAM, captum.LayerAttribution.interpolate(grad_cam, (8, 8), "bilinear"), "bn1")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_can_be_asked_or_says_why_not(name: str) -> None:
    project = templates.load(name)
    plan = make_plan(infer_flat(project.network))
    if refusal(plan):
        assert refusal(plan) == (NO_PICTURE if plan.input_shape == (2,) else A_PICTURE)
        return
    if max(plan.input_shape) > 64 or sum(step.layer.parameter_count(step.input_shapes) for step in plan.steps) > LARGE:
        assert layer_for_maps(plan)
        return
    asking = Asking(plan, project.training.loss)
    asking.root.train()
    before = {key: value.clone() for key, value in asking.root.state_dict().items()}
    random = torch.random.get_rng_state()
    for method in Method:
        if refusal(plan, method):
            assert (refusal(plan, method), name) == (NO_MAPS, "mlp")
            continue
        layer = layer_for_maps(plan) if method is Method.GRAD_CAM else ""
        values, number = asking(method, layer=layer)
        assert values.shape == plan.input_shape[1:]
        assert values.isfinite().all()
        assert method.signed or (values >= 0).all()
        assert not values.requires_grad
        assert number.tolist() == asking.said().argmax(1).tolist()
        if method is not Method.GRAD_CAM:  # all maps of it may speak against the class
            assert values.any()
    assert torch.equal(torch.random.get_rng_state(), random)
    assert all(torch.equal(before[key], value) for key, value in asking.root.state_dict().items())
    assert all(parameter.grad is None for parameter in asking.root.parameters())
    assert all(module.training for module in asking.root.modules())
    assert not any(module._forward_hooks or module._backward_hooks for module in asking.root.modules())


def test_maps_are_those_of_a_layer_before_others_work_on_it_in_place() -> None:
    asking = Asking(PLAN)
    plain, _ = asking(Method.GRAD_CAM, 3, "bn1")
    gradients, _ = asking(Method.SALIENCY, 3)
    asking.root.add_module("relu1", nn.ReLU(inplace=True))
    again = Attributor(asking.root, PLAN, asking.scores, softmax, classes=True)
    found = again(Question(Method.GRAD_CAM, 3, "bn1"), asking.x, asking.said(), None)
    assert found is not None
    assert plain.any()
    assert torch.equal(found[0], plain)
    found = again(Question(Method.SALIENCY, 3), asking.x, asking.said(), None)
    assert found is not None
    assert torch.equal(found[0], gradients)


def test_a_sum_that_is_no_module_has_maps_too() -> None:
    plan = make_plan(infer_flat(templates.load("resnet18-small").network))
    name = "stage1.0.add1"
    step = plan.step(name)
    assert step is not None
    assert not step.builds_module
    assert layer_for_maps(plan, [name]) == name
    assert Asking(plan)(Method.GRAD_CAM, 0, name)[0].any()


def test_which_layer_has_maps() -> None:
    plan = make_plan(infer_flat(templates.load("lenet5").network))
    assert layer_for_maps(plan) == "pool2"  # behind it, a map has one cell
    assert layer_for_maps(plan, ["conv1", "gone"]) == "conv1"
    assert layer_for_maps(plan, ["fc1"]) == "pool2"
    assert layer_for_maps(plan, [plan.input]) == "pool2"
    heads = make_plan(infer_flat(templates.load("googlenet-small").network))
    aside = [step.name for step in heads.steps if step.name.startswith("aux") and len(step.output_shape) == 3]
    assert aside
    assert layer_for_maps(heads, aside) == layer_for_maps(heads)  # an auxiliary output has no part in the answer


def test_a_single_output_speaks_for_one_class_and_against_the_other() -> None:
    graph = chain([1, 8, 8], ("flatten1", "Flatten", {}), ("fc1", "Linear", {"features": 1}), ("s1", "Sigmoid", {}))
    asking = Asking(make_plan(infer(graph)), "binary-cross-entropy", torch.sigmoid)
    said = int(asking.said()[0, 0] > 0)
    values, number = asking(Method.INTEGRATED_GRADIENTS)
    assert number.tolist() == [said]
    high, low = (asking(Method.INTEGRATED_GRADIENTS, of)[0] for of in (1, 0))
    assert torch.equal(high, -low)
    assert torch.equal(values, (low, high)[said])
    weight = asking.root.get_parameter("fc1.weight").detach().reshape(8, 8)
    assert torch.allclose(high, weight * asking.x[0, 0], atol=1e-6)  # of a straight line, exactly
    assert asking(Method.SALIENCY, 2) is None


def test_the_truth_is_asked_for_where_it_is_known() -> None:
    asking = Asking(PLAN)
    answer = int(asking.said().argmax())
    assert asking(Method.SALIENCY, Named.TRUTH, target=(answer + 1) % 10)[1].tolist() == [(answer + 1) % 10]
    assert asking(Method.SALIENCY, Named.TRUTH)[1].tolist() == [answer]
    assert asking(Method.SALIENCY, 10) is None
    assert asking(Method.GRAD_CAM, 3, "gone") is None


def test_frozen_layers_can_be_looked_through() -> None:
    asking = Asking(PLAN)
    before = {method: asking(method, 3, "bn1")[0] for method in Method}
    asking.root.requires_grad_(False)
    assert all(torch.equal(asking(method, 3, "bn1")[0], values) for method, values in before.items())


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8), (28, 28), (32, 32), (224, 224)])
def test_patches_hide_every_pixel_and_are_not_too_many(size: tuple[int, int]) -> None:
    hidden = patches(*size)
    assert (hidden.sum(0) > 0).all()
    assert len(hidden) <= 225
    assert len({int(one.sum()) for one in hidden}) == 1


# Now and then --------------------------------------------------------------------------------------------------------


class Counted:
    """Stands for an attributor, and takes so many seconds."""

    def __init__(self, clock: list[float], takes: float) -> None:
        self.calls: list[Question] = []
        self._clock, self._takes = clock, takes

    def __call__(self, question: Question, *_rest: object) -> tuple[Tensor, Tensor]:
        self.calls.append(question)
        self._clock[0] += self._takes
        return torch.ones(2, 2), torch.tensor([1])


def test_dear_answers_are_worked_out_at_a_lower_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("builder.inspect.sparing.time.monotonic", lambda: clock[0])
    counted = Counted(clock, 1.0)
    explainer = Explainer(counted)  # type: ignore[arg-type]
    x = torch.zeros(1)

    def ask(step: int, at: float, *, source: object = 0, fresh: bool | None = False, of: int = 1) -> bool:
        clock[0] = max(clock[0], at)
        before = len(counted.calls)
        explainer.begin(Asked(Question(Method.OCCLUSION, of), source, step), x, x, None, fresh=fresh)
        return len(counted.calls) > before

    assert ask(0, 0.0)
    assert not ask(1, 2.0)
    assert ask(1, 2.0, fresh=True)  # someone waits for it
    assert not ask(1, 2.0, fresh=True)  # the weights are the same
    assert not ask(1, 500.0)
    assert ask(2, 500.0)
    assert not ask(3, 501.0 + 1.0 / sparing.SHARE - 0.1)
    assert ask(3, 501.0 + 1.0 / sparing.SHARE + 0.1)
    assert ask(3, 0.0, source=1)  # another picture
    assert ask(3, 0.0, source=1, of=2)
    assert not ask(4, 1000.0, source=2, fresh=None)
    assert ask(4, 1000.0, source=2)


def test_an_answer_is_shown_with_its_own_picture_only() -> None:
    data = prepare(DIGITS, (1, 8, 8), "cpu")
    torch.manual_seed(0)
    watcher = Observer(build(PLAN), PLAN, data, "fc1", softmax)
    question = Question(Method.SALIENCY)
    first = watcher.look(0, Attention(question=question)).picture().attribution
    assert first is not None
    assert first.of == int(watcher.look(0, Attention()).picture().output.argmax())
    again = watcher.look(0, Attention(question=question)).picture().attribution
    assert again is not None
    assert watcher.look(1, Attention(question=question, sample=1), fresh=None).picture().attribution is None
    other = watcher.look(1, Attention(question=question, sample=1)).picture().attribution
    assert other is not None
    assert not (other.values == first.values).all()
    assert watcher.look(1, Attention(sample=1)).picture().attribution is None


def test_other_weights_at_the_same_step_give_another_answer() -> None:
    """As early stopping brings them back at the end of a run."""
    torch.manual_seed(0)
    root, best = build(PLAN), build(PLAN).state_dict()
    watcher = Observer(root, PLAN, prepare(DIGITS, (1, 8, 8), "cpu"), "fc1", softmax)
    attention = Attention(question=Question(Method.SALIENCY))
    first = watcher.look(8, attention, fresh=True).picture().attribution
    assert watcher.look(8, attention, fresh=True).picture().attribution is first
    root.load_state_dict(best, strict=False)
    second = watcher.look(8, attention, fresh=True).picture().attribution
    assert first is not None
    assert second is not None
    assert not np.array_equal(first.values, second.values)


def test_points_in_the_plane_are_not_asked() -> None:
    plan = make_plan(infer(point_net()))
    asking = Asking(plan, "binary-cross-entropy", torch.sigmoid)
    assert asking(Method.SALIENCY) is None


def test_what_fails_is_said_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    watcher = Observer(build(PLAN), PLAN, prepare(DIGITS, (1, 8, 8), "cpu"), "fc1", softmax)

    def fail(*_rest: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(Attributor, "_integrated", fail)
    attention = Attention(frozenset({"conv1"}), question=Question(Method.INTEGRATED_GRADIENTS))
    picture = watcher.look(0, attention).picture()
    assert picture.activations
    assert picture.attribution is not None
    assert not picture.attribution.values.size
