"""What a view keeps when there is little room for it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from builder.ui.views.confusion import ConfusionView
from builder.ui.views.maps import FeatureMapsView
from builder.ui.views.sample import SampleView
from builder.ui.views.shares import label_and_bar
from tests.contract.view_cases import lenet


def words(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


@pytest.fixture
def sample(qtbot: QtBot) -> SampleView:
    case = lenet()
    view = SampleView()
    qtbot.addWidget(view)
    view.show()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    return view


@pytest.mark.parametrize("size", [(175, 200), (150, 160), (199, 240), (300, 160)])
def test_the_picture_stays_in_a_small_pane(sample: SampleView, size: tuple[int, int]) -> None:
    sample.resize(*size)
    sample.content.arrange()
    picture, bars = sample.content.maps.geometry(), sample.content.bars.geometry()
    assert min(picture.width(), picture.height()) >= 40
    assert not picture.intersects(bars)
    assert not bars.isEmpty()


@pytest.mark.parametrize(
    ("longest", "width", "expected"),
    [(60, 200, (60, 116)), (60, 110, (60, 26)), (60, 82, (60, 0)), (60, 72, (58, 0)), (10, 72, (10, 38))],
)
def test_names_of_classes_have_the_room_where_no_bar_would_tell_anything(
    longest: float, width: float, expected: tuple[float, float]
) -> None:
    assert label_and_bar(longest, width) == pytest.approx(expected)


def test_what_does_not_fit_into_the_head_stands_in_the_menu(sample: SampleView, qtbot: QtBot) -> None:
    sample.resize(700, 300)
    assert "Next sample" not in words(sample.actions_menu())
    sample.resize(160, 300)
    menu = sample.actions_menu()
    assert "Any sample" in words(menu)
    assert "Enlarge (Enter on a map enlarges it alone)" not in words(menu)  # it stands there anyway
    (previous,) = [action for action in menu.actions() if action.text() == "Previous sample"]
    with qtbot.waitSignal(sample.sample_asked) as asked:
        previous.trigger()
    assert asked.args == [-1 + (sample.subject.sample if sample.subject is not None else 0)]


def test_a_choice_that_does_not_fit_is_made_in_the_menu(qtbot: QtBot) -> None:
    view = ConfusionView()
    qtbot.addWidget(view)
    view.resize(160, 200)
    view.show()
    assert view.form.isHidden()
    (forms,) = [action for action in view.actions_menu().actions() if action.text() == view.form.toolTip()]
    submenu = view.form.menu()
    assert forms.menu() is submenu
    submenu.actions()[1].trigger()
    assert view.form.value == 1


def test_the_menu_says_what_it_is_in_a_few_words(qtbot: QtBot) -> None:
    view = FeatureMapsView()
    qtbot.addWidget(view)
    view.resize(140, 200)
    view.show()
    assert view.what.isHidden()
    shown = words(view.actions_menu())
    assert "What the maps show" in shown
    assert all(len(each) < 60 for each in shown)


def test_the_menu_is_the_last_to_go(qtbot: QtBot) -> None:
    view = FeatureMapsView()
    qtbot.addWidget(view)
    view.resize(140, 200)
    view.show()
    enlarge, more = view._buttons
    assert enlarge.isHidden()
    assert more.isVisible()


def test_an_answer_in_many_words_is_read_whole(qtbot: QtBot) -> None:
    view = SampleView()
    qtbot.addWidget(view)
    view.resize(200, 260)
    view.show()
    verdict = view.content.verdict
    view.content.show_verdict("3: right", True)
    view.frame.set_empty("")
    height = verdict.height()
    view.content.show_verdict("says sandal with a high heel, is boot", False)
    assert verdict.height() > height
    assert verdict.heightForWidth(400) == height
    view.content.show_verdict("3: right", True)
    assert verdict.height() == height
