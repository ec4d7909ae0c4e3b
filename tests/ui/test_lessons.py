"""A lesson in the window: it is found, read, its set-ups are run and compared, and nothing of the user's is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QPushButton, QStyleOptionViewItem, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from builder.graph.blocks import BLOCK
from builder.project import templates
from builder.project.edits import set_setting
from builder.project.lessons import Lesson, find, lessons, parse
from builder.train.messages import EpochEnded, Finished, Reason, State
from builder.ui.command_palette import CommandPalette
from builder.ui.docks import in_sight
from builder.ui.files import Answer
from builder.ui.lessons.card import SetUpCard
from builder.ui.lessons.guide import result
from builder.ui.lessons.listing import Listing
from builder.ui.lessons.place import SHARE, WIDTH
from builder.ui.lessons.prose import rich
from builder.ui.views.curves import CurveView
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow, quick, until_parked

QUICK = '"data.limit=256", "training.epochs=3"'
TEXT = f"""+++
title = "Two activations"
aim = "Which is faster."
minutes = 5
topics = ["Learning"]
+++

Words, and [another lesson](lesson:line).

## Compare

```setup
name = "tanh"
template = "lenet5"
settings = [{QUICK}]
select = "conv2"
view = "confusion"
```

```setup
name = "ReLU"
template = "lenet5"
settings = [{QUICK}]
change = [{{kind = "Tanh", becomes = "ReLU"}}]
view = ["loss", "accuracy"]
```

## End

```setup
name = "other data"
template = "two-stage"
run = false
```
"""


@pytest.fixture
def lesson() -> Lesson:
    return parse(TEXT, "98-two-activations.md")


def opened(make_window: MakeWindow, qtbot: QtBot, lesson: Lesson, step: int = 1) -> MainWindow:
    """A window in which the lesson is open at this step."""
    window = make_window(quick(templates.load("lenet5")))
    until_parked(qtbot, window)
    window.lessons_place.show()
    window.lessons.open_lesson(lesson)
    window.lessons.page.show_step(step)
    return window


def lessons_command(window: MainWindow) -> QAction:
    return next(action for action in window.menus.actions if action.text() == "Lessons")


def card(window: MainWindow, name: str) -> SetUpCard:
    return next(card for card in window.lessons.page.cards if card.set_up.name == name)


def run(window: MainWindow, qtbot: QtBot, name: str) -> None:
    """Run a set-up to its end by its button."""
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        card(window, name).running.click()


def kept(window: MainWindow) -> list[list[str]]:
    """Names of the runs behind the curves, of loss and of accuracy."""
    found = []
    for key in ("loss", "accuracy"):
        view = window.views[key]
        assert isinstance(view, CurveView)
        found.append([other.name for other in view.others()])
    return found


def test_two_set_ups_run_and_both_curves_stay_by_name(make_window: MakeWindow, qtbot: QtBot, lesson: Lesson) -> None:
    window = opened(make_window, qtbot, lesson)
    run(window, qtbot, "tanh")
    assert window.document.value.name == "tanh"
    assert window.document.selection == ("conv2",)
    assert window.views["confusion"].on_screen
    assert card(window, "tanh").result.startswith("validation loss ")
    run(window, qtbot, "ReLU")
    assert {"relu1", "relu4"} < window.document.graph.nodes.keys()
    assert kept(window) == [["tanh"], ["tanh"]]
    assert window.viewing.kept.current.name == "ReLU"
    run(window, qtbot, "tanh")
    assert kept(window) == [["ReLU"], ["ReLU"]]  # its new run stands in the place of the old one
    card(window, "ReLU").opening.click()
    until_parked(qtbot, window)
    assert kept(window) == [["ReLU", "tanh"]] * 2
    assert card(window, "tanh").result


def test_a_run_from_before_the_lesson_is_none_to_compare_with(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson
) -> None:
    window = opened(make_window, qtbot, lesson)
    run(window, qtbot, "ReLU")
    window.lessons.open_lesson(replace(lesson, key="another"))
    window.lessons.page.show_step(1)
    run(window, qtbot, "tanh")
    assert kept(window) == [[], []]
    assert window.viewing.kept.current.name == "tanh"
    run(window, qtbot, "ReLU")
    assert kept(window) == [["tanh"], ["tanh"]]
    run(window, qtbot, "ReLU")
    assert kept(window) == [["tanh"], ["tanh"]]


def test_a_set_up_brings_all_its_views_to_the_front(make_window: MakeWindow, qtbot: QtBot, lesson: Lesson) -> None:
    window = opened(make_window, qtbot, lesson)
    for key in ("flow", "confusion"):
        window.show_dock(key)
        assert window.views[key].on_screen
    card(window, "ReLU").opening.click()
    assert window.views["loss"].on_screen
    assert window.views["accuracy"].on_screen


def test_a_run_that_has_begun_has_its_colour_on_the_card(make_window: MakeWindow, qtbot: QtBot, lesson: Lesson) -> None:
    window = opened(make_window, qtbot, lesson)
    card(window, "ReLU").opening.click()
    until_parked(qtbot, window)
    assert card(window, "ReLU")._role == ""
    window.live.step_batch()
    qtbot.waitUntil(lambda: card(window, "ReLU")._role == "validation", timeout=PATIENCE)
    assert card(window, "tanh")._role == ""


def test_leaving_the_lesson_lets_go_of_its_runs_and_leaves_the_network(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson
) -> None:
    window = opened(make_window, qtbot, lesson)
    run(window, qtbot, "tanh")
    run(window, qtbot, "ReLU")
    value = window.document.value
    window.lessons.leave()
    assert kept(window) == [[], []]
    assert window.document.value is value
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.run_or_pause()
    assert kept(window) == [["run before"], ["run before"]]  # as everywhere outside of lessons


def test_a_set_up_that_was_changed_runs_under_a_name_that_says_so(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson
) -> None:
    window = opened(make_window, qtbot, lesson)
    run(window, qtbot, "tanh")
    changed = set_setting(window.document.value, "training.optimizer.learning_rate", 0.01)
    window.document.commit("Rate", changed)
    with qtbot.waitSignal(window.live.finished, timeout=PATIENCE):
        window.restart()
    assert kept(window) == [["tanh"], ["tanh"]]
    assert window.viewing.kept.current.name == "tanh, changed"


def test_unsaved_work_is_asked_about_once_and_set_ups_are_not(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson
) -> None:
    window = opened(make_window, qtbot, lesson)
    window.canvas.add_kind("ReLU")
    mine = window.document.value
    asked: list[Answer] = []

    def answer(what: Answer) -> Answer:
        asked.append(what)
        return what

    window.files.ask_unsaved = lambda: answer(Answer.CANCEL)
    card(window, "tanh").running.click()
    assert window.document.value == mine
    assert window.live.state is not State.RUNNING
    window.files.ask_unsaved = lambda: answer(Answer.DISCARD)
    card(window, "tanh").opening.click()
    card(window, "ReLU").opening.click()
    assert window.document.value.name == "ReLU"
    assert asked == [Answer.CANCEL, Answer.DISCARD]


def back_command(window: MainWindow) -> QAction:
    return next(action for action in window.menus.actions if action.text().startswith("Back to "))


def test_the_way_back_leads_to_the_own_network_as_it_stood(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson, tmp_path: Path
) -> None:
    window = opened(make_window, qtbot, lesson)
    document, page = window.document, window.lessons.page
    assert back_command(window).text() == "Back to your network (no lesson has replaced it)"
    assert not page.returning.isVisible()
    assert window.files.save_as(tmp_path / "mine.tcanvas")
    window.canvas.add_kind("ReLU")
    document.select(["conv1", "pool1"])
    mine = document.value
    window.files.ask_unsaved = lambda: Answer.DISCARD
    for name in ("tanh", "ReLU"):
        card(window, name).opening.click()
        assert document.undo.isClean()
        assert back_command(window).text() == "Back to mine"
        assert page.returning.isVisible()
    page.show_step(0)  # also where there is no set-up
    qtbot.mouseClick(page.returning, Qt.MouseButton.LeftButton)
    assert document.value is mine
    assert document.path == tmp_path / "mine.tcanvas"
    assert not document.undo.isClean()  # as before, though it could have been given up
    assert document.selection == ("conv1", "pool1")
    assert window.guide.set_up is None
    assert not page.returning.isVisible()
    assert not back_command(window).isEnabled()


def test_a_network_in_its_file_comes_back_saved_with_the_block_that_was_open(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson, tmp_path: Path
) -> None:
    window = opened(make_window, qtbot, lesson)
    document = window.document
    document.open(templates.load("googlenet"), None)
    assert window.files.save_as(tmp_path / "mine.tcanvas")
    block = next(name for name, node in document.graph.nodes.items() if node.kind == BLOCK)
    assert document.open_block(block)
    inside = document.opened
    card(window, "tanh").opening.click()
    back_command(window).trigger()
    assert document.opened == inside
    assert document.undo.isClean()
    card(window, "tanh").opening.click()
    (tmp_path / "mine.tcanvas").unlink()
    back_command(window).trigger()
    assert not document.undo.isClean()  # it stands nowhere but here


def test_a_set_up_that_was_worked_on_is_asked_about_on_the_way_back(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson, tmp_path: Path
) -> None:
    window = opened(make_window, qtbot, lesson)
    document, mine = window.document, window.document.value
    card(window, "tanh").opening.click()
    window.canvas.add_kind("ReLU")
    worked_on = document.value
    window.files.ask_unsaved = lambda: Answer.CANCEL
    back_command(window).trigger()
    assert document.value is worked_on
    assert window.lessons.page.returning.isVisible()
    assert window.files.save_as(tmp_path / "kept.tcanvas")
    assert not window.lessons.page.returning.isVisible()  # it is the user's own now
    card(window, "ReLU").opening.click()
    assert back_command(window).text() == "Back to kept"
    back_command(window).trigger()
    assert document.path == tmp_path / "kept.tcanvas"
    assert back_command(window).text() == "Back to LeNet-5"
    back_command(window).trigger()
    assert document.value is mine
    assert not back_command(window).isEnabled()


def test_another_network_opened_in_a_lesson_is_none_of_its_runs(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson
) -> None:
    window = opened(make_window, qtbot, lesson)
    run(window, qtbot, "tanh")
    window.document.open(quick(templates.load("lenet5"), epochs=1), None)
    assert window.guide.set_up is None
    assert window.viewing.kept.current.name == ""
    assert kept(window) == [["tanh"], ["tanh"]]


def test_the_list_is_searched_and_a_lesson_read_by_keyboard(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    assert not window.docks["lessons"].isVisible()  # nobody has asked
    assert window.lessons.findChild(Listing) is None  # and nothing of it is made before
    actions = {action.text(): action for action in window.menus.actions}
    actions["Lessons"].trigger()
    assert window.docks["lessons"].isVisible()
    listing = window.lessons.listing
    assert listing.shown() == tuple(
        sorted(lessons(), key=lambda lesson: [x.topics[0] for x in listing.shown()].index(lesson.topics[0]))
    )
    qtbot.keyClicks(listing.search, "pooling")
    assert len(listing.shown()) > 1
    assert listing.cards.currentItem().text() == "Max or average pooling"
    assert listing.shown()[0].key == "pooling"  # others only mention it, also those of earlier topics
    assert listing.cards.item(0).text() == "Convolution"
    listing.search.clear()
    qtbot.keyClicks(listing.search, "hidden units noise")
    assert [lesson.key for lesson in listing.shown()] == ["hidden-units"]
    qtbot.keyClick(listing.search, Qt.Key.Key_Return)
    assert window.lessons.lesson is find("hidden-units")
    page = window.lessons.page
    assert page.forward.hasFocus()  # and no field of the window, where the next key would edit the network
    actions["Next step of the lesson"].trigger()
    assert page.step == 1
    assert page.cards
    actions["Step before in the lesson"].trigger()
    actions["Step before in the lesson"].trigger()
    assert page.step == 0
    for _ in find("hidden-units").steps:  # type: ignore[union-attr]
        actions["Next step of the lesson"].trigger()
    assert window.lessons.lesson is page.next_lesson or window.lessons.lesson is not find("hidden-units")
    listing.search.clear()
    following = window.lessons.lesson
    assert following is not None
    window.lessons.leave()
    assert listing.cards.hasFocus()
    assert listing.cards.currentItem().text() == following.title  # where one has come to
    qtbot.keyClicks(listing.search, " xyzzy")
    assert not listing.shown()


def test_a_command_opens_a_lesson(make_window: MakeWindow) -> None:
    window = make_window(None)
    palette = window.findChild(CommandPalette)
    for words, name, key in (
        ("pooling", "Lesson 4: Max or average pooling", "pooling"),
        ("lesson 8", "Lesson 8: Sigmoid, tanh, ReLU", "activations"),
        ("lesson 1", "Lesson 1: A line is not enough", "line"),
    ):
        palette.search.setText(words)
        assert palette.list.currentItem().text() == name  # before what only mentions it
        palette.search.returnPressed.emit()
        assert window.docks["lessons"].isVisible()
        assert window.lessons.lesson is find(key)
    palette.search.setText("confusion")
    names = [palette.list.item(row).text() for row in range(palette.list.count())]
    assert names == ["Show or hide: Confusion matrix", "Lesson 6: How good, and wrong where?"]


def test_who_asks_for_the_lessons_again_types_over_the_last_search(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    lessons_wanted = {action.text(): action for action in window.menus.actions}["Lessons"]
    lessons_wanted.trigger()
    listing = window.lessons.listing
    qtbot.keyClicks(listing.search, "pooling")
    lessons_wanted.trigger()  # away
    lessons_wanted.trigger()
    qtbot.keyClicks(listing.search, "inception")
    assert listing.search.text() == "inception"


def test_lessons_that_are_closed_give_back_the_width_they_took(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.resize(1280, 720)
    lessons, palette = window.docks["lessons"], window.docks["palette"]
    before, wide = palette.width(), min(WIDTH, round(SHARE * window.width())) - 4
    actions = {action.text(): action for action in window.menus.actions}
    actions["Lessons"].trigger()
    qtbot.waitUntil(lambda: lessons.width() >= wide > before, timeout=PATIENCE)
    lessons.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: abs(palette.width() - before) <= 4, timeout=PATIENCE)
    actions["Lessons"].trigger()
    qtbot.waitUntil(lambda: lessons.width() >= wide, timeout=PATIENCE)


def test_the_views_get_back_the_shares_that_they_had_before_the_lessons(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.resize(1024, 700)
    row = [window.docks[key] for key in ("loss", "accuracy", "maps", "filters", "sample")]
    wanted = [300, 180, 170, 200, 150]  # as somebody has drawn the lines
    window.resizeDocks(row, wanted, Qt.Orientation.Horizontal)

    def widths() -> list[int]:
        return [dock.width() for dock in row]

    def like(those: list[int]) -> bool:
        return max(abs(one - other) for one, other in zip(widths(), those, strict=True)) <= 6

    qtbot.waitUntil(lambda: widths()[0] > 280, timeout=PATIENCE)
    before = widths()
    for _ in range(2):
        qtbot.keyClick(window, Qt.Key.Key_F4)
        qtbot.waitUntil(lambda: sum(widths()) < sum(before) - 200, timeout=PATIENCE)
        assert window.width() == 1024
        window.docks["preferred"].raise_()  # another tab of one of them
        qtbot.keyClick(window, Qt.Key.Key_F4)
        window.docks["filters"].raise_()
        qtbot.waitUntil(lambda: like(before), timeout=PATIENCE)


def test_a_line_that_was_drawn_beside_the_lessons_stays(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    loss, accuracy = window.docks["loss"], window.docks["accuracy"]
    before = loss.width()
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: loss.width() < before - 40, timeout=PATIENCE)
    line = QPoint(accuracy.geometry().left() - 1, accuracy.geometry().center().y())
    narrow = accuracy.width()
    qtbot.mousePress(window, Qt.MouseButton.LeftButton, pos=line)
    qtbot.mouseMove(window, line + QPoint(60, 0))
    qtbot.waitUntil(lambda: accuracy.width() < narrow - 20, timeout=PATIENCE)
    qtbot.mouseRelease(window, Qt.MouseButton.LeftButton, pos=line + QPoint(60, 0))
    chosen = loss.width() / accuracy.width()
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(window.docks["lessons"].isHidden, timeout=PATIENCE)
    qtbot.waitUntil(lambda: loss.width() / accuracy.width() == pytest.approx(chosen, abs=0.2), timeout=PATIENCE)


def test_lessons_of_an_earlier_session_give_back_the_width_too(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.resize(1280, 720)
    before = window.docks["palette"].width()
    lessons_command(window).trigger()
    qtbot.waitUntil(lambda: window.docks["palette"].isVisible() and window.docks["lessons"].width() > before)
    window.arrangement.remember()
    later = make_window(None)
    later.resize(1280, 720)
    later.hide()
    later.arrangement.restore()
    later.show()
    lessons, palette = later.docks["lessons"], later.docks["palette"]
    qtbot.waitUntil(lambda: lessons.isVisible() and lessons.width() > before + 50, timeout=PATIENCE)
    lessons_command(later).trigger()
    qtbot.waitUntil(lambda: in_sight(palette) and abs(palette.width() - before) <= 4, timeout=PATIENCE)
    assert lessons.isHidden()


def test_the_key_of_the_lessons_puts_them_away_too(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.resize(1280, 720)
    lessons, palette = window.docks["lessons"], window.docks["palette"]
    before = palette.width()
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: in_sight(lessons) and not in_sight(palette), timeout=PATIENCE)
    assert lessons_command(window).isChecked()
    assert window.lessons.listing.search.hasFocus()
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: in_sight(palette) and abs(palette.width() - before) <= 4, timeout=PATIENCE)
    assert lessons.isHidden()
    assert window.canvas.hasFocus()
    assert not lessons_command(window).isChecked()
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: in_sight(lessons), timeout=PATIENCE)
    palette.raise_()
    qtbot.waitUntil(lambda: not in_sight(lessons), timeout=PATIENCE)
    qtbot.keyClick(window, Qt.Key.Key_F4)  # behind the palette's tab they are not in front
    qtbot.waitUntil(lambda: in_sight(lessons), timeout=PATIENCE)


def test_a_palette_that_was_closed_stays_closed_behind_the_lessons(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.docks["palette"].close()
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(lambda: in_sight(window.docks["lessons"]), timeout=PATIENCE)
    qtbot.keyClick(window, Qt.Key.Key_F4)
    qtbot.waitUntil(window.docks["lessons"].isHidden, timeout=PATIENCE)
    assert window.docks["palette"].isHidden()


def test_the_gallery_leads_to_the_lessons(make_window: MakeWindow) -> None:
    window = make_window(None)
    window.menus.choose_network()
    gallery = window.menus.gallery
    assert gallery is not None
    next(button for button in gallery.findChildren(QPushButton) if button.text().startswith("Lessons")).click()
    assert not gallery.isVisible()
    assert window.docks["lessons"].isVisible()


def test_a_link_opens_the_other_lesson_and_one_comes_back_to_the_same_step(
    make_window: MakeWindow, qtbot: QtBot, lesson: Lesson
) -> None:
    window = opened(make_window, qtbot, lesson, step=1)
    prose = next(part for part in window.lessons.page.findChildren(QLabel) if part.text())
    assert prose is not None
    window.lessons.page.link_asked.emit("lesson:line")
    assert window.lessons.lesson is find("line")
    window.lessons.open_lesson(lesson)
    assert window.lessons.page.step == 1


def test_what_has_nothing_to_train_has_no_run_button(make_window: MakeWindow, qtbot: QtBot, lesson: Lesson) -> None:
    window = opened(make_window, qtbot, lesson, step=2)
    shown = card(window, "other data")
    assert shown.running.isHidden()
    shown.opening.click()
    assert window.document.value.name == "other data"


def test_a_set_up_that_cannot_be_opened_is_told_of(make_window: MakeWindow, qtbot: QtBot) -> None:
    broken = parse(TEXT.replace('template = "two-stage"', 'template = "three-stage"'), "98-two-activations.md")
    window = opened(make_window, qtbot, broken, step=2)
    before = window.document.value
    card(window, "other data").opening.click()
    assert window.document.value is before
    assert "three-stage" in window.banner.text


def test_prose_has_links_lists_and_air(qapp: object) -> None:
    text = rich("One **word**, [a link](lesson:line).\n\n1. First\n2. Second\n")
    assert 'href="lesson:line"' in text
    assert "<ol" in text
    assert "line-height:135%" in text


@pytest.mark.parametrize("width", [500, 240])
def test_the_card_of_a_set_up_has_room_for_its_texts(width: int, qtbot: QtBot, lesson: Lesson) -> None:
    note = "as it was built for reading the digits on cheques"
    shown = SetUpCard(lesson.set_ups[0].model_copy(update={"note": note}))
    shown.show_state(open_now=True, role="", result="validation loss 0.0276, 99.1\u00a0% right · test 96.7\u00a0%")
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    column.addWidget(shown)
    column.addStretch(1)
    page.resize(width, 600)
    page.show()
    texts = shown.findChildren(QLabel)
    assert {note, shown.result} <= {text.text() for text in texts}
    qtbot.waitUntil(lambda: all(text.height() >= text.heightForWidth(text.width()) for text in texts))


def test_the_result_is_that_of_the_epoch_whose_weights_the_run_ended_with() -> None:
    last = EpochEnded(11, 110, 0.1, 1.0, validation_loss=0.8, validation_accuracy=0.82, seconds=1, images_per_second=1)
    early = Finished(Reason.EARLY, 110, 0.5, 0.84, best_epoch=6, best_loss=0.55)
    assert result(last, early) == "validation loss 0.55 in epoch 6 · test 84.0\u00a0%"
    assert result(last, replace(early, best_epoch=None, best_loss=None)).startswith("validation loss 0.8, 82.0")


def test_a_table_without_headings_begins_with_its_figures() -> None:
    bare, headed = rich("| | |\n|---|---|\n| 5 | 1 |\n| 8 | 2 |\n"), rich("| | depth |\n|---|---|\n| 5 | 1 |\n")
    assert (bare.count("<tr"), headed.count("<tr")) == (2, 2)
    assert "margin-bottom:8px" not in bare  # what a paragraph has below it would stand in every cell


def test_rows_of_the_list_are_high_enough_whether_or_not_it_scrolls(qtbot: QtBot) -> None:
    listing = Listing(lessons())
    qtbot.addWidget(listing)
    listing.resize(320, 600)
    listing.show()
    for words in ("", "one step", "hidden units noise", ""):
        listing.search.setText(words)
        listing.cards.doItemsLayout()
        delegate, option = listing.cards.itemDelegate(), QStyleOptionViewItem()
        for row in range(listing.cards.count()):
            index = listing.cards.model().index(row, 0)
            assert listing.cards.visualRect(index).height() == delegate.sizeHint(option, index).height(), words
