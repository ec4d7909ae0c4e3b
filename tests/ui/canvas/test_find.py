"""Finding a layer by its name or kind."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.ui.canvas.find import Match
from builder.ui.canvas.view import CanvasView
from builder.ui.large import bottlenecks
from tests.ui.canvas.conftest import MakeCanvas

ENTER, SHIFT = Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def large(make_canvas: MakeCanvas) -> CanvasView:
    view = make_canvas(bottlenecks(2, 2, shape=(3, 32, 32)))
    view.find_layer()
    return view


def test_typing_jumps_to_the_first_match_and_shows_it(large: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClicks(large.find_bar.field, "linear")
    (name,) = large.document.selection
    assert large.document.graph.nodes[name].kind == "Linear"
    assert large.visible_area().contains(large.canvas.nodes[name].box())
    assert large.zoom() >= 0.5
    assert large.find_bar.count.text == "1 of 1"


def test_enter_goes_on_and_round_and_back(large: CanvasView, qtbot: QtBot) -> None:
    field = large.find_bar.field
    qtbot.keyClicks(field, "add")
    names = [name for _, name, _ in large.find_bar.matches]
    assert len(names) == 4
    seen = [large.document.selection[0]]
    for _ in range(4):
        qtbot.keyClick(field, ENTER)
        seen.append(large.document.selection[0])
    assert seen == [*names, names[0]]
    qtbot.keyClick(field, ENTER, SHIFT)
    assert large.document.selection == (names[-1],)
    assert large.find_bar.count.text == "4 of 4"


def test_every_word_counts_and_case_does_not(large: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClicks(large.find_bar.field, "POOL max")
    assert {large.document.graph.nodes[name].kind for _, name, _ in large.find_bar.matches} == {"MaxPool2d"}


def test_nothing_found_leaves_the_selection(large: CanvasView, qtbot: QtBot) -> None:
    large.document.select(["input"])
    qtbot.keyClicks(large.find_bar.field, "zzz")
    assert large.find_bar.count.text == "nothing"
    qtbot.keyClick(large.find_bar.field, ENTER)
    assert large.document.selection == ("input",)


def test_escape_closes_it_and_gives_the_focus_back(large: CanvasView, qtbot: QtBot) -> None:
    assert large.find_bar.isVisible()
    qtbot.keyClick(large.find_bar.field, Qt.Key.Key_Escape)
    assert not large.find_bar.isVisible()
    qtbot.waitUntil(large.hasFocus)


def test_enter_leads_into_blocks(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(bottlenecks(1, shape=(3, 32, 32)))
    view.document.open(templates.load("resnet18"), None)
    view.find_layer()
    qtbot.keyClicks(view.find_bar.field, "add")
    assert view.find_bar.matches
    assert all(match.path for match in view.find_bar.matches)
    assert len(set(view.find_bar.matches)) == len(view.find_bar.matches)
    assert not view.document.opened  # typing alone does not leave the page
    qtbot.keyClick(view.find_bar.field, ENTER)
    assert (view.document.opened, view.document.selection[0]) == view.find_bar.matches[0][:2]


def test_the_bar_stays_in_its_corner(large: CanvasView) -> None:
    large.resize(700, 500)
    bar = large.find_bar.geometry()
    assert large.rect().contains(bar)
    assert bar.right() > large.width() - 20


def test_names_come_before_kinds_and_blocks_are_found(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(bottlenecks(1, shape=(3, 32, 32)))
    view.document.open(templates.load("resnet50"), None)
    view.find_layer()
    qtbot.keyClicks(view.find_bar.field, "stage3 conv2")
    names = [match.name for match in view.find_bar.matches]
    assert names[:2] == ["conv2", "conv2"]
    assert "conv1" in names[2:]  # a Conv2d too
    view.find_bar.field.clear()
    qtbot.keyClicks(view.find_bar.field, "stage")
    assert [match.name for match in view.find_bar.matches if not match.path] == [f"stage{n}" for n in range(1, 5)]
    view.find_bar.field.clear()
    qtbot.keyClicks(view.find_bar.field, "rest")
    assert Match(("stage2",), "rest") in view.find_bar.matches
    assert not any(match.name in ("input", "output") for match in view.find_bar.matches)
