"""The statistics of the layers side by side: what is drawn for which layer, and where the view stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSettings, Qt
from pytestqt.qtbot import QtBot

from builder.inspect.picture import Attention, Health, Picture
from builder.project import templates
from builder.ui import panels
from builder.ui import window as window_module
from builder.ui.arrangement import VERSION
from builder.ui.theme import theme
from builder.ui.views.base import Subject
from builder.ui.views.flow import FlowView
from builder.ui.views.layer_plot import Frame
from builder.ui.views.layer_values import CONSTANT, FROZEN, MEASURES, NO_GRADIENT, NOT_A_NUMBER, words
from builder.ui.views.listing import LISTED
from builder.ui.window import MainWindow
from tests.contract.view_cases import chain
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

DEEP = chain(
    ("input1", "Input", {"shape": [1, 8, 8]}),
    ("flatten1", "Flatten", {}),
    ("fc1", "Linear", {"features": 8}),
    ("relu1", "ReLU", {}),
    ("fc2", "Linear", {"features": 8, "trainable": False}),
    ("sigmoid1", "Sigmoid", {}),
    ("fc3", "Linear", {"features": 8}),
    ("tanh1", "Tanh", {}),
    ("fc4", "Linear", {"features": 10}),
    ("softmax1", "Softmax", {}),
    ("output1", "Output", {}),
)
GRADIENTS = {"fc1": 1e-6, "fc2": None, "fc3": 1e-3, "fc4": 0.1}


def looked(step: int, gradients: Mapping[str, float | None], **changes: Health) -> Picture:
    names = [name for name in DEEP.order if name not in ("input1", "output1")]
    health = {name: Health(-0.5, 2.0, 0.25, 0.75, gradients.get(name)) for name in names} | changes
    nothing = np.zeros(1, np.float32)
    return Picture(step, Attention(), nothing, nothing, None, nothing, health=health)


@pytest.fixture
def flow(qtbot: QtBot) -> FlowView:
    theme().choose("dark")
    made = FlowView()
    qtbot.addWidget(made)
    made.resize(500, 300)
    with qtbot.waitExposed(made):
        made.show()
    made.set_subject(Subject(DEEP, ("fc3",)))
    return made


def bars(view: FlowView) -> dict[str, object]:
    assert view.look is not None, view.frame.empty
    return {bar.layer.name: bar.note or bar.value for bar in view.look.bars}


def drawn(view: FlowView) -> Frame:
    frame = view.plot.frame()
    assert frame is not None
    return frame


def test_each_figure_is_shown_for_the_layers_that_have_it(flow: FlowView) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    assert bars(flow) == GRADIENTS | {"fc2": FROZEN}
    flow.choice.choose(1)
    assert list(bars(flow)) == [name for name in DEEP.order if name not in ("input1", "output1")]
    flow.choice.choose(2)
    assert bars(flow) == dict.fromkeys(("relu1", "sigmoid1", "tanh1"), 0.25)  # the answer's sure 0 is no dead unit
    assert "2 of 8 units" in words(MEASURES[2], flow.look.bars[0], None)  # type: ignore[union-attr]
    flow.choice.choose(3)
    assert bars(flow) == dict.fromkeys(("sigmoid1", "tanh1"), 0.75)


def test_before_the_first_step_there_is_no_gradient_to_compare(flow: FlowView) -> None:
    flow.show_picture(looked(0, {}))
    assert "Run" in flow.frame.empty
    flow.choice.choose(1)
    assert not flow.frame.empty


def test_what_is_no_number_is_marked_and_leaves_the_axis_alone(flow: FlowView) -> None:
    flow.show_picture(looked(1, {"fc1": math.nan, "fc2": math.inf, "fc3": 0.0, "fc4": 0.1}))
    assert bars(flow) == {"fc1": NOT_A_NUMBER, "fc2": "∞", "fc3": NO_GRADIENT, "fc4": 0.1}
    assert (drawn(flow).low, drawn(flow).high) == (-3, -1)
    flow.plot.grab()
    flow.show_picture(looked(2, dict.fromkeys(GRADIENTS, 0.0), fc1=Health(0.0, 0.0, 0.0, 0.0, 0.0)))
    assert set(bars(flow).values()) == {NO_GRADIENT, FROZEN}
    flow.choice.choose(1)
    assert bars(flow)["fc1"] == CONSTANT


def test_decades_stand_in_equal_distance_and_what_is_tiny_at_the_bottom(flow: FlowView) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    frame = drawn(flow)
    steps = [frame.top(1e-5) - frame.top(1e-4), frame.top(1e-2) - frame.top(1e-1)]
    assert steps[0] == pytest.approx(steps[1])
    assert frame.top(0.0) == frame.area.bottom() > frame.top(1e-6)


def test_the_first_look_of_a_run_stays_marked_though_nobody_saw_it_here(flow: FlowView, qtbot: QtBot) -> None:
    flow.hide()
    flow.note_picture(looked(0, {}))
    flow.note_picture(looked(1, {"fc4": 0.5}))
    flow.note_picture(looked(9, {"fc4": 0.1}))
    flow.show()
    qtbot.waitUntil(lambda: flow.look is not None, timeout=PATIENCE)
    assert flow.look is not None
    assert flow.look.first_step == 1  # before it, there was no gradient
    assert [bar.first for bar in flow.look.bars][-1] == 0.5
    assert "at step 1: 0.5" in words(flow.measure, flow.look.bars[-1], flow.look.first_step)
    flow.choice.choose(1)
    assert flow.look.first_step == 0
    flow.clear()
    flow.show_picture(looked(3, GRADIENTS))
    assert flow.look.first_step is None


def test_a_click_or_enter_asks_for_the_layer(flow: FlowView, qtbot: QtBot) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    frame = drawn(flow)
    with qtbot.waitSignal(flow.layer_asked) as asked:
        at = QPoint(round(frame.middle(2)), round(frame.area.center().y()))
        qtbot.mouseClick(flow.plot, Qt.MouseButton.LeftButton, pos=at)
    assert asked.args == ["fc3"]
    qtbot.keyClick(flow.plot, Qt.Key.Key_Left)
    with qtbot.waitSignal(flow.layer_asked) as asked:
        qtbot.keyClick(flow.plot, Qt.Key.Key_Return)
    assert asked.args == ["fc2"]


def test_hundreds_of_layers_fit_into_a_narrow_view(flow: FlowView) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    assert flow.look is not None
    many = type(flow.look)(flow.look.measure, flow.look.bars * 80, 0, flow.look.selected)
    frame = Frame(many, QRectF(0, 0, 260, 200))
    last = len(many.bars) - 1
    assert frame.area.right() <= 260
    assert frame.bar_at(QPointF(frame.middle(last), 100)) == last


def test_hundreds_of_layers_scroll_at_a_width_that_is_seen(flow: FlowView, qtbot: QtBot) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    assert flow.look is not None
    plot = flow.plot
    assert plot.slider.isHidden()
    bars = tuple(
        replace(bar, layer=replace(bar.layer, name=f"{bar.layer.name}_{turn}"))
        for turn in range(100)
        for bar in flow.look.bars
    )
    flow.resize(360, 260)
    plot.show_look(replace(flow.look, bars=bars, selected=frozenset()))
    frame = drawn(flow)
    assert not plot.slider.isHidden()
    assert frame.slot >= 3
    assert frame.shown.start == 0
    assert frame.bar_at(QPointF(frame.middle(5), frame.area.center().y())) == 5
    qtbot.keyClick(plot, Qt.Key.Key_Left)  # from the last one
    assert plot.pointed == len(bars) - 1
    assert drawn(flow).shown.stop == len(bars)
    assert drawn(flow).area.left() <= drawn(flow).middle(plot.pointed) <= drawn(flow).area.right()
    plot.show_look(replace(flow.look, bars=bars, selected=frozenset({bars[100].layer.name})))
    assert 100 in drawn(flow).shown, "what is selected is in sight"
    flow.resize(1600, 260)
    assert plot.slider.isHidden()
    assert len(drawn(flow).shown) == len(bars)


def test_enlarged_bars_have_words_to_be_read_from_the_back_row(flow: FlowView) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    assert flow.look is not None
    flow.enlarge()
    assert flow.enlarged is not None
    assert flow.enlarged.plot.text >= 15
    box = QRectF(0, 0, 1100, 600)
    usual, large = Frame(flow.look, box), Frame(flow.look, box, text=flow.enlarged.plot.text)
    assert large.area.top() == 1.5 * usual.area.top()
    assert large.area.left() > usual.area.left() + 8
    flow.enlarged.close()


def test_names_of_many_layers_leave_the_height_to_the_bars(flow: FlowView) -> None:
    flow.show_picture(looked(1, GRADIENTS))
    assert flow.look is not None
    box = QRectF(0, 0, 340, 178)
    in_blocks = tuple(
        replace(bar, layer=replace(bar.layer, name=f"layer{turn}.convolution{turn}"))
        for turn in range(27)
        for bar in flow.look.bars
    )
    assert Frame(replace(flow.look, bars=in_blocks), box).area.height() > 0.7 * box.height()
    alone = tuple(replace(bar, layer=replace(bar.layer, name=f"convolution{n}")) for n, bar in enumerate(in_blocks))
    assert Frame(replace(flow.look, bars=alone), box).area.height() > 0.6 * box.height()


def test_figures_are_saved_for_both_looks(flow: FlowView, tmp_path: Path) -> None:
    flow.show_picture(looked(0, {}))
    flow.show_picture(looked(5, GRADIENTS))
    flow.ask_path = lambda _parent, name, _kinds: str(tmp_path / name)
    flow.save_table()
    lines = (tmp_path / "layer-statistics.csv").read_text().splitlines()
    assert lines[0] == "look,step,layer,kind,gradient,mean,deviation,dead,saturated"
    assert "first,0,fc1,Linear,,-0.5,2,0.25,0.75" in lines
    assert "newest,5,fc1,Linear,1e-06,-0.5,2,0.25,0.75" in lines


# In the window ------------------------------------------------------------------------------------------------------


def test_it_stands_behind_the_loss_and_asks_for_nothing_there(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    window.canvas.wanted_thumbnails = lambda: ()  # type: ignore[method-assign]
    dock, view = window.docks["flow"], window.views["flow"]
    assert isinstance(view, FlowView)
    assert dock in window.tabifiedDockWidgets(window.docks["loss"])
    assert not view.on_screen
    assert not window.attention().statistics
    dock.raise_()
    qtbot.waitUntil(lambda: view.on_screen, timeout=PATIENCE)
    assert window.attention().statistics
    window.live.run()
    qtbot.waitUntil(lambda: view.look is not None, timeout=PATIENCE)
    view.layer_asked.emit("conv2")
    assert window.document.selection == ("conv2",)
    qtbot.waitUntil(lambda: view.look is not None and view.look.selected == {"conv2"}, timeout=PATIENCE)


def test_a_layout_from_before_it_keeps_its_places(
    make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        before = {key: listed for key, listed in LISTED.items() if key != FlowView.key}
        for module in (panels, window_module):
            patch.setattr(module, "LISTED", before)
        old: MainWindow = make_window(None)
        old.docks["filters"].hide()
        QSettings().setValue("layout", old.saveState(VERSION))
    window = make_window(None)
    window.arrangement.restore()
    assert window.docks["flow"] in window.tabifiedDockWidgets(window.docks["loss"])
    assert not window.docks["filters"].isVisible()
    qtbot.waitUntil(lambda: window.views["loss"].on_screen, timeout=PATIENCE)
    window.docks["flow"].hide()
    QSettings().setValue("layout", window.saveState(VERSION))
    again = make_window(None)
    again.arrangement.restore()
    assert not again.docks["flow"].isVisible()
