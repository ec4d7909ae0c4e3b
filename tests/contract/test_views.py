"""What every live view keeps to, whoever wrote it: the suite runs over all that are registered."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from builder.ui.theme import theme
from builder.ui.views import base
from builder.ui.views.base import View, all_views
from builder.ui.views.frame import Choice
from builder.ui.views.listing import LISTED
from tests.contract.view_cases import CASES, EPOCH, SCALARS, Case

importlib.import_module("builder.ui.views")
SMALL, LARGE = QSize(180, 160), QSize(700, 500)

every_view = pytest.mark.parametrize("kind", all_views(), ids=lambda kind: kind.key)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def _theme() -> Iterator[None]:
    before = theme().wish
    theme().choose("dark")
    yield
    theme().choose(before)


@pytest.fixture
def shown(kind: type[View], qtbot: QtBot) -> View:
    made = kind()
    qtbot.addWidget(made)
    made.resize(LARGE)
    with qtbot.waitExposed(made):
        made.show()
    return made


def feed(view: View, case: Case) -> None:
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    view.show_responses(case.responses)
    view.add_scalars(SCALARS)
    view.add_epoch(EPOCH)


def settle() -> None:
    """Let everything be laid out that asks for it: each asks what holds it, one after another."""
    for _ in range(5):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


def grab(view: View) -> QImage:
    return view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def colours(image: QImage) -> int:
    """How many colours an image has: one means that nothing was painted."""
    return len({image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)})


def every_way(view: View) -> Iterator[tuple[Choice, int]]:
    """Takes each way that each choice in the head offers, one after another."""
    for choice in view.findChildren(Choice):
        for number in range(len(choice.menu().actions())):
            choice.choose(number)
            yield choice, number
        choice.choose(0)


class Layouts(QObject):
    """Counts how often a widget is asked to lay itself out: whatever holds it will be asked, too."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.count = 0
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.LayoutRequest
        return False


class Paints(QObject):
    """Counts the repaints of a widget and all that it holds."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.count = 0
        for widget in (view, *view.findChildren(QWidget)):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_every_view_is_listed() -> None:
    folder = Path(base.__file__).parent
    written = {path.stem for path in folder.glob("*.py") if "\n@view(" in path.read_text("utf-8")}
    assert written == set(LISTED)
    assert [kind.key for kind in all_views()] == list(LISTED)


@every_view
def test_says_what_it_is(kind: type[View]) -> None:
    assert kind.title
    assert kind.help.endswith(".")
    assert kind.key.isidentifier()


@every_view
def test_says_in_words_that_there_is_nothing_yet(shown: View) -> None:
    words = shown.frame.empty  # type: ignore[attr-defined]
    assert len(words.split()) >= 4
    assert words.endswith(".")
    assert colours(grab(shown)) > 8


@every_view
@every_case
def test_shows_a_picture_in_both_themes_and_when_small(shown: View, case: Case, qtbot: QtBot) -> None:
    feed(shown, case)
    if shown.key in case.nothing:
        assert len(shown.frame.empty.split()) >= 8  # type: ignore[attr-defined]
        return
    assert not shown.frame.empty  # type: ignore[attr-defined]
    dark = grab(shown)
    assert colours(dark) > 12
    theme().choose("light")
    light = grab(shown)
    assert light != dark
    assert light.pixelColor(2, LARGE.height() - 3) == theme().color("panel")
    shown.resize(SMALL)
    assert shown.size() == SMALL
    assert colours(grab(shown)) > 8


@every_view
@every_case
def test_forgets_a_run(shown: View, case: Case) -> None:
    feed(shown, case)
    shown.clear()
    assert shown.frame.empty  # type: ignore[attr-defined]
    feed(shown, case)
    assert bool(shown.frame.empty) is (shown.key in case.nothing)  # type: ignore[attr-defined]


@every_view
@every_case
def test_asks_only_for_nodes_of_the_network(kind: type[View], case: Case, qtbot: QtBot) -> None:
    made = kind()
    qtbot.addWidget(made)
    assert not made.attention().activations | made.attention().filters
    for selection in ((), ("output1",), ("input1",), ("fc1", "output1"), ("gone",)):
        made.set_subject(type(case.subject)(case.subject.inference, selection))
        for _ in every_way(made):
            wish = made.attention()
            clouds = {wish.cloud.layer} if wish.cloud is not None else set()
            assert wish.activations | wish.filters | wish.gradients | clouds <= case.subject.inference.nodes.keys()


@every_view
@every_case
def test_each_way_to_show_it_shows_something_or_says_why(shown: View, case: Case) -> None:
    feed(shown, case)
    for choice, number in every_way(shown):
        feed(shown, case)
        words = shown.frame.empty  # type: ignore[attr-defined]
        assert colours(grab(shown)) > 8, (choice.toolTip(), number)
        assert not words or len(words.split()) >= 8, (choice.toolTip(), number)


@every_view
@every_case
def test_another_picture_of_the_same_lays_nothing_out_anew(shown: View, case: Case) -> None:
    """It would go up to the main window, which lays out every dock: many times a second while training."""
    feed(shown, case)
    grab(shown)
    settle()
    asked = Layouts(shown)
    for step in (8, 9):
        preferred = case.picture.preferred
        made = preferred and replace(preferred, step=step, made=step / 10)
        shown.show_picture(replace(case.picture, step=step, preferred=made))
        settle()
    assert asked.count == 0


@every_view
def test_hidden_it_paints_nothing_and_shown_again_it_is_up_to_date(shown: View, qtbot: QtBot) -> None:
    first, second = CASES[0], CASES[1]
    feed(shown, first)
    grab(shown)
    shown.hide()
    paints = Paints(shown)
    feed(shown, second)
    qtbot.wait(0)
    assert paints.count == 0
    shown.show()
    late = grab(shown)
    fresh = type(shown)()
    qtbot.addWidget(fresh)
    fresh.resize(LARGE)
    fresh.show()
    feed(fresh, first)
    feed(fresh, second)
    grab(fresh)
    assert late == grab(fresh)


@every_view
def test_can_be_enlarged_saved_and_copied(shown: View) -> None:
    feed(shown, CASES[0])
    names = [button.accessibleName() for button in shown.findChildren(QToolButton) if button.isVisible()]
    assert any(name.startswith("Enlarge") for name in names)
    menu = shown.actions_menu()  # type: ignore[attr-defined]
    words = [action.text() for action in menu.actions()]
    assert {"Copy picture", "Save picture…"} <= set(words)
    assert all(action.isEnabled() for action in menu.actions())
    menu.deleteLater()


@every_view
def test_its_head_can_be_the_title_of_a_dock(shown: View) -> None:
    head = shown.head()
    assert head is not None
    assert head.height() <= 40
