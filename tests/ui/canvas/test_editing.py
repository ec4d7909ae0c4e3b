"""Edits by key, clipboard and command; and whatever is done, the items are the document's network."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.graph.model import Edge, Graph, Node, Point
from builder.graph.problems import ProblemError
from builder.ui.canvas import clipboard
from builder.ui.canvas.view import CanvasView
from tests.ui.canvas.hand import Hand, chain, check_items, small, wires

MakeCanvas = Callable[[Graph], CanvasView]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_deleting_heals_the_wires(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1", "fc1"])
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert wires(view) == {("input", "output")}
    assert view.document.selection == ()
    check_items(view)
    view.document.undo.undo()
    assert view.document.graph == small()
    check_items(view)


def test_copy_and_paste_keep_wires_and_give_free_names(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1", "fc1"])
    qtbot.keyClick(view, Qt.Key.Key_C, CONTROL)
    qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
    qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
    graph = view.document.graph
    assert {("conv2", "fc2"), ("conv3", "fc3")} <= wires(view)
    assert view.document.selection == ("conv3", "fc3")
    assert graph.positions["conv2"] == Point(220, 172)
    assert graph.positions["conv3"] == Point(220, 344)
    check_items(view)


def test_cut_and_paste_bring_back_what_was_cut(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1"])
    qtbot.keyClick(view, Qt.Key.Key_X, CONTROL)
    assert "conv1" not in view.document.graph.nodes
    qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
    assert view.document.graph.nodes["conv1"] == Node("conv1", "Conv2d")


def test_duplicate_leaves_the_clipboard_alone(view: CanvasView, qtbot: QtBot) -> None:
    QApplication.clipboard().setText("precious")
    view.document.select(["conv1"])
    qtbot.keyClick(view, Qt.Key.Key_D, CONTROL)
    assert QApplication.clipboard().text() == "precious"
    assert view.document.selection == ("conv2",)
    check_items(view)


def test_paste_keeps_unknown_layers_and_bad_values_to_be_seen(view: CanvasView) -> None:
    piece = Graph.of([Node("warp", "Warp9", {"speed": 9}), Node("bad", "Conv2d", {"filters": -1})])
    view.editing.paste(clipboard.to_text(piece))
    assert view.document.graph.nodes["warp"] == piece.nodes["warp"]
    assert not view.canvas.nodes["warp"].face.known
    assert view.canvas.nodes["bad"].face.badge[0] == "bad value"
    check_items(view)


GOOD = {"format": "torchcanvas-nodes", "version": 1, "nodes": [{"name": "a", "kind": "ReLU"}], "edges": []}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        "[" * 100_000,
        '{"format": "torchcanvas-nodes", ' + "[" * 100_000,
        json.dumps({**GOOD, "version": 9}),
        json.dumps({**GOOD, "version": "1"}),
        json.dumps({**GOOD, "format": "other"}),
        json.dumps({**GOOD, "nodes": [{"name": "../a", "kind": "ReLU"}]}),
        json.dumps({**GOOD, "nodes": [{"name": "a"}]}),
        json.dumps({**GOOD, "nodes": [{"name": "a", "kind": "ReLU", "at": [1e99, 0]}]}),
        json.dumps({**GOOD, "edges": [["a", "b"]]}),
        json.dumps({**GOOD, "edges": [["a", "a", 0, -1]]}),
        json.dumps(GOOD) + "x",
        " " * 5_000_000,
    ],
)
def test_a_malformed_clipboard_changes_nothing_and_is_explained(text: str, view: CanvasView, qtbot: QtBot) -> None:
    with pytest.raises(ProblemError):
        clipboard.from_text(text)
    with qtbot.waitSignal(view.hint, check_params_cb=lambda words: words.startswith("Nothing was pasted")):
        view.editing.paste(text)
    assert view.document.graph == small()


def test_clipboard_text_round_trips() -> None:
    graph = chain(Node("input", "Input", {"shape": [3, 8, 6]}), Node("conv1", "Conv2d", {"filters": 4}))
    assert clipboard.from_text(clipboard.to_text(graph)) == (graph, {})


def test_adding_goes_onto_the_wire_behind_the_selection(view: CanvasView) -> None:
    view.document.select(["conv1"])
    view.add_kind("Tanh")
    view.add_kind("BatchNorm2d")
    assert {("conv1", "tanh1"), ("tanh1", "batchnorm1"), ("batchnorm1", "fc1")} <= wires(view) or {
        ("conv1", "tanh1"),
    } <= wires(view)
    assert len(view.document.selection) == 1
    boxes = [item.box() for item in view.canvas.nodes.values()]
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    assert view.visible_area().contains(view.canvas.nodes[view.document.selection[0]].box())
    check_items(view)


def test_adding_behind_an_output_goes_before_it(view: CanvasView) -> None:
    view.document.select(["output"])
    view.add_kind("Softmax")
    assert {("fc1", "softmax1"), ("softmax1", "output")} <= wires(view)


def test_a_whole_network_grows_by_typing(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(Graph())
    for words in ("input", "conv", "relu", "flatten", "linear", "output"):
        qtbot.keyClick(view, words[0]) if words[0] != "f" else qtbot.keyClick(view, Qt.Key.Key_Tab)
        assert view.quick_add.isVisible(), words
        view.quick_add.field.clear()
        qtbot.keyClicks(view.quick_add.field, words)
        qtbot.keyClick(view.quick_add.field, Qt.Key.Key_Return)
        assert not view.quick_add.isVisible()
    kinds = [node.kind for node in view.document.graph.nodes.values()]
    assert kinds == ["Input", "Conv2d", "ReLU", "Flatten", "Linear", "Output"]
    assert not view.document.inference.errors
    boxes = [item.box() for item in view.canvas.nodes.values()]
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    check_items(view)


def test_a_name_that_no_layer_has_is_said_to_be_none(view: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClicks(view, "q")
    qtbot.keyClicks(view.quick_add.field, "qq")
    assert [view.quick_add.list.item(row).text() for row in range(view.quick_add.list.count())] == [
        "No layer is called that"
    ]
    before = view.document.graph
    qtbot.keyClick(view.quick_add.field, Qt.Key.Key_Return)
    assert view.document.graph is before
    assert view.quick_add.isVisible()


def test_escape_closes_the_quick_add_field(view: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    qtbot.keyClick(view.quick_add.field, Qt.Key.Key_Escape)
    assert not view.quick_add.isVisible()
    assert view.hasFocus()
    assert view.document.graph == small()


def test_rename_in_place(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.click(hand.body("conv1"))
    qtbot.keyClick(view, Qt.Key.Key_F2)
    assert view.name_field.hasFocus()
    assert view.name_field.selectedText() == "conv1"
    qtbot.keyClicks(view.name_field, "edges")
    qtbot.keyClick(view.name_field, Qt.Key.Key_Return)
    assert ("edges", "fc1") in wires(view)
    assert view.document.selection == ("edges",)
    assert not view.name_field.isVisible()
    check_items(view)


@pytest.mark.parametrize(
    ("name", "words"), [("fc1", "already"), ("2x", "letters"), ("", "letters"), ("a b", "letters")]
)
def test_a_name_that_cannot_be_is_explained_beside_the_field(
    name: str, words: str, view: CanvasView, hand: Hand, qtbot: QtBot
) -> None:
    box = view.canvas.nodes["conv1"].box()
    hand.double_click(QPointF(box.center().x(), box.top() + 12))
    view.name_field.clear()
    qtbot.keyClicks(view.name_field, name)
    qtbot.keyClick(view.name_field, Qt.Key.Key_Return)
    assert words in view.name_field.complaint
    assert view.name_field.isVisible()
    qtbot.keyClick(view.name_field, Qt.Key.Key_Escape)
    assert not view.name_field.isVisible()
    assert view.document.graph == small()


def test_arrows_walk_along_the_wires(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1"])
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.document.selection == ("fc1",)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    qtbot.keyClick(view, Qt.Key.Key_Left, SHIFT)
    assert view.document.selection == ("conv1", "input")


def test_nudges_in_a_row_undo_as_one(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1"])
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Right, CONTROL)
    qtbot.keyClick(view, Qt.Key.Key_Down, CONTROL | SHIFT)
    assert view.document.graph.positions["conv1"] == Point(232, 20)
    view.document.undo.undo()
    assert view.document.graph == small()


def test_select_all_and_align(view: CanvasView, qtbot: QtBot) -> None:
    view.document.commit_graph("", edits.move(view.document.graph, {"conv1": Point(230, 40), "fc1": Point(470, 90)}))
    qtbot.keyClick(view, Qt.Key.Key_A, CONTROL)
    assert len(view.document.selection) == 4
    view.align("top")
    assert {place.y for place in view.document.graph.positions.values()} == {0}
    view.align("left")
    assert {place.x for place in view.document.graph.positions.values()} == {0}
    check_items(view)


def test_aligning_one_layer_is_explained(view: CanvasView, qtbot: QtBot) -> None:
    view.document.select(["conv1"])
    with qtbot.waitSignal(view.hint):
        view.align("left")


def test_the_first_move_stores_all_places_that_were_only_derived(make_canvas: MakeCanvas) -> None:
    view = make_canvas(chain(Node("input", "Input"), Node("conv1", "Conv2d"), places=False))
    assert not view.document.graph.positions
    shown = view.canvas.graph.positions
    hand = Hand(view)
    hand.drag(hand.body("conv1"), hand.body("conv1") + QPointF(0, 100))
    assert view.document.graph.positions["input"] == shown["input"]
    assert view.document.graph.positions["conv1"].y == shown["conv1"].y + 100
    view.document.undo.undo()
    check_items(view)
    assert view.canvas.nodes["conv1"].y() == shown["conv1"].y


KINDS = ("Input", "Conv2d", "Tanh", "AvgPool2d", "Flatten", "Linear", "Add", "Concatenate", "Output")


@pytest.mark.parametrize("seed", range(6))
def test_after_any_sequence_of_edits_the_items_are_the_document(
    seed: int, make_canvas: MakeCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    view = make_canvas(small() if seed % 2 else Graph())
    hand, document = Hand(view), view.document
    values = [document.value]
    document.changed.connect(lambda _old, new: values.append(new))

    def some(count: int) -> list[str]:
        names = list(document.graph.nodes)
        return chance.sample(names, min(count, len(names)))

    def connect() -> None:
        pair = some(2)
        if len(pair) == 2 and not view.editing.why_not(*pair):
            view.editing.connect(Edge(pair[0], pair[1], 0, view.editing.port_for(pair[1])))

    def drag() -> None:
        for name in some(1):
            hand.drag(hand.body(name), hand.body(name) + QPointF(chance.randint(-80, 80), chance.randint(-80, 80)))

    def rename() -> None:
        for name in some(1):
            view.editing.rename(name, f"n{chance.randint(0, 30)}")

    def fix() -> None:
        for name in some(4):
            if name in view.canvas.nodes:
                view.take_fix(name)

    def drop() -> None:
        hand.carry(chance.choice(KINDS), QPointF(chance.randint(-100, 700), chance.randint(-100, 300)))

    def reconnect() -> None:
        for edge in document.graph.edges[:1]:
            hand.drag(hand.port(edge.target, "in", edge.target_port), QPointF(chance.randint(-100, 700), 250))
            view.quick_add.close_up()

    steps: list[Callable[[], object]] = [
        lambda: view.add_kind(chance.choice(KINDS)),
        lambda: document.select(some(3)),
        connect, drag, rename, fix, drop, reconnect,
        view.delete_selection,
        view.duplicate,
        view.auto_layout,
        document.undo.undo, document.undo.undo, document.undo.redo,
    ]  # fmt: skip
    for _ in range(60):
        chance.choice(steps)()
        check_items(view)
    while document.undo.canUndo():
        document.undo.undo()
    assert document.value == values[0]
    check_items(view)


def boxes_apart(view: CanvasView) -> bool:
    boxes = view.canvas.taken()
    return not any(a.intersects(b) for a in boxes for b in boxes if a is not b)


def test_a_paste_goes_to_the_mouse(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    view.document.select(["conv1"])
    view.copy()
    hand.move(QPointF(420, -220))
    qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
    assert (view.canvas.nodes["conv2"].box().center() - QPointF(420, -220)).manhattanLength() < 8
    check_items(view)


def test_a_paste_onto_a_card_goes_beside_it(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    view.document.select(["conv1", "fc1"])
    view.copy()
    hand.move(hand.body("conv1"))
    for _ in range(4):
        qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
        assert boxes_apart(view)
    first = view.canvas.nodes["conv2"].box()
    assert (first.center() - view.canvas.nodes["conv1"].box().center()).manhattanLength() < 600
    assert view.canvas.nodes["fc2"].box().x() - first.x() == 220
    check_items(view)


def test_a_mouse_that_left_does_not_count(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    view.document.select(["conv1"])
    view.copy()
    hand.move(QPointF(420, -220))
    QApplication.sendEvent(view.viewport(), QEvent(QEvent.Type.Leave))
    qtbot.keyClick(view, Qt.Key.Key_V, CONTROL)
    assert view.document.graph.positions["conv2"] == Point(220, 172)


def test_what_comes_from_elsewhere_is_pasted_where_one_looks(view: CanvasView) -> None:
    piece = Graph.of([Node("far", "ReLU")], (), {"far": Point(9000, 9000)})
    view.editing.paste(clipboard.to_text(piece), None, view.visible_area())
    assert view.visible_area().contains(view.canvas.nodes["far"].box())
    assert boxes_apart(view)


def test_duplicates_stand_below_and_cover_nothing(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.click(hand.body("conv1"))
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_D, CONTROL)
    places = [view.document.graph.positions[name] for name in ("conv1", "conv2", "conv3", "conv4")]
    assert {place.x for place in places} == {220.0}
    assert [place.y for place in places] == sorted(place.y for place in places)
    assert boxes_apart(view)
    assert view.visible_area().contains(view.canvas.nodes["conv4"].box()), "what was made can be seen"


def test_what_an_undo_has_moved_comes_into_sight(view: CanvasView) -> None:
    far = {name: Point(4000 + 300 * place, 3000) for place, name in enumerate(view.document.graph.nodes)}
    view.document.commit_graph("Move", edits.move(view.document.graph, far))
    view.auto_layout()
    assert view.visible_area().contains(view.canvas.network_rect())
    view.document.undo.undo()
    assert view.visible_area().contains(view.canvas.network_rect()), "the old places are far away"
    view.document.undo.redo()
    assert view.visible_area().contains(view.canvas.network_rect())


def test_an_undo_in_sight_moves_nothing_under_the_eye(view: CanvasView) -> None:
    view.document.commit_graph("Move", edits.move(view.document.graph, {"fc1": Point(440, 40)}))
    seen = view.visible_area()
    view.document.undo.undo()
    assert view.visible_area() == seen
    view.zoom_to(2.0)
    view.centerOn(QPointF(-2000, 0))
    seen = view.visible_area()
    view.document.undo.redo()
    assert view.visible_area() != seen
    assert view.visible_area().contains(view.canvas.nodes["fc1"].box())
