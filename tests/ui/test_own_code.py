"""A network that runs code of a user's file: nothing runs before the user has agreed, and then it works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.compile import own_code
from builder.project import templates
from builder.project.edits import set_setting
from builder.project.file import save
from builder.ui.import_dialog import ImportDialog
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow

MODEL = """
from pathlib import Path
from torch import nn

with Path(__file__).with_name("ran").open("a") as log:
    log.write("x")

class Gate(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.flat = nn.Flatten()
        self.gate = Gate()
        self.last = nn.Linear(784, 10)

    def forward(self, x):
        return self.last(self.gate(self.flat(x)))
"""


@pytest.fixture(autouse=True)
def nothing_allowed() -> Iterator[None]:
    own_code._allowed.clear()
    yield
    own_code._allowed.clear()


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window(set_setting(templates.load("lenet5"), "data.limit", 256))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return path


def imported(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    dialog = ImportDialog(window.open_imported, window)
    dialog.ask_run = lambda _path: True
    dialog.tabs.setCurrentIndex(1)
    dialog.path.setText(str(model))
    dialog.class_name.setCurrentText("Net")
    dialog.shape.setText("1x28x28")
    dialog.show()
    with qtbot.waitSignal(dialog.process.succeeded, timeout=PATIENCE):
        dialog.start()


def codes(window: MainWindow) -> set[str]:
    return {problem.code for problem in window.problems_found}


def test_whoever_imports_a_file_has_agreed(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    imported(window, model, qtbot)
    assert window.own_code.needed == ()
    qtbot.waitUntil(lambda: window.document.title == "Net", timeout=PATIENCE)
    window._check()
    assert "code-not-allowed" not in codes(window)


def test_an_opened_project_asks_first(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    imported(window, model, qtbot)
    path = model.with_name("net.tcanvas")
    save(window.document.value, path)
    own_code._allowed.clear()  # another session
    model.with_name("ran").unlink()
    asked: list[Path] = []

    def answer(path: Path) -> bool:
        asked.append(path)
        return len(asked) > 1

    window.own_code.ask_run = answer
    assert window.files.read(path)
    window._check()
    assert "code-not-allowed" in codes(window)
    assert "mine.py" in window.banner.text
    (button,) = window.banner.buttons()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # and then: no
    assert asked == [model]
    assert "code-not-allowed" in codes(window)
    assert not model.with_name("ran").exists()
    with qtbot.waitSignal(window.live.prepared_changed, timeout=PATIENCE):
        window.own_code.ask()  # yes
    assert "code-not-allowed" not in codes(window)
    assert model.with_name("ran").exists()


def test_another_file_of_that_name_is_refused(window: MainWindow, model: Path, qtbot: QtBot) -> None:
    imported(window, model, qtbot)
    path = model.with_name("net.tcanvas")
    save(window.document.value, path)
    own_code._allowed.clear()
    model.with_name("ran").unlink()
    model.write_text(MODEL + "# changed\n")
    window.own_code.ask_run = lambda _path: True
    assert window.files.read(path)
    window.own_code.ask()
    assert "changed since" in window.banner.text
    assert own_code._allowed == {}
    assert not model.with_name("ran").exists()
