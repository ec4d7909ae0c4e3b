"""The compiled model is the model that a person would write, and the source is that model again."""

from __future__ import annotations

import inspect
import keyword
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import fx, nn

from builder.compile.module import build, rewire
from builder.compile.plan import Plan
from builder.compile.source import to_source, write
from builder.graph.blocks import flatten
from builder.graph.frozen import FrozenDict
from builder.graph.model import Block, BlockParameter, Edge, Graph, Network, Node
from builder.graph.names import NAME, RESERVED
from builder.graph.problems import ProblemError
from tests.compile.networks import chain, lenet5, plan_of, residual


class HandWritten(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.conv3 = nn.Conv2d(16, 120, 5)
        self.fc1 = nn.Linear(120, 84)
        self.fc2 = nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = nn.functional.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.conv3(x)).flatten(1)
        return torch.softmax(self.fc2(torch.tanh(self.fc1(x))), 1)


def from_source(plan: Plan, seed: int = 0) -> nn.Module:
    space: dict[str, Any] = {}
    exec(compile(to_source(plan), "net.py", "exec"), space)
    torch.manual_seed(seed)
    return space["Net"]()  # type: ignore[no-any-return]


def seeded(plan: Plan, seed: int = 0) -> fx.GraphModule:
    torch.manual_seed(seed)
    return build(plan)


def test_lenet5_equals_the_hand_written_module():
    torch.manual_seed(0)
    expected = HandWritten()
    model = build(plan_of(lenet5()))
    assert list(model.state_dict()) == list(expected.state_dict())
    model.load_state_dict(expected.state_dict())
    picture = torch.randn(3, 1, 32, 32)
    torch.testing.assert_close(model(picture), expected(picture))


def branched() -> Graph:
    """Diamonds, a value used twice by one layer, dotted names of every sort, and names that are awkward variables."""
    specs = [
        ("a.0", "Conv2d", {"filters": 4, "kernel_size": 3, "padding": 1}),
        ("a.1", "ReLU", {}),
        ("torch", "Conv2d", {"filters": 4, "kernel_size": 1}),
        ("b.c.0.conv", "Conv2d", {"filters": 4, "kernel_size": 1}),
        ("b.c.1.conv", "Conv2d", {"filters": 4, "kernel_size": 1}),
        ("d.3", "Sigmoid", {}),
        ("b_c_1_conv", "Tanh", {}),
        ("nn", "Add", {}),
        ("x", "Concatenate", {}),
        ("self", "Add", {}),
    ]
    nodes = [Node("input", "Input", {"shape": [3, 6, 6]}), *(Node(*spec) for spec in specs), Node("output", "Output")]
    pairs = [
        *("input a.0", "a.0 a.1", "a.1 torch", "a.1 b.c.0.conv", "b.c.0.conv b.c.1.conv", "b.c.1.conv d.3"),
        *("b.c.1.conv b_c_1_conv", "torch nn", "d.3 nn 1", "b_c_1_conv nn 2", "nn x", "torch x 1", "x self"),
        *("x self 1", "self output"),
    ]
    edges = []
    for pair in pairs:
        source, target, *port = pair.split()
        edges.append(Edge(source, target, 0, int(port[0]) if port else 0))
    return Graph.of(nodes, edges)


NETWORKS = {"lenet5": lenet5(), "branched": branched(), "residual": residual(2, 2), "nothing": chain()}
PLANS = {name: plan_of(graph) for name, graph in NETWORKS.items()}
plans = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


@plans
def test_the_source_is_the_model_again(plan):
    model, other = seeded(plan), from_source(plan)
    assert list(model.state_dict()) == list(other.state_dict())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name  # drawn in the same order
    sample = torch.randn(2, *plan.input_shape)
    assert torch.equal(model.eval()(sample), other.eval()(sample))


@plans
def test_the_source_is_stable_and_its_lines_are_about_their_layers(plan):
    source = write(plan)
    assert source == write(plan)
    lines = source.text.splitlines()
    for step in plan.steps:
        numbers = source.lines[step.name]
        assert list(numbers) == sorted(set(numbers))
        if step.call.builds_module:
            last = step.name.split(".")[-1]
            about = (last, "append(", "= nn.Module")  # the last two: what holds it
            assert all(any(word in lines[number - 1] for word in about) for number in numbers)
    assert "def forward" in lines[source.lines[plan.input][0] - 1]
    assert lines[source.lines[plan.outputs[0][0]][-1] - 1].strip().startswith("return")
    assert max(len(line) for line in lines) <= 120


def test_the_source_reads_as_if_a_person_had_written_it():
    graph = chain(
        ("conv1", "Conv2d", {"filters": 6, "kernel_size": 5}),
        ("relu", "ReLU", {}),
        ("flatten", "Flatten", {}),
        ("fc", "Linear", {}),
        shape=(1, 8, 8),
    )
    assert to_source(plan_of(graph), "Small") == (
        "import torch\n"
        "from torch import nn\n"
        "\n\n"
        "class Small(nn.Module):\n"
        '    """Takes (batch, 1, 8, 8) and gives (batch, 10)."""\n'
        "\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv1 = nn.Conv2d(1, 6, kernel_size=5)\n"
        "        self.relu = nn.ReLU()\n"
        "        self.fc = nn.Linear(96, 10)\n"
        "\n"
        "    def forward(self, x):  # 1×8×8\n"
        "        x = self.conv1(x)  # 6×4×4\n"
        "        x = self.relu(x)  # 6×4×4\n"
        "        x = torch.flatten(x, 1)  # 96\n"
        "        x = self.fc(x)  # 10\n"
        "        return x\n"
    )


def test_a_value_used_later_keeps_its_name():
    text = to_source(PLANS["residual"])
    assert "x = s0b0_bn3 + s0b0_short" in text or "x = s0b0_bn3 + x" in text
    assert "s0b0_relu = self.s0b0_relu(x)" in text


def test_the_source_passes_the_linter(tmp_path: Path):
    for name, plan in PLANS.items():
        (tmp_path / f"{name}.py").write_text(to_source(plan), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,W,I", "--line-length", "120", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["x = 1", "class", "a-b", "a;b", "a.b c", 'a"', "forward"])
def test_names_that_are_no_identifiers_never_reach_the_source(name):
    graph = Graph.of([Node("i", "Input"), Node(name, "ReLU"), Node("o", "Output")], [Edge("i", name), Edge(name, "o")])
    with pytest.raises(ProblemError, match=r"name|word"):
        to_source(plan_of(graph))
    with pytest.raises(ProblemError, match=r"name|word"):
        to_source(PLANS["lenet5"], name)


def test_variables_of_the_model_carry_the_names_on_the_canvas():
    graph = build(plan_of(lenet5())).graph
    assert [node.name for node in graph.nodes if node.op == "call_function"] == ["flatten"]
    names = {node.name for node in build(PLANS["branched"]).graph.nodes}
    assert {"b_c_0_conv", "a_1"} <= names
    many = plan_of(NETWORKS["branched"])
    assert "nn" in " ".join(node.name for node in build(many).graph.nodes)


def test_rewired_models_share_their_weights():
    plan = plan_of(lenet5())
    model = build(plan)
    scores = rewire(model, plan, plan.before_loss("cross-entropy"))
    maps = rewire(model, plan, ["input", "tanh1", "fc2"])
    assert scores.conv1.weight is model.conv1.weight
    with torch.no_grad():
        model.fc2.bias.add_(5.0)
    picture = torch.randn(2, 1, 32, 32)
    torch.testing.assert_close(torch.softmax(scores(picture), 1), model(picture))
    values = maps(picture)
    assert list(values) == ["input", "tanh1", "fc2"]
    assert values["input"] is picture
    assert torch.equal(values["fc2"], scores(picture))
    assert not hasattr(rewire(model, plan, "tanh1"), "fc2")


@pytest.mark.parametrize(
    ("last", "loss", "expected"),
    [
        ("Softmax", "cross-entropy", "fc"),
        ("Softmax", "squared-error", "last"),
        ("Sigmoid", "binary-cross-entropy", "fc"),
        ("Sigmoid", "cross-entropy", "last"),
        ("ReLU", "cross-entropy", "last"),
    ],
)
def test_before_loss(last, loss, expected):
    plan = plan_of(chain(("fc", "Linear", {}), ("last", last, {}), shape=(4,)))
    assert plan.before_loss(loss) == expected
    assert plan_of(chain(shape=(4,))).before_loss(loss) == "input"


def test_the_main_output_is_the_one_added_first():
    graph = chain(("fc", "Linear", {}), shape=(4,))
    graph = Graph.of([*graph.nodes.values(), Node("second", "Output")], [Edge("input", "second"), *graph.edges])
    assert plan_of(graph).outputs == (("output", "fc"), ("second", "input"))


def test_reserved_names_are_all_that_a_model_has_itself():
    model = fx.GraphModule(nn.Module(), fx.Graph())
    public = {name for name in dir(model) if NAME.match(name) and not keyword.iskeyword(name)}
    assert public <= RESERVED
    assert "forward" in RESERVED
    assert inspect.ismethod(model.forward)


def test_a_layer_that_cannot_be_allocated_is_a_problem_at_its_node():
    plan = plan_of(chain(("fc", "Linear", {"features": 10**15}), shape=(10**6,)))
    with pytest.raises(ProblemError) as caught:
        build(plan)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("out-of-memory", "fc")


def test_the_plan_and_the_source_need_no_torch():
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.compile.networks import lenet5, plan_of\n"
        "from builder.compile.source import to_source\n"
        "from builder.compile.analysis import analyse\n"
        "from builder.compile.limits import check_limits\n"
        "plan = plan_of(lenet5()); to_source(plan), analyse(plan), check_limits(plan, 1, 1)\n"
        "assert 'torch' not in sys.modules and 'torchvision' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_blocks_compile_to_nested_modules_and_to_the_same_source():
    body = chain(("conv", "Conv2d", {"filters": {"$": "width * 2"}, "kernel_size": 1}), ("relu", "ReLU", {}))
    block = Block("Pair", body, (BlockParameter("width", 2),))
    stage = ("stage1", "Block", {"definition": "Pair", "repeat": 2, "arguments": {"width": 3}})
    graph = chain(stage, ("tail", "Block", {"definition": "Pair"}))
    flat = flatten(Network(graph, FrozenDict({"Pair": block})))
    plan = plan_of(flat)
    model, other = seeded(plan), from_source(plan)
    assert list(model.state_dict()) == list(other.state_dict())
    assert list(model.state_dict())[::2] == ["stage1.0.conv.weight", "stage1.1.conv.weight", "tail.conv.weight"]
    sample = torch.randn(2, 1, 32, 32)
    assert torch.equal(model(sample), other(sample))
    assert "x = self.stage1[1].conv(x)  # 6×32×32" in to_source(plan)
