"""Parts of a user's file that cannot be drawn: nodes that run the file once it was allowed, and never before."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from builder.compile import own_code
from builder.compile.importing import ImportResult, load
from builder.compile.module import build
from builder.compile.network import infer_network
from builder.compile.plan import Plan, make_plan
from builder.compile.source import network_source
from builder.graph.problems import ProblemError
from builder.layers import calls
from builder.layers.base import FILE
from builder.project.check import check
from builder.project.document import Project
from builder.project.form import decode, encode

NAMES = ("Net", "main", "class", "my-model", "in_channels", "2fold")

FILE_TEXT = """
from pathlib import Path
import torch
from torch import nn
import neighbour

with Path(__file__).with_name("ran").open("a") as log:
    log.write("x")

class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return torch.relu(self.fc(x)) if x.mean() > 0 else self.fc(x) * neighbour.FACTOR

class Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    def backward(ctx, gradient):
        return gradient

class Binary(nn.Module):
    def forward(self, x):
        return Through.apply(x)

class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.linspace(0.5, 2, 6))

    def forward(self, x):
        return x * self.scale

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        rates = [rate.item() for rate in torch.linspace(0, 0.3, 3)]  # as many models reckon what they are built of
        self.first = nn.Linear(4, 6)
        self.stage = nn.Sequential(Gate(6), nn.Tanh(), nn.Dropout(rates[1]))
        self.table = Table()
        self.binary = Binary()
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        return self.last(self.binary(self.table(self.stage(self.first(x)))))

class Whole(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x

class Several(nn.Module):
    def forward(self, x):
        return (x, x) if x.sum() > 0 else (x, -x)

class Around(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.part = Several()

    def forward(self, x):
        return self.part(self.first(x))[0]

class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.around = Around()
        self.last = nn.Linear(4, 2)

    def forward(self, x):
        return self.last(self.around(x))

def needs(width):
    return nn.Linear(width, 2)
"""


@pytest.fixture(autouse=True)
def nothing_allowed() -> Iterator[None]:
    """Each test begins and ends as a fresh process does."""
    own_code._allowed.clear()
    yield
    own_code._allowed.clear()
    for name in ("mine", "neighbour", *NAMES, "foreign"):  # what the written source imported
        sys.modules.pop(name, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.py").write_text("FACTOR = 0.5\n")
    path = tmp_path / "mine.py"
    path.write_text(FILE_TEXT)
    return path


def plan_of(result: ImportResult) -> Plan:
    known = infer_network(result.network)
    assert known.errors == ()
    return make_plan(known.flat)


def runs(path: Path) -> int:
    log = path.with_name("ran")
    return len(log.read_text()) if log.exists() else 0


def test_the_node_works(path: Path) -> None:
    result = load(f"{path}:Net", (4,)).nested()
    plan = plan_of(result)
    opaque = {step.name for step in plan.steps if step.call.target == FILE}
    assert len(opaque) == 3  # the gate, the table with its fixed numbers, the function with a gradient of its own
    assert sum(step.layer.parameter_count(step.input_shapes) for step in plan.steps) == 30 + 42 + 21
    net = build(plan)
    net.load_state_dict(result.weights)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    before = {name: tensor.clone() for name, tensor in net.named_parameters()}
    net(torch.randn(8, 4)).square().sum().backward()
    optimizer.step()
    changed = {name for name, tensor in net.named_parameters() if not torch.equal(tensor, before[name])}
    assert changed == set(before)  # also what lies before the sign, whose own gradient lets it through


def test_outputs_agree_and_so_does_the_source(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = load(f"{path}:Net", (4,))
    known = infer_network(result.nested().network)
    weights = result.nested().weights
    net = build(make_plan(known.flat)).eval()
    net.load_state_dict(weights)
    monkeypatch.syspath_prepend(str(path.parent))
    names: dict[str, Any] = {}
    exec(network_source(known), names)
    written = names["Net"]().eval()
    written.load_state_dict(weights)
    model = names["mine_py"].Net().eval()
    model.load_state_dict({name: weights[key] for name, key in same_names(model, weights).items()})
    for sign in (1, -1):
        x = sign * torch.rand(5, 4)
        assert torch.equal(net(x), model(x))
        assert torch.equal(written(x), model(x))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_may_be_called_as_something_in_the_text_is(
    path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path.rename(path.with_name(f"{name}.py"))
    result = load(f"{path}:Net", (4,))
    known = infer_network(result.network)
    monkeypatch.syspath_prepend(str(path.parent))
    names: dict[str, Any] = {}
    exec(f"{network_source(known)}\n\ndef main():\n    return Net()\n", names)
    written = names["main"]().eval()
    written.load_state_dict(result.weights)
    net = build(make_plan(known.flat)).eval()
    net.load_state_dict(result.weights)
    x = torch.rand(5, 4)
    assert torch.equal(written(x), net(x))


def test_what_is_installed_below_the_folder_stays_imported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the file's neighbours are read anew: a virtual environment beside it is nobody's neighbour."""
    packages = path.parent / ".venv" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "foreign.py").write_text("")
    (path.parent / "inner" / "deep").mkdir(parents=True)
    (path.parent / "inner" / "deep" / "module.py").write_text("")
    monkeypatch.syspath_prepend(str(packages))
    path.write_text("import foreign, inner.deep.module\n" + FILE_TEXT)
    load(f"{path}:Net", (4,))
    assert "foreign" in sys.modules
    assert not {"neighbour", "inner", "inner.deep", "inner.deep.module"} & sys.modules.keys()


def test_a_file_that_fails_leaves_no_module_behind(path: Path) -> None:
    path.write_text("raise ValueError('no')\n")
    before = set(sys.modules)
    with pytest.raises(ProblemError):
        load(f"{path}:Net", (4,))
    assert not [name for name in set(sys.modules) - before if name.startswith("imported_")]


def same_names(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> dict[str, str]:
    """The model's names of tensors, with the network's."""
    found = {}
    for name in model.state_dict():
        tail = name.removeprefix("stage.0.")
        found[name] = next(
            key for key in weights if key == tail or key.endswith(f".{tail}") or key.endswith(f"_{tail}")
        )
    return found


def test_a_part_that_cannot_stand_alone_takes_what_is_around_it(path: Path) -> None:
    graph = load(f"{path}:Outer", (4,)).network.graph
    builds = [json.loads(node.params["build"])["args"][3] for node in graph.nodes.values() if "build" in node.params]
    assert builds == ["around"]


def test_what_depends_on_the_number_of_samples_is_run_as_a_whole_or_refused(tmp_path: Path) -> None:
    # The made-up batch is larger than any real one: what the file does only then must not be what is drawn.
    path = tmp_path / "mine.py"
    path.write_text(
        "from torch import nn\n"
        "class Doubling(nn.Module):\n"
        "    def forward(self, x):\n"
        "        return x * 2 if len(x) > 500 else x.relu()\n"
        "class Net(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(nn.Linear(4, 4), Doubling(), nn.Linear(4, 2))\n"
    )
    graph = load(f"{path}:Net", (4,)).network.graph
    assert sum("build" in node.params for node in graph.nodes.values()) == 1
    with pytest.raises(ProblemError) as caught:
        load(f"{path}:Doubling", (4,))
    assert "number of samples" in caught.value.problems[0].message
    assert caught.value.problems[0].where == "Doubling"


def test_a_model_that_is_itself_at_fault_names_the_line(path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        load(f"{path}:Whole", (4,))
    line = next(n for n, text in enumerate(FILE_TEXT.splitlines(), 1) if "return x if" in text)
    assert caught.value.problems[0].where == f"mine.py, line {line}"


def test_arguments_that_are_missing_are_named(path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        load(f"{path}:needs", (4,))
    assert "(width)" in caught.value.problems[0].message


def test_opening_a_project_runs_nothing_before_it_is_allowed(path: Path) -> None:
    text = encode(Project(network=load(f"{path}:Net", (4,)).nested().network))
    own_code._allowed.clear()  # another process
    path.with_name("ran").unlink()
    project = decode(text)
    problems = [problem for problem in check(project) if problem.code == "code-not-allowed"]
    assert len(problems) == 1  # one for the file, not one for each part of it
    assert "mine.py" in problems[0].message
    plan = make_plan(infer_network(project.network).flat)  # shapes, sizes and source are known all the same
    assert "mine_py.Net()" in network_source(infer_network(project.network))
    with pytest.raises(ProblemError) as caught:
        build(plan)
    assert caught.value.problems[0].code == "code-not-allowed"
    assert caught.value.problems[0].where in {step.name for step in plan.steps}
    assert runs(path) == 0
    own_code.allow(path)
    assert runs(path) == 0
    build(plan)
    assert runs(path) == 1
    assert not [problem for problem in check(project) if problem.code == "code-not-allowed"]


def test_consent_is_for_the_content(path: Path) -> None:
    plan = plan_of(load(f"{path}:Net", (4,)))
    own_code._allowed.clear()
    path.write_text(FILE_TEXT + "\n# changed\n")
    own_code.allow(path)
    with pytest.raises(ProblemError):
        build(plan)
    path.write_text(FILE_TEXT)
    own_code.allow(path)
    path.write_text("raise SystemExit  # what is run is what was allowed\n")
    build(plan)


def test_only_what_the_file_defines_is_called(path: Path) -> None:
    digest = own_code.allow(path)
    for name in ("nn", "Path", "neighbour", "absent"):
        with pytest.raises(ProblemError):
            own_code.part("mine.py", digest, name, "first")
    with pytest.raises(ProblemError) as caught:
        own_code.part("mine.py", digest, "Net", "absent")
    assert "absent" in caught.value.problems[0].message


@pytest.mark.parametrize(
    "args",
    [
        ["mine.py", "0" * 64, "Net"],
        ["../mine.py", "0" * 64, "Net", "part"],
        ["mine.txt", "0" * 64, "Net", "part"],
        ["mine.py", "0" * 63, "Net", "part"],
        ["mine.py", "0" * 64, "Net()", "part"],
        ["mine.py", "0" * 64, "Net", "part.()"],
        ["mine.py", "0" * 64, "Net", ""],
        ["mine.py", "0" * 64, "Net", ["part"]],
    ],
)
def test_a_stored_part_of_a_file_is_plain_names(args: list[Any]) -> None:
    with pytest.raises(ValueError, match="told by"):
        calls.read(json.dumps({"call": FILE, "args": args}))
    with pytest.raises(ValueError, match="told by"):
        calls.read(json.dumps({"call": FILE, "args": ["mine.py", "0" * 64, "Net", "a"], "kwargs": {"x": 1}}))
