"""Models as people write them: functions, learned tensors, parts; what cannot be drawn; archives and files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from builder.compile.importing.convert import ImportResult
from builder.compile.importing.sources import import_model, load
from builder.compile.infer import infer
from builder.compile.module import build
from builder.compile.network import infer_network
from builder.compile.plan import make_plan
from builder.compile.source import to_source
from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.form import decode, encode
from tests.compile.importing.quick import fill, model_of


class Functional(nn.Module):
    """Nearly everything by function."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 8, 3)
        self.last = nn.Linear(8 * 5 * 5, 10)
        self.scale = nn.Parameter(torch.rand(4, 1, 1))
        self.filters = nn.Parameter(torch.randn(5, 8, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.relu(self.norm(self.first(x)), inplace=True), 2)
        x *= self.scale
        x = functional.max_pool2d(functional.leaky_relu(self.second(x), 0.2), 2)
        x = functional.dropout(x, 0.25, self.training)
        y = functional.avg_pool2d(functional.conv2d(x, self.filters), 3, stride=1)
        z = 1 - self.last(x.view(x.size(0), -1)) * 2 / 3
        a, b = functional.log_softmax(z, dim=1).split(5, dim=1)
        return torch.cat([torch.max(a, b), y.flatten(1), y.mean((2, 3)), 2 / (1 + a.exp())], 1)


class Tokens(nn.Module):
    """A small vision transformer, with a sequence of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.places = nn.Parameter(torch.randn(1, 5, 8))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, _, height, width = x.shape
        x = self.patches(x).reshape(batch, 8, (height // 4) * (width // 4)).transpose(1, 2)
        x = torch.cat([self.token.expand(batch, -1, -1), x], dim=1) + self.places
        x = x + self.attention(x, x, x, need_weights=False)[0]
        return self.head(x[:, 0])


def agree(model: nn.Module, result: ImportResult, *shape: int) -> None:
    """The network computes the same, as a module and as source."""
    plan = make_plan(infer(result.network.graph))
    net = build(plan).eval()
    net.load_state_dict(result.weights)
    names: dict[str, Any] = {}
    exec(to_source(plan), names)
    written = names["Net"]().eval()
    written.load_state_dict(result.weights)
    x = torch.randn(3, *shape)
    with torch.no_grad():
        wanted = model.eval()(x)
        assert torch.equal(net(x), wanted)
        assert torch.equal(written(x), wanted)


class Twice(nn.Module):
    """One module used in two places, with another between."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Sequential(nn.ReLU(), nn.Softplus())
        self.between = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.shared(self.between(self.shared(x)))


@pytest.mark.parametrize(
    ("model", "shape", "blocks"),
    [
        (Functional(), (1, 28, 28), []),
        (Tokens(), (3, 8, 8), ["head"]),
        (Twice(), (4,), ["between"]),
        (
            model_of("resnet18"),
            (3, 64, 64),
            ["BasicBlock", "downsample", "BasicBlock_2", "layer"],
        ),
        (model_of("shufflenet_v2_x0_5"), (3, 64, 64), ["conv", "branch", "branch_2", "InvertedResidual"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_modules_become_blocks(model: nn.Module, shape: tuple[int, ...], blocks: list[str]) -> None:
    fill(model.eval())
    result = import_model(model, shape).nested()
    assert list(result.network.blocks)[: len(blocks)] == blocks
    assert len(result.network.blocks) >= len(blocks)
    known = infer_network(result.network)
    assert known.errors == ()
    net = build(make_plan(known.flat)).eval()
    net.load_state_dict(result.weights)
    x = torch.randn(2, *shape)
    with torch.no_grad():
        assert torch.equal(net(x), model(x))
    project = Project(network=result.network)
    assert decode(encode(project)).network.same_network(result.network)


def test_equal_blocks_in_a_row_are_one_that_is_repeated() -> None:
    model = model_of("resnet34")
    result = import_model(model, (3, 64, 64)).nested()
    nodes = result.network.graph.nodes
    assert list(nodes)[:5] == ["input", "conv1", "bn1", "relu", "maxpool"]
    first = nodes["layer1"].params
    assert (first["definition"], first["repeat"]) == ("BasicBlock", 3)
    assert {key for key in result.weights if key.startswith("layer1.")} == {
        key for key in model.state_dict() if key.startswith("layer1.")
    }


def test_blocks_that_differ_in_numbers_share_one_definition() -> None:
    network = import_model(model_of("resnet34"), (3, 64, 64)).nested().network
    told = [dict(network.graph.nodes[name].params["arguments"]) for name in ("layer2", "layer3", "layer4")]
    assert told == [
        {"filters": 128, "blocks_repeat": 3},
        {"filters": 256, "blocks_repeat": 5},
        {"filters": 512, "blocks_repeat": 2},
    ]
    assert [parameter.name for parameter in network.blocks["layer"].parameters] == ["filters", "blocks_repeat"]


class Row(nn.Module):
    """Equal blocks in a row, one of which is heard elsewhere, and one of another size at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(5))
        self.wide = nn.ModuleList(nn.Sequential(nn.Linear(4 * n, 4 * n + 4), nn.ReLU()) for n in (1, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heard = x
        for number, part in enumerate(self.parts):
            x = part(x)
            heard = x if number == 1 else heard
        for part in self.wide:
            x = part(x)
        return torch.cat([x, heard], 1)


def test_a_row_ends_where_its_value_goes_elsewhere() -> None:
    model = Row().eval()
    result = import_model(model, (4,)).nested()
    net = build(make_plan(infer_network(result.network).flat)).eval()
    net.load_state_dict(result.weights)
    x = torch.randn(2, 4)
    assert torch.equal(net(x), model(x))
    inside = [node for part in ("parts", "wide") for node in result.network.blocks[part].graph.nodes.values()]
    told = [(n.params.get("repeat", 1), n.params["arguments"]["features"]) for n in inside if n.kind == "Block"]
    assert told == [(2, 4), (3, 4), (1, 8), (1, 12)]
    assert result.network.blocks.keys() == {"block", "parts", "wide"}


def kinds_of(result: ImportResult) -> list[str]:
    return [node.kind for node in result.network.graph.nodes.values()]


def test_functions_become_layers() -> None:
    model = Functional()
    result = import_model(model, (1, 28, 28))
    agree(model, result, 1, 28, 28)
    kinds = kinds_of(result)
    for kind in ("ReLU", "LeakyReLU", "Dropout", "PointwiseConv2d", "AvgPool2d", "Flatten", "LogSoftmax", "Slice"):
        assert kind in kinds
    assert kinds.count("MaxPool2d") == 2
    assert model.training is False  # as `agree` left it
    assert result.problems == ()


def test_learned_tensors_and_attention_come_over() -> None:
    model = Tokens()
    result = import_model(model, (3, 8, 8))
    agree(model, result, 3, 8, 8)
    assert sum(t.numel() for t in result.weights.values()) == sum(p.numel() for p in model.parameters())
    assert "Operation" not in kinds_of(result)
    assert [kind for kind in kinds_of(result) if "Constant" in kind] == ["LearnedConstant"] * 2  # token and places
    attention = infer(result.network.graph).nodes["attention"]
    assert attention.layer is not None
    assert attention.layer.kind() == "MultiheadAttention"
    assert attention.layer.multiply_adds(((5, 8),), (5, 8)) == 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8


class Parts(nn.Module):
    """Parts of a value by index, and learned numbers in every place that has a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((1, 6, 1, 1), 1e-6))
        self.shift = nn.Parameter(torch.randn(6, 5, 4))
        self.row = nn.Parameter(torch.randn(1, 1, 5, 4))
        self.odd = nn.Parameter(torch.randn(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.scale * x + self.shift
        x = torch.cat([self.row.repeat(x.shape[0], 1, 1, 1), torch.cat([x], 1)], 1)
        y = x[:, 1:-1, ..., 2] + x[:, 1:6, :, -1] + x[:, -5:].select(3, 0)
        return torch.cat([y[:, 0], (x * self.odd)[:, :2].flatten(1)], 1)


def test_parts_and_learned_numbers_become_layers() -> None:
    model = Parts()
    result = import_model(model, (6, 5, 4))
    agree(model, result, 6, 5, 4)
    kinds = kinds_of(result)
    assert kinds.count("LearnedConstant") == 3
    assert kinds.count("Slice") >= 7
    assert kinds.count("Operation") == 1  # a number for each column has no layer
    scale = result.network.graph.nodes["scale"].params
    assert (scale["mean"], scale["deviation"]) == (1e-6, 0)
    assert sum(t.numel() for t in result.weights.values()) == sum(p.numel() for p in model.parameters())


def test_channels_last_and_stochastic_depth_have_layers() -> None:
    model = model_of("convnext_tiny")
    kinds = kinds_of(import_model(model, (3, 64, 64)))
    assert "Operation" not in kinds
    assert {"LayerNorm", "LayerNorm2d", "LearnedConstant", "StochasticDepth"} <= set(kinds)


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)).train()
    model[1].eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    import_model(model, (4,))
    assert [module.training for module in model.modules()] == [True, True, False]
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_shared_weights_are_told() -> None:
    layer = nn.Linear(4, 4)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    result = import_model(model, (4,))
    agree(model, result, 4)
    assert [problem.code for problem in result.problems] == ["shared-weights"]


class Depends(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class Mixes(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean(0)


class Two(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x + 1, x - 1


class Outer(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.before, self.part = nn.Linear(4, 4), inner

    def forward(self, x: torch.Tensor) -> Any:
        return self.part(self.before(x))


@pytest.mark.parametrize(("inner", "place"), [(Depends(), "part"), (Mixes(), "part"), (Two(), "output")])
def test_what_cannot_be_drawn_names_its_place(inner: nn.Module, place: str) -> None:
    with pytest.raises(ProblemError) as caught:
        import_model(Outer(inner), (4,))
    (problem,) = caught.value.problems
    assert problem.where.startswith(place)
    assert "tensor" not in problem.message.lower() or place == "output"


def test_a_place_in_the_source_is_told() -> None:
    with pytest.raises(ProblemError) as caught:
        import_model(Outer(Depends()), (4,))
    assert "test_models.py, line" in caught.value.problems[0].where


# Archives


def archive(path: Path, dynamic: bool) -> nn.Module:
    model = Functional().eval()
    sizes = ({0: torch.export.Dim("batch")},) if dynamic else None
    program = torch.export.export(model, (torch.zeros(3, 1, 28, 28),), dynamic_shapes=sizes)
    torch.export.save(program, path)
    return model


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_an_archive(tmp_path: Path, dynamic: bool) -> None:
    path = tmp_path / "model.pt2"
    model = archive(path, dynamic)
    result = load(str(path))
    agree(model, result, 1, 28, 28)
    assert {"first", "norm", "second", "last"} <= set(result.network.graph.nodes)


def refused(source: str) -> Problem:
    with pytest.raises(ProblemError) as caught:
        load(source)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("archive/data/weights/model_weights_config.json", {"config": {"w": {"use_pickle": True}}}),
        ("archive/models/model.json", {"deep": [{"expr_str": "__import__('os').system('true')"}]}),
        ("archive/models/model.json", {"expr_str": "().__class__"}),
        ("archive/data/aotinductor/model/a.so", {}),
    ],
)
def test_an_archive_that_could_run_something_is_not_read(tmp_path: Path, name: str, content: Any) -> None:
    path = tmp_path / "model.pt2"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/archive_format", "pt2")
        file.writestr(name, json.dumps(content))
    assert refused(str(path)).code == "bad-archive"


@pytest.mark.parametrize("content", [b"", b"PK\3\4 but no more", b"{}"])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    assert refused(str(path)).code == "bad-archive"
    assert refused(str(tmp_path / "absent.pt2")).code == "bad-archive"


# Python files and names

FILE = """
import torch
from torch import nn
import neighbour

class Net(nn.Module):
    def __init__(self, width=neighbour.WIDTH):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, width, 5), nn.ReLU(), nn.Flatten(), nn.Linear(width * 24 * 24, 10))

    def forward(self, x):
        return self.body(x)

class Needs(nn.Module):
    def __init__(self, width):
        super().__init__()

class Fails(nn.Module):
    def __init__(self):
        raise KeyError("no such thing")
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.py").write_text("WIDTH = 3\n")
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def test_a_python_file(written: Path) -> None:
    result = load(f"{written}:Net")  # finds its input size by itself
    assert kinds_of(result) == ["Input", "Conv2d", "ReLU", "Flatten", "Linear", "Output"]
    assert result.network.graph.nodes["input"].params["shape"] == (1, 28, 28)


@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 224)])
def test_a_model_that_takes_any_size_gets_the_usual_one_for_its_channels(
    tmp_path: Path, channels: int, size: int
) -> None:
    path = tmp_path / "any.py"
    path.write_text(
        "from torch import nn\n"
        "class Net(nn.Sequential):\n"
        "    def __init__(self):\n"
        f"        super().__init__(nn.Conv2d({channels}, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
    )
    assert load(f"{path}:Net").network.graph.nodes["input"].params["shape"] == (channels, size, size)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("Absent", "no-such-model", "no class Absent"),
        ("Needs", "cannot-build", "needs arguments"),
        ("Fails", "cannot-build", "no such thing"),
    ],
)
def test_a_class_that_cannot_be_built(written: Path, name: str, code: str, words: str) -> None:
    problem = refused(f"{written}:{name}")
    assert problem.code == code
    assert words in problem.message


def test_a_file_with_a_fault_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import torch\nx = 1 +\n")
    assert refused(f"{path}:Net").where.endswith("mine.py, line 2")
    assert refused(f"{tmp_path / 'absent.py'}:Net").code == "no-such-file"


def test_unknown_names() -> None:
    problem = refused("torchvision:resnet51")
    assert problem.code == "no-such-model"
    assert "resnet5" in problem.hint or "resnet1" in problem.hint
    assert refused("somewhere").code == "bad-source"
