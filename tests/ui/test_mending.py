"""What the banner offers against a run that goes astray, and that it falls away with the setting at fault."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from builder.graph.edits import remove_nodes
from builder.project import templates
from builder.project.edits import set_setting
from builder.train.messages import State
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

RATE = "training.optimizer.learning_rate"


def astray(make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    """A window in which LeNet-5 is trained with a rate far too high, and the banner says so."""
    project = set_setting(quick(templates.load("lenet5"), epochs=1000), RATE, 5.0)
    window = make_window(project)
    until_parked(qtbot, window)
    window.topbar.run.click()
    qtbot.waitUntil(lambda: window.banner.subject == "diverging", timeout=PATIENCE)
    return window


def test_the_offer_against_a_diverging_loss_starts_again_with_a_rate_that_works(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = astray(make_window, qtbot)
    (button,) = window.banner.buttons()
    assert button.text() == "Use learning rate 0.05 and start again"
    with qtbot.waitSignal(window.live.cleared, timeout=PATIENCE):
        button.click()
    assert window.document.value.training.optimizer.learning_rate == 0.05
    qtbot.waitUntil(lambda: window.live.state is State.RUNNING and window.live.progress.step > 40, timeout=PATIENCE)
    assert window.live.progress.learning_rate == 0.05
    assert window.banner.text == ""


def test_it_falls_away_when_the_rate_is_changed_by_hand(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = astray(make_window, qtbot)
    window.document.commit("Batch", set_setting(window.document.value, "training.epochs", 999))
    window.banner.withdraw("stale")
    assert window.banner.subject == "diverging"  # back behind what took its place
    window.document.commit("Rate", set_setting(window.document.value, RATE, 0.005))
    assert window.banner.subject in ("", "stale")


def test_it_falls_away_with_the_run(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = astray(make_window, qtbot)
    window.topbar.reset.click()
    assert window.banner.text == ""


def test_a_problem_that_kept_the_network_from_training_falls_away_once_it_is_mended(
    make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    broken = remove_nodes(window.document.value.graph, ("flatten1",))
    window.document.commit("Delete", window.document.value.with_graph(broken))
    qtbot.waitUntil(lambda: bool(window.problems_found), timeout=PATIENCE)
    window.run_or_pause()
    assert window.banner.subject == "failed"
    window.document.undo.undo()
    qtbot.waitUntil(lambda: not window.problems_found, timeout=PATIENCE)
    assert window.banner.text == ""
