"""One message at a time: news is said at once, offers wait their turn and come back."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from builder.ui.banner import Banner, Offer


@pytest.fixture
def banner(qtbot: QtBot) -> Banner:
    made = Banner()
    qtbot.addWidget(made)
    return made


def test_an_offer_waits_until_the_news_is_read(banner: Banner) -> None:
    banner.show_message("files", "News.")
    banner.offer("data", "Offer.")
    assert banner.text == "News."
    banner.dismiss()
    assert banner.text == "Offer."
    banner.dismiss()
    assert banner.isHidden()
    assert banner.text == ""


def test_an_offer_comes_back_behind_the_news_and_before_those_that_came_later(banner: Banner) -> None:
    banner.offer("data", "First.")
    banner.offer("own-code", "Second.")
    banner.show_message("failed", "News.")
    said = []
    while banner.subject:
        said.append(banner.text)
        banner.dismiss()
    assert said == ["News.", "First.", "Second."]


def test_news_is_gone_once_other_news_takes_its_place(banner: Banner) -> None:
    banner.show_message("failed", "Old.")
    banner.show_message("failed", "New.")
    banner.show_message("files", "Newest.")
    banner.dismiss()
    assert banner.isHidden()


def test_what_is_withdrawn_is_neither_said_nor_waits(banner: Banner) -> None:
    banner.offer("data", "Data.")
    banner.show_message("stale", "Stale.", lasting=True)
    banner.show_message("files", "News.")
    banner.withdraw("stale")
    assert banner.text == "News."
    banner.withdraw("files")
    assert banner.text == "Data."
    banner.withdraw("data")
    assert banner.isHidden()


def test_what_does_not_concern_the_document_stays_when_all_else_is_cleared(banner: Banner) -> None:
    banner.show_message("failed", "News.")
    banner.offer("recovery", "Lost.")
    banner.offer("data", "Data.")
    banner.clear(keep=("recovery",))
    assert banner.text == "Lost."
    banner.dismiss()
    assert banner.isHidden()


def test_an_offer_that_is_taken_may_say_something_else_first(banner: Banner) -> None:
    banner.offer("data", "Data.", offers=(Offer("Do it", lambda: banner.show_message("failed", "It failed.")),))
    banner.offer("own-code", "Code.")
    banner.buttons()[0].click()
    assert banner.text == "It failed."
    banner.dismiss()
    assert banner.text == "Code."


def test_a_note_that_nobody_asked_for_waits_behind_a_warning_that_offers_a_mend(banner: Banner) -> None:
    mend = (Offer("Use learning rate 0.05", lambda: None),)
    banner.show_message("diverging", "Far off.", "warn", mend, waits=True)
    banner.show_message("busy-machine", "Busy.", "warn", waits=True)
    assert banner.text == "Far off."
    banner.show_message("run-under-way", "An answer.", "warn")  # somebody waits for this
    assert banner.text == "An answer."
    banner.show_message("busy-machine", "Busy again.", "warn", waits=True)
    assert banner.text == "Busy again."
    banner.show_message("diverging", "Far off.", "warn", mend, waits=True)
    assert banner.text == "Far off."
    banner.withdraw("diverging")
    assert banner.text == ""


@pytest.mark.parametrize(
    "offers", [("Use learning rate 0.008 and start again",), ("Download", "Choose a folder", "Not now")]
)
def test_in_a_narrow_window_the_offers_stand_below_a_text_that_is_read_whole(
    qtbot: QtBot, offers: tuple[str, ...]
) -> None:
    pane = QWidget()
    qtbot.addWidget(pane)
    banner = Banner()
    column = QVBoxLayout(pane)
    column.addWidget(banner)
    column.addStretch(1)
    pane.resize(1200, 500)
    pane.show()
    long = (
        "<b>Optimiser, learning rate</b>: the loss is 210 times what it was at the beginning: the steps are too large."
    )
    banner.show_message("diverged", long, "warn", tuple(Offer(text, lambda: None) for text in offers))

    def below() -> bool:
        return all(button.y() >= banner._text.geometry().bottom() for button in banner.buttons())

    qtbot.waitUntil(lambda: banner.height() > 0 and not below(), timeout=5000)

    def whole() -> bool:
        text = banner._text
        return (
            below()
            and text.height() >= text.heightForWidth(text.width())
            and text.width() > 0.6 * banner.width()
            and all(button.width() >= button.sizeHint().width() for button in banner.buttons())
            and all(banner.rect().contains(button.geometry()) for button in banner.buttons())
        )

    for width in (430, 320):
        pane.resize(width, 500)
        qtbot.waitUntil(whole, timeout=5000)
    pane.resize(1200, 500)
    qtbot.waitUntil(lambda: not below(), timeout=5000)
