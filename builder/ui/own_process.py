"""Commands of this very program in processes of their own, for work that a training beside it would feel.

While PyTorch traces a network to export it, it switches off cuDNN and oneDNN and sets random numbers back, in the whole
process: a training there would go slower and end with other digits. Knows no widget.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import builder
from builder.compile import own_code
from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.project.file import save
from builder.project.weights import located

PROGRAM = ("-P", "-m", "builder")  # for Python; whatever stands in the folder that it works in


def environment() -> dict[str, str]:
    """What such a process finds this very program by."""
    paths = [str(Path(builder.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def export_apart(form: Literal["onnx", "pt2"], project: Project, path: Path) -> None:
    """Write the network in this form of the command `export`, and wait for it. Raises `ProblemError`."""
    flat = infer_flat(project.network)
    plan = make_plan(flat)  # what is wrong with the network itself is told at once
    with TemporaryDirectory(prefix="torchcanvas-export-") as folder:
        file = Path(folder, "network.tcanvas")
        save(located(project, None), file)  # from the folder of this process, not of that file
        command = [sys.executable, *PROGRAM, "export", str(file), "--to", form, "-o", str(path.absolute())]
        for allowed in own_code.allowed_for(flat.graph.nodes):
            command += ["--allow-code", str(allowed)]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    if done.returncode:
        raise ProblemError(_told(done.stderr.decode(errors="replace"), {step.name for step in plan.steps}))


def _told(text: str, names: set[str]) -> Problem:
    """What the command said last, at the layer where it names one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or any(line.startswith("Traceback") for line in lines):
        message = "the export ended unexpectedly; perhaps there was not enough memory."
        return Problem("export-ended", message)
    where, _, message = lines[-1].partition(": ")
    return Problem("not-exported", message, where) if where in names else Problem("not-exported", lines[-1])
