"""The document's life on disk as the window sees it: notes, autosave, recovery, and ends that nobody asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from builder.graph.problems import Problem, ProblemError
from builder.project import autosave, templates
from builder.project.autosave import Autosave, recovered
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.file import load
from builder.ui import files as files_module
from builder.ui.document import Document
from builder.ui.files import Answer, Files

PATIENCE = 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recovery"


@pytest.fixture
def document(qapp: object) -> Document:
    return Document(templates.load("perceptron"))


@pytest.fixture
def files(qtbot: QtBot, document: Document, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    monkeypatch.setattr(files_module, "AUTOSAVE_AFTER", 1)
    parent = QWidget()
    qtbot.addWidget(parent)
    made = Files(document, Autosave(folder), parent)
    made.ask_unsaved = lambda: Answer.DISCARD
    yield made
    made.close()


def edit(document: Document, name: str) -> None:
    document.commit("Rename", replace(document.value, name=name))


def kept(folder: Path) -> list[Path]:
    return list(folder.glob("*.json"))


def test_nobody_is_asked_about_a_few_switched_settings_of_a_built_in_network(
    files: Files, document: Document, tmp_path: Path
) -> None:
    asked: list[Project] = []

    def ask() -> Answer:
        asked.append(document.value)
        return Answer.CANCEL

    files.ask_unsaved = ask
    assert files.new("lenet5")
    for path, value in (("data.dataset", "mnist"), ("training.epochs", 3), ("training.optimizer.learning_rate", 0.3)):
        document.commit("Switch", set_setting(document.value, path, value))
        assert files.may_discard()
    document.commit("Switch", set_setting(document.value, "training.seed", 3))
    assert not files.may_discard(), "one has tried for a while to get there"
    document.undo.undo()
    assert files.may_discard()
    edit(document, "My network")
    assert not files.may_discard()
    document.undo.undo()
    assert files.save_as(tmp_path / "saved.tcanvas")
    document.commit("Switch", set_setting(document.value, "training.seed", 3))
    assert not files.may_discard(), "a file is asked about whatever was changed"
    files.ask_unsaved = lambda: Answer.DISCARD
    assert files.adopt(document.value)
    files.ask_unsaved = ask
    assert not files.may_discard(), "what stands nowhere else is asked about as it is"
    document.undo.clear()


def test_an_edit_is_autosaved_and_said_to_be(qtbot: QtBot, files: Files, document: Document, folder: Path) -> None:
    assert files.note == ""
    edit(document, "Edited")
    assert files.note == "edited"
    qtbot.waitUntil(lambda: files.note == "edited · autosaved", timeout=PATIENCE)
    assert len(kept(folder)) == 1


def test_nothing_is_left_to_recover_once_it_is_undone_saved_or_given_up(
    qtbot: QtBot, files: Files, document: Document, folder: Path, tmp_path: Path
) -> None:
    def autosaved() -> None:
        edit(document, f"{document.value.name}!")
        qtbot.waitUntil(lambda: files.note == "edited · autosaved", timeout=PATIENCE)

    autosaved()
    document.undo.undo()
    qtbot.waitUntil(lambda: not kept(folder), timeout=PATIENCE)
    assert files.note == ""
    autosaved()
    assert files.save_as(tmp_path / "saved.tcanvas")
    qtbot.waitUntil(lambda: not kept(folder), timeout=PATIENCE)
    autosaved()
    assert files.new("two-stage")
    qtbot.waitUntil(lambda: not kept(folder), timeout=PATIENCE)


def test_what_is_recovered_is_autosaved_at_once(qtbot: QtBot, files: Files, folder: Path, tmp_path: Path) -> None:
    left = tmp_path / "left.json"
    left.touch()
    assert files.recover(autosave.Recovered(Project("Lost"), None, 0.0, left))
    qtbot.waitUntil(lambda: files.note == "edited · autosaved", timeout=PATIENCE)
    assert len(kept(folder)) == 1
    qtbot.waitUntil(lambda: not left.exists(), timeout=PATIENCE)  # given up behind the note


def test_what_is_recovered_is_not_given_up_before_it_is_autosaved(
    qtbot: QtBot, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ProblemError(Problem("disk-full", "there is no room left on the disk, so it was not saved."))

    monkeypatch.setattr(autosave, "write", full)
    left = tmp_path / "left.json"
    left.touch()
    with qtbot.waitSignal(files.failed, timeout=PATIENCE):
        files.recover(autosave.Recovered(Project("Lost"), None, 0.0, left))
    assert left.exists()


def test_an_autosave_that_fails_is_said_once(
    qtbot: QtBot, files: Files, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ProblemError(Problem("disk-full", "there is no room left on the disk, so it was not saved."))

    monkeypatch.setattr(autosave, "write", full)
    told: list[Problem] = []
    files.failed.connect(told.append)
    edit(document, "First")
    qtbot.waitUntil(lambda: len(told) == 1, timeout=PATIENCE)
    assert "autosave" in told[0].message
    assert files.note == "edited"
    monkeypatch.undo()
    edit(document, "Second")
    qtbot.waitUntil(lambda: files.note == "edited · autosaved", timeout=PATIENCE)
    assert len(told) == 1


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signals here")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_told_to_end_the_program_ends_in_order_and_keeps_unsaved_changes(name: str, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from PySide6.QtCore import QTimer\n"
        "from builder.project.autosave import Autosave\n"
        "from builder.ui.start import application, heed_signals, open_window\n"
        "app = application()\n"
        "window = open_window(None, Autosave(Path(sys.argv[1])))\n"
        "heed_signals(window)\n"
        "window.show()\n"
        "document = window.document\n"
        "document.commit('Rename', replace(document.value, name='Unsaved'))\n"
        f"QTimer.singleShot(0, lambda: os.kill(os.getpid(), signal.{name}))\n"
        "sys.exit(app.exec())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60, env=os.environ)
    assert done.returncode == 0
    (found,) = recovered(tmp_path)
    assert found.project.name == "Unsaved"


def test_a_good_end_keeps_nothing(files: Files, document: Document, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept.tcanvas"
    assert files.save_as(path)
    files.close(keep=True)
    assert not kept(folder)
    assert load(path) == document.value


def test_a_saved_project_is_called_as_its_file_is(files: Files, document: Document, tmp_path: Path) -> None:
    files.new_empty()
    document.commit("Switch", set_setting(document.value, "training.epochs", 3))
    assert files.save_as(tmp_path / "mine.tcanvas")
    assert document.value.name == "mine", "its runs and scripts are called so, too"
    assert load(tmp_path / "mine.tcanvas") == document.value
    assert document.undo.isClean()
    document.undo.undo()
    assert (document.value.name, document.value.training.epochs) == ("mine", 10)
    document.undo.redo()
    assert document.undo.isClean()


def test_a_name_that_a_file_cannot_have_stays(files: Files, document: Document, tmp_path: Path) -> None:
    edit(document, "VGG-16, small")
    assert files.save_as(tmp_path / "VGG-16- small.tcanvas")
    assert document.value.name == "VGG-16, small"


def test_unsaved_changes_are_discarded_by_a_key(files: Files) -> None:
    keys: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        button = box.button(QMessageBox.StandardButton.Discard)
        keys.append(button.shortcut().toString())
        button.click()

    QTimer.singleShot(0, press)
    assert files._ask_unsaved() is Answer.DISCARD
    assert keys == ["Alt+D"]
