"""A picture of one's own in place of the pinned sample: drawn, opened, dropped, pasted; and the way back."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.inspect.picture import Own
from builder.project import templates
from builder.project.edits import set_setting
from builder.ui.views.own import INVERTED, NONE_DROPPED, NONE_HELD
from builder.ui.views.preferred import PreferredView
from builder.ui.views.sample import SampleView
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, until_parked


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    made = make_window(templates.load("lenet5"))
    until_parked(qtbot, made)
    qtbot.waitUntil(lambda: view_of(made).picture is not None, timeout=PATIENCE)
    return made


def view_of(window: MainWindow) -> SampleView:
    view = window.views["sample"]
    assert isinstance(view, SampleView)
    return view


def stroke(view: SampleView, *places: tuple[float, float], rub: bool = False) -> None:
    """Draw a line through places, in shares of the paper."""
    pad = view.content.pad
    paper = pad.paper()
    points = [QPoint(round(x * paper.width()), round(y * paper.height())) for x, y in places]
    button = Qt.MouseButton.RightButton if rub else Qt.MouseButton.LeftButton
    QTest.mousePress(pad, button, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(pad, point)
    QTest.mouseRelease(pad, button, pos=points[-1])


def seen_own(view: SampleView) -> Own | None:
    return view.picture.attention.own if view.picture is not None else None


def until_seen(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the picture that is shown is of what is pinned."""
    qtbot.waitUntil(lambda: seen_own(view_of(window)) == window.viewing.pin.own, timeout=PATIENCE)


def until_sample(qtbot: QtBot, window: MainWindow) -> None:
    view = view_of(window)
    qtbot.waitUntil(
        lambda: seen_own(view) is None and view.picture is not None and view.picture.target is not None,
        timeout=PATIENCE,
    )


def test_what_is_drawn_changes_the_answer(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.pencil.click()
    assert view.drawing
    until_seen(qtbot, window)
    assert view.picture is not None
    assert not view.picture.raw.any()
    empty = view.picture.output.copy()
    stroke(view, (0.5, 0.2), (0.5, 0.5), (0.5, 0.8))
    assert window.viewing.pin.own is not None
    until_seen(qtbot, window)
    assert view.picture.raw.shape == (1, 8, 8)
    assert view.picture.raw.max() > 150
    assert not np.array_equal(view.picture.output, empty)
    assert view.picture.target is None
    assert view.content.verdict.text.startswith("says ")
    assert "right" not in view.content.verdict.text
    assert view.content.bars._truth is None
    # What the picture shows is a line as high as the data's digits are, in the middle.
    ink = view.picture.raw[0] > 50
    assert ink.any(axis=1).all()
    assert set(np.flatnonzero(ink.any(axis=0))) <= {3, 4}


def test_rubbing_out_and_clearing(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    stroke(view, (0.2, 0.2), (0.8, 0.2))
    stroke(view, (0.2, 0.8), (0.8, 0.8))
    both = window.viewing.pin.own
    stroke(view, (0.1, 0.8), (0.9, 0.8), rub=True)
    assert window.viewing.pin.own != both
    QTest.keyClick(view.content.pad, Qt.Key.Key_Delete)
    assert window.viewing.pin.own is not None
    assert not window.viewing.pin.own.array().any()
    assert view.drawing
    stroke(view, (0.5, 0.5))
    assert window.viewing.pin.own.array().any()
    view.wipe.click()
    assert not window.viewing.pin.own.array().any()


def test_a_drawing_stays_where_it_was_drawn_if_one_asks(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    stroke(view, (0.07, 0.2), (0.07, 0.4))

    def columns() -> set[int]:
        own = window.viewing.pin.own
        assert own is not None
        return set(np.flatnonzero((own.array()[0] > 50).any(axis=0)).tolist())

    assert columns() <= {3, 4}
    view.placing.click()
    assert columns()
    assert columns() <= {0, 1}
    until_seen(qtbot, window)
    assert view.picture is not None
    assert not view.picture.raw[0, 5:].any()  # short, as it was drawn
    view.draw()
    assert view.placing.isHidden()  # there is nothing to place
    view.draw()
    assert not view.placing.isHidden()
    stroke(view, (0.93, 0.2), (0.93, 0.4))
    assert columns()
    assert columns() <= {6, 7}  # the choice holds for the next drawing
    view.placing.click()
    assert columns() <= {3, 4}


@pytest.mark.parametrize("way", ["button", "escape", "arrow", "dice", "number", "menu", "mistake"])
def test_the_way_back_to_the_data(window: MainWindow, qtbot: QtBot, way: str) -> None:
    view = view_of(window)
    view.draw()
    stroke(view, (0.3, 0.3), (0.7, 0.7))
    until_seen(qtbot, window)
    {
        "button": view.pencil.click,
        "escape": lambda: QTest.keyClick(view.content.pad, Qt.Key.Key_Escape),
        "arrow": lambda: view._ask(1),
        "dice": view._ask_any,
        "number": lambda: view.index.setValue(9),
        "menu": lambda: window.viewing.pin_sample(3),
        "mistake": view.mistake.click,
    }[way]()
    qtbot.waitUntil(lambda: window.viewing.pin.own is None, timeout=PATIENCE)
    assert not view.drawing
    assert not view.pencil.isChecked()
    until_sample(qtbot, window)


def test_other_data_drops_a_picture_that_does_not_fit(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    stroke(view, (0.3, 0.3), (0.7, 0.7))
    until_seen(qtbot, window)
    window.files.ask_unsaved = lambda: pytest.fail("nothing was changed")
    window.document.open(templates.load("two-stage"), None)
    assert window.viewing.pin.own is None
    until_parked(qtbot, window)
    assert not view.drawing
    window.document.open(templates.load("perceptron"), None)
    until_parked(qtbot, window)
    assert view.pencil.property("absent")


def test_a_drawing_outlives_an_edit(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    stroke(view, (0.3, 0.3), (0.7, 0.7))
    until_seen(qtbot, window)
    drawn = window.viewing.pin.own
    window.live.reset()
    until_parked(qtbot, window)
    assert view.drawing
    assert window.viewing.pin.own == drawn
    until_seen(qtbot, window)


def picture_file(tmp_path: Path, pixels: np.ndarray, name: str = "one.png") -> Path:
    path = tmp_path / name
    Image.fromarray(pixels).save(path)
    return path


def light_on_dark() -> np.ndarray:
    pixels = np.zeros((8, 8), np.uint8)
    pixels[1:7, 3:5] = 240
    return pixels


def drop(view: SampleView, data: QMimeData) -> None:
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    view.dropEvent(event)


def test_a_file_is_opened_and_one_is_dropped(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    view = view_of(window)
    path = picture_file(tmp_path, light_on_dark())
    view.ask_picture = lambda *_: path
    view.draw()
    view.open_picture()
    assert not view.drawing
    assert window.viewing.pin.own == Own.of(light_on_dark()[None])
    until_seen(qtbot, window)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert window.viewing.pin.own is None
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drop(view, data)
    assert window.viewing.pin.own == Own.of(light_on_dark()[None])
    data.setUrls([QUrl("https://example.org/one.png")])
    with qtbot.waitSignal(view.said) as said:
        drop(view, data)
    assert said.args == [NONE_DROPPED]


def test_drawing_while_training(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    window.live.run()
    stroke(view, (0.3, 0.3), (0.7, 0.7))
    qtbot.waitUntil(
        lambda: view.picture is not None and view.picture.step > 0 and seen_own(view) == window.viewing.pin.own,
        timeout=PATIENCE,
    )
    assert window.live.training
    assert view.drawing


def test_nothing_keeps_the_focus_but_the_view_when_the_pad_goes(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    assert view.content.pad.hasFocus()
    QTest.keyClick(view.content.pad, Qt.Key.Key_Escape)
    assert view.panel.mosaic.hasFocus()


def test_a_narrow_view_keeps_the_pencil_and_has_the_rest_in_its_menu(window: MainWindow) -> None:
    view = view_of(window)
    view.draw()
    view.frame.head.resize(173, 32)  # as at 1280 pixels
    view.frame.head.arrange()
    assert not view.pencil.isHidden()
    assert view.placing.isHidden()
    menu = view.actions_menu()
    action = next(each for each in menu.actions() if each.text() == view.placing.toolTip().partition(";")[0])
    assert action.isChecked()
    action.trigger()
    assert view.content.pad.as_drawn


def test_a_small_view_has_the_fitted_picture_on_the_pad_and_out_of_the_way(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    view.draw()
    content, pad = view.content, view.content.pad
    content.resize(300, 170)
    assert pad.inset.parentWidget() is pad
    assert not pad.inset.isHidden()
    corner = pad.inset.geometry().center()
    paper = pad.paper()
    stroke(view, (corner.x() / paper.width(), corner.y() / paper.height()))
    assert pad.inset.isHidden()
    QApplication.sendEvent(pad, QEvent(QEvent.Type.Leave))
    assert not pad.inset.isHidden()
    for width, height in ((460, 170), (260, 210), (190, 220), (300, 300)):
        content.resize(width, height)
        assert pad.inset.parentWidget() is content, (width, height)
        taken = pad.geometry(), content.bars.geometry(), content.verdict.geometry()
        assert not any(pad.inset.geometry().intersects(part) for part in taken), (width, height)
        assert content.rect().contains(pad.inset.geometry())
        assert content.bars.width() >= content.bars.least_width()
    content.resize(300, 300)
    assert pad.inset.parentWidget() is content
    assert not pad.inset.geometry().intersects(pad.geometry())


def test_a_picture_is_pasted(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("no picture")
    with qtbot.waitSignal(view.said) as said:
        QTest.keySequence(view, "Ctrl+V")
    assert said.args == [NONE_HELD]
    assert window.viewing.pin.own is None
    pixels = light_on_dark()
    clipboard.setImage(QImage(pixels.data, 8, 8, 8, QImage.Format.Format_Grayscale8))
    QTest.keySequence(view, "Ctrl+V")
    assert window.viewing.pin.own == Own.of(pixels[None])
    clipboard.clear()


def test_a_bad_file_is_told_and_nothing_is_lost(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    view = view_of(window)
    view.draw()
    stroke(view, (0.3, 0.3), (0.7, 0.7))
    drawn = window.viewing.pin.own
    bad = tmp_path / "notes.png"
    bad.write_text("no picture")
    for path in (bad, tmp_path / "gone.png", tmp_path):
        with qtbot.waitSignal(view.said) as said:
            view.take_picture(path)
        assert said.args[0].count(".") <= 3
        assert said.args[0].endswith(".")
        assert window.viewing.pin.own == drawn
        assert view.drawing


def test_the_window_goes_on_while_a_picture_is_read(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of(window)
    frames: list[int] = []
    timer = QTimer(view, interval=0)
    timer.timeout.connect(lambda: frames.append(1))
    read = view.reader.read

    def slow(source: Path | bytes) -> tuple[Own | None, str]:
        assert threading.current_thread() is not threading.main_thread()
        begun = len(frames)
        while len(frames) < begun + 3:  # a picture that takes its time
            threading.Event().wait(0.001)
        return read(source)

    monkeypatch.setattr(view.reader, "read", slow)
    timer.start()
    view.take_picture(picture_file(tmp_path, light_on_dark()))
    timer.stop()
    assert window.viewing.pin.own == Own.of(light_on_dark()[None])


def test_a_page_is_inverted_and_said_to_be(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    view = view_of(window)
    page = np.full((200, 160), 235, np.uint8)
    page[60:120, 70:80] = 20
    with qtbot.waitSignal(view.said) as said:
        view.take_picture(picture_file(tmp_path, page))
    assert said.args[0].endswith(INVERTED)
    assert window.viewing.pin.own is not None
    ink = window.viewing.pin.own.array()[0] > 50
    assert ink.any(axis=1).all()
    assert not ink[:, [0, 1, 6, 7]].any()


def test_colour_data_takes_pictures_but_no_drawings(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    colours = {"blue": (30, 30, 200), "green": (30, 200, 30), "red": (200, 30, 30)}
    for name, colour in colours.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(8):
            pixels = np.full((16, 16, 3), colour, np.uint8) + np.uint8(number)
            picture_file(tmp_path / "data" / name, pixels, f"{number}.png")
    project = set_setting(templates.load("mlp"), "data.dataset", f"folder:{tmp_path / 'data'}")
    graph = edits.set_params(project.network.graph, "fc2", {"features": 3})
    window = make_window(replace(project, network=replace(project.network, graph=graph)))
    until_parked(qtbot, window)
    view = view_of(window)
    qtbot.waitUntil(lambda: view.picture is not None, timeout=PATIENCE)
    assert view.pencil.property("absent")
    with qtbot.waitSignal(view.said):
        view.draw()
    assert not view.drawing
    view.take_picture(picture_file(tmp_path, np.full((30, 20, 3), (9, 200, 9), np.uint8)))
    assert window.viewing.pin.own is not None
    assert window.viewing.pin.own.shape == (3, 256, 256)
    until_seen(qtbot, window)
    assert view.picture is not None
    assert view.picture.raw[1].min() == 200
    assert view.content.verdict.text.startswith("says ")


def test_what_a_unit_looks_for_is_shown_to_the_network(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    preferred = window.views["preferred"]
    assert isinstance(preferred, PreferredView)
    view.draw()  # the pad makes room
    window.document.select(["conv2"])
    window.show_dock("preferred")
    qtbot.waitUntil(lambda: preferred.look is not None, timeout=PATIENCE)
    offered = {action.text(): action for action in preferred.menu_for(2).actions()}
    assert {"Enlarge map 3", "Show this to the network"} <= offered.keys()
    offered["Show this to the network"].trigger()
    own = window.viewing.pin.own
    assert own is not None
    assert own.shape == (1, 32, 32)  # as the input, not as the data's 8x8
    until_seen(qtbot, window)
    assert not view.drawing
    assert view.picture is not None
    assert view.picture.fitted == pytest.approx(own.input())
    assert view.frame.head.title.text == "What map 3 of conv2 looks for"
    assert "What map 3 of conv2 looks for is the pinned input now" in window.status._hint.text()
    # Edits of the network leave it there; other data do not know what its values mean.
    window.canvas.add_kind("ReLU")
    window.document.undo.undo()
    window.document.commit("Seed", set_setting(window.document.value, "training.seed", 5))
    until_parked(qtbot, window)
    until_seen(qtbot, window)
    assert window.viewing.pin.own == own
    window.document.commit("Normalise", set_setting(window.document.value, "data.normalise", "none"))
    qtbot.waitUntil(lambda: window.viewing.pin.own is None, timeout=PATIENCE)
    until_sample(qtbot, window)


def test_escape_leads_from_a_made_picture_back_to_the_data(window: MainWindow, qtbot: QtBot) -> None:
    view = view_of(window)
    preferred = window.views["preferred"]
    assert isinstance(preferred, PreferredView)
    window.show_dock("preferred")
    qtbot.waitUntil(lambda: preferred.look is not None, timeout=PATIENCE)
    preferred.show_to_network(0)
    until_seen(qtbot, window)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert window.viewing.pin.own is None
    until_sample(qtbot, window)
