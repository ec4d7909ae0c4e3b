"""Exports from the window: written behind it, and told how it went."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from builder.graph.edits import insert_on_edge, set_params
from builder.graph.model import Network, Node
from builder.graph.problems import Problem
from builder.project import templates
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.train.headless import train
from builder.train.messages import State
from builder.train.reading import load_run
from builder.ui.exports import Exports
from builder.ui.window import MainWindow
from tests.compile.networks import chain
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


@pytest.fixture
def exports(qtbot: QtBot) -> Exports:
    window = MainWindow()
    qtbot.addWidget(window)
    window.open_at_start(None)
    return window.topbar.window().findChild(Exports)


@pytest.mark.parametrize(("kind", "start"), [("source", b"import torch"), ("script", b'"""'), ("archive", b"PK")])
def test_a_file_is_written_behind_the_window(
    exports: Exports, qtbot: QtBot, tmp_path: Path, kind: str, start: bytes
) -> None:
    path = tmp_path / "file"
    with qtbot.waitSignal(exports.finished, timeout=60_000) as told:
        getattr(exports, kind)(path)
    assert told.args == [path, None]
    assert path.read_bytes().startswith(start)


def test_a_picture_is_written(exports: Exports, tmp_path: Path) -> None:
    exports.picture(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_bytes().startswith(b"<?xml")


def test_a_picture_of_the_selection_holds_nothing_else(exports: Exports, tmp_path: Path) -> None:
    window = exports.parent()
    assert isinstance(window, MainWindow)
    window.document.select(("conv1",))
    exports.selection(tmp_path / "part.svg")
    text = (tmp_path / "part.svg").read_text("utf-8")
    assert 'aria-label="conv1"' in text
    assert "conv2" not in text
    exports.picture(tmp_path / "all.svg")
    assert 'aria-label="conv2"' in (tmp_path / "all.svg").read_text("utf-8")


def test_what_cannot_be_written_is_a_problem(exports: Exports, qtbot: QtBot, tmp_path: Path) -> None:
    window = exports.parent()
    assert isinstance(window, MainWindow)
    graph = window.document.graph
    name = next(name for name, node in graph.nodes.items() if node.kind == "Conv2d")
    window.document.value = window.document.value.with_graph(set_params(graph, name, {"kernel_size": 999}))
    with qtbot.waitSignal(exports.finished, timeout=60_000) as told:
        exports.source(tmp_path / "net.py")
    assert isinstance(told.args[1], Problem)
    assert not (tmp_path / "net.py").exists()


def test_what_a_format_cannot_say_is_told_at_its_layer(exports: Exports, qtbot: QtBot, tmp_path: Path) -> None:
    window = exports.parent()
    assert isinstance(window, MainWindow)
    net = chain(("pool", "L2Pool2d", {"ceil_mode": True}), shape=(2, 8, 9))
    window.document.open(Project("net", Network(net)), None)
    with qtbot.waitSignal(exports.finished, timeout=60_000) as told:
        exports.onnx(tmp_path / "net.onnx")
    problem = told.args[1]
    assert isinstance(problem, Problem)
    assert (problem.where, problem.message.partition(":")[0]) == ("pool", "this network cannot be written as ONNX")
    assert not (tmp_path / "net.onnx").exists()


def test_an_export_beside_a_run_changes_nothing_of_it(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """PyTorch's tracer touches random numbers and fast convolutions of its whole process; this network needs both."""
    project = set_setting(quick(templates.load("lenet5"), epochs=100_000), "training.schedule", "constant")
    edge = next(edge for edge in project.graph.edges if edge.target == "fc1")
    project = project.with_graph(insert_on_edge(project.graph, edge, Node("drop1", "Dropout")))
    window = make_window(project)
    until_parked(qtbot, window)
    window.topbar.run.click()
    qtbot.waitUntil(lambda: window.live.progress.epoch > 1, timeout=PATIENCE)
    with qtbot.waitSignal(window.menus.exports.finished, timeout=60_000) as told:
        window.menus.exports.onnx(tmp_path / "net.onnx")
    assert told.args[1] is None
    epochs = window.live.progress.epoch
    qtbot.waitUntil(lambda: window.live.progress.epoch > epochs, timeout=PATIENCE)
    window.live.stop()
    qtbot.waitUntil(lambda: window.live.state is State.FINISHED, timeout=PATIENCE)
    shown = load_run(tmp_path / "run0")
    step, epoch = max((e.step, e.epoch) for e in shown.epochs if e.step in shown.weights)
    train(make_job(set_setting(project, "training.epochs", epoch)), run_folder=tmp_path / "alone")
    first, second = load_file(shown.weights[step]), load_file(load_run(tmp_path / "alone").weights[step])
    assert all(torch.equal(first[name], second[name]) for name in first)
