"""The built-in networks: sound, laid out, the size that their papers tell, and the same functions as torchvision's."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from builder.compile.analysis import analyse
from builder.compile.module import build, rewire
from builder.compile.network import infer_flat, infer_network
from builder.compile.plan import Plan, make_plan
from builder.graph.instance import BLOCK, INPUT, OUTPUT
from builder.graph.model import Graph
from builder.layers.initialisation import AnyScheme, KaimingNormal, Normal, Zeros, initialise_all
from builder.layers.registry import find
from builder.project import templates
from builder.project.check import check
from builder.project.document import Project
from builder.project.form import decode, encode
from builder.project.job import make_job
from builder.train.learner import Learner, make_learner
from builder.train.loop import step
from builder.vision import import_torchvision

TEMPLATES = templates.templates()
NAMES = [template.name for template in TEMPLATES]
SMALL = [name for name in NAMES if name.endswith("-small")] + ["inception-cells", "denoiser"]
FULL = [name for name in NAMES if f"{name}-small" in NAMES]
TORCHVISION = ["alexnet-torchvision", "vgg16", "googlenet", *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152))]
PROMISED = [
    *("perceptron", "two-stage", "mlp", "lenet5", "fashion-cnn", "mnist-2conv", "denoiser"),
    *("alexnet", "alexnet-columns", "alexnet-torchvision", "zfnet", "vgg16", "googlenet", "inception-cells"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("preact-resnet", "wide-resnet", "plain20", "plain56", "resnet20", "resnet56"),
]

each = pytest.mark.parametrize("name", NAMES)


def plan_of(name: str) -> Plan:
    return make_plan(infer_flat(templates.load(name).network))


def parameters(plan: Plan) -> int:
    return sum(step.layer.parameter_count(step.input_shapes) for step in plan.steps)


def without_heads(plan: Plan) -> int:
    """What the main output alone needs."""
    needed = plan.needed_for(plan.outputs[0][1])
    return sum(step.layer.parameter_count(step.input_shapes) for step in plan.steps if step.name in needed)


# Soundness ------------------------------------------------------------------------------------------------------------


def test_every_network_that_is_promised_is_there_and_the_large_ones_small_too() -> None:
    assert set(PROMISED) <= set(NAMES)
    assert {name for name in NAMES if name not in PROMISED} == {f"{name}-small" for name in FULL}
    large = ("alexnet", "vgg16", "googlenet", "resnet152", "plain56", "resnet56", "wide-resnet", "preact-resnet")
    assert set(large) <= set(FULL)
    assert len({template.title for template in TEMPLATES}) == len(TEMPLATES)


@each
def test_it_checks_clean_and_survives_its_file(name: str) -> None:
    project = templates.load(name)
    assert check(project) == ()
    assert decode(encode(project)) == project


# The others run below: beside torchvision's, or in training.
@pytest.mark.parametrize("name", sorted(set(NAMES) - set(SMALL) - set(TORCHVISION)))
def test_its_plan_runs_without_memory(name: str) -> None:
    plan = plan_of(name)
    with torch.device("meta"), torch.no_grad():
        model = build(plan).eval()
        answer = model(torch.empty(2, *plan.input_shape))
    assert tuple(answer.shape[1:]) == plan.shape(plan.outputs[0][1])
    assert sum(value.numel() for value in model.parameters()) == parameters(plan)


# Layout ---------------------------------------------------------------------------------------------------------------


def graphs(project: Project) -> Iterator[Graph]:
    yield project.graph
    yield from (block.graph for block in project.network.blocks.values())


def height(graph: Graph, name: str) -> float:
    kind = find(graph.nodes[name].kind)
    return 28.0 if kind is not None and kind.compact else 148.0


def width(graph: Graph, name: str) -> float:
    """The least that the canvas makes of it."""
    return 186.0 if graph.nodes[name].kind == BLOCK else 120.0 if height(graph, name) > 28 else 40.0 + 5 * len(name)


@each
def test_everything_has_a_place_and_nothing_lies_on_anything_else(name: str) -> None:
    for graph in graphs(templates.load(name)):
        assert set(graph.positions) == set(graph.nodes)
        boxes = [
            (place.x, place.y, place.x + width(graph, node), place.y + height(graph, node), node)
            for node, place in graph.positions.items()
        ]
        for number, (left, top, right, bottom, one) in enumerate(boxes):
            assert (left % 4, top % 4) == (0, 0)
            for other_left, other_top, other_right, other_bottom, other in boxes[number + 1 :]:
                apart = (
                    left + 8 > other_right or other_left + 8 > right or top + 8 > other_bottom or other_top + 8 > bottom
                )
                assert apart or one == other, (one, other)


@each
def test_wires_run_to_the_right_or_to_the_row_below(name: str) -> None:
    for graph in graphs(templates.load(name)):
        for edge in graph.edges:
            start, end = graph.positions[edge.source], graph.positions[edge.target]
            assert end.x > start.x + 40 or end.y > start.y + 100, edge


@each
def test_every_block_is_used_told_about_and_opens_with_shapes(name: str) -> None:
    project = templates.load(name)
    blocks = project.network.blocks
    used = {
        str(node.params["definition"])
        for graph in graphs(project)
        for node in graph.nodes.values()
        if node.kind == BLOCK
    }
    assert used == set(blocks)
    for block in blocks.values():
        assert block.help.endswith(".")
        assert all(parameter.help.endswith(".") for parameter in block.parameters)
        assert [node.kind for node in block.graph.nodes.values()].count(INPUT) == 1
        assert [node.kind for node in block.graph.nodes.values()].count(OUTPUT) == 1
    known = infer_network(project.network)
    for node in project.graph.nodes.values():
        if node.kind == BLOCK:
            page = known.page((node.name,))
            assert all(info.output is not None for info in page.nodes.values())
            assert list(page.problems()) == []


def test_shortcuts_lie_above_the_row_and_branches_around_it() -> None:
    places = templates.load("resnet50").network.blocks["bottleneck_projected"].graph.positions
    assert places["conv1"].y == places["conv3"].y > places["conv_shortcut"].y
    cell = templates.load("googlenet").network.blocks["inception"].graph.positions
    ways = (cell["branch1"], cell["branch2a"], cell["branch3a"], cell["branch4"])
    assert list(ways) == sorted(ways, key=lambda place: place.y)
    assert cell["input"].y == pytest.approx((ways[0].y + ways[3].y) / 2, abs=4)


# Sizes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("perceptron", 3),
        ("two-stage", 17),
        ("mlp", 100 * (784 + 1) + 10 * (100 + 1)),
        ("lenet5", 61_706),
        ("fashion-cnn", 16 * (25 + 1) + 2 * 16 + 32 * (16 * 25 + 1) + 2 * 32 + 10 * (32 * 49 + 1)),
        ("denoiser", 16 * (25 + 1) + 2 * 16 * (16 * 25 + 1) + 16 * 25 + 1),
        ("alexnet", 60_965_224),
        ("alexnet-columns", 60_965_224),
        ("alexnet-torchvision", 61_100_840),
        ("vgg16", 138_357_544),
        ("googlenet", 13_004_888),
        ("resnet18", 11_689_512),
        ("resnet34", 21_797_672),
        ("resnet50", 25_557_032),
        ("resnet101", 44_549_160),
        ("resnet152", 60_192_808),
        ("wide-resnet", 36_479_194),
        ("preact-resnet", 1_703_258),
        ("plain20", 269_722),
        ("plain56", 853_018),
        ("resnet20", 272_474),
        ("resnet56", 855_770),
        # Ours: no table tells them. They change on purpose only.
        ("mnist-2conv", 50_186),
        ("zfnet", 107_627_624),
        ("inception-cells", 24_706),
        ("alexnet-small", 170_682),
        ("alexnet-torchvision-small", 179_642),
        ("zfnet-small", 321_146),
        ("vgg16-small", 315_426),
        ("googlenet-small", 102_070),
        ("resnet18-small", 176_258),
        ("resnet34-small", 335_010),
        ("resnet50-small", 375_618),
        ("resnet101-small", 678_082),
        ("resnet152-small", 927_554),
        ("plain20-small", 67_906),
        ("resnet20-small", 68_642),
        ("plain56-small", 214_402),
        ("resnet56-small", 215_138),
        ("preact-resnet-small", 79_682),
        ("wide-resnet-small", 173_666),
    ],
)
def test_parameter_totals_are_those_of_the_papers_and_of_torchvision(name: str, total: int) -> None:
    assert parameters(plan_of(name)) == total


def test_googlenet_at_inference_has_half_of_its_parameters() -> None:
    assert without_heads(plan_of("googlenet")) == 6_624_904


def test_shortcuts_cost_next_to_nothing() -> None:
    for depth in (20, 56):
        plain, residual = parameters(plan_of(f"plain{depth}")), parameters(plan_of(f"resnet{depth}"))
        projections = (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)
        assert residual - plain == projections


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("-small")])
def test_the_table_counts_what_the_real_module_does(name: str) -> None:
    """Convolutions and matrix products are counted by torch as two operations for each multiply-and-add."""
    plan = plan_of(name)
    table = analyse(plan)
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model = build(plan).eval()
        values = rewire(model, plan, [step.name for step in plan.steps])(torch.empty(1, *plan.input_shape))
    heavy = sum(row.multiply_adds for row in table.layers if row.kind in ("Conv2d", "Linear"))
    assert heavy == counter.get_total_flops() // 2
    assert {row.name: row.activation_bytes for row in table.layers} == {
        step: value.numel() * 4 for step, value in values.items()
    }
    assert table.total.activation_bytes == sum(value.numel() * 4 for value in values.values())
    assert table.total.parameters == sum(value.numel() for value in model.parameters())


VGG = [
    *((64, 224, 1_728), (64, 224, 36_864), (64, 112, 0), (128, 112, 73_728), (128, 112, 147_456), (128, 56, 0)),
    *((256, 56, 294_912), (256, 56, 589_824), (256, 56, 589_824), (256, 28, 0)),
    *((512, 28, 1_179_648), (512, 28, 2_359_296), (512, 28, 2_359_296), (512, 14, 0)),
    *((512, 14, 2_359_296), (512, 14, 2_359_296), (512, 14, 2_359_296), (512, 7, 0)),
]


def test_vgg16_is_the_table_of_the_lectures_row_by_row() -> None:
    layers = analyse(plan_of("vgg16")).layers
    rows = [row for row in layers if row.kind in ("Conv2d", "MaxPool2d", "Linear")]
    assert [(*row.output_shape, row.weights) for row in rows[:-3]] == [(n, size, size, w) for n, size, w in VGG]
    assert [row.weights for row in rows[-3:]] == [102_760_448, 16_777_216, 4_096_000]
    assert rows[0].neurons == 3_211_264
    assert rows[17].neurons == 25_088


# torchvision ----------------------------------------------------------------------------------------------------------


def _resnet(ours: str) -> str:
    """`stage2.first.conv1` is `layer2.0.conv1`; `stage2.rest.0` (or `rest`, when there is one) follows."""
    first, *path = ours.split(".")
    if not first.startswith("stage"):
        return ours
    stage = f"layer{first[5:]}"
    if path[0] == "first":
        number, path = 0, path[1:]
    elif path[0] == "rest":
        number, path = (int(path[1]) + 1, path[2:]) if path[1].isdigit() else (1, path[1:])
    else:  # the first stage of basic blocks has no projection
        number, path = int(path[0]), path[1:]
    names = {"conv_shortcut": "downsample.0", "bn_shortcut": "downsample.1"}
    return ".".join((stage, str(number), *(names.get(name, name) for name in path)))


def _googlenet(ours: str) -> str:
    ways = {
        "branch1": "branch1",
        **{f"branch{n}{way}": f"branch{n}.{number}" for n in (2, 3) for number, way in enumerate("ab")},
        "branch4": "branch4.1",
    }
    return ".".join(ways.get(name, name) for name in ours.split("."))


def _numbered(ours: list[str], features: list[int], classifier: list[int]) -> dict[str, str]:
    theirs = [f"features.{n}" for n in features] + [f"classifier.{n}" for n in classifier]
    return dict(zip(ours, theirs, strict=True))


ALEXNET = _numbered(["conv1", "conv2", "conv3", "conv4", "conv5", "fc1", "fc2", "fc3"], [0, 3, 6, 8, 10], [1, 4, 6])
VGG16 = _numbered(
    [f"conv{stage}.{n}.conv" for stage, count in enumerate((2, 2, 3, 3, 3), 1) for n in range(count)]
    + ["fc1", "fc2", "fc3"],
    [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
    [0, 3, 6],
)


def _by(table: dict[str, str]) -> Callable[[str], str]:
    return lambda ours: table[ours]


RENAMED = {"alexnet-torchvision": _by(ALEXNET), "vgg16": _by(VGG16), "googlenet": _googlenet}


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_weights_give_torchvisions_answers(name: str) -> None:
    models, theirs, rename = import_torchvision().models, name.removesuffix("-torchvision"), RENAMED.get(name, _resnet)
    options = {"init_weights": False} if theirs in ("googlenet", "vgg16") else {}
    # Nobody's first weights matter here, and drawing them takes seconds.
    with torch.device("meta"):
        other = getattr(models, theirs)(**options)
        model = build(plan_of(name))
    other = _filled(other).eval()
    model = model.to_empty(device="cpu").eval()
    values = other.state_dict()
    found = {}
    for key in model.state_dict():
        owner, _, tensor = key.rpartition(".")
        found[key] = values.pop(f"{rename(owner)}.{tensor}")
    assert values == {}
    model.load_state_dict(found, assign=True)
    x = torch.randn(1, *plan_of(name).input_shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = other(x)
        torch.testing.assert_close(model(x), expected.softmax(1), rtol=1e-4, atol=1e-7)
        assert expected.std() > 1e-3
    del other, model, values, found
    gc.collect()


def _filled(model: nn.Module) -> nn.Module:
    """A model of the meta device on the CPU, with weights that keep values at their size."""
    model = model.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith("running_var") or (name.endswith("weight") and value.dim() == 1):
            value.uniform_(0.5, 1.5, generator=generator)
        elif value.dim() > 1:
            value.uniform_(-1, 1, generator=generator).mul_((6 / value[0].numel()) ** 0.5)
        elif value.dim() == 1:
            value.uniform_(-0.1, 0.1, generator=generator)
        else:
            value.zero_()
    return model


# Learning -------------------------------------------------------------------------------------------------------------


def learner_of(project: Project) -> Learner:
    return make_learner(make_job(project), lambda *_: None, lambda: False)


def losses(learner: Learner, rows: torch.Tensor, steps: int) -> list[float]:
    """Of one batch, seen over and over."""
    for _ in range(steps):
        for _phase in step(learner, rows):
            pass
    return [float(loss) for loss in learner.meter.take(wait=True)[:, 1]]


@pytest.mark.parametrize("name", SMALL)
def test_the_small_ones_learn(name: str) -> None:
    project = templates.load(name)
    assert project.data.dataset in ("digits", "noisy-digits")
    learner = learner_of(project)
    found = losses(learner, torch.arange(16), 8)
    assert min(found[4:]) < 0.9 * found[0]


@pytest.mark.parametrize(
    ("scheme", "least", "most"), [(Zeros(), 0.99, 1.01), (KaimingNormal(), 0.0, 0.5), (Normal(deviation=0.4), 1.5, 1e9)]
)
def test_how_the_weights_begin_decides_what_is_learned(scheme: AnyScheme, least: float, most: float) -> None:
    """The experiment on the two-convolution network: zeros learn nothing, wide weights begin far off."""
    project = templates.load("mnist-2conv")
    project = project.with_graph(initialise_all(project.graph, scheme))
    project = Project(network=project.network, training=project.training)
    found = losses(learner_of(project), torch.arange(64), 20)
    chance = torch.tensor(10.0).log().item()
    assert least <= (found[0] if isinstance(scheme, Normal) else found[-1]) / chance <= most


def test_the_denoiser_comes_closer_to_the_clean_picture_than_the_noisy_one() -> None:
    learner = learner_of(templates.load("denoiser"))
    rows = torch.arange(32)
    x, clean = learner.load(rows)
    assert x.shape == clean.shape
    noisy = float(((x - clean) ** 2).mean())
    assert losses(learner, rows, 40)[-1] < noisy
