"""What is brought in behind the painted window, each in a fresh interpreter, since imports happen once in a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def said_by(code: str) -> list[str]:
    """The lines that a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.split()


def test_all_that_a_run_needs_is_there_when_the_engine_says_so() -> None:
    code = """
import gc, sys
gc.disable()
from PySide6.QtCore import QCoreApplication
from builder.ui.engine import Engine
app, engine = QCoreApplication([]), Engine()
engine.ready.connect(lambda: print(*(name in sys.modules for name in ("torch", "pyqtgraph", "builder.project.job"))))
engine.ready.connect(app.quit)
engine.start()
app.exec()
import threading
for thread in threading.enumerate():
    if thread.name == "engine":
        thread.join()
print(gc.isenabled(), gc.get_freeze_count() > 100_000)
"""
    assert said_by(code) == ["True"] * 5


@pytest.mark.skipif(sys.platform != "linux", reason="the list of loaded libraries is Linux's")
def test_libraries_are_loaded_ahead_of_torch_and_torch_takes_them() -> None:
    code = """
import sys
from builder.ui.engine import load_libraries
load_libraries()
maps = open("/proc/self/maps").read()
print("libtorch_cpu" in maps, "torch" in sys.modules)
import torch
print(float(torch.ones(2).sum()))
"""
    assert said_by(code) == ["True", "False", "2.0"]


def test_a_machine_without_torch_is_told_by_the_import_and_not_before() -> None:
    code = """
import sys
sys.modules["torch"] = None
from builder.ui import engine
engine.find_spec = lambda name: None
engine.load_libraries()
print("quiet")
"""
    assert said_by(code) == ["quiet"]


def test_imports_do_not_read_the_source_of_each_module_and_stars_still_bring_all_of_qt() -> None:
    code = """
import builder.ui, builtins
print(builtins.__import__.__name__ == "__feature_import__")
from PySide6.QtCore import *
print(QSize(1, 2).height(), QTimer.__name__)
"""
    assert said_by(code) == ["False", "2", "QTimer"]
