"""Switches, choices, sections, formulas, labels, empty states, icons and the style sheet."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics, QRawFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from builder.ui import icons, style
from builder.ui.inspector.help_card import source_link
from builder.ui.theme import families, theme
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.empty import Empty
from builder.ui.widgets.formula import FormulaBox, rich, with_result
from builder.ui.widgets.labels import Elided
from builder.ui.widgets.section import Section
from builder.ui.widgets.toggle import Toggle


def test_a_switch_turns_by_click_and_space(qtbot: QtBot) -> None:
    toggle = Toggle()
    qtbot.addWidget(toggle)
    told: list[bool] = []
    toggle.edited.connect(told.append)
    toggle.set_value(True)
    assert told == []
    QTest.mouseClick(toggle, Qt.MouseButton.LeftButton)
    QTest.keyClick(toggle, Qt.Key.Key_Space)
    assert told == [False, True]


def test_a_choice_tells_the_value_and_not_its_words(qtbot: QtBot) -> None:
    choice = Choice({"pad": "enlarge", "resize": "resize it"})
    qtbot.addWidget(choice)
    choice.set_value("pad")
    told: list[object] = []
    choice.edited.connect(told.append)
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert told == ["resize"]
    assert choice.value() == "resize"


def test_a_choice_names_a_value_that_is_not_offered(qtbot: QtBot) -> None:
    choice = Choice({"a": "A"})
    qtbot.addWidget(choice)
    choice.set_value("z")
    assert choice.value() is None
    assert "z" in choice.placeholderText()


def test_a_choice_offers_something_that_is_no_value(qtbot: QtBot) -> None:
    choice = Choice({"a": "A", "b": "B"})
    qtbot.addWidget(choice)
    asked: list[bool] = []
    told: list[object] = []
    choice.offer("Another…", lambda: asked.append(True))
    choice.edited.connect(told.append)
    choice.set_value("a")
    assert choice.itemText(choice.count() - 1) == "Another…"
    choice.activated.emit(choice.count() - 1)
    assert asked == [True]
    assert choice.value() == "a"
    QTest.keyClick(choice, Qt.Key.Key_End)
    QTest.keyClick(choice, Qt.Key.Key_Down)  # not beyond the values
    assert (told, choice.value(), asked) == (["b"], "b", [True])
    choice.name_of = str.upper
    choice.set_value("zoo")
    assert choice.placeholderText() == "ZOO"
    choice.set_choices({"c": "C"})
    assert choice.itemText(choice.count() - 1) == "Another…"


def test_a_section_folds_by_click(qtbot: QtBot) -> None:
    section = Section("More", foldable=True, folded=True)
    qtbot.addWidget(section)
    inside = section.add(QLabel("inside"))
    section.show()
    assert section.head is not None
    assert not inside.isVisible()
    with qtbot.waitSignal(section.folded_changed):
        QTest.mouseClick(section.head, Qt.MouseButton.LeftButton)
    assert inside.isVisible()


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("H_{out}", "H<sub>out</sub>"),
        ("x^{2}", "x<sup>2</sup>"),
        ("e^{x_i}", "e<sup>xᵢ</sup>"),
        ("a < b", "a &lt; b"),
        ("a - b", "a − b"),
    ],
)
def test_formulas_become_rich_text(text: str, made: str) -> None:
    assert rich(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("(5·5·1 + 1)·6 = 156", "(5·5·1 + 1)·6 = <b>156</b>"),
        ("28 = ⌊(32 + 2·0) / 1⌋ + 1", "<b>28</b> = ⌊(32 + 2·0) / 1⌋ + 1"),
        ("0", "<b>0</b>"),
        ("the whole input", "the whole input"),
        ("5 + 2 = 7\n6 + 2 = 8", "5 + 2 = <b>7</b>\n6 + 2 = <b>8</b>"),
    ],
)
def test_the_result_stands_out(text: str, made: str) -> None:
    assert with_result(text) == made


def test_two_sums_stand_one_below_the_other(qtbot: QtBot) -> None:
    box, single = FormulaBox("H + 2p", "5 + 2 = 7\n6 + 2 = 8"), FormulaBox("H + 2p", "5 + 2 = 7")
    for made in (box, single):
        qtbot.addWidget(made)
    assert box.sizeHint().height() >= single.sizeHint().height() + 10


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://docs.pytorch.org/x/torch.nn.ReLU.html", ">docs.pytorch.org: torch.nn.ReLU</a>"),
        (
            "He et al. 2015, https://arxiv.org/abs/1502.01852",
            'href="https://arxiv.org/abs/1502.01852">He et al. 2015</a>',
        ),
        ("Numerical Recipes <2>", "Numerical Recipes &lt;2&gt;"),
    ],
)
def test_a_source_is_a_link(source: str, shown: str) -> None:
    assert source_link(source).endswith(shown)


def test_a_label_that_is_cut_tells_its_text_in_the_tool_tip(qtbot: QtBot) -> None:
    short = Elided("a very long text that has no room")
    qtbot.addWidget(short)
    short.resize(60, 20)
    short.grab()
    assert short.toolTip() == "a very long text that has no room"
    short.resize(400, 20)
    short.grab()
    assert short.toolTip() == ""


def test_an_empty_panel_offers_its_action(qtbot: QtBot) -> None:
    empty = Empty("layers", "Nothing here", "Drag a layer.", "Open a template")
    qtbot.addWidget(empty)
    assert empty.button is not None
    with qtbot.waitSignal(empty.asked):
        QTest.mouseClick(empty.button, Qt.MouseButton.LeftButton)


def test_every_icon_is_drawn_in_the_colour_of_its_role(qtbot: QtBot) -> None:
    assert {"play", "pause", "stop", "step", "warning", "error"} <= set(icons.names())
    accent = theme().color("accent").rgb()
    for name in icons.names():
        image = icons.icon(name, "accent").pixmap(QSize(32, 32)).toImage()
        inks = {image.pixel(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() == 255}
        assert accent in inks, name


def test_an_icon_of_no_size_is_nothing(qtbot: QtBot) -> None:
    assert icons.icon("play").pixmap(QSize(0, 16)).isNull()  # a Qt message would fail the test


def test_a_dressed_button_follows_the_theme_and_may_die(qtbot: QtBot) -> None:
    button = QToolButton()
    icons.dress(button, "play")
    before = button.icon().cacheKey()
    was = theme().wish
    theme().choose("light" if theme().dark else "dark")
    assert button.icon().cacheKey() != before
    button.deleteLater()
    del button
    qtbot.wait(0)
    theme().choose(was)


def test_an_unknown_icon_is_an_error(qtbot: QtBot) -> None:
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon")


def test_the_style_sheet_fills_in_every_word_in_both_themes(qtbot: QtBot) -> None:
    was = theme().wish
    for name in ("dark", "light"):
        theme().choose(name)
        assert "$" not in style.sheet()
        assert theme().hex("panel") in style.sheet()
    theme().choose(was)


def test_the_fonts_come_along_and_have_the_signs_that_formulas_need(qtbot: QtBot) -> None:
    found = QFontDatabase.families()
    assert set(families()) <= set(found)
    signs = "×−·⌊⌋⌈⌉γβ₁σ√Σ→▸ᵢⱼ"
    fonts = [QRawFont.fromFont(QFontDatabase.font(family, "Regular", 12)) for family in families()]
    for sign in signs:
        assert any(each.supportsCharacter(ord(sign)) for each in fonts), sign
    assert QFontMetrics(QFontDatabase.font("JetBrains Mono", "Regular", 12)).horizontalAdvance("0") > 0
