"""File dialogs begin where the user was last."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from builder.ui import choosers


def test_a_dialog_begins_where_the_one_before_ended(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    begun: list[str] = []
    answers = iter([str(tmp_path / "out" / "a.svg"), "", str(tmp_path), str(tmp_path / "b.py")])
    (tmp_path / "out").mkdir()

    def file(_parent: QWidget, _title: str, begin: str, _kinds: str) -> tuple[str, str]:
        begun.append(begin)
        return next(answers), ""

    def save(dialog: QFileDialog) -> bool:
        (name,) = dialog.selectedFiles()
        begun.append(name)
        dialog.selectFile(chosen := next(answers))
        return bool(chosen)

    def folder(_parent: QWidget, _title: str, begin: str) -> str:
        begun.append(begin)
        return next(answers)

    monkeypatch.setattr(QFileDialog, "exec", save)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
    here = tmp_path / "in"
    here.mkdir()
    assert choosers.save_file(parent, "Save", "a.svg", "*.svg", here) == tmp_path / "out" / "a.svg"
    assert choosers.open_file(parent, "Open", "*.py") is None
    assert choosers.folder(parent, "Folder") == tmp_path
    assert choosers.open_file(parent, "Open", "*.py") == tmp_path / "b.py"
    assert begun == [str(here / "a.svg"), str(tmp_path / "out"), str(tmp_path / "out"), str(tmp_path)]
    (tmp_path / "out").rmdir()
    assert choosers.last() == tmp_path


def test_a_name_without_its_ending_gets_it_and_is_asked_about(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    (tmp_path / "old.csv").write_text("old")
    asked: list[str] = []

    def type_a_name() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.findChild(QLineEdit).setText("old")
        QTimer.singleShot(0, answer)
        dialog.accept()
        dialog.reject()

    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        box.button(QMessageBox.StandardButton.No).click()

    QTimer.singleShot(0, type_a_name)
    assert choosers.save_file(parent, "Save", "table.csv", "Tables (*.csv)", tmp_path) is None
    assert len(asked) == 1
    assert "old.csv" in asked[0]
