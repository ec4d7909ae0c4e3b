"""How long the window ever leaves the user waiting: at the start, and while it trains, opens, compiles and saves."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from builder.graph import edits
from builder.graph.model import Network
from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.file import save
from builder.train.benchmarks import Measurement
from builder.train.messages import State
from builder.ui.engine import bring_in
from builder.ui.files import Answer
from builder.ui.heartbeat import Heartbeat
from builder.ui.large import RESNET50, RESNET152, bottlenecks
from builder.ui.start import application
from builder.ui.window import MainWindow

USUAL, LONGEST = 50.0, 150.0  # milliseconds: the 99th percentile, and the worst of all
PAINTED, READY = 1.0, 3.0  # seconds from the start of the process
SECONDS = 8.0  # of training
TIMES = 6  # that something else is done
STARTS = 9
# The program through its front door, with somebody watching.
PROGRAM = """
import sys
from builder.app import main

def watch(window, engine):
    from builder.ui import first_seconds
    first_seconds.watch(window, engine, float(sys.argv[1]))

raise SystemExit(main([], watch))
"""


def benchmarks() -> Mapping[str, Callable[[], Measurement]]:
    """These benchmarks by name."""
    return {"start": start, "window-answers": window_answers}


# While it works ---------------------------------------------------------------------------------------------------


def window_answers() -> Measurement:
    """The window's delays while training, opening, compiling and saving, over 50 ms for the 99th percentile of each,
    and over 150 ms for the longest; the worst of all counts."""
    application()
    bring_in(lambda: None)
    with tempfile.TemporaryDirectory() as folder, _window(Path(folder)) as window:
        found = {name: _delays(work) for name, work in _works(window, Path(folder)).items()}
    usual = {name: late[int(0.99 * (len(late) - 1))] for name, late in found.items()}
    longest = {name: late[-1] for name, late in found.items()}
    ratios = [max(usual.values()) / USUAL, max(longest.values()) / LONGEST]
    words = ", ".join(f"{name} {usual[name]:.0f} and {longest[name]:.0f} ms" for name in found)
    detail = f"99th percentile and longest while {words}"
    return Measurement("window-answers", max(ratios), min(ratios), max(ratios), 1.0, detail, lower_is_better=True)


def _delays(work: Callable[[], None]) -> list[float]:
    heart = Heartbeat()
    heart.start()
    work()
    heart.stop()
    return sorted(heart.late)


def _works(window: MainWindow, folder: Path) -> dict[str, Callable[[], None]]:
    """What the window is asked to do, each as one uses it: from the event loop, with time to see what comes of it."""
    large = {"resnet50": bottlenecks(*RESNET50), "resnet152": bottlenecks(*RESNET152)}
    files = []
    for name, graph in large.items():
        files.append(folder / f"{name}.tcanvas")
        save(Project(name=name, network=Network(graph)), files[-1])
    lenet = set_setting(templates.load("lenet5"), "training.epochs", 100_000)

    def train() -> None:
        _soon(partial(window.document.open, lenet, None))
        spin(0.5)
        window.inspector.setCurrentWidget(window.inspector.layer)
        _soon(partial(window.document.select, ["conv2"]))
        spin(0.5)
        _soon(window.live.run)
        spin_until(lambda: window.live.state is State.RUNNING)
        spin(SECONDS)

    def compile_() -> None:
        """Edits of the network that trains, its source in sight."""
        window.inspector.setCurrentWidget(window.inspector.code)
        for number in range(4 * TIMES):
            _soon(partial(_set, window, "fc1", {"features": 40 + number}))
            spin(0.25)

    def open_() -> None:
        window.live.stop()
        window.inspector.setCurrentWidget(window.inspector.layer)
        for number in range(TIMES):
            _soon(partial(window.files.read, files[number % len(files)]))
            spin(1.5)

    def save_() -> None:
        window.files.read(files[-1])
        spin(1.0)
        for number in range(TIMES):
            changed = set_setting(window.document.value, "training.epochs", 2 + number)
            _soon(partial(window.document.commit, "Change", changed))
            spin(0.25)
            _soon(window.files.save)
            spin(0.5)

    return {"training": train, "compiling": compile_, "opening": open_, "saving": save_}


def _set(window: MainWindow, name: str, values: Mapping[str, int]) -> None:
    graph = window.document.graph
    params = {**graph.nodes[name].params, **values}
    window.document.commit_graph("Change", edits.set_params(graph, name, params))


def _soon(work: Callable[[], object]) -> None:
    QTimer.singleShot(0, work)


@contextmanager
def _window(folder: Path) -> Iterator[MainWindow]:
    """A window as large as a class sees it, with all views, and the inside of networks shown."""
    window = MainWindow(runs=lambda: Path(tempfile.mkdtemp(dir=folder)))
    window.resize(1600, 1000)
    window.show()
    window.live.begin()
    spin_until(lambda: window.live.state is State.PAUSED)
    try:
        yield window
    finally:
        window.files.ask_unsaved = lambda: Answer.DISCARD
        window.close()
        window.deleteLater()
        QCoreApplication.processEvents()


def spin(seconds: float) -> None:
    """Run the event loop for so long."""
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def spin_until(condition: Callable[[], bool]) -> None:
    """Run the event loop until something is so."""
    while not condition():
        spin(0.02)


# The start --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """What one start of the program took, in seconds.

    Attributes:
        painted, ready: from the start of the process to the painted window, and until Run has all it needs.
        longest: that the painted window did not answer, until a while after the first look inside the network.
    """

    painted: float
    ready: float
    longest: float


def start() -> Measurement:
    """From the start of a process to the painted window over 1 s, to ready to train over 3 s, and the longest time
    without an answer meanwhile over 150 ms; the worst of the three counts."""
    started()  # the first one may have to read all files from the disk
    found = [started() for _ in range(STARTS)]
    painted, ready, longest = (
        statistics.median(getattr(one, name) for one in found) for name in ("painted", "ready", "longest")
    )
    ratios = [max(one.painted / PAINTED, one.ready / READY, 1000 * one.longest / LONGEST) for one in found]
    detail = f"painted after {painted:.2f} s, ready to train after {ready:.2f} s, "
    detail += f"longest without an answer {1000 * longest:.0f} ms"
    middle = statistics.median(ratios)
    return Measurement("start", middle, min(ratios), max(ratios), 1.0, detail, lower_is_better=True)


def started() -> Start:
    """Start the program once, in a process of its own that knows nothing of the user's settings.

    It may store what Python compiles, as an installed program has stored: a shell with `PYTHONDONTWRITEBYTECODE`, as
    containers set it, would have the compiler timed at every start.
    """
    with tempfile.TemporaryDirectory() as home:
        places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"), home)
        environment = {**os.environ, **places, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-c", PROGRAM, repr(time.time())]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Start(**json.loads(done.stdout))
