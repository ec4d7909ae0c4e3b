"""Numbers are dragged, stepped and typed as a user would."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionFrame
from pytestqt.qtbot import QtBot

from builder.ui import style
from builder.ui.widgets.number import NumberEdit, ShapeEdit, SizeEdit, number_text, read_number, read_sizes
from builder.ui.widgets.scale import Scale


def shown(qtbot: QtBot, edit: NumberEdit, value: Any) -> list[tuple[Any, bool]]:
    qtbot.addWidget(edit)
    edit.set_value(value)
    edit.resize(260, 32)
    edit.show()
    told: list[tuple[Any, bool]] = []
    edit.edited.connect(lambda new, gesture: told.append((new, gesture)))
    return told


def type_in(edit: NumberEdit, text: str) -> None:
    edit.entry.setFocus()
    edit.entry.selectAll()
    QTest.keyClicks(edit.entry, text)
    QTest.keyClick(edit.entry, Qt.Key.Key_Return)


def test_typing_is_told_once_at_enter(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(1, 128, whole=True), whole=True)
    told = shown(qtbot, edit, 6)
    type_in(edit, "500")
    assert told == [(500, False)]


@pytest.mark.parametrize(("value", "typed"), [(0.1, 1.0), (1e-05, 3.0), (-0.25, 2.0)])
def test_a_double_click_takes_the_whole_number(qtbot: QtBot, value: float, typed: float) -> None:
    edit = NumberEdit(Scale(1e-5, 1.0))
    told = shown(qtbot, edit, value)
    QTest.mouseDClick(edit.entry, Qt.MouseButton.LeftButton, pos=edit.entry.rect().center())
    QTest.keyClicks(edit.entry, f"{typed:g}")
    QTest.keyClick(edit.entry, Qt.Key.Key_Return)
    assert told == [(typed, False)]


def test_the_same_text_is_not_told(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(1, 128, whole=True), whole=True)
    told = shown(qtbot, edit, 6)
    type_in(edit, "6")
    assert told == []


def test_text_that_is_no_number_is_misread_and_escape_brings_the_old_back(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(1, 128, whole=True), whole=True)
    told = shown(qtbot, edit, 6)
    with qtbot.waitSignal(edit.misread) as caught:
        type_in(edit, "six")
    assert "whole number" in caught.args[0]
    assert told == []
    assert edit.entry.text() == "six"
    QTest.keyClick(edit.entry, Qt.Key.Key_Escape)
    assert edit.entry.text() == "6"
    assert told == [(6, False)]  # so that whoever shows the error can take it away


def test_dragging_is_one_gesture(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(1, 128, whole=True), whole=True)
    told = shown(qtbot, edit, 6)
    ended = []
    edit.finished.connect(lambda: ended.append(len(told)))
    slider = edit.slider
    assert slider is not None
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, middle))
    for x in range(slider.width() // 2, slider.width() - 10, 10):
        QTest.mouseMove(slider, QPoint(x, middle))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 12, middle))
    values = [value for value, _ in told]
    assert len(values) > 3
    assert values == sorted(values)
    assert all(gesture for _, gesture in told)
    assert ended == [len(told)]
    assert edit.entry.text() == str(values[-1])


def test_arrow_keys_step_and_end_at_key_up(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(1e-5, 1, log=True))
    told = shown(qtbot, edit, 0.01)
    with qtbot.waitSignal(edit.finished):
        QTest.keyClick(edit.entry, Qt.Key.Key_Up)
    assert told == [(0.012, True)]


def test_a_value_beyond_the_slider_stays_what_it_is(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(1, 128, whole=True), whole=True)
    told = shown(qtbot, edit, 4096)
    assert edit.entry.text() == "4096"
    assert edit.slider is not None
    assert edit.slider.value() == edit.slider.maximum()
    assert told == []


@pytest.mark.parametrize(("text", "value"), [("5", (5, 5)), ("5x3", (5, 3)), ("5 × 3", (5, 3)), ("5, 3", (5, 3))])
def test_sizes_are_read_in_every_usual_spelling(qtbot: QtBot, text: str, value: tuple[int, int]) -> None:
    edit = SizeEdit(Scale(1, 11, whole=True), spelled=True)
    told = shown(qtbot, edit, (7, 7))
    type_in(edit, text)
    assert told == [(value, False)]


def test_sizes_are_printed_as_asked(qtbot: QtBot) -> None:
    assert SizeEdit(spelled=True).text_of((5, 5)) == "5 × 5"
    assert SizeEdit().text_of((2, 2)) == "2"
    assert SizeEdit().text_of((2, 1)) == "2 × 1"
    assert ShapeEdit().text_of((1, 32, 32)) == "1 × 32 × 32"
    assert ShapeEdit(", ").text_of((2, 3, 1)) == "2, 3, 1"


def test_half_typed_text_survives_a_value_that_did_not_change(qtbot: QtBot) -> None:
    edit = NumberEdit(whole=True)
    shown(qtbot, edit, 6)
    edit.entry.setFocus()
    edit.entry.setCursorPosition(1)
    edit.set_value(6)
    assert edit.entry.cursorPosition() == 1


@pytest.mark.parametrize(
    ("text", "whole", "value"),
    [("1,000", True, 1000), ("1e3", True, 1000), ("−3", True, -3), ("0,05", False, 0.05), ("1e-3", False, 0.001)],
)
def test_numbers_are_read_as_people_write_them(text: str, whole: bool, value: float) -> None:
    assert read_number(text, whole=whole) == value


@pytest.mark.parametrize(("text", "whole"), [("", True), ("1.5", True), ("abc", False), ("1e999", True), ("nan", True)])
def test_what_is_no_number_is_said(text: str, whole: bool) -> None:
    with pytest.raises(ValueError, match="write a"):
        read_number(text, whole=whole)


def test_sizes_without_a_number_are_said() -> None:
    with pytest.raises(ValueError, match="such as 5 or 5x3"):
        read_sizes("x")


@pytest.mark.parametrize("value", [0.05, 1e-5, 0.1 + 0.2, 123456.789, 1 / 3, 12])
def test_a_printed_number_reads_back_as_itself(value: float) -> None:
    assert float(number_text(value)) == value


@pytest.mark.parametrize(
    "scale",
    [
        Scale(1, 128, whole=True),
        Scale(0, 60000, whole=True),
        Scale(1e-5, 1, log=True),
        Scale(0, 0.99),
        Scale(0.9, 0.9999),
    ],
)
def test_a_scale_rises_from_end_to_end_and_finds_its_own_stops(scale: Scale) -> None:
    stops = scale.stops
    assert (stops[0], stops[-1]) == (scale.low, scale.high)
    assert list(stops) == sorted(set(stops))
    assert [scale.position(stop) for stop in stops] == list(range(len(stops)))
    assert len(stops) <= 1001


def test_a_long_number_is_seen_whole(qtbot: QtBot) -> None:
    edit = NumberEdit(Scale(0, 100, whole=True), whole=True)
    shown(qtbot, edit, 1_234_567_890_123)

    def room() -> int:
        return edit.entry.contentsRect().width() - edit.entry.fontMetrics().horizontalAdvance(edit.entry.text())

    assert room() >= 10
    edit.set_value(7)
    assert edit.entry.width() == NumberEdit.entry_width
    edit.entry.setFocus()
    edit.entry.selectAll()
    QTest.keyClicks(edit.entry, "9876543210987")
    assert room() >= 10


def test_a_number_is_seen_whole_in_the_padding_of_the_style_sheet(qtbot: QtBot, qapp: QApplication) -> None:
    style.apply(qapp)
    edit = NumberEdit(Scale(1e-5, 1, log=True))
    shown(qtbot, edit, 0.5)
    for value in (0.00015, 0.000125, 1.25e-5):
        edit.set_value(value)
        qapp.processEvents()
        option = QStyleOptionFrame()
        edit.entry.initStyleOption(option)
        room = edit.entry.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, edit.entry).width()
        needed = edit.entry.fontMetrics().horizontalAdvance(edit.entry.text())
        assert room - 4 >= needed  # Qt keeps two pixels free at either side
