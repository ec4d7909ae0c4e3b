"""NumPy at its first use, in interpreters that have not imported it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def said(program: str, **environment: str) -> str:
    """What a program prints in a process of its own."""
    own = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | environment
    done = subprocess.run([sys.executable, "-c", program], env=own, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.strip()


def test_it_comes_when_it_is_asked_for_something() -> None:
    program = """
import sys
from builder.numerics import postpone_numpy
postpone_numpy()
import numpy as np
import numpy
assert np is numpy and "numpy._core" not in sys.modules
assert np.arange(3).sum() == 3
import numpy
assert numpy is not np and numpy.arange is np.arange and np.testing is numpy.testing
from numpy.typing import NDArray
import numpy.linalg
print(numpy.linalg.norm(np.ones(4)))
"""
    assert said(program) == "2.0"


def test_a_part_of_it_brings_it_in_too() -> None:
    program = """
from builder.numerics import postpone_numpy
postpone_numpy()
import numpy as np
import torch
import numpy.random
print(torch.from_numpy(np.ones(2)).sum().item(), torch.ones(2).numpy().sum(), numpy.random.default_rng(0).integers(1))
"""
    assert said(program) == "2.0 2.0 0"


def test_several_threads_may_want_it_at_once() -> None:
    program = """
import threading
from builder.numerics import postpone_numpy
postpone_numpy()
import numpy as np
start, found = threading.Barrier(8), []

def work(number):
    start.wait()
    if number % 2:
        import numpy.linalg
        found.append(numpy.linalg.norm([3.0, 4.0]))
    else:
        found.append(np.ones(5).sum())

threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*map(float, found))
"""
    assert said(program) == " ".join(["5.0"] * 8)


def test_one_that_is_there_stays() -> None:
    assert (
        said("import numpy\nfrom builder.numerics import postpone_numpy\npostpone_numpy()\nprint(numpy.ones(1)[0])")
        == "1.0"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux lists them")
@pytest.mark.parametrize("chosen", [{}, {"OPENBLAS_NUM_THREADS": "1"}])
def test_it_makes_no_threads_of_its_own(chosen: dict[str, str]) -> None:
    program = """
import os
from builder.numerics import postpone_numpy
before = len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS")
postpone_numpy()
import numpy
numpy.ones((64, 64)) @ numpy.ones((64, 64))
print(before == (len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS")))
"""
    assert said(program, **chosen) == "True"


def test_the_window_is_painted_without_it(tmp_path: Path) -> None:
    """And without what else nobody sees at first."""
    program = """
import os, sys
from builder.app import main

def watch(window, engine):
    def painted():
        late = ("numpy._core", "torch", "pyqtgraph", "builder.ui.lessons.panel", "builder.ui.views.cloud")
        print(*[name for name in late if name in sys.modules], "painted")
        sys.stdout.flush()
        os._exit(0)

    window.first_painted.connect(painted)

main([], watch)
"""
    places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(tmp_path))
    assert said(program, QT_QPA_PLATFORM="offscreen", **places) == "painted"
