"""The rooms of the house: who may know whom, looked at from outside, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HEADLESS = [
    "builder.graph.model",
    "builder.layers",
    "builder.compile.module",
    "builder.data.prepare",
    "builder.inspect",
    "builder.train.trainer",
    "builder.project.job",
    "builder.cli.program",
]
QUICK = [
    "builder.app",
    "builder.cli.program",
    "builder.project.check",
    "builder.project.job",
    "builder.compile.source",
    "builder.compile.analysis",
    "builder.ui.window",
]


def loaded_after(module: str, *suspects: str) -> str:
    """Which of the suspects are loaded when a fresh interpreter has imported `module`."""
    code = f"import {module}, sys; print(*[name for name in {suspects} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", HEADLESS)
def test_works_without_qt(module: str) -> None:
    assert loaded_after(module, "PySide6", "pyqtgraph", "shiboken6") == ""


@pytest.mark.parametrize("module", QUICK)
def test_answers_before_torch_is_there(module: str) -> None:
    assert loaded_after(module, "torch", "torchvision", "sklearn") == ""


def test_the_window_paints_before_what_only_training_and_code_need_is_there() -> None:
    assert loaded_after("builder.ui.start", "pyqtgraph", "pygments", "builder.train.trainer") == ""


def test_the_window_begins_without_the_networks_that_nobody_has_asked_for() -> None:
    families = [
        path.stem for path in (ROOT / "builder" / "project" / "networks").glob("*.py") if path.stem != "template"
    ]
    assert loaded_after("builder.ui.start", *(f"builder.project.networks.{family}" for family in families)) == ""


def test_a_suspect_would_be_found() -> None:
    assert loaded_after("builder.compile.module", "torch") == "torch"


def test_every_line_of_the_main_file() -> None:
    assert len((ROOT / "main.py").read_text().split("\n")) <= 4


def test_import_contracts() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
