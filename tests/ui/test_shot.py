"""What is seen, taken piece by piece."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QRegion
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.ui import shot
from builder.ui.shot import Shot, pieces
from builder.ui.theme import theme
from tests.ui.conftest import MakeWindow, until_parked


def pixels(image: QImage) -> NDArray[np.int16]:
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., :3].astype(np.int16)


def at_once(widget: QWidget, part: QRect, ratio: float) -> QImage:
    made = QImage(part.size() * ratio, QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(ratio)
    made.fill(theme().color("panel"))
    QWidget.render(widget, made, QPoint(), QRegion(part))
    return made


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_its_pieces_are_the_whole(
    ratio: float, make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    monkeypatch.setattr(shot, "SLICE", 0.0)
    monkeypatch.setattr(shot, "PIXELS", 100_000)
    part = window.rect().adjusted(0, 40, 0, -20)
    taken, turns = Shot(window, part, ratio), 1
    while not taken.go_on():
        turns += 1
    assert turns > 12
    assert taken.image.devicePixelRatio() == 1
    assert taken.image.size() == part.size() * ratio
    difference = np.abs(pixels(taken.image) - pixels(at_once(window, part, ratio))).max(axis=2)
    assert np.mean(difference > 8) < 0.001  # edges of letters that a cut runs through


def test_pieces_cover_everything_once(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    for place in (QRect(0, 0, 120, 200), QRect(100, 20, 80, 60), QRect(280, 180, 90, 90)):
        QWidget(widget).setGeometry(place)
    QWidget(widget).hide()
    widget.show()
    part, seen, area = QRect(5, 5, 290, 190), QRegion(), 0
    for piece in pieces(widget, part, 4000):
        assert piece.intersected(seen).isEmpty()
        assert piece.boundingRect().width() * piece.boundingRect().height() <= 4000
        seen = seen.united(piece)
        area += sum(rect.width() * rect.height() for rect in piece)
    assert seen == QRegion(part)
    assert area == part.width() * part.height()
