"""Exports from the window: written behind it, and told how it went."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from builder.graph.edits import set_params
from builder.graph.problems import Problem
from builder.ui.exports import Exports
from builder.ui.window import MainWindow


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
