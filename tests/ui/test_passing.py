"""Values go forward and gradients come back: what the canvas shows of it while one goes phase by phase."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from builder.inspect.backward import UNKNOWN
from builder.inspect.picture import Own
from builder.project import templates
from builder.train.messages import Inside, Phase, State, Way
from builder.ui.canvas.passing import Passing
from builder.ui.canvas.thumbnails import ImageThumbnail
from builder.ui.run_cards import OVER_PLANE
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked


def passing(window: MainWindow) -> Passing:
    found = window.canvas.findChild(Passing)
    assert isinstance(found, Passing)
    return found


def step(qtbot: QtBot, window: MainWindow, way: Way | None) -> None:
    """Do a phase, and wait until the canvas tells that it has gone this way."""
    before = window.live.inside
    window.live.step_phase()
    qtbot.waitUntil(lambda: window.live.inside != before and passing(window).way is way, timeout=PATIENCE)


def signed(window: MainWindow, name: str) -> bool:
    """Whether a card shows a gradient: white is in the middle of its colours and in no picture of values."""
    thumbnail = window.canvas.canvas.nodes[name].thumbnail
    assert isinstance(thumbnail, ImageThumbnail)
    return bool(thumbnail._tiles)


def test_values_go_forward_and_gradients_come_back(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    scene, told = window.canvas.canvas, passing(window)
    cards = {"input", "conv1", "pool1", "conv2", "fc1"}
    qtbot.waitUntil(lambda: all(scene.nodes[name].thumbnail is not None for name in cards), timeout=PATIENCE)
    asked = window.attention()
    assert not asked.gradients
    step(qtbot, window, None)
    step(qtbot, window, Way.FORWARD)
    assert scene.way is Way.FORWARD
    assert told.isVisible()
    assert "what its layer gives" in told.words
    assert not any(signed(window, name) for name in cards)
    step(qtbot, window, Way.FORWARD)
    assert window.attention() == asked
    step(qtbot, window, Way.BACKWARD)
    assert scene.way is Way.BACKWARD
    assert window.attention().gradients == asked.activations
    qtbot.waitUntil(lambda: all(signed(window, name) for name in cards), timeout=PATIENCE)
    assert "loss of the pinned input" in told.words
    # Behind the loss nothing comes back.
    assert {edge.source for edge in scene.wires} & scene.aside == {"softmax1"}
    assert not isinstance(scene.nodes["output"].thumbnail, ImageThumbnail)
    step(qtbot, window, None)
    assert scene.way is None
    assert not told.isVisible()
    assert window.attention() == asked
    assert not any(signed(window, name) for name in cards)
    # A run that goes on by itself, and one that is stopped somewhere in a step, show values.
    for _ in range(4):
        window.live.step_phase()
    qtbot.waitUntil(lambda: told.way is Way.BACKWARD, timeout=PATIENCE)
    window.live.run()
    qtbot.waitUntil(lambda: told.way is None, timeout=PATIENCE)
    assert not window.attention().gradients
    window.live.pause()
    qtbot.waitUntil(lambda: window.live.state in (State.PAUSED, State.FINISHED), timeout=PATIENCE)
    assert told.way is None
    assert not any(signed(window, name) for name in cards)


def test_a_run_that_is_dropped_leaves_nothing_on_the_canvas(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    for way in (None, Way.FORWARD, Way.FORWARD, Way.BACKWARD):
        step(qtbot, window, way)
    window.live.reset()
    assert passing(window).way is None
    assert window.canvas.canvas.way is None
    assert not window.attention().gradients


def test_points_in_the_plane_have_gradients_of_one_point(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("two-stage"), epochs=1))
    until_parked(qtbot, window)
    qtbot.waitUntil(lambda: window.canvas.canvas.nodes["fc1"].thumbnail is not None, timeout=PATIENCE)
    for way in (None, Way.FORWARD, Way.FORWARD):
        step(qtbot, window, way)
    assert passing(window).words == OVER_PLANE
    step(qtbot, window, Way.BACKWARD)
    qtbot.waitUntil(lambda: signed(window, "fc1") and signed(window, "input"), timeout=PATIENCE)
    step(qtbot, window, None)
    assert not isinstance(window.canvas.canvas.nodes["input"].thumbnail, ImageThumbnail)  # points again


def test_gradients_that_another_view_asks_for_stay_off_the_cards(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    view = window.views["maps"]
    window.document.select(["conv1"])
    view.what.choose(1)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: view.look is not None, timeout=PATIENCE)  # type: ignore[attr-defined]
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.live.run()
    assert not signed(window, "conv1")


def test_where_nobody_knows_what_is_right_that_is_told(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(quick(templates.load("lenet5"), epochs=1))
    until_parked(qtbot, window)
    window.viewing.pin_own(Own((1, 8, 8), bytes(range(64))))
    for way in (None, Way.FORWARD, Way.FORWARD, Way.BACKWARD):
        step(qtbot, window, way)
    qtbot.waitUntil(lambda: "if its answer were right" in passing(window).words, timeout=PATIENCE)
    denoiser = make_window(quick(templates.load("denoiser"), epochs=1))
    until_parked(qtbot, denoiser)
    denoiser.viewing.pin_own(Own((1, 32, 32), bytes(1024)))
    for way in (None, Way.FORWARD, Way.FORWARD, Way.BACKWARD):
        step(qtbot, denoiser, way)
    qtbot.waitUntil(lambda: passing(denoiser).words == UNKNOWN, timeout=PATIENCE)
    assert denoiser.canvas.canvas.way is None


def test_it_is_told_only_to_those_who_go_by_phases() -> None:
    ways = {phase: Inside(phase, 1, 32, by_phases=True).way for phase in Phase}
    assert [phase for phase, way in ways.items() if way is Way.BACKWARD] == [Phase.UPDATE]
    assert [phase for phase, way in ways.items() if way is Way.FORWARD] == [Phase.LOSS, Phase.BACKWARD]
    assert not any(Inside(phase, 1, 32).way for phase in Phase)
