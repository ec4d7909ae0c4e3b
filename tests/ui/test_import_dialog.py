"""Import from PyTorch: a real import in a process of its own, and every way in which it can end."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.project.edits import set_setting
from builder.ui.files import Answer
from builder.ui.import_dialog import ImportDialog, classes_in
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow

LEFT = Qt.MouseButton.LeftButton
MODEL = """
import sys
from pathlib import Path
from torch import nn

Path(__file__).with_name("ran").touch()
print("words of the file", file=sys.stderr)

class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 32)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.fc(x))

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.last = nn.Linear(32, 10)

    def forward(self, x):
        return self.last(self.part(x.flatten(1)))

class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        raise ValueError("no luck today")
"""
ENDLESS = """
import socket, sys

with socket.create_connection(("127.0.0.1", PORT)) as door:
    door.recv(1)  # nothing comes
"""


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window(set_setting(templates.load("lenet5"), "data.limit", 256))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return path


def of_file(window: MainWindow, path: Path, name: str, shape: str = "") -> ImportDialog:
    """The dialog, filled in for a file that may be run."""
    dialog = ImportDialog(window.open_imported, window)
    dialog.ask_run = lambda _path: True
    dialog.tabs.setCurrentIndex(1)
    dialog.path.setText(str(path))
    dialog.class_name.setCurrentText(name)
    dialog.shape.setText(shape)
    dialog.show()
    return dialog


def test_a_file_becomes_an_unsaved_document(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    dialog = of_file(window, model, "Small", "1x8x8")
    with qtbot.waitSignal(dialog.process.succeeded, timeout=PATIENCE):
        qtbot.mouseClick(dialog.import_button, LEFT)
        assert dialog.process.running
        assert dialog.progress.isVisible()
        assert not dialog.tabs.isEnabled()
    assert not dialog.isVisible()
    document = window.document
    assert document.title == "Small"
    assert document.path is None
    assert not document.undo.isClean()
    assert document.flat.shape("part.fc") == (32,)
    assert "weights" in window.banner.text
    # Every level has places, although none came with it.
    for block in ("", "part"):
        if block:
            assert document.open_block(block)
        graph = window.canvas.canvas.graph
        assert len(set(graph.positions.values())) == len(graph.nodes) > 2


def test_a_file_is_not_run_without_consent(window: MainWindow, model: Path) -> None:
    dialog = of_file(window, model, "Small")
    asked: list[Path] = []

    def refuse(path: Path) -> bool:
        asked.append(path)
        return False

    dialog.ask_run = refuse
    dialog.start()
    assert asked == [model]
    assert not dialog.process.running
    assert not model.with_name("ran").exists()


def test_a_failure_is_said_and_nothing_is_opened(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    before = window.document.value
    dialog = of_file(window, model, "Broken")
    with qtbot.waitSignal(dialog.process.failed, timeout=PATIENCE):
        qtbot.mouseClick(dialog.import_button, LEFT)
    assert "no luck today" in dialog.message.text()
    assert "line 30" in dialog.message.text()
    assert dialog.isVisible()
    assert dialog.import_button.isEnabled()
    assert window.document.value is before


def test_unsaved_changes_are_asked_about(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    window.canvas.add_kind("ReLU")
    before = window.document.value
    window.files.ask_unsaved = lambda: Answer.CANCEL
    dialog = of_file(window, model, "Small", "1x8x8")
    with qtbot.waitSignal(dialog.process.succeeded, timeout=PATIENCE):
        dialog.start()
    assert window.document.value is before
    assert dialog.isVisible()
    assert "kept" in dialog.message.text()


@pytest.mark.parametrize("how", ["stop", "window"])
def test_an_import_can_be_ended(window: MainWindow, tmp_path: Path, qtbot: QtBot, how: str) -> None:
    from PySide6.QtNetwork import QHostAddress, QTcpServer

    server = QTcpServer()
    assert server.listen(QHostAddress(QHostAddress.SpecialAddress.LocalHost))
    path = tmp_path / "endless.py"
    path.write_text(ENDLESS.replace("PORT", str(server.serverPort())))
    dialog = of_file(window, path, "Net")
    with qtbot.waitSignal(server.newConnection, timeout=PATIENCE):
        dialog.start()
    with qtbot.waitSignal(dialog.process.stopped, timeout=PATIENCE):
        if how == "stop":
            qtbot.mouseClick(dialog.stop_button, LEFT)
        else:
            window.close()
    assert not dialog.process.running
    assert dialog.isVisible() == (how == "stop")
    assert not dialog.message.text()


def test_models_of_torchvision_are_listed_and_found(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ImportDialog(window.open_imported, window)
    with qtbot.waitSignal(dialog.listed, timeout=PATIENCE):
        dialog.open_beside()
    assert dialog.models.count() >= 80
    dialog.search.setText("RESNET 18")
    assert dialog.source == "torchvision:resnet18"
    dialog.search.setText("no such thing")
    assert dialog.source == ""
    assert not dialog.import_button.isEnabled()
    assert dialog.listing.isVisible()


@pytest.mark.parametrize(
    ("path", "name", "shape", "whole"),
    [
        ("a.py", "Net", "", True),
        ("a.py", "Net", "3 x 32 x 32", True),
        ("a.py", "Net", "3x", False),
        ("a.py", "", "", False),
        ("a.py", "no name", "", False),
        ("a.pt2", "", "", True),
        ("a.txt", "Net", "", False),
        ("", "Net", "", False),
    ],
)
def test_what_is_missing_keeps_the_button_off(
    window: MainWindow, tmp_path: Path, path: str, name: str, shape: str, whole: bool
) -> None:
    dialog = of_file(window, tmp_path / path if path else Path(), name, shape)
    if not path:
        dialog.path.clear()
    assert bool(dialog.source) == dialog.import_button.isEnabled() == whole


def test_classes_are_found_without_running_the_file(model: Path, tmp_path: Path) -> None:
    assert classes_in(model) == ["Broken", "Small", "Part"]
    assert not model.with_name("ran").exists()
    damaged = tmp_path / "damaged.py"
    damaged.write_text("class (")
    assert classes_in(damaged) == []
    assert classes_in(tmp_path / "absent.py") == []


def test_the_menu_shows_one_dialog(window: MainWindow, qtbot: QtBot) -> None:
    action = next(a for a in window.menus.actions if a.text().startswith("Import"))
    action.trigger()
    dialog = window.menus.importing
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.models.count() > 0, timeout=PATIENCE)
    dialog.close()
    action.trigger()
    assert window.menus.importing is dialog
    assert dialog.isVisible()
    assert not dialog.isModal()
