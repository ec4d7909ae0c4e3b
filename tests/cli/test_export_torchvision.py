"""What is exported of a network with modules of torchvision, where torchvision may be built for another torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builder.vision import import_torchvision

MODEL = """
from torch import nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 1)
        self.look = ShiftedWindowAttention(8, [4, 4], [0, 0], 2)
        self.last = nn.Linear(512, 10)

    def forward(self, x):
        return self.last(self.look(self.first(x).permute(0, 2, 3, 1)).flatten(1))
"""
RUN = "\nprint(tuple(Net()(torch.zeros(2, 1, 8, 8)).shape))"


@pytest.fixture
def project(cli, tmp_path: Path) -> Path:
    import_torchvision()  # the model's file imports it straight
    (tmp_path / "mine.py").write_text(MODEL)
    path = tmp_path / "small.tcanvas"
    answer = cli("import", f"{tmp_path / 'mine.py'}:Small", "-o", path, "--input", "1x8x8")
    assert (answer.status, answer.err) == (0, "")
    return path


def run(source: str) -> str:
    """What it prints in a process that knows nothing of this program."""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_model_imports_torchvision_beside_a_torch_for_the_cpu_only(cli, project: Path) -> None:
    text = cli("export", project, "--to", "python", "-o", "-").out
    assert "torchvision.models.swin_transformer.ShiftedWindowAttention(" in text
    assert run(text + RUN) == "(2, 10)"


@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_a_script_of_it_imports_torchvision_once(cli, project: Path, dataset: str) -> None:
    answer = cli("export", project, "--to", "script", "--set", f"data.dataset={dataset}", "-o", "-")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.count("try:\n    import torchvision\n") == 1
    head = answer.out.partition("\ndef ")[0]
    assert run(head + RUN) == "(2, 10)"
