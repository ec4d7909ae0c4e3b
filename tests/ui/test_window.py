"""The real window, driven by mouse and keyboard from the empty canvas to the trained network, and back by undo."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.graph.model import Graph, Network, Node
from builder.graph.problems import Problem
from builder.inspect.picture import Picture
from builder.project import templates
from builder.project.autosave import Recovered
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.file import load, save
from builder.project.learn_from import learn_from
from builder.train.messages import EpochEnded, Finished, Inside, Phase, Reason, State
from builder.ui.arrangement import VERSION
from builder.ui.banner import Offer
from builder.ui.command_palette import CommandPalette
from builder.ui.document import Document
from builder.ui.files import Answer
from builder.ui.inspector.panel import place_words
from builder.ui.live import Live
from builder.ui.theme import theme
from builder.ui.widgets.number import Entry
from builder.ui.window import MainWindow
from tests.ui.canvas.hand import Hand, check_items, wires
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

LEFT = Qt.MouseButton.LeftButton


def press(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.mouseClick(button, LEFT)


def test_a_network_is_built_by_hand_mended_trained_saved_opened_and_undone(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = make_window(quick(Project("By hand")))
    canvas, document, hand = window.canvas, window.document, Hand(window.canvas)
    empty = document.value

    # Build: four layers from the palette, dropped side by side, then wired port to port.
    area = canvas.visible_area()
    step = QPointF(area.width() / 4, 0)
    at = area.center() - step * 1.8
    for number, kind in enumerate(("Input", "Conv2d", "Linear", "Output")):
        hand.carry(kind, at + step * number)
    assert set(document.graph.nodes) == {"input1", "conv1", "fc1", "output1"}
    names = ["input1", "conv1", "fc1", "output1"]
    for source, target in pairwise(names):
        if (source, target) not in wires(canvas):
            hand.drag(hand.port(source, "out"), hand.port(target, "in"))
    assert wires(canvas) == {("input1", "conv1"), ("conv1", "fc1"), ("fc1", "output1")}
    check_items(canvas)

    # Broken: the card says what is wrong and offers what mends it.
    qtbot.waitUntil(lambda: any(p.where == "fc1" for p in window.problems_found), timeout=PATIENCE)
    assert not window.topbar.run.isEnabled()
    problem = next(p for p in window.problems_found if p.where == "fc1")
    assert problem.fix is not None
    assert "Flatten" in problem.fix.title
    canvas.take_fix("fc1")
    assert {("conv1", "flatten1"), ("flatten1", "fc1")} <= wires(canvas)
    qtbot.waitUntil(window.topbar.run.isEnabled, timeout=PATIENCE)
    assert document.inference.errors == ()

    # Run, pause, one phase, one batch.
    until_parked(qtbot, window)
    press(qtbot, window.topbar.run)
    qtbot.waitUntil(lambda: window.live.progress.step > 0 or window.live.state is State.RUNNING, timeout=PATIENCE)
    if window.live.state is State.RUNNING:
        press(qtbot, window.topbar.run)
    qtbot.waitUntil(lambda: window.live.state in (State.PAUSED, State.FINISHED), timeout=PATIENCE)
    press(qtbot, window.topbar.reset)
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.inside_changed, timeout=PATIENCE) as told:
        press(qtbot, window.topbar.phase)
    assert told.args is not None
    assert told.args[0].phase is Phase.FORWARD
    assert window.topbar.strip.next is Phase.FORWARD
    assert window.topbar.figures().endswith("64 samples taken")  # the step stands before it where there is room
    press(qtbot, window.topbar.batch)
    qtbot.waitUntil(lambda: window.live.progress.step == 1, timeout=PATIENCE)
    assert window.live.state is State.PAUSED

    # An edit during the run: the run goes on as it was, and the window says so.
    with qtbot.waitSignal(window.live.stale_changed, timeout=PATIENCE):
        canvas.add_kind("Tanh")
    assert window.banner.subject == "stale"
    press(qtbot, window.topbar.run)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        pass
    assert isinstance(ended.args[0], Finished)
    assert ended.args[0].reason is Reason.COMPLETED

    # Save, open again: the same value.
    path = tmp_path / "by hand.tcanvas"
    assert window.files.save_as(path)
    built = document.value
    assert document.undo.isClean()
    assert load(path) == built
    assert window.files.open(path)
    assert document.value == built

    # A fresh history behind opening; the edits from here on can all be undone.
    document.select(["conv1"])
    canvas.delete_selection()
    assert "conv1" not in document.graph.nodes
    while document.undo.canUndo():
        document.undo.undo()
    assert document.value == built
    check_items(canvas)
    assert empty.graph == Graph()


def test_an_unfinished_network_is_looked_into_and_not_trained(make_window: MakeWindow, qtbot: QtBot) -> None:
    whole = quick(templates.load("lenet5"))
    wire = next(edge for edge in whole.graph.edges if edge.target == "conv3")
    window = make_window(whole.with_graph(edits.disconnect(whole.graph, wire)))
    seen: list[Picture] = []
    window.live.picture_taken.connect(seen.append)
    window.document.select(["conv2"])
    qtbot.waitUntil(lambda: bool(seen) and {"conv1", "conv2"} <= seen[-1].activations.keys(), timeout=PATIENCE)
    assert "conv2" in seen[-1].filters
    assert not len(seen[-1].output)
    assert not window.topbar.run.isEnabled()
    assert not window.topbar.batch.isEnabled()
    assert window.topbar.figures() == ""
    with qtbot.waitSignal(window.live.failed, timeout=PATIENCE):
        window.live.step_batch()
    assert not window.live.stepped
    window.document.commit_graph("Connect", edits.connect(window.document.graph, wire))
    qtbot.waitUntil(lambda: len(seen[-1].output) == 10, timeout=PATIENCE)
    assert window.topbar.run.isEnabled()


def test_everything_can_be_undone_back_to_the_empty_canvas(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(Project("Undo"))
    start = window.document.value
    for kind in ("Input", "Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear", "Output"):
        window.canvas.add_kind(kind)
    assert len(window.document.graph.edges) == 6
    after = window.document.value
    while window.document.undo.canUndo():
        window.document.undo.undo()
    assert window.document.value == start
    while window.document.undo.canRedo():
        window.document.undo.redo()
    assert window.document.value == after
    check_items(window.canvas)


def test_pictures_and_curves_reach_every_view(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    seen: list[Picture] = []
    rows: list[np.ndarray] = []
    epochs: list[EpochEnded] = []
    window.live.picture_taken.connect(seen.append)
    window.live.scalars_added.connect(rows.append)
    window.live.epoch_ended.connect(epochs.append)
    until_parked(qtbot, window)
    qtbot.waitUntil(lambda: bool(seen), timeout=PATIENCE)
    first = seen[-1]
    assert first.step == 0
    assert first.activations["conv1"].shape == (6, 28, 28)
    window.document.select(["conv2"])
    qtbot.waitUntil(lambda: "conv2" in seen[-1].filters, timeout=PATIENCE)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        press(qtbot, window.topbar.run)
    steps = np.concatenate(rows)[:, 0]
    assert steps.tolist() == list(range(1, len(steps) + 1))
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    qtbot.waitUntil(lambda: seen[-1].step == len(steps), timeout=PATIENCE)
    assert not np.array_equal(first.activations["conv1"], seen[-1].activations["conv1"])


def test_another_sample_is_pinned(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    seen: list[Picture] = []
    window.live.picture_taken.connect(seen.append)
    until_parked(qtbot, window)
    window.viewing.pin_sample(7)
    qtbot.waitUntil(lambda: bool(seen) and seen[-1].attention.sample == 7, timeout=PATIENCE)
    window.viewing.pin_sample(-1)
    last = window.live.prepared.validation_samples - 1
    qtbot.waitUntil(lambda: seen[-1].attention.sample == last, timeout=PATIENCE)


def test_behind_one_batch_the_run_can_be_gone_on_with_stopped_and_reset(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    assert not window.topbar.reset.isEnabled()
    press(qtbot, window.topbar.batch)
    qtbot.waitUntil(lambda: window.live.progress.step == 1, timeout=PATIENCE)
    qtbot.waitUntil(window.topbar.stop.isEnabled, timeout=PATIENCE)
    assert window.topbar.reset.isEnabled()
    assert window.topbar.run.text() == "Resume"


def test_no_button_moves_when_the_document_becomes_an_edited_one(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    window.resize(1600, 900)
    bar = window.topbar
    places = []
    for note in ("", "edited", "edited · autosaved"):
        bar.set_document("LeNet-5", None, note)
        bar.layout().activate()
        places.append([button.x() for button in (bar.menus, bar.run, bar.batch, bar.phase, bar.stop, bar.reset)])
    assert places[0] == places[1] == places[2]


def test_reset_gives_the_same_initial_weights(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    seen: list[Picture] = []
    window.live.picture_taken.connect(seen.append)
    window.document.select(["conv1"])
    until_parked(qtbot, window)
    qtbot.waitUntil(lambda: bool(seen) and "conv1" in seen[-1].filters, timeout=PATIENCE)
    before = seen[-1].filters["conv1"]
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        press(qtbot, window.topbar.run)
    press(qtbot, window.topbar.reset)
    until_parked(qtbot, window)
    qtbot.waitUntil(lambda: seen[-1].step == 0 and "conv1" in seen[-1].filters, timeout=PATIENCE)
    assert np.array_equal(before, seen[-1].filters["conv1"])


def test_another_document_ends_the_run_of_the_one_before(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    until_parked(qtbot, window)
    press(qtbot, window.topbar.run)
    qtbot.waitUntil(lambda: window.live.progress.step > 2, timeout=PATIENCE)
    window.files.new_empty()
    assert not window.live.training
    assert not window.live.stale
    assert window.banner.text == ""
    assert window.topbar.run.text() == "Run"
    assert window.topbar.figures() == ""
    assert window.topbar.findChild(QProgressBar).value() == 0
    assert not window.topbar.stop.isEnabled()
    assert window.views["loss"].frame.empty


def test_how_a_run_ended_stays_to_be_read(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        press(qtbot, window.topbar.run)
    with qtbot.waitSignal(window.live.progressed, timeout=PATIENCE):
        pass
    assert window.topbar.figures().startswith("done · test accuracy ")
    assert "same initial weights" in window.topbar.run.toolTip()
    assert window.inspector.data.progress() == ""


def test_asking_for_data_ends_no_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    until_parked(qtbot, window)
    press(qtbot, window.topbar.run)
    qtbot.waitUntil(lambda: window.live.progress.step > 2, timeout=PATIENCE)
    window.document.commit("Data", learn_from(window.document.value, "mnist"))
    window.inspector.download_asked.emit()
    assert window.live.training
    assert "run is under way" in window.banner.text
    window.banner.dismiss()
    assert window.banner.subject == "stale"


def test_another_learning_rate_is_no_other_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    until_parked(qtbot, window)
    press(qtbot, window.topbar.run)
    qtbot.waitUntil(lambda: window.live.progress.step > 2, timeout=PATIENCE)
    before = window.document.value.training.optimizer.learning_rate
    window.document.commit("Rate", set_setting(window.document.value, "training.optimizer.learning_rate", 0.0123))
    assert not window.live.stale
    assert window.banner.text == ""
    qtbot.waitUntil(lambda: window.live.progress.learning_rate == pytest.approx(0.0123), timeout=PATIENCE)
    window.document.undo.undo()
    assert not window.live.stale
    qtbot.waitUntil(lambda: window.live.progress.learning_rate == pytest.approx(before), timeout=PATIENCE)
    window.document.commit("Rule", set_setting(window.document.value, "training.optimizer.momentum", 0.5))
    assert window.live.stale
    assert window.banner.text.startswith("The training settings have changed")
    window.canvas.add_kind("ReLU")
    assert window.banner.text.startswith("The network and the training settings have changed")
    window.document.undo.undo()
    window.document.undo.undo()
    assert not window.live.stale
    assert window.banner.text == ""


def test_undo_in_a_field_takes_back_what_was_entered_there(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    before = window.document.value
    window.inspector.show_setting("training.optimizer.learning_rate")
    entry = window.focusWidget()
    assert isinstance(entry, Entry)
    entry.selectAll()
    qtbot.keyClicks(entry, "2")
    qtbot.keyClick(entry, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert entry.text() != "2"  # half typed: the field's own
    assert window.document.value is before
    entry.selectAll()
    qtbot.keyClicks(entry, "2")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert window.document.value.training.optimizer.learning_rate == 2
    qtbot.keyClick(entry, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.value is before
    assert window.document.undo.isClean()
    assert window.document.undo.canRedo()


def test_the_command_palette_tells_what_a_command_belongs_to(make_window: MakeWindow) -> None:
    window = make_window(None)
    palette = window.findChild(CommandPalette)
    palette.search.setText("theme")  # unseen: a popup wants more of the screen than there is
    names = [palette.list.item(row).text() for row in range(palette.list.count())]
    assert "Theme: Light" in names
    palette.search.setText("qqq")
    assert palette.list.count() == 0
    assert palette.list.isHidden()


def test_settings_are_named_as_in_their_form() -> None:
    assert place_words(Problem("", "", where="data.dataset")) == "Data set"
    assert place_words(Problem("", "", where="training.optimizer.learning_rate")) == "Optimiser, learning rate"
    assert place_words(Problem("", "", where="conv1", field="kernel_size")) == "conv1, kernel size"
    assert place_words(Problem("", "")) == ""


def test_a_diverging_run_ends_in_a_problem_and_the_window_works_on(make_window: MakeWindow, qtbot: QtBot) -> None:
    # A loss that is not finite needs a network without squashing: two linear layers and squared error.
    project = quick(templates.load("lenet5"), epochs=50)
    project = set_setting(project, "training.optimizer.learning_rate", 100)
    nodes = [Node("input", "Input"), Node("flat", "Flatten"), Node("a", "Linear", {"features": 50}),
             Node("b", "Linear"), Node("output", "Output")]  # fmt: skip
    from tests.ui.canvas.hand import chain

    window = make_window(project.with_graph(chain(*nodes)))
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.failed, timeout=PATIENCE) as told:
        press(qtbot, window.topbar.run)
    assert told.args[0].code == "loss-not-finite"
    qtbot.waitUntil(lambda: window.live.state is State.FINISHED, timeout=PATIENCE)
    assert window.banner.subject == "failed"
    assert "learning rate" in window.banner.text
    window.document.open(quick(templates.load("lenet5"), 1), None)
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        press(qtbot, window.topbar.run)
    assert ended.args[0].reason is Reason.COMPLETED


def test_closing_with_unsaved_changes_asks_and_closing_during_a_run_ends_it(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1000))
    window.canvas.add_kind("ReLU")
    asked: list[str] = []

    def answer(what: Answer) -> Answer:
        asked.append(what.value)
        return what

    window.files.ask_unsaved = lambda: answer(Answer.CANCEL)
    assert not window.close()
    assert window.isVisible()
    window.document.undo.undo()
    until_parked(qtbot, window)
    press(qtbot, window.topbar.run)
    qtbot.waitUntil(lambda: window.live.state is State.RUNNING, timeout=PATIENCE)
    assert window.close()
    assert asked == ["cancel"]
    assert window.live.state is State.FINISHED


def test_a_file_that_cannot_be_read_leaves_the_document(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(None)
    before = window.document.value
    for name, text in (
        ("cut.tcanvas", '{"format": "torchcanvas-project", "vers'),
        ("other.tcanvas", "hello"),
        ("new.tcanvas", json.dumps({"format": "torchcanvas-project", "version": 999})),
    ):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        assert not window.files.open(path)
        assert window.document.value is before
        assert window.banner.subject == "files"
        assert window.banner.text


def test_a_file_that_cannot_be_read_is_named_before_recovery_is_offered(
    make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window(None)
    bad = tmp_path / "bad.tcanvas"
    bad.write_text("{", "utf-8")
    window.open_at_start(bad)
    file = tmp_path / "left.json"
    file.write_text("{}", "utf-8")
    window.recovery_offer.make([Recovered(Project("Lost"), tmp_path / "kept.tcanvas", 0.0, file)])
    assert "bad.tcanvas" in window.banner.text
    window.banner.dismiss()
    assert "<b>kept</b>" in window.banner.text
    window.banner.buttons()[0].click()
    assert window.banner.text == ""
    assert window.document.title == "kept"
    assert not window.document.undo.isClean()


def test_what_was_drawn_meanwhile_is_not_lost_to_what_is_recovered(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(None)
    file = tmp_path / "left.json"
    file.write_text("{}", "utf-8")
    window.recovery_offer.make([Recovered(Project("Lost"), None, 0.0, file)])
    window.canvas.add_kind("ReLU")
    drawn = window.document.value
    answers = iter([Answer.CANCEL, Answer.DISCARD])
    window.files.ask_unsaved = lambda: next(answers)
    window.banner.buttons()[0].click()
    assert window.document.value is drawn
    assert file.exists()
    assert "<b>Lost</b>" in window.banner.text
    window.banner.buttons()[0].click()
    assert window.document.value.name == "Lost"


def test_data_asked_for_before_pytorch_is_there_are_loaded_then(qtbot: QtBot, tmp_path: Path) -> None:
    live = Live(Document(quick(templates.load("lenet5"))), lambda: None)
    with qtbot.waitSignal(live.preparing):
        live.prepare()
    assert live.state is State.FINISHED
    with qtbot.waitSignal(live.prepared_changed, timeout=PATIENCE):
        live.begin()
    assert live.close()


def test_every_key_means_one_thing(make_window: MakeWindow) -> None:
    window = make_window(None)
    keys = [keys.toString() for action in window.findChildren(QAction) for keys in action.shortcuts()]
    keys += [shortcut.key().toString() for shortcut in window.findChildren(QShortcut)]
    assert "Ctrl+Z" in keys
    assert "/" in keys
    assert sorted(set(keys)) == sorted(keys)


def test_recent_files_remember_what_was_saved(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(None)
    for name in ("a", "b"):
        assert window.files.save_as(tmp_path / name)
    assert [path.name for path in window.files.recent[:2]] == ["b.tcanvas", "a.tcanvas"]


def test_an_unknown_layer_opens_and_saves_unchanged(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(None)
    graph = Graph.of([Node("input", "Input"), Node("odd", "FromTheFuture", {"knob": [1, 2]})])
    path = tmp_path / "future.tcanvas"
    save(Project("Future", Network(graph)), path)
    assert window.files.open(path)
    assert window.document.graph.nodes["odd"] == graph.nodes["odd"]
    assert window.files.save()
    assert load(path).graph.nodes["odd"] == graph.nodes["odd"]


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("size", [(800, 600), (1600, 1000)])
def test_the_window_paints_at_any_size_in_both_themes(
    make_window: MakeWindow, qtbot: QtBot, look: str, size: tuple[int, int]
) -> None:
    window: MainWindow = make_window(quick(templates.load("lenet5")))
    theme().choose(look)
    window.resize(*size)
    until_parked(qtbot, window)
    image = window.grab().toImage()
    ground = theme().color("canvas").rgb()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    assert len(colours) > 50
    assert ground in colours


def test_the_views_get_their_share_of_a_window_that_nobody_has_arranged(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    dock = window.docks["sample"]
    for height, wanted in ((600, 198), (1000, 320), (700, 231)):
        window.resize(1200, height)
        qtbot.waitUntil(lambda wanted=wanted: dock.height() == wanted, timeout=PATIENCE)
    window.resizeDocks([dock], [300], Qt.Orientation.Vertical)
    qtbot.waitUntil(lambda: dock.height() == 300, timeout=PATIENCE)
    window.resize(1200, 760)
    qtbot.waitUntil(lambda: window.canvas.height() > 0 and dock.height() == 300, timeout=PATIENCE)


def test_a_layer_that_does_not_go_with_the_data_says_so(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    document = window.document
    document.commit("Data", set_setting(document.value, "data.dataset", "moons"))
    cards = window.canvas.canvas.nodes
    qtbot.waitUntil(lambda: cards["fc2"].badge == "does not fit", timeout=PATIENCE)
    assert "2 outputs" in cards["fc2"].health_words
    summary = window.inspector.layer.summary
    qtbot.waitUntil(lambda: len(summary.problems.cards) == 2, timeout=PATIENCE)
    document.select(["fc2"])
    assert len(window.inspector.layer.problems.cards) == 1
    document.undo.undo()
    qtbot.waitUntil(lambda: cards["fc2"].badge == "", timeout=PATIENCE)
    assert window.inspector.layer.problems.cards == []


def test_what_is_typed_behind_a_layer_from_the_palette_goes_to_the_canvas(make_window: MakeWindow) -> None:
    window = make_window(Project("Empty"))
    window.palette_panel.list.setFocus()
    window.palette_panel.chosen.emit("Conv2d")
    assert set(window.document.graph.nodes) == {"conv1"}
    assert window.canvas.hasFocus()


def test_everything_that_takes_the_keyboard_has_a_name_and_every_button_a_tip(make_window: MakeWindow) -> None:
    window = make_window(None)
    window.document.select(["conv1"])
    window.docks["analysis"].show()
    window.show_dock("problems")
    kinds = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit)
    seen = 0
    for tab in range(window.inspector.count()):
        window.inspector.setCurrentIndex(tab)
        for widget in window.findChildren(QWidget):
            inner = isinstance(widget.parent(), QAbstractSpinBox) or widget.objectName().startswith("qt_")
            if not isinstance(widget, kinds) or isinstance(widget, QScrollBar) or inner or not widget.isVisible():
                continue
            button = isinstance(widget, QAbstractButton)
            assert widget.accessibleName() or (button and widget.text()), widget
            assert widget.toolTip() or not button, widget.accessibleName() or widget.text()
            seen += 1
    assert seen > 60


def test_views_and_figures_are_explained(make_window: MakeWindow) -> None:
    window = make_window(None)
    for view in window.views.values():
        assert view.help
        head = view.head()
        assert head is not None
        assert view.help in head.toolTip()
    figures = window.inspector.layer.summary.figures
    assert all(label.toolTip() for label in figures.findChildren(QLabel) if label.text())


def test_every_menu_fits_onto_a_screen_of_720_pixels(make_window: MakeWindow) -> None:
    window = make_window(None)
    menus = window.topbar.menus.findChildren(QMenu)
    assert {"&File", "&View", "Live views", "Panels"} <= {menu.title() for menu in menus}
    assert {menu.title(): menu.sizeHint().height() for menu in menus if menu.sizeHint().height() > 670} == {}


def test_all_at_once_fits_onto_a_screen_of_720_pixels(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.resize(1280, 680)
    window.show_dock("analysis")
    long = (
        "ImageNet may not be passed on, so this network opens with random pictures: nothing can be learned from these."
    )
    window.banner.show_message("subject", long, "accent", (Offer("Choose a folder…", print), Offer("Digits", print)))
    window.timeline.show()
    qtbot.waitUntil(lambda: window.height() == 680, timeout=PATIENCE)
    assert window.minimumSizeHint().height() <= 690  # the desktop's own bar takes some
    assert window.status.mapTo(window, window.status.rect().bottomLeft()).y() <= window.height()


def test_buttons_give_up_their_words_in_a_narrow_window(make_window: MakeWindow) -> None:
    window = make_window(None)
    bar = window.topbar
    bar.set_state(State.PAUSED, stepped=True, inside=Inside(Phase.FORWARD, 1, 32))
    assert bar.phase.text() == "Next: forward"
    window.resize(1000, 700)
    bar.set_state(State.PAUSED, stepped=True, inside=Inside(Phase.LOSS, 1, 32))
    assert (bar.phase.text(), bar.batch.text()) == ("", "One batch")
    window.resize(1500, 940)
    assert bar.phase.text() == "Next: loss"


def test_hidden_views_ask_for_nothing(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    window.document.select(["conv2"])
    assert window.attention().filters == {"conv2"}
    for key in window.views:
        window.docks[key].hide()
    assert not window.attention().filters
    qtbot.waitUntil(lambda: "conv1" in window.attention().activations)  # the cards still show theirs
    window.hide()
    assert not window.attention().activations


def test_the_problems_stand_beside_the_views_where_there_is_room(make_window: MakeWindow) -> None:
    window = make_window(None)
    window.show_dock("problems")
    assert not window.tabifiedDockWidgets(window.docks["problems"])


def test_the_problems_fit_into_a_window_of_900_pixels(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    dock = window.docks["problems"]
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.width() == 900, timeout=PATIENCE)
    window.document.commit("Data", set_setting(window.document.value, "data.dataset", "moons"))
    window.show_dock("problems")
    qtbot.waitUntil(lambda: bool(window.problems.list.cards) and dock.width() > 100, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.rect().contains(dock.geometry()), timeout=PATIENCE)
    assert window.width() == 900
    assert not dock.visibleRegion().isEmpty()
    assert window.problems.list.width() <= dock.width()


def test_problems_by_a_command_fit_into_a_window_of_900_pixels(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.width() == 900, timeout=PATIENCE)
    next(action for action in window.menus.actions if action.text() == "Problems").trigger()
    qtbot.waitUntil(window.docks["problems"].isVisible, timeout=PATIENCE)
    assert window.width() == 900


def test_remembered_problems_fit_into_a_window_of_900_pixels(make_window: MakeWindow, qtbot: QtBot) -> None:
    before = make_window(None)
    before.show_dock("problems")
    before.close()
    QSettings().remove("geometry")
    window = MainWindow(runs=lambda: None)
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.restoreState(QSettings().value("layout"), VERSION)
    window.arrangement.fit_in("problems")
    assert window.docks["sample"] in window.tabifiedDockWidgets(window.docks["problems"])
    assert window.minimumSizeHint().width() <= 900
    window.close()
