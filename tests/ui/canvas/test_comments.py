"""Comments on the canvas, by mouse and by keyboard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.graph.frozen import FrozenDict
from builder.graph.model import Comment, Graph, Point
from builder.ui.canvas import clipboard, export, menu, paper
from builder.ui.canvas.face import FAR, MIDDLE
from builder.ui.canvas.paper import lines_of, size_for
from builder.ui.canvas.room import carried_along, way_to_room
from builder.ui.canvas.view import CanvasView
from builder.ui.theme import theme
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.hand import Hand, check_items, small

CONTROL = Qt.KeyboardModifier.ControlModifier
WORDS = "What do these filters look for?"
ABOVE = Comment(WORDS, Point(0, -120), 160, 68)
BELOW = Comment("padded by two", Point(400, 200), 120, 40, "green")


@pytest.fixture
def view(make_canvas: MakeCanvas) -> CanvasView:
    return make_canvas(replace(small(), comments=FrozenDict({"comment1": ABOVE, "comment2": BELOW})))


def comments(view: CanvasView) -> dict[str, Comment]:
    return dict(view.document.graph.comments)


def middle(view: CanvasView, name: str) -> QPointF:
    return view.canvas.comments[name].box().center()


def test_a_comment_is_written_where_the_mouse_is_and_undone_in_one_step(
    view: CanvasView, hand: Hand, qtbot: QtBot
) -> None:
    before = view.document.value
    hand.move(QPointF(320, -200))
    qtbot.keyClick(view, Qt.Key.Key_M, CONTROL)
    field = view.fields.comment
    assert field.hasFocus()
    qtbot.keyClicks(field, "five by five")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "no padding")
    qtbot.keyClick(field, Qt.Key.Key_Return, CONTROL)
    assert not field.isVisible()
    assert view.hasFocus()
    assert view.document.chosen_comments == ("comment3",)
    assert comments(view)["comment3"].text == "five by five\nno padding"
    assert QRectF(200, -260, 240, 120).contains(view.canvas.comments["comment3"].box().center())
    check_items(view)
    view.document.undo.undo()
    assert view.document.value == before
    check_items(view)
    view.document.undo.redo()
    assert comments(view)["comment3"].text == "five by five\nno padding"


def test_a_comment_without_a_word_was_never_there(view: CanvasView, qtbot: QtBot) -> None:
    before, steps = view.document.value, view.document.undo.count()
    view.add_comment()
    qtbot.keyClick(view.fields.comment, Qt.Key.Key_Space)
    qtbot.keyClick(view.fields.comment, Qt.Key.Key_Escape)
    assert view.document.value == before
    assert view.document.undo.count() == steps
    check_items(view)


def test_a_new_comment_covers_nothing(view: CanvasView) -> None:
    view.add_comment(view.canvas.nodes["conv1"].box().center())
    new = view.canvas.comments["comment3"].box()
    others = [item.box() for name, item in view.canvas.comments.items() if name != "comment3"]
    assert not any(new.intersects(box) for box in (*others, *(item.box() for item in view.canvas.nodes.values())))


def test_a_double_click_edits_and_a_click_elsewhere_keeps_the_text(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.double_click(middle(view, "comment1"))
    field = view.fields.comment
    assert field.isVisible()
    assert field.toPlainText() == WORDS
    qtbot.keyClicks(field, " And the next line?" * 4)
    QApplication.sendEvent(field, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.MouseFocusReason))
    assert not field.isVisible()
    said = comments(view)["comment1"]
    assert said.text.endswith("next line?")
    assert view.canvas.comments["comment1"].whole, "the card grows with its text"
    view.document.undo.undo()
    assert comments(view)["comment1"] == ABOVE


def test_a_comment_that_grows_gets_under_nothing(view: CanvasView, qtbot: QtBot) -> None:
    view.write("comment1")
    qtbot.keyClicks(view.fields.comment, " word" * 60)
    qtbot.keyClick(view.fields.comment, Qt.Key.Key_Escape)
    assert comments(view)["comment1"].height > 200
    boxes = view.canvas.taken()
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    view.document.undo.undo()
    assert comments(view)["comment1"] == ABOVE


def test_the_field_shows_all_that_is_written(view: CanvasView, qtbot: QtBot) -> None:
    view.write("comment2")
    qtbot.keyClicks(view.fields.comment, " and so on" * 8)
    assert not view.fields.comment.verticalScrollBar().isVisible()
    assert view.fields.comment.verticalScrollBar().maximum() == 0
    assert view.rect().contains(view.fields.comment.geometry())


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_F2])
def test_a_key_edits_the_selected_comment(view: CanvasView, hand: Hand, qtbot: QtBot, key: Qt.Key) -> None:
    hand.click(middle(view, "comment2"))
    qtbot.keyClick(view, key)
    assert view.fields.comment.isVisible()
    view.fields.comment.selectAll()
    qtbot.keyClick(view.fields.comment, Qt.Key.Key_Delete)
    qtbot.keyClick(view.fields.comment, Qt.Key.Key_Escape)
    assert "comment2" not in comments(view), "one without a word is taken away"
    assert view.document.undo.undoText() == "Delete a comment"


def test_the_field_stays_over_the_card_while_one_scrolls(view: CanvasView) -> None:
    view.write("comment1")
    before = view.fields.comment.pos()
    bar = view.verticalScrollBar()
    bar.setValue(bar.value() + 40)
    assert view.fields.comment.pos() == before - QPoint(0, 40)
    view.fields.comment.accept()
    assert comments(view)["comment1"] == ABOVE
    assert view.document.undo.count() == 0


def test_the_field_closes_when_its_comment_is_gone(view: CanvasView) -> None:
    view.write("comment1")
    view.document.commit_graph("Clear", Graph())
    assert not view.fields.comment.isVisible()
    assert comments(view) == {}


def test_a_comment_is_dragged_with_what_else_is_selected(view: CanvasView, hand: Hand) -> None:
    hand.click(hand.body("conv1"))
    hand.click(middle(view, "comment1"), CONTROL)
    assert (view.document.selection, view.document.chosen_comments) == (("conv1",), ("comment1",))
    hand.drag(middle(view, "comment1"), middle(view, "comment1") + QPointF(40, -60))
    assert comments(view)["comment1"].at == Point(40, -180)
    assert view.document.graph.positions["conv1"] == Point(260, -60)
    assert view.document.undo.count() == 1
    check_items(view)
    view.document.undo.undo()
    assert comments(view)["comment1"] == ABOVE
    check_items(view)


def test_escape_puts_a_dragged_comment_back(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.press(middle(view, "comment1"))
    hand.move(middle(view, "comment1") + QPointF(90, 0))
    hand.move(middle(view, "comment1") + QPointF(90, 0))
    assert view.canvas.comments["comment1"].x() > 0
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    check_items(view)
    assert view.document.undo.count() == 0


def test_its_corner_makes_it_larger_and_never_too_small(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    corner = view.canvas.comments["comment1"].box().bottomRight() - QPointF(5, 5)
    hand.drag(corner, corner + QPointF(60, 32))
    assert (comments(view)["comment1"].width, comments(view)["comment1"].height) == (220, 100)
    check_items(view)
    corner = view.canvas.comments["comment1"].box().bottomRight() - QPointF(5, 5)
    hand.drag(corner, corner - QPointF(600, 600))
    assert (comments(view)["comment1"].width, comments(view)["comment1"].height) == (64, 32)
    view.document.undo.undo()
    corner = view.canvas.comments["comment1"].box().bottomRight() - QPointF(5, 5)
    hand.press(corner)
    hand.move(corner + QPointF(50, 50))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    check_items(view)
    assert comments(view)["comment1"].width == 220


def test_a_rubber_band_selects_comments_too(view: CanvasView, hand: Hand) -> None:
    hand.drag(QPointF(-60, -160), QPointF(100, 40))
    assert (view.document.selection, view.document.chosen_comments) == (("input",), ("comment1",))
    check_items(view)
    hand.drag(QPointF(380, 260), QPointF(460, 180), keys=Qt.KeyboardModifier.ShiftModifier)
    assert set(view.document.chosen_comments) == {"comment1", "comment2"}
    assert view.document.selection == ("input",)
    hand.click(QPointF(300, 320))
    assert (view.document.selection, view.document.chosen_comments) == ((), ())
    check_items(view)


def test_delete_takes_layers_and_comments_in_one_step(view: CanvasView, qtbot: QtBot) -> None:
    before = view.document.value
    view.document.select(["conv1"], ["comment1"])
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.document.undo.undoText() == "Delete conv1 and a comment"
    assert set(comments(view)) == {"comment2"}
    check_items(view)
    view.document.undo.undo()
    assert view.document.value == before
    check_items(view)


def test_arrow_keys_with_control_nudge_a_comment(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select((), ["comment2"])
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Right, CONTROL)
    assert comments(view)["comment2"].at == Point(412, 200)
    assert view.document.undo.count() == 1
    check_items(view)


def test_arrow_keys_with_shift_keep_a_comment_selected(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1"], ["comment1"])
    qtbot.keyPress(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.document.selection == ("conv1", "fc1")
    assert view.document.chosen_comments == ("comment1",)
    qtbot.keyPress(view, Qt.Key.Key_Left)
    assert view.document.selection == ("conv1",)
    assert view.document.chosen_comments == ()


def test_copies_of_comments_cover_nothing(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1"], ["comment1", "comment2"])
    qtbot.keyClick(view, Qt.Key.Key_C, CONTROL)
    piece, _ = clipboard.from_text(QApplication.clipboard().text())
    assert dict(piece.comments) == {"comment1": ABOVE, "comment2": BELOW}
    qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
    assert view.document.undo.undoText() == "Paste conv2 and 2 comments"
    assert view.document.chosen_comments == ("comment3", "comment4")
    copy = comments(view)["comment3"]
    assert replace(copy, at=ABOVE.at) == ABOVE
    by = Point(copy.at.x - ABOVE.at.x, copy.at.y - ABOVE.at.y)
    place = view.document.graph.positions["conv2"]
    assert (place.x - 220, place.y - 0) == by, "what is copied together stays together"
    assert view.visible_area().contains(view.canvas.comments["comment4"].box())
    boxes = view.canvas.taken()
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    check_items(view)
    qtbot.keyClick(view, Qt.Key.Key_D, CONTROL)
    assert len(comments(view)) == 6
    boxes = view.canvas.taken()
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)


def test_a_colour_is_chosen_for_all_that_are_selected(view: CanvasView) -> None:
    view.select_all()
    view.colour_comments("red")
    assert {comment.colour for comment in comments(view).values()} == {"red"}
    view.document.undo.undo()
    assert [comment.colour for comment in comments(view).values()] == ["", "green"]
    said: list[str] = []
    view.hint.connect(said.append)
    view.document.select(["conv1"])
    view.colour_comments("red")
    assert said == ["Select a comment to colour it."]


def test_the_context_menu_offers_what_fits(view: CanvasView, qtbot: QtBot) -> None:
    shown = menu.context_menu(view, middle(view, "comment1"))
    qtbot.addWidget(shown)
    assert view.document.chosen_comments == ("comment1",)
    assert "Comment colour" in [action.text() for action in shown.actions()]
    empty = menu.context_menu(view, QPointF(300, 330))
    qtbot.addWidget(empty)
    next(action for action in empty.actions() if action.text() == "Add a comment here").trigger()
    assert (middle(view, "comment3") - QPointF(300, 330)).manhattanLength() < 12


def test_a_comment_is_drawn_beneath_cards_and_chosen_behind_them(view: CanvasView, hand: Hand) -> None:
    under = replace(ABOVE, at=Point(200, -40), width=300, height=300)
    view.document.commit_graph("Under", replace(view.document.graph, comments=FrozenDict({"comment1": under})))
    hand.click(hand.body("conv1"))
    assert (view.document.selection, view.document.chosen_comments) == (("conv1",), ())
    hand.click(QPointF(300, 220))
    assert (view.document.selection, view.document.chosen_comments) == ((), ("comment1",))


def test_a_comment_does_not_make_a_run_stale(view: CanvasView) -> None:
    before = view.document.value
    view.document.select((), ["comment1"])
    view.delete_selection()
    assert view.document.value != before
    assert view.document.value.trains_like(before)


def test_a_selected_comment_goes_into_the_block_that_is_made(view: CanvasView) -> None:
    view.document.select(["conv1", "fc1"], ["comment2"])
    assert view.editing.grouping.group()
    assert set(comments(view)) == {"comment1"}
    check_items(view)
    view.document.open_block(view.document.selection[0])
    assert list(comments(view).values()) == [BELOW]
    check_items(view)
    view.document.close_block()
    view.editing.grouping.take_apart()
    assert len(comments(view)) == 2
    check_items(view)


def test_arranging_moves_a_comment_with_its_card(view: CanvasView) -> None:
    view.editing.arrange()
    card, said = view.canvas.nodes["input"].box(), view.canvas.comments["comment1"].box()
    assert said.topLeft() - card.topLeft() == QPointF(0, -120)
    boxes = view.canvas.taken()
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    check_items(view)
    view.document.undo.undo()
    assert comments(view) == {"comment1": ABOVE, "comment2": BELOW}


def test_comments_count_in_what_is_shown_and_exported(view: CanvasView) -> None:
    far_off = replace(BELOW, at=Point(3000, 2000))
    view.document.commit_graph("Far", replace(view.document.graph, comments=FrozenDict({"comment1": far_off})))
    view.fit()
    assert view.visible_area().contains(view.canvas.comments["comment1"].box())
    assert view.canvas.network_rect().contains(view.canvas.comments["comment1"].box())


def test_the_exported_picture_has_all_comments_or_the_selected_ones(view: CanvasView) -> None:
    def size(**wanted: object) -> tuple[int, int]:
        made = QImage.fromData(export.picture(view.canvas, "png", scale=1, **wanted))  # type: ignore[arg-type]
        return made.width(), made.height()

    assert size()[1] > size(names=view.document.graph.nodes)[1]
    assert size(comments=["comment1"]) == (160 + 48, 68 + 48)
    assert all(item.isVisible() for item in view.canvas.items())


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("zoom", [1.0, 0.5, 0.2, 0.1])
def test_its_text_can_be_read_in_both_themes_from_afar(view: CanvasView, look: str, zoom: float) -> None:
    wish = theme().wish
    try:
        theme().choose(look)
        if zoom < 0.3:
            large = replace(ABOVE, width=320, height=160)
            view.document.commit_graph("L", replace(view.document.graph, comments=FrozenDict({"comment1": large})))
        view.zoom_to(zoom)
        view.centerOn(view.canvas.comments["comment1"])
        assert view.canvas.detail == {1.0: 2, 0.5: MIDDLE, 0.2: FAR, 0.1: FAR}[zoom]
        picture = view.viewport().grab().toImage()
        area = view.mapFromScene(view.canvas.comments["comment1"].box()).boundingRect().adjusted(2, 2, -2, -2)
        seen = {
            picture.pixelColor(x, y).lightness()
            for x in range(area.left(), area.right())
            for y in range(area.top(), area.bottom())
        }
        assert max(seen) - min(seen) > 120, "letters stand out from the paper"
    finally:
        theme().choose(wish)


@pytest.mark.parametrize("zoom", [1.0, 0.6, 0.4, 0.25, 0.1])
def test_letters_are_never_too_small_to_be_read(zoom: float) -> None:
    size = size_for(WORDS * 5, 200, 100, zoom)
    assert size * zoom >= min(8.0, paper.TEXT[-1] * zoom)


def test_a_text_breaks_into_lines_that_fit_and_ends_in_an_ellipsis_where_it_is_cut() -> None:
    whole, all_of_it = lines_of("one\n\ntwo " + "long " * 30 + "x" * 200, 13, 200, 1000)
    assert all_of_it
    assert whole[:2] == ("one", "")
    assert "".join(whole).replace(" ", "") == "onetwo" + "long" * 30 + "x" * 200
    cut, all_of_it = lines_of("long " * 100, 13, 200, 56)
    assert not all_of_it
    assert len(cut) == 2
    assert cut[-1].endswith("…")
    assert lines_of("long", 72, 64, 32) == ((), False)


def test_find_goes_to_a_comment(view: CanvasView, qtbot: QtBot) -> None:
    view.find_layer()
    qtbot.keyClicks(view.find_bar.field, "filters look")
    assert (view.document.selection, view.document.chosen_comments) == ((), ("comment1",))
    view.find_bar.field.setText("PADDED")
    assert view.document.chosen_comments == ("comment2",)


def test_find_goes_to_a_comment_inside_a_block(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1", "fc1"], ["comment2"])
    instance = view.editing.grouping.group()
    view.find_layer()
    qtbot.keyClicks(view.find_bar.field, "padded by")
    qtbot.keyClick(view.find_bar.field, Qt.Key.Key_Return)
    assert view.document.opened == (instance,)
    assert len(view.document.chosen_comments) == 1


def test_room_is_found_the_short_way() -> None:
    card = QRectF(0, 0, 100, 100)
    assert way_to_room(card, []) == QPointF()
    assert way_to_room(QRectF(60, 20, 50, 50), [card]) == QPointF(64, 0)
    stacked = [card, QRectF(0, 110, 100, 100), QRectF(0, 230, 100, 100)]
    assert way_to_room(QRectF(0, 0, 100, 100), stacked, ways=((0, 1),)) == QPointF(0, 356)


def test_a_comment_far_from_every_card_stays_unless_it_is_in_the_way() -> None:
    here, there = {"a": QRectF(0, 0, 100, 100)}, {"a": QRectF(0, 900, 100, 100)}
    lone = Comment("", Point(0, 400), 100, 50)
    assert carried_along({"c": lone}, here, there) == {}
    in_the_way = Comment("", Point(0, 960), 100, 50)
    assert carried_along({"c": in_the_way}, here, there) == {"c": Point(0, 1008)}
    behind = Comment("", Point(-20, -20), 300, 300)
    assert carried_along({"c": behind}, here, there) == {"c": Point(-20, 880)}, "what lay under a card still does"
