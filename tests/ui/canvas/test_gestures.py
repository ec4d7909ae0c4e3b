"""The network is edited by hand: every test moves a mouse over a real canvas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from builder.graph import edits
from builder.graph.model import Edge, Graph, Node, Point
from builder.ui.canvas.view import CanvasView
from tests.ui.canvas.hand import MIDDLE, Hand, check_items, small, wires

MakeCanvas = Callable[[Graph], CanvasView]
CHAIN = {("input", "conv1"), ("conv1", "fc1"), ("fc1", "output")}


def loose() -> Graph:
    """Two convolutions and an input, unwired, and an addition."""
    nodes = [Node("input", "Input"), Node("conv1", "Conv2d"), Node("conv2", "Conv2d"), Node("add1", "Add")]
    return Graph.of(nodes, (), {node.name: Point(230.0 * i, 0) for i, node in enumerate(nodes)})


def test_a_node_is_dragged_and_undone(view: CanvasView, hand: Hand) -> None:
    hand.drag(hand.body("conv1"), hand.body("conv1") + QPointF(60, 120))
    assert view.document.graph.positions["conv1"] == Point(280, 120)
    assert view.document.selection == ("conv1",)
    check_items(view)
    view.document.undo.undo()
    assert view.document.graph == small()
    check_items(view)


def test_dragging_moves_the_whole_selection_in_one_step(view: CanvasView, hand: Hand) -> None:
    view.document.select(["conv1", "fc1"])
    hand.drag(hand.body("fc1"), hand.body("fc1") + QPointF(0, 200))
    assert [view.document.graph.positions[n].y for n in ("input", "conv1", "fc1")] == [0, 200, 200]
    assert view.document.undo.count() == 1


def test_nothing_is_committed_while_dragging_and_escape_puts_all_back(
    view: CanvasView, hand: Hand, qtbot: QtBot
) -> None:
    hand.press(hand.body("conv1"))
    hand.move(hand.body("conv1") + QPointF(50, 150))
    assert view.canvas.nodes["conv1"].scenePos().y() > 100
    assert view.document.undo.count() == 0
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    check_items(view)
    assert view.canvas.nodes["conv1"].y() == 0
    hand.release(hand.body("conv1") + QPointF(50, 150))
    assert view.document.undo.count() == 0


def test_a_node_jumps_onto_its_neighbours_line(view: CanvasView, hand: Hand) -> None:
    hand.drag(hand.body("conv1"), hand.body("conv1") + QPointF(0, 7))
    assert view.document.graph.positions["conv1"].y == 0


def test_a_click_selects_and_control_adds(view: CanvasView, hand: Hand) -> None:
    hand.click(hand.body("conv1"))
    hand.click(hand.body("fc1"), Qt.KeyboardModifier.ControlModifier)
    assert view.document.selection == ("conv1", "fc1")
    hand.click(hand.body("conv1"), Qt.KeyboardModifier.ControlModifier)
    assert view.document.selection == ("fc1",)
    hand.click(QPointF(300, 300))
    assert view.document.selection == ()
    check_items(view)


def test_a_rubber_band_selects_what_it_touches(view: CanvasView, hand: Hand) -> None:
    hand.drag(QPointF(200, -40), QPointF(470, 40))
    assert set(view.document.selection) == {"conv1", "fc1"}
    check_items(view)


def test_a_cancelled_rubber_band_leaves_the_selection(view: CanvasView, hand: Hand) -> None:
    view.document.select(["output"])
    hand.press(QPointF(200, -40))
    hand.move(QPointF(470, 40))
    view.cancel_gesture()
    assert view.document.selection == ("output",)
    check_items(view)


def test_dragging_from_port_to_port_connects(make_canvas: MakeCanvas) -> None:
    view = make_canvas(loose())
    hand = Hand(view)
    hand.drag(hand.port("input", "out"), hand.port("conv1", "in"))
    hand.drag(hand.port("conv2", "in"), hand.port("conv1", "out"))  # backwards is as good
    assert view.document.graph.edges == (Edge("input", "conv1"), Edge("conv1", "conv2"))
    check_items(view)
    view.document.undo.undo()
    assert wires(view) == {("input", "conv1")}
    check_items(view)


def test_a_wire_dropped_on_a_card_takes_its_free_port(make_canvas: MakeCanvas) -> None:
    view = make_canvas(loose())
    hand = Hand(view)
    for source in ("conv1", "conv2", "input"):
        hand.drag(hand.port(source, "out"), hand.body("add1"))
    edges = {edge.target_port: edge.source for edge in view.document.graph.edges}
    assert edges == {0: "conv1", 1: "conv2", 2: "input"}
    check_items(view)


@pytest.mark.parametrize("index", [0, 1])
def test_a_wire_to_an_addition_leaves_the_one_that_is_there(make_canvas: MakeCanvas, index: int) -> None:
    view = make_canvas(loose())
    hand = Hand(view)
    hand.drag(hand.port("conv2", "out"), hand.port("add1", "in"))
    hand.drag(hand.port("input", "out"), hand.port("add1", "in", index))
    edges = {edge.target_port: edge.source for edge in view.document.graph.edges}
    assert edges == {0: "conv2", 1: "input"}


def test_of_ports_that_stand_close_the_nearest_is_meant(make_canvas: MakeCanvas) -> None:
    view = make_canvas(loose())
    hand = Hand(view)
    for source in ("conv1", "conv2", "input"):
        hand.drag(hand.port(source, "out"), hand.body("add1"))
    item = view.canvas.nodes["add1"]
    for index in range(3):  # from far away, where a port is small, the reach is long
        assert item.port_at(hand.port("add1", "in", index), reach=20) == ("in", index)


def test_while_a_wire_is_drawn_the_nodes_tell_where_it_may_end(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.press(hand.port("fc1", "out"))
    hand.move(hand.port("fc1", "out") + QPointF(10, 60))
    targets = {name: item.target for name, item in view.canvas.nodes.items()}
    assert targets == {"input": "no", "conv1": "no", "fc1": "", "output": "good"}
    hand.release(hand.port("fc1", "out") + QPointF(10, 60))
    assert all(item.target == "" for item in view.canvas.nodes.values())


def test_a_circle_is_refused_and_the_reason_told(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.hint, check_params_cb=lambda words: "circle" in words):
        hand.drag(hand.port("fc1", "out"), hand.port("conv1", "in"))
    assert view.document.graph == small()
    assert view.document.undo.count() == 0
    check_items(view)


def test_pulling_at_an_input_takes_its_wire_elsewhere(view: CanvasView, hand: Hand) -> None:
    hand.drag(hand.port("fc1", "in"), hand.port("output", "in"))
    assert view.document.graph.edges == (Edge("input", "conv1"), Edge("conv1", "output"))
    assert view.document.undo.count() == 1
    check_items(view)


def test_a_wire_pulled_off_and_dropped_nowhere_is_gone(view: CanvasView, hand: Hand) -> None:
    hand.drag(hand.port("fc1", "in"), QPointF(330, 260))
    assert wires(view) == CHAIN - {("conv1", "fc1")}
    check_items(view)


def test_a_pulled_wire_comes_back_on_escape_or_where_it_was(view: CanvasView, hand: Hand) -> None:
    hand.press(hand.port("fc1", "in"))
    hand.move(QPointF(330, 260))
    view.cancel_gesture()
    check_items(view)
    hand.drag(hand.port("fc1", "in"), hand.port("fc1", "in") + QPointF(0, 6))
    assert view.document.graph == small()
    assert view.document.undo.count() == 0
    check_items(view)


def test_a_wire_dropped_on_empty_canvas_asks_what_to_add(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.drag(hand.port("conv1", "out"), QPointF(420, 260))
    assert view.quick_add.isVisible()
    qtbot.keyClicks(view.quick_add.field, "max pool")
    qtbot.keyClick(view.quick_add.field, Qt.Key.Key_Return)
    assert ("conv1", "pool1") in wires(view)
    assert view.document.selection == ("pool1",)
    assert view.hasFocus()
    check_items(view)


def test_a_layer_from_the_palette_lands_where_it_is_dropped(view: CanvasView, hand: Hand) -> None:
    hand.carry("Tanh", QPointF(100, 250), QPointF(300, 260))
    centre = view.canvas.nodes["tanh1"].box().center()
    assert (centre - QPointF(300, 260)).manhattanLength() < 8
    assert wires(view) == CHAIN
    check_items(view)


def test_a_layer_dropped_onto_a_card_stands_beside_it(view: CanvasView, hand: Hand) -> None:
    card = view.canvas.nodes["conv1"].box()
    hand.carry("Conv2d", card.center() + QPointF(40, 60), card.center() + QPointF(40, 64))
    boxes = [item.box() for item in view.canvas.nodes.values()]
    assert len(boxes) == 5
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    check_items(view)


def test_a_layer_dropped_close_by_keeps_room_for_a_wire(view: CanvasView, hand: Hand) -> None:
    view.zoom_to(1.0)
    card = view.canvas.nodes["output"].box()
    view.centerOn(card.center())
    wide = view.editing.size_for_kind("Conv2d").width()
    place = QPointF(card.right() + wide / 2 + 3, card.center().y())
    hand.carry("Conv2d", place, place)
    (new,) = set(view.canvas.nodes) - {"input", "conv1", "fc1", "output"}
    assert view.canvas.nodes[new].box().left() - card.right() >= 20
    check_items(view)


def test_a_layer_that_a_wire_has_no_room_for_in_sight_is_shown(view: CanvasView, hand: Hand) -> None:
    view.zoom_to(1.0)
    view.centerOn(view.canvas.nodes["input"].box().center() - QPointF(300, 0))
    place = hand.wire("input", "conv1")
    assert view.visible_area().contains(place)
    hand.carry("MaxPool2d", place)
    assert view.visible_area().contains(view.canvas.nodes["pool1"].box())


def test_a_layer_dropped_on_a_wire_is_inserted(view: CanvasView, hand: Hand) -> None:
    place = hand.wire("conv1", "fc1")
    hand.carry("Tanh", place, drop=False)
    assert [edge for edge, wire in view.canvas.wires.items() if wire.marked] == [Edge("conv1", "fc1")]
    hand.carry("Tanh", place)
    assert wires(view) == {("input", "conv1"), ("conv1", "tanh1"), ("tanh1", "fc1"), ("fc1", "output")}
    boxes = [item.box() for item in view.canvas.nodes.values()]
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    assert view.document.undo.count() == 1
    check_items(view)


@pytest.mark.parametrize(
    ("gap", "at", "where"),
    [(400, 0.5, 0.5), (400, 0.05, None), (400, 0.95, None), (150, 0.1, 0.5), (150, 0.9, 0.5)],
)
def test_a_layer_dropped_on_a_wire_stands_centred_on_it(
    make_canvas: MakeCanvas, gap: float, at: float, where: float | None
) -> None:
    nodes = Node("input", "Input", {"shape": [1, 12, 12]}), Node("conv1", "Conv2d"), Node("output", "Output")
    graph = Graph.of(nodes, [Edge("input", "conv1"), Edge("conv1", "output")])
    apart = make_canvas(graph).editing.size_of(nodes[1]).width() + gap
    view = make_canvas(
        edits.move(graph, {"input": Point(0, 0), "conv1": Point(300, 0), "output": Point(300 + apart, 0)})
    )
    wire = next(wire for edge, wire in view.canvas.wires.items() if edge.source == "conv1")
    start, end = wire.ends
    before = dict(view.document.graph.positions)
    # Somewhat beside the line, as a hand does it.
    Hand(view).carry("Tanh", QPointF(start.x() + at * (end.x() - start.x()), start.y() + 6))
    assert ("tanh1", "output") in wires(view)
    box = view.canvas.nodes["tanh1"].box()
    assert box.center().y() == start.y()
    assert start.x() + 16 < box.left() < box.right() < end.x() - 16
    if where is not None:
        assert abs(box.center().x() - (start.x() + where * (end.x() - start.x()))) <= 4
    assert all(view.document.graph.positions[name] == place for name, place in before.items())
    check_items(view)


def test_a_layer_without_output_is_not_put_on_a_wire(view: CanvasView, hand: Hand) -> None:
    hand.carry("Output", hand.wire("conv1", "fc1") + QPointF(0, 1))
    assert wires(view) == CHAIN
    assert "output1" in view.document.graph.nodes


def test_a_drag_that_leaves_changes_nothing(view: CanvasView, hand: Hand) -> None:
    from PySide6.QtGui import QDragLeaveEvent
    from PySide6.QtWidgets import QApplication

    hand.carry("Tanh", hand.wire("conv1", "fc1"), drop=False)
    QApplication.sendEvent(view.viewport(), QDragLeaveEvent())
    assert view.document.graph == small()
    assert not any(wire.marked for wire in view.canvas.wires.values())
    check_items(view)


def test_an_unwired_node_dragged_onto_a_wire_is_inserted(make_canvas: MakeCanvas) -> None:
    graph = small()
    view = make_canvas(
        Graph.of(
            [*graph.nodes.values(), Node("tanh1", "Tanh")], graph.edges, {**graph.positions, "tanh1": Point(200, 300)}
        )
    )
    hand = Hand(view)
    centre = view.canvas.nodes["tanh1"].box().center()
    hand.drag(hand.body("tanh1"), hand.body("tanh1") + hand.wire("conv1", "fc1") - centre)
    assert {("conv1", "tanh1"), ("tanh1", "fc1")} <= wires(view)
    assert ("conv1", "fc1") not in wires(view)
    assert view.document.undo.count() == 1
    check_items(view)
    view.document.undo.undo()
    assert wires(view) == CHAIN
    check_items(view)


def test_a_wire_is_selected_by_a_click_and_deleted(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    hand.click(hand.wire("conv1", "fc1"))
    assert view.canvas.chosen_wires == {Edge("conv1", "fc1")}
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert wires(view) == CHAIN - {("conv1", "fc1")}
    assert view.canvas.chosen_wires == frozenset()
    check_items(view)


def test_the_button_on_a_card_takes_the_fix(view: CanvasView, hand: Hand) -> None:
    item = view.canvas.nodes["fc1"]
    assert item.face.badge == ("does not fit", "bad")
    assert item.closeup.fix_area
    hand.click(item.pos() + item.closeup.fix_area.center())
    assert {("conv1", "flatten1"), ("flatten1", "fc1")} <= wires(view)
    assert view.canvas.nodes["fc1"].face.problem is None
    boxes = [item.box() for item in view.canvas.nodes.values()]
    assert not any(a.intersects(b) for a in boxes for b in boxes if a is not b)
    levels = {round(item.box().center().y()) for item in view.canvas.nodes.values()}
    assert len(levels) == 1  # the new pill stands on the line of the others
    view.document.undo.undo()
    assert view.document.graph == small()
    check_items(view)


def test_the_middle_button_and_the_space_bar_pan(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    before = view.visible_area().topLeft()
    hand.press(QPointF(300, 200), MIDDLE)
    hand.move(QPointF(250, 230), MIDDLE)
    hand.release(QPointF(300, 200), MIDDLE)
    moved = view.visible_area().topLeft() - before
    assert (moved - QPointF(50, -30)).manhattanLength() < 4
    qtbot.keyPress(view, Qt.Key.Key_Space)
    hand.press(hand.body("conv1"))
    hand.move(hand.body("conv1") + QPointF(40, 0))
    hand.release(hand.body("conv1"))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert abs(view.visible_area().left() - before.x() - 10) < 3
    assert view.document.graph == small()


def test_a_double_click_on_a_card_activates_it(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.node_activated) as told:
        hand.double_click(hand.body("conv1"))
    assert told.args == ["conv1"]


def test_what_is_removed_while_it_is_dragged_stays_away(view: CanvasView, hand: Hand) -> None:
    view.document.select(["conv1", "fc1"])
    hand.press(hand.body("conv1"))
    hand.move(hand.body("conv1") + QPointF(0, 90))
    hand.move(hand.body("conv1") + QPointF(0, 90))
    view.document.commit_graph("Delete fc1", edits.remove_nodes(view.document.graph, ["fc1"]))
    hand.release(hand.body("conv1") + QPointF(0, 90))
    assert set(view.document.graph.nodes) == {"input", "conv1", "output"}
    assert view.document.graph.positions["conv1"].y > 90
    check_items(view)


def test_another_page_lets_go_of_what_is_dragged(view: CanvasView, hand: Hand) -> None:
    view.document.select(["conv1"])
    instance = view.editing.grouping.group()
    hand.press(hand.body(instance))
    hand.move(hand.body(instance) + QPointF(0, 90))
    hand.move(hand.body(instance) + QPointF(0, 90))
    view.document.open_block(instance)
    check_items(view)
    view.document.close_block()
    check_items(view)
    assert view.canvas.lifted is None


def test_wires_to_what_stays_follow_while_dragging(view: CanvasView, hand: Hand) -> None:
    hand.press(hand.body("conv1"))
    hand.move(hand.body("conv1") + QPointF(40, 120))
    hand.move(hand.body("conv1") + QPointF(40, 120))
    for edge, wire in view.canvas.wires.items():
        assert wire.ends[0] == view.canvas.nodes[edge.source].port_place("out", edge.source_port)
        assert wire.ends[1] == view.canvas.nodes[edge.target].port_place("in", edge.target_port)
    view.cancel_gesture()
    check_items(view)


def _press_card(view: CanvasView, hand: Hand) -> QPointF:
    hand.press(hand.body("conv1"))
    return hand.body("conv1")


def _press_output(view: CanvasView, hand: Hand) -> QPointF:
    hand.press(hand.port("conv1", "out"))
    return hand.port("conv1", "out")


def _pull_wire(view: CanvasView, hand: Hand) -> QPointF:
    hand.press(hand.port("fc1", "in"))  # whose wire comes from conv1
    return hand.port("fc1", "in")


@pytest.mark.parametrize("begin", [_press_card, _press_output, _pull_wire])
@pytest.mark.parametrize("far", [True, False])
def test_what_is_deleted_out_of_the_hand_lets_the_hand_go(
    view: CanvasView, hand: Hand, begin: Callable[[CanvasView, Hand], QPointF], far: bool
) -> None:
    at = begin(view, hand)
    if far:
        hand.move(at + QPointF(40, 40))
    view.document.commit_graph("Delete conv1", edits.remove_nodes(view.document.graph, ["conv1"]))
    after = view.document.value
    hand.move(at + QPointF(60, 40))
    hand.release(at + QPointF(60, 40))
    assert not view.cancel_gesture()
    assert view.document.value is after
    check_items(view)


def test_the_space_bar_may_come_up_before_the_button(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    qtbot.keyPress(view, Qt.Key.Key_Space)
    hand.press(QPointF(0, 300))
    hand.move(QPointF(30, 300))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    hand.release(QPointF(30, 300))
    before = view.visible_area()
    hand.drag(QPointF(0, 300), QPointF(60, 340))
    assert view.visible_area() == before
