"""File dialogs begin where the user was last."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
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

    def folder(_parent: QWidget, _title: str, begin: str) -> str:
        begun.append(begin)
        return next(answers)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", file)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
    here = tmp_path / "in"
    assert choosers.save_file(parent, "Save", "a.svg", "*.svg", here) == tmp_path / "out" / "a.svg"
    assert choosers.open_file(parent, "Open", "*.py") is None
    assert choosers.folder(parent, "Folder") == tmp_path
    assert choosers.open_file(parent, "Open", "*.py") == tmp_path / "b.py"
    assert begun == [str(here / "a.svg"), str(tmp_path / "out"), str(tmp_path / "out"), str(tmp_path)]
    (tmp_path / "out").rmdir()
    assert choosers.last() == tmp_path
