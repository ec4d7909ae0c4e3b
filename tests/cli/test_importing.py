"""The command `import`: what it writes, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.project.file import load

MODEL = """
from torch import nn

def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
"""


def test_a_model_is_written_with_its_weights(cli, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODEL)
    path = tmp_path / "small.tcanvas"
    answer = cli("import", f"{tmp_path / 'mine.py'}:small", "-o", path, "--input", "1x8x8")
    assert (answer.status, answer.err) == (0, "")
    assert "650 numbers" in answer.out
    project = load(path)
    assert project.name == "small"
    weights = tmp_path / "small.safetensors"
    model = trained(make_plan(infer_flat(project.network)), weights)
    assert model.state_dict().keys() == load_file(weights).keys()
    assert cli("check", path).status == 0


def test_the_network_can_be_had_without_its_weights(cli, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODEL)
    path = tmp_path / "small.tcanvas"
    answer = cli("import", f"{tmp_path / 'mine.py'}:small", "-o", path, "--input", "1x8x8", "--network-only")
    assert answer.status == 0
    assert load(path).name == "small"
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("torchvision:resnet51", "no classification model"),
        ("absent.py:Net", "no such file"),
        ("absent.pt2", "cannot be read"),
        ("something", "is no source"),
    ],
)
def test_what_cannot_be_imported_is_said_on_one_line(cli, tmp_path: Path, source: str, words: str) -> None:
    answer = cli("import", source, "-o", tmp_path / "x.tcanvas")
    assert answer.status == 1
    assert len(answer.lines) == 1
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


def test_trained_weights_that_are_not_here(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    answer = cli("import", "torchvision:squeezenet1_1", "--weights", "-o", tmp_path / "x.tcanvas")
    assert answer.status == 1
    assert "not on this machine" in answer.err
    assert cli("import", "mine.py:Net", "--weights", "-o", tmp_path / "x.tcanvas").status == 2


def test_wrong_usage(cli, tmp_path: Path) -> None:
    assert cli("import", "torchvision:alexnet").status == 2
    assert cli("import", "torchvision:alexnet", "-o", tmp_path / "x.tcanvas", "--input", "axb").status == 2
