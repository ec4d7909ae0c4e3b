"""Weights from elsewhere in the real window: imported with a network, looked at, trained on, saved beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file, save_file

from builder.compile.network import infer_flat
from builder.compile.plan import make_plan
from builder.compile.weights import trained
from builder.graph.edits import remove_nodes
from builder.graph.frozen import freeze
from builder.graph.model import Node
from builder.inspect.picture import Picture
from builder.layers import edits as layer_edits
from builder.project import keep, templates
from builder.project.edits import set_setting
from builder.project.file import load
from builder.train import session
from builder.train.messages import Finished, Reason, State
from builder.ui import choosers
from builder.ui.command_palette import CommandPalette
from builder.ui.exports import Exports
from builder.ui.files import Answer
from builder.ui.import_dialog import ImportDialog
from builder.ui.runs_dialog import RunsDialog
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

LEFT = Qt.MouseButton.LeftButton
MODEL = """
import torch
from torch import nn

class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.part = Part()
        self.last = nn.Linear(256, 10)
        with torch.no_grad():
            for tensor in (self.part.norm.running_mean, self.part.norm.running_var, self.part.norm.weight):
                tensor.uniform_(0.5, 2)

    def forward(self, x):
        return self.last(self.part(x).flatten(1))
"""


@pytest.fixture(autouse=True)
def kept_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user data" / "kept"
    monkeypatch.setattr(keep, "kept_folder", lambda: folder)
    return folder


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    return make_window(quick(templates.load("lenet5")))


def import_small(window: MainWindow, folder: Path, qtbot: QtBot, *, weights: bool = True) -> None:
    path = folder / "mine.py"
    path.write_text(MODEL)
    dialog = ImportDialog(window.open_imported, window)
    dialog.ask_run = lambda _path: True
    dialog.tabs.setCurrentIndex(1)
    dialog.path.setText(str(path))
    dialog.class_name.setCurrentText("Small")
    dialog.shape.setText("1x8x8")
    dialog.show()
    assert dialog.weights.isEnabled()
    assert dialog.weights.isChecked()
    if not weights:
        dialog.weights.click()
    with qtbot.waitSignal(dialog.process.succeeded, timeout=PATIENCE):
        qtbot.mouseClick(dialog.import_button, LEFT)


def original(folder: Path) -> Any:
    room: dict[str, Any] = {}
    exec((folder / "mine.py").read_text(), room)
    return room["Small"]().eval()


def until(qtbot: QtBot, true: Callable[[], bool]) -> None:
    qtbot.waitUntil(true, timeout=PATIENCE)


def next_picture(window: MainWindow, qtbot: QtBot) -> Picture:
    """What the parked network says to the pinned sample."""
    until_parked(qtbot, window)
    taken: list[Picture] = []
    window.live.picture_taken.connect(taken.append)
    window.viewing.pin_sample(window.viewing.pin.sample + 1)
    until(qtbot, lambda: any(picture.attention.sample == window.viewing.pin.sample for picture in taken))
    window.live.picture_taken.disconnect(taken.append)
    return taken[-1]


def test_an_imported_network_gives_its_answers_at_once(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    import_small(window, tmp_path, qtbot)
    named = Path(window.document.value.training.weights)
    assert keep.is_kept(named)
    assert "with its weights" in window.banner.text
    picture = next_picture(window, qtbot)
    answers = torch.softmax(original(tmp_path)(torch.from_numpy(picture.fitted)[None]), 1)[0]
    np.testing.assert_allclose(picture.output, answers.detach().numpy(), atol=1e-6)
    note = window.inspector.training.form.row("weights").gives
    assert note.text() == "taken: 9 of 9 tensors"


def test_without_its_weights_it_begins_afresh(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    import_small(window, tmp_path, qtbot, weights=False)
    assert window.document.value.training.weights == ""
    assert "without weights" in window.banner.text
    assert not keep.kept_folder().exists()


def test_what_is_not_wanted_is_not_kept(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:

    window.canvas.add_kind("ReLU")
    window.files.ask_unsaved = lambda: Answer.CANCEL
    import_small(window, tmp_path, qtbot)
    assert list(keep.kept_folder().iterdir()) == []


def test_the_last_layer_is_replaced_and_the_rest_is_carried(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    import_small(window, tmp_path, qtbot)
    document = window.document
    stored = load_file(document.value.training.weights)
    graph = remove_nodes(document.graph, ["last"])
    graph = layer_edits.add_after(graph, Node("head", "Linear", freeze({"features": 10})), "flatten")
    document.commit("Another end", quick(document.with_page(graph), epochs=1))
    until(qtbot, lambda: window.inspector.training.form.row("weights").gives.text().endswith("fresh: head"))
    ended: list[Finished] = []
    window.live.finished.connect(ended.append)
    window.live.run()
    until(qtbot, lambda: bool(ended))
    assert ended[0].reason is Reason.COMPLETED
    begun = load_file(Path(ended[0].run) / "weights" / "00000000.safetensors")
    assert torch.equal(begun["part.conv.weight"], stored["part.conv.weight"])
    assert torch.equal(begun["part.norm.running_mean"], stored["part.norm.running_mean"])
    assert begun["head.weight"].shape == (10, 256)


def test_saved_weights_lie_beside_the_project_and_move_with_it(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    import_small(window, tmp_path, qtbot)
    document = window.document
    document.commit("Change epochs", set_setting(document.value, "training.epochs", 3))
    until_parked(qtbot, window)
    trainer = window.live._trainer
    (tmp_path / "here").mkdir()
    assert window.files.save_as(tmp_path / "here" / "net.tcanvas")
    assert document.value.training.weights == "net.safetensors"
    assert document.undo.isClean()
    assert list(keep.kept_folder().iterdir()) == []
    assert window.live._trainer is trainer, "the same weights elsewhere are no other network"
    assert window.inspector.training.form.row("weights").gives.text() == "taken: 9 of 9 tensors"
    document.undo.undo()
    assert document.value.training.weights == "net.safetensors", "where weights lie is no edit"
    document.undo.redo()
    assert document.undo.isClean()
    (tmp_path / "here").rename(tmp_path / "there")
    assert window.files.open(tmp_path / "there" / "net.tcanvas")
    until_parked(qtbot, window)
    window._check()
    assert window.problems_found == ()
    found = load(tmp_path / "there" / "net.tcanvas")
    model = trained(make_plan(infer_flat(found.network)), tmp_path / "there" / "net.safetensors")
    x = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(model(x), original(tmp_path)(x))


def test_a_save_that_fails_loses_nothing(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    import_small(window, tmp_path, qtbot)
    before = window.document.value
    assert not window.files.save_as(tmp_path / "absent" / "net.tcanvas")
    assert "no folder" in window.banner.text
    assert window.document.value is before
    assert not window.document.undo.isClean()
    assert Path(before.training.weights).is_file()


def test_a_missing_file_is_said_at_the_setting(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    until_parked(qtbot, window)
    absent = tmp_path / "absent.safetensors"
    window.document.commit("Change weights", set_setting(window.document.value, "training.weights", str(absent)))
    until(qtbot, lambda: bool(window.problems_found))
    stored = {name: torch.zeros_like(t) for name, t in trained(make_plan(window.document.flat)).state_dict().items()}
    save_file(stored, absent)
    window._check()  # as when the user comes back from where files are copied
    until(qtbot, lambda: window.live.prepared is not None and window.live.prepared.carried is not None)
    absent.unlink()
    window._check()
    (problem,) = window.problems_found
    assert problem.where == "training.weights"
    window.inspector.show_setting("training.weights")
    (card,) = window.inspector.training.problems.cards
    qtbot.mouseClick(card.buttons[0], LEFT)
    assert window.document.value.training.weights == ""
    until(qtbot, lambda: window.problems_found == ())


def test_the_form_chooses_and_clears(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    until_parked(qtbot, window)
    (tmp_path / "net").mkdir()
    assert window.files.save_as(tmp_path / "net" / "net.tcanvas")
    stored = {name: torch.zeros_like(t) for name, t in trained(make_plan(window.document.flat)).state_dict().items()}
    save_file(stored, tmp_path / "net" / "zero.safetensors")
    window.inspector.show_setting("training.weights")
    editor = window.inspector.training.form.row("weights").editor
    asked: list[Path] = []

    def ask(begin: Path) -> Path:
        asked.append(begin)
        return tmp_path / "net" / "zero.safetensors"

    editor.ask = ask
    editor.choose_action.trigger()
    assert asked == [tmp_path / "net"]
    assert window.document.value.training.weights == "zero.safetensors"
    until(qtbot, lambda: window.inspector.training.form.row("weights").gives.text() == "taken: 10 of 10 tensors")
    picture = next_picture(window, qtbot)
    np.testing.assert_allclose(picture.output, np.full(10, 0.1), atol=1e-6)
    window.live.step_batch()
    until(qtbot, lambda: window.live.state is State.PAUSED and window.live.progress.step == 1)
    window.live.reset()
    picture = next_picture(window, qtbot)
    np.testing.assert_allclose(picture.output, np.full(10, 0.1), atol=1e-6)
    editor.clear_action.trigger()
    assert window.document.value.training.weights == ""
    window.document.undo.undo()
    assert editor.text() == "zero.safetensors"


def test_a_run_gives_its_weights_from_the_menu(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    until_parked(qtbot, window)
    ended: list[Finished] = []
    window.live.finished.connect(ended.append)
    window.live.run()
    until(qtbot, lambda: bool(ended))
    folder = Path(ended[0].run)
    monkeypatch.setenv("TORCHCANVAS_RUNS", str(folder.parent))
    next(action for action in window.menus.actions if action.text().startswith("Begin with the weights")).trigger()
    (dialog,) = window.findChildren(RunsDialog)
    assert dialog.delete_button.isHidden()
    assert dialog.open_button.text() == "Begin with it"
    dialog.open_button.click()
    assert window.document.value.training.weights == str(folder)
    assert not dialog.isVisible()
    until(qtbot, lambda: window.inspector.training.form.row("weights").gives.text() == "taken: 10 of 10 tensors")
    assert window.live.stepped, "the run that has ended stays until another is asked for"
    window.live.reset()
    until_parked(qtbot, window)
    newest = load_file(sorted((folder / "weights").iterdir())[-1])
    picture = next_picture(window, qtbot)
    model = trained(make_plan(window.document.flat))
    model.load_state_dict(newest)
    wanted = model(torch.from_numpy(picture.fitted)[None])[0].detach().numpy()
    np.testing.assert_allclose(picture.output, wanted, atol=1e-5)


def test_a_file_of_weights_that_is_no_run_of_the_list_is_chosen_beside_it(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    until_parked(qtbot, window)
    window.inspector.training._weights.ask = lambda _begin: tmp_path / "zero.safetensors"
    next(action for action in window.menus.actions if action.text().startswith("Begin with the weights")).trigger()
    (dialog,) = window.findChildren(RunsDialog)
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "A file…").click()
    assert window.document.value.training.weights == str(tmp_path / "zero.safetensors")
    assert not dialog.isVisible()
    window.document.undo.undo()


def test_layers_are_frozen_from_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    actions = {action.text(): action for action in window.menus.actions}
    document = window.document
    document.select(["fc2"])
    actions["Freeze all but the selection"].trigger()
    frozen = {name for name, node in document.graph.nodes.items() if node.params.get("trainable") is False}
    assert frozen == {"conv1", "conv2", "conv3", "fc1"}
    assert window.canvas.canvas.nodes["conv1"].face.footer == "156 frozen"
    assert window.canvas.canvas.nodes["fc2"].face.footer == "850 parameters"
    document.undo.undo()
    document.select(["conv3"])
    actions["Freeze all before the selection"].trigger()
    frozen = {name for name, node in document.graph.nodes.items() if node.params.get("trainable") is False}
    assert frozen == {"conv1", "conv2"}
    actions["Let all layers learn"].trigger()
    assert document.graph == templates.load("lenet5").graph


def test_the_weights_of_a_run_are_saved_by_the_menu_and_begun_with(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.safetensors"
    monkeypatch.setattr(choosers, "save_file", lambda *_arguments: path)
    (action,) = (found for found in window.actions() if found.text().startswith("Save the weights as"))
    until_parked(qtbot, window)
    assert not action.isEnabled()
    assert action.text() == "Save the weights as… (nothing was trained yet)"
    window.live.step_batch()
    until(qtbot, action.isEnabled)
    assert action.text() == "Save the weights as…"
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE) as told:
        action.trigger()
    assert told.args == [path, None]
    assert window.status._hint.text() == f"Written: {path}"
    one = load_file(path)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        window.live.run()
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE):
        action.trigger()
    last = load_file(path)
    assert any(not torch.equal(one[name], last[name]) for name in one)
    stored = load_file(max((Path(ended.args[0].run) / "weights").iterdir()))
    assert all(torch.equal(stored[name], last[name]) for name in stored)
    window.document.commit("Begin with", set_setting(window.document.value, "training.weights", str(path)))
    window.live.reset()
    until(qtbot, lambda: not action.isEnabled())
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE) as ended:
        window.live.run()
    begun = load_file(Path(ended.args[0].run) / "weights" / "00000000.safetensors")
    assert all(torch.equal(begun[name], last[name]) for name in last)


def test_weights_that_cannot_be_saved_are_told_of(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    until_parked(qtbot, window)
    window.live.step_batch()
    until(qtbot, lambda: not window.live.no_weights)
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE):
        window.findChild(Exports).weights(tmp_path / "absent" / "mine.safetensors")
    assert "there is no folder" in window.banner.text


def test_who_looks_for_a_way_to_save_the_weights_is_told_why_there_are_none(window: MainWindow) -> None:
    palette = window.findChild(CommandPalette)
    palette.search.setText("save the weights as")
    assert palette.list.item(0).text() == "Save the weights as… (nothing was trained yet)"
    assert not palette.list.item(0).flags() & Qt.ItemFlag.ItemIsEnabled


@pytest.mark.parametrize("refused", [False, True], ids=["written", "not written"])
def test_weights_that_are_still_being_saved_are_told_of_though_another_project_opens(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    go_on, write = threading.Event(), session.write_weights

    def slowly(*arguments: Any) -> None:
        go_on.wait(PATIENCE / 1000)
        if refused:
            raise PermissionError
        write(*arguments)

    monkeypatch.setattr(session, "write_weights", slowly)
    path = tmp_path / "mine.safetensors"
    until_parked(qtbot, window)
    window.live.step_batch()
    until(qtbot, lambda: window.live.no_weights == "")
    Exports(window).weights(path)
    window.document.open(quick(templates.load("perceptron")), None)
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE) as told:
        go_on.set()
    assert told.args[0] == path
    assert path.is_file() is not refused
    if refused:
        assert str(path) in window.banner.text
    else:
        assert window.status._hint.text() == f"Written: {path}"


@pytest.mark.parametrize("refused", [False, True], ids=["written", "not written"])
def test_weights_that_are_still_being_saved_when_the_window_closes_are_not_lost_in_silence(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    begun, write = threading.Event(), session.write_weights

    def slowly(*arguments: Any) -> None:
        begun.set()
        if refused:
            raise PermissionError
        write(*arguments)

    monkeypatch.setattr(session, "write_weights", slowly)
    path = tmp_path / "mine.safetensors"
    until_parked(qtbot, window)
    window.live.step_batch()
    until(qtbot, lambda: window.live.no_weights == "")
    words: list[str] = []
    exports = window.menus.exports
    exports.tell_last = words.append
    exports.weights(path)
    window.files.ask_unsaved = lambda: Answer.DISCARD
    assert window.close()
    assert begun.is_set()
    assert path.is_file() is not refused
    assert [str(path) in said for said in words] == [True] * refused


def test_weights_are_saved_after_a_run_that_was_stopped_twice(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    until_parked(qtbot, window)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    window.live.stop()
    with qtbot.waitSignal(window.live.weights_saved, timeout=PATIENCE) as told:
        window.live.save_weights(tmp_path / "mine.safetensors")
    assert told.args[1] is None
