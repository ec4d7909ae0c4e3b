"""The gallery of built-in networks: every one is there with a picture, is found, and opens; hidden, it does nothing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from builder.data.catalogue import find
from builder.graph.model import Graph
from builder.project import templates
from builder.project.document import Project
from builder.ui import style
from builder.ui.command_palette import CommandPalette
from builder.ui.files import Answer
from builder.ui.gallery.cards import PICTURE
from builder.ui.gallery.dialog import Gallery
from builder.ui.gallery.entries import EMPTY, Entry, entries, matching, readiness
from builder.ui.gallery.pictures import Pictures, Wish
from builder.ui.theme import theme
from builder.ui.window import MainWindow
from tests.ui.conftest import PATIENCE, MakeWindow

Key = Qt.Key
NAMES = tuple(template.name for template in templates.templates())


def card(name: str) -> Entry:
    return next(entry for entry in entries() if entry.name == name)


def settle(gallery: Gallery, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not gallery.pictures.busy, timeout=PATIENCE)


def colours(picture: QPixmap) -> int:
    image = picture.toImage()
    return len({image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)})


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def gallery(opened: list[str], qtbot: QtBot, qapp: object) -> Gallery:
    """The dialog, not shown yet; it notes what it opens."""
    style.apply(qapp)  # type: ignore[arg-type]
    theme().choose("dark")

    def open_network(name: str) -> bool:
        opened.append(name)
        return True

    made = Gallery(open_network)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def shown(gallery: Gallery, qtbot: QtBot) -> Gallery:
    """The same, open and done with its pictures."""
    with qtbot.waitExposed(gallery):
        gallery.ask()
    settle(gallery, qtbot)
    return gallery


# What there is ----------------------------------------------------------------------------------------------------


def test_every_template_is_behind_one_card_and_small_ones_beside_their_big_ones() -> None:
    behind = [name for entry in entries() for name in entry.names]
    assert sorted(behind) == sorted((EMPTY, *NAMES))
    assert card("resnet50").small == "resnet50-small"
    assert not card("lenet5").small
    assert not any(entry.name.endswith("-small") for entry in entries())


@pytest.mark.parametrize("size", [PICTURE, QSize(400, 220)])
def test_every_template_has_a_picture(qtbot: QtBot, size: QSize) -> None:
    pictures = Pictures()
    wishes = [Wish(name, size, 2.0) for name in (*NAMES, EMPTY)]
    pictures.wishes = lambda: wishes
    pictures.start()
    qtbot.waitUntil(lambda: not pictures.busy, timeout=PATIENCE)
    for wish in wishes:
        picture = pictures.find(wish)
        assert picture is not None, wish
        assert picture.size() == size * 2
        assert colours(picture) > (6 if wish.name else 1), wish
    assert pictures.facts["alexnet"].parameters == 60_965_224
    assert pictures.facts["resnet152"].parameters == 60_192_808
    assert pictures.facts["lenet5"].input == (1, 32, 32)
    assert pictures.facts[EMPTY].parameters == 0


def test_what_must_be_fetched_is_told_until_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(name: str) -> tuple[str, str]:
        ready = readiness(templates.load(name).data, tmp_path)
        return ready.role, ready.words

    assert of("lenet5") == ("good", "Trains at once, offline")
    role, words = of("mnist-2conv")
    assert role == "warn"
    assert "MNIST" in words
    assert "MB" in words
    assert of("resnet18")[0] == "muted"
    assert of("resnet18-small")[0] == "good"
    monkeypatch.setattr(type(find("mnist")), "at_hand", lambda _self, _folder: True)
    assert of("mnist-2conv")[0] == "good"


# Nothing while hidden ---------------------------------------------------------------------------------------------


def test_hidden_it_makes_nothing(gallery: Gallery, qtbot: QtBot) -> None:
    def rest() -> None:
        for _ in range(20):
            QCoreApplication.processEvents()

    rest()
    assert not gallery.pictures.facts
    assert not gallery.pictures.busy
    with qtbot.waitExposed(gallery):
        gallery.ask()
    qtbot.waitUntil(lambda: bool(gallery.pictures.facts), timeout=PATIENCE)
    gallery.hide()
    known = set(gallery.pictures.facts)
    assert known < {entry.name for entry in entries()}
    theme().choose("light")
    gallery.cards.choose(card("vgg16"))
    rest()
    assert set(gallery.pictures.facts) == known
    assert not gallery.pictures.busy
    gallery.ask()
    settle(gallery, qtbot)
    assert set(gallery.pictures.facts) >= {entry.name for entry in entries()}


def test_another_theme_has_other_pictures(shown: Gallery, qtbot: QtBot) -> None:
    wish = Wish("lenet5", PICTURE, shown.devicePixelRatioF())
    dark = shown.pictures.find(wish)
    theme().choose("light")
    settle(shown, qtbot)
    light = shown.pictures.find(wish)
    assert dark is not None
    assert light is not None
    assert dark.toImage().pixelColor(0, 0) == "#15181d"
    assert light.toImage().pixelColor(0, 0) == "#f1f3f7"


# Choosing ---------------------------------------------------------------------------------------------------------


def test_typing_finds_by_name_by_words_and_by_layers(shown: Gallery) -> None:
    def found(typed: str) -> list[str]:
        shown.search.setText(typed)
        return [entry.name for entry in shown.cards.shown()]

    assert found("lenet-5") == ["lenet5"]
    assert found("resnet 152") == ["resnet152"]
    assert found("cheques") == ["lenet5"]
    assert set(found("response norm")) >= {"alexnet", "alexnet-columns"}
    assert "lenet5" not in found("response norm")
    assert "vgg16" not in found("concat")
    assert "googlenet" in found("concat")
    assert not matching("concat", {})  # before a network was made, its layers are not known
    assert len(found("")) == len(entries())


def test_what_is_found_is_chosen_and_enter_opens_it(shown: Gallery, opened: list[str], qtbot: QtBot) -> None:
    QTest.keyClicks(shown.search, "resnet-34")
    shown.pane.full.click()
    assert shown.chosen == "resnet34"
    settle(shown, qtbot)
    assert shown.pane.figures.texts()["Parameters"] == "21,797,672"
    QTest.keyClick(shown.search, Key.Key_Return)
    assert opened == ["resnet34"]
    assert not shown.isVisible()


def test_nothing_found_opens_nothing(shown: Gallery, opened: list[str]) -> None:
    QTest.keyClicks(shown.search, "qqq")
    assert shown.chosen is None
    assert not shown.open_button.isEnabled()
    QTest.keyClick(shown.search, Key.Key_Return)
    assert shown.isVisible()
    assert not opened
    QTest.keyClick(shown.search, Key.Key_Escape)
    assert shown.isVisible()
    assert len(shown.cards.shown()) == len(entries())
    QTest.keyClick(shown.search, Key.Key_Escape)
    assert not shown.isVisible()


def test_arrow_keys_reach_every_row_and_letters_go_to_the_search(shown: Gallery, qtbot: QtBot) -> None:
    cards = shown.cards
    cards.choose(card(EMPTY))
    QTest.keyClick(shown.search, Key.Key_Right)
    qtbot.waitUntil(cards.hasFocus)
    assert shown.chosen == "perceptron"
    tops = sorted({cards.visualItemRect(cards.item(row)).top() - cards.visualItemRect(cards.item(0)).top()
                   for row in range(cards.count()) if cards.item(row).flags()})  # fmt: skip
    for expected in tops:
        item = cards.currentItem()
        assert cards.visualItemRect(item).top() - cards.visualItemRect(cards.item(0)).top() == expected
        assert cards.viewport().rect().contains(cards.visualItemRect(item))
        QTest.keyClick(cards, Key.Key_Down)
    QTest.keyClick(cards, Key.Key_Home)
    assert shown.chosen == EMPTY
    QTest.keyClick(cards, Key.Key_End)
    assert shown.pane.entry == entries()[-1]
    QTest.keyClick(cards, Key.Key_V)
    QTest.keyClick(shown.search, Key.Key_G)
    assert shown.search.hasFocus()
    assert shown.search.text() == "vg"
    assert shown.pane.entry == card("vgg16")


def test_what_is_described_so_comes_without_all_that_hold_a_layer_of_that_name(shown: Gallery) -> None:
    found = [entry.name for entry in matching("percep", shown.pictures.facts)]
    assert found[0] == "perceptron"
    assert not {"alexnet", "resnet50", "lenet5"} & set(found)
    assert {"alexnet", "resnet50", "lenet5"} <= {entry.name for entry in matching("conv", shown.pictures.facts)}
    concatenated = {entry.name for entry in matching("concatenate", shown.pictures.facts)}
    assert "googlenet" in concatenated, "no network is called so: what a layer is called, too, counts"


def test_what_trains_at_once_is_the_first_choice(shown: Gallery) -> None:
    shown.cards.choose(card("resnet18"))  # its data are nowhere to be had
    assert shown.chosen == "resnet18-small"
    shown.cards.choose(card("lenet5"))
    assert shown.chosen == "lenet5"
    shown.cards.choose(card("vgg16"))
    shown.pane.full.click()
    assert shown.chosen == "vgg16"
    shown.cards.choose(card("resnet18"))
    assert shown.chosen == "resnet18"  # as the user has chosen


def test_networks_of_the_name_stand_before_those_that_mention_it(shown: Gallery) -> None:
    shown.search.setText("percep")
    found = shown.cards.shown()
    assert [entry.name for entry in found[:2]] == ["perceptron", "mlp"]
    assert shown.chosen == "perceptron"
    shown.search.setText("inception")
    groups = [entry.group for entry in shown.cards.shown()]
    assert len(dict.fromkeys(groups)) == sum(before != now for before, now in pairwise(["", *groups]))
    assert "inception" in shown.cards.shown()[0].name


def test_the_small_variant_is_a_switch_that_stays(shown: Gallery, opened: list[str], qtbot: QtBot) -> None:
    shown.cards.choose(card("resnet50"))
    shown.pane.small.click()
    assert shown.chosen == "resnet50-small"
    settle(shown, qtbot)
    assert shown.pane.figures.texts()["Input"] == "1×32×32"
    assert shown.pane.figures.texts()["Parameters"] == "375,618"
    shown.cards.choose(card("lenet5"))
    assert shown.chosen == "lenet5"  # it has no other size
    shown.cards.choose(card("vgg16"))
    assert shown.chosen == "vgg16-small"
    place = shown.cards.visualItemRect(shown.cards.currentItem()).center()
    qtbot.mouseClick(shown.cards.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(shown.cards.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened == ["vgg16-small"]


# In the window ----------------------------------------------------------------------------------------------------


def gallery_of(window: MainWindow) -> Gallery:
    assert window.menus.gallery is not None
    return window.menus.gallery


def test_from_the_keyboard_to_the_opened_document(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(None)
    window.topbar.run.setFocus()
    QTest.keyClick(window, Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    gallery = gallery_of(window)
    assert gallery.isVisible()
    QTest.keyClicks(gallery.search, "fashion")
    QTest.keyClick(gallery.search, Key.Key_Return)
    assert not gallery.isVisible()
    assert window.document.value == templates.load("fashion-cnn")
    assert window.focusWidget() is window.canvas


def test_what_is_not_saved_is_asked_about_first(make_window: MakeWindow) -> None:
    window = make_window(None)
    window.canvas.add_kind("ReLU")
    before = window.document.value
    window.files.ask_unsaved = lambda: Answer.CANCEL
    window.menus.choose_network()
    gallery = gallery_of(window)
    gallery.open_button.click()
    assert gallery.isVisible()
    assert window.document.value is before
    window.files.ask_unsaved = lambda: Answer.DISCARD
    gallery.cards.choose(card(EMPTY))
    gallery.open_button.click()
    assert not gallery.isVisible()
    assert window.document.graph == Graph()


def test_the_empty_canvas_offers_the_gallery(make_window: MakeWindow) -> None:
    window = make_window(Project())
    button = window.canvas.invitation
    assert button.isVisible()
    button.click()
    gallery = gallery_of(window)
    assert gallery.isVisible()
    gallery.search.setText("perceptron")
    gallery.accept()
    assert window.document.value.name == "Perceptron"
    assert not button.isVisible()


@pytest.mark.parametrize(
    ("words", "title"), [("layer table", "Analysis"), ("grad-cam", "What it looks at"), ("errors", "Problems")]
)
def test_a_panel_is_found_by_what_it_shows(make_window: MakeWindow, words: str, title: str) -> None:
    window = make_window(None)
    palette = window.findChild(CommandPalette)
    palette.search.setText(words)
    found = [palette.list.item(row).text() for row in range(palette.list.count())]
    assert f"Show or hide: {title}" in found


def test_each_template_is_a_command_too(make_window: MakeWindow) -> None:
    window = make_window(None)
    palette = window.findChild(CommandPalette)
    palette.search.setText("resnet-18, small")
    assert palette.list.item(0).text() == "Small variants: ResNet-18, small"
    action = palette.list.item(0).data(Qt.ItemDataRole.UserRole)
    action.trigger()
    assert window.document.value == templates.load("resnet18-small")
