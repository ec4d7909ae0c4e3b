"""The commands of the Edit menu that concern the canvas, as the window offers them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction, QKeySequence
from pytestqt.qtbot import QtBot

from builder.layers.registry import make
from builder.project import templates
from builder.project.file import load
from builder.ui.files import Answer
from builder.ui.window import MainWindow


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    """A window in which nothing trains: editing needs none of it."""
    made = MainWindow(runs=lambda: None)
    qtbot.addWidget(made, before_close_func=lambda _window: made.document.undo.setClean())
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def command(window: MainWindow, words: str) -> QAction:
    return next(action for action in window.menus.actions if action.text() == words)


def test_what_is_selected_is_lined_up_and_spread(window: MainWindow) -> None:
    names = ("conv1", "pool1", "conv3")
    window.document.select(names)
    command(window, "Left edges").trigger()
    assert len({window.canvas.canvas.graph.positions[name].x for name in names}) == 1
    command(window, "Top edges").trigger()
    assert len({window.canvas.canvas.graph.positions[name].y for name in names}) == 1
    window.document.undo.undo()
    assert len({window.canvas.canvas.graph.positions[name].y for name in names}) > 1


def test_a_layer_is_found_from_the_menu_by_its_key(window: MainWindow, qtbot: QtBot) -> None:
    find = command(window, "Find a layer or comment…")
    assert find.shortcut() == QKeySequence(QKeySequence.StandardKey.Find)
    find.trigger()
    qtbot.keyClicks(window.canvas.find_bar.field, "fc2")
    assert window.document.selection == ("fc2",)


def scheme_of(window: MainWindow, node: str) -> str:
    graph = window.document.flat.graph
    layer = make(graph.nodes[node].kind, graph.nodes[node].params)
    return str(layer.model_dump()["initialisation"]["kind"])


def test_all_layers_begin_by_the_scheme_chosen_in_one_step(window: MainWindow) -> None:
    learning = ("conv1", "conv2", "conv3", "fc1", "fc2")
    before, steps = window.document.value, window.document.undo.count()
    command(window, "Uniform").trigger()
    assert {scheme_of(window, name) for name in learning} == {"uniform"}
    assert window.document.undo.undoText() == "Initial weights: Uniform"
    command(window, "Uniform").trigger()
    assert window.document.undo.count() == steps + 1, "what changes nothing is no step"
    window.document.undo.undo()
    assert window.document.value == before


def test_the_scheme_reaches_into_blocks(window: MainWindow) -> None:
    window.document.open(templates.load("resnet20-small"), None)
    command(window, "Xavier, uniform").trigger()
    graph = window.document.flat.graph
    names = [name for name, node in graph.nodes.items() if node.kind in ("Conv2d", "Linear")]
    assert len(names) > 15
    assert {scheme_of(window, name) for name in names} == {"xavier-uniform"}
    command(window, "PyTorch's own").trigger()
    assert {scheme_of(window, name) for name in names} == {"default"}


def test_a_comment_is_added_and_coloured_from_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    add = command(window, "Add a comment")
    assert add.shortcut() == QKeySequence("Ctrl+M")
    before = window.document.value
    add.trigger()
    field = window.canvas.fields.comment
    assert field.hasFocus()
    qtbot.keyClicks(field, "Padding keeps the size.")
    window.canvas.setFocus()
    assert not field.isVisible()
    (name,) = window.document.chosen_comments
    assert window.document.graph.comments[name].text == "Padding keeps the size."
    command(window, "Green").trigger()
    assert window.document.graph.comments[name].colour == "green"
    assert window.document.value.trains_like(before)
    window.document.undo.undo()
    window.document.undo.undo()
    assert window.document.value == before


def test_a_comment_is_taken_back_from_the_menu_while_it_is_written(window: MainWindow, qtbot: QtBot) -> None:
    before = window.document.value
    window.canvas.add_comment()
    qtbot.keyClicks(window.canvas.fields.comment, "Half a thou")
    command(window, "Undo Add a comment").trigger()
    assert window.document.value == before
    assert not window.canvas.fields.comment.isVisible()


def test_what_is_being_written_is_saved_and_asked_about(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    asked: list[bool] = []
    window.files.ask_unsaved = lambda: asked.append(True) or Answer.CANCEL  # type: ignore[func-returns-value]
    window.canvas.add_comment()
    qtbot.keyClicks(window.canvas.fields.comment, "not yet done")
    assert not window.files.may_discard()
    assert asked == [True]
    (name,) = window.document.graph.comments
    window.canvas.write(name)
    qtbot.keyClicks(window.canvas.fields.comment, ", now it is")
    assert window.files.save_as(tmp_path / "written.tcanvas")
    assert load(tmp_path / "written.tcanvas").graph.comments[name].text == "not yet done, now it is"
