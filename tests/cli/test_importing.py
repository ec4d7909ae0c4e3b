"""The command `import`: what it writes, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.project.file import load
from builder.writing import backup_of

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


def test_weights_that_are_there_are_kept(cli, tmp_path: Path) -> None:
    """They may be somebody's training of a night; only the name is the same."""
    (tmp_path / "mine.py").write_text(MODEL)
    path, weights = tmp_path / "small.tcanvas", tmp_path / "small.safetensors"
    weights.write_bytes(b"a night's work")
    arguments = ("import", f"{tmp_path / 'mine.py'}:small", "-o", path, "--input", "1x8x8")
    answer = cli(*arguments)
    assert answer.status == 0
    assert answer.out.splitlines()[1:] == [f"{weights}~: the version before of small.safetensors; only one is kept"]
    assert backup_of(weights).read_bytes() == b"a night's work"
    assert load_file(weights)
    first = weights.read_bytes()
    again = cli(*arguments)  # its weights are drawn anew: one version is kept, as was said
    assert len(again.out.splitlines()) == 2
    assert backup_of(weights).read_bytes() == first
    assert "FILE~" in cli("import", "--help").out


def test_weights_that_are_there_survive_a_project_that_cannot_be_written(cli, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODEL)
    path, weights = tmp_path / "small.tcanvas", tmp_path / "small.safetensors"
    path.mkdir()
    weights.write_bytes(b"a night's work")
    assert cli("import", f"{tmp_path / 'mine.py'}:small", "-o", path, "--input", "1x8x8").status == 1
    assert weights.read_bytes() == b"a night's work"
    assert not backup_of(weights).exists()


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


def test_training_begins_with_the_weights_wherever_the_two_files_are(cli, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODEL)
    (tmp_path / "here").mkdir()
    assert (
        cli("import", f"{tmp_path / 'mine.py'}:small", "-o", tmp_path / "here/small.tcanvas", "--input", "1x8x8").err
        == ""
    )
    assert load(tmp_path / "here/small.tcanvas").training.weights == "small.safetensors"
    (tmp_path / "here").rename(tmp_path / "there")
    path = tmp_path / "there/small.tcanvas"
    answer = cli("train", path, "--set", "data.limit=100", "--epochs", "1", "--run", tmp_path / "run", "--json")
    assert (answer.status, answer.lines) == (0, ["weights: taken from small.safetensors: 2 of 2 tensors"])
    assert answer.objects[0]["weights"]["file"] == str(tmp_path / "there/small.safetensors")
    begun = load_file(tmp_path / "run/weights/00000000.safetensors")
    stored = load_file(tmp_path / "there/small.safetensors")
    assert all((begun[name] == stored[name]).all() for name in stored)
    (tmp_path / "there/small.safetensors").unlink()
    answer = cli("check", path)
    assert (answer.status, len(answer.lines)) == (1, 1)
    assert "training.weights" in answer.err
    assert cli("check", path, "--set", "training.weights=").status == 0
    assert cli("check", path, "--set", f"training.weights={tmp_path / 'run'}").status == 0


def test_an_export_has_the_weights_that_training_begins_with(cli, tmp_path: Path) -> None:
    import torch

    (tmp_path / "mine.py").write_text(MODEL)
    path = tmp_path / "small.tcanvas"
    assert cli("import", f"{tmp_path / 'mine.py'}:small", "-o", path, "--input", "1x8x8").status == 0
    assert cli("export", path, "--to", "pt2", "-o", tmp_path / "small.pt2").status == 0
    model = torch.export.load(tmp_path / "small.pt2").module()
    stored = load_file(tmp_path / "small.safetensors")
    x = torch.randn(3, 1, 8, 8)
    name = next(name for name in stored if name.endswith("weight")).removesuffix("weight")
    torch.testing.assert_close(model(x), x.flatten(1) @ stored[f"{name}weight"].T + stored[f"{name}bias"])
