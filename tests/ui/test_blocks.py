"""Blocks in the window: grouped, opened, edited inside, copied and taken apart, by the commands that a person has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from builder.compile.network import infer_network
from builder.graph import edits
from builder.graph.blocks import BLOCK
from builder.graph.frozen import freeze
from builder.graph.model import Point
from builder.layers.block import BlockLayer
from builder.project import block_library, templates
from builder.project.document import Project
from builder.project.form import decode, encode
from builder.ui import node_edits
from builder.ui.block_offers import BlockOffers
from builder.ui.canvas.breadcrumb import Breadcrumb
from builder.ui.canvas.editing import Editing
from builder.ui.canvas.scene import CanvasScene
from builder.ui.canvas.view import CanvasView
from builder.ui.document import Document
from builder.ui.inspector.layer_panel import LayerPanel
from builder.ui.inspector.params import with_argument
from builder.ui.palette import KEPT_BLOCK, OWN_BLOCK, Palette, dragged_kind, layer_data
from builder.ui.reach import Reach
from tests.compile.test_network import NONSENSE, networks
from tests.ui.canvas.hand import Hand


@pytest.fixture
def document(qtbot) -> Document:
    return Document(templates.load("lenet5"))


@pytest.fixture
def view(document: Document, qtbot) -> Iterator[CanvasView]:
    made = CanvasView(document)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    made.fit()
    made.setFocus()
    yield made
    made.hide()


def grouped(view: CanvasView, *names: str) -> str:
    view.document.select(names)
    return view.editing.grouping.group()


def test_a_block_that_is_named_for_the_first_time_gives_its_definition_that_name(view, document):
    name = grouped(view, "conv2", "tanh2", "pool2")
    assert node_edits.rename(document, name, "stem") is None
    assert set(document.value.network.blocks) == {"Stem"}
    assert view.canvas.nodes["stem"].face.headline == "Stem"
    assert document.selection == ("stem",)
    document.undo.undo()
    assert set(document.value.network.blocks) == {"Block1"}
    document.undo.redo()
    assert node_edits.rename(document, "stem", "trunk") is None
    assert set(document.value.network.blocks) == {"Stem"}  # it has a name
    other = grouped(view, "conv1", "tanh1")
    assert node_edits.rename(document, other, "Stem") is None
    assert set(document.value.network.blocks) == {"Stem", "Block1"}  # that name is taken


def test_one_of_several_copies_names_itself_only(view, document):
    name = grouped(view, "tanh2")
    view.editing.duplicate()
    assert document.instances_of("Block1") == 2
    assert node_edits.rename(document, name, "bend") is None
    assert set(document.value.network.blocks) == {"Block1"}


def test_a_selection_becomes_a_block_and_comes_apart_again(view, document):
    before = document.value
    parameters = document.flat.nodes["conv2"].layer.parameter_count(document.flat.nodes["conv2"].known_inputs)
    shape = document.flat.shape("pool2")
    name = grouped(view, "conv2", "tanh2", "pool2")
    assert document.selection == (name,)
    info = document.inference.nodes[name]
    assert info.output == shape
    assert isinstance(info.layer, BlockLayer)
    assert info.layer.parameter_count(()) == parameters
    assert view.canvas.nodes[name].face.headline == "Block1"
    assert view.canvas.nodes[name].face.footer == f"{parameters:,} parameters"
    assert document.flat.errors == ()
    assert decode(encode(document.value)).network == document.value.network
    view.editing.grouping.take_apart()
    assert document.value.network.graph.same_network(before.graph)
    assert set(document.selection) == {"conv2", "tanh2", "pool2"}
    document.undo.undo()
    document.undo.undo()
    assert document.value == before


def overlaps(view: CanvasView) -> list[tuple[str, str]]:
    boxes = [(name, item.box()) for name, item in view.canvas.nodes.items()]
    return [(a, b) for a, one in boxes for b, other in boxes if a < b and one.intersects(other)]


@pytest.mark.parametrize("repeat", [1, 3])
def test_what_was_in_a_block_stands_where_it_stood_and_covers_nothing(view, document, repeat):
    params = {**document.graph.nodes["conv2"].params, "padding": 2}
    document.commit_graph("pad", edits.set_params(document.graph, "conv2", params))
    view.editing.arrange()
    held = ("conv2", "tanh2")  # of one row
    before = {name: view.canvas.nodes[name].pos() for name in held}
    assert len({view.canvas.nodes[name].box().center().y() for name in held}) == 1
    name = grouped(view, *held)
    assert overlaps(view) == []
    node_edits.set_repeat(document, name, repeat)
    place = view.canvas.nodes[name].pos()
    view.editing.grouping.take_apart()
    assert overlaps(view) == []
    after = view.canvas.nodes
    assert min(after[name].pos().x() for name in document.selection) == place.x()
    assert min(after[name].pos().y() for name in document.selection) == place.y()
    if repeat == 1:
        assert len({(after[name].pos() - before[name]).toTuple() for name in held}) == 1


def test_a_block_of_layers_from_two_rows_covers_nothing(view):
    view.editing.arrange()
    held = ("conv2", "tanh2", "pool2")
    assert len({view.canvas.nodes[name].box().center().y() for name in held}) == 2
    grouped(view, *held)
    assert overlaps(view) == []


def test_what_is_changed_inside_changes_every_instance(view, document):
    name = grouped(view, "tanh1")
    view.editing.paste(view.editing.copied())
    (twin,) = document.selection
    assert document.instances_of("Block1") == 2
    assert len(document.value.network.blocks) == 1
    document.commit_graph("wire", edits.connect(document.graph, edits.Edge("pool1", twin)))
    document.select([name])
    view.open_chosen()
    assert document.opened == (name,)
    assert set(view.canvas.nodes) == {"input1", "tanh1", "output1"}
    assert document.inference.shape("tanh1") == document.known.page().nodes[name].output
    document.commit_graph("swap", edits.set_params(document.graph, "tanh1", {}))
    node = edits.Node("relu1", "ReLU")
    document.commit_graph("Insert", edits.insert_on_edge(document.graph, document.graph.edges[-1], node))
    flat = document.flat.graph.nodes
    assert f"{name}.relu1" in flat
    assert f"{twin}.relu1" in flat
    document.close_block()
    assert document.opened == ()
    assert document.selection == (name,)
    document.undo.undo()
    assert f"{twin}.relu1" not in document.flat.graph.nodes


def test_undoing_the_group_leaves_its_inside(view, document):
    name = grouped(view, "conv1", "tanh1")
    document.open_block(name)
    document.undo.undo()
    assert document.opened == ()
    assert "conv1" in view.canvas.nodes


def test_keys_open_and_leave(view, document):
    document.select(["conv1"])
    QTest.keyClick(view, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    view.name_field.give_up()
    view.setFocus()
    (name,) = document.selection
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert document.opened == (name,)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert document.opened == ()
    QTest.keyClick(view, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert document.graph.nodes["conv1"].kind == "Conv2d"


def test_a_block_that_is_dragged_in_and_out_again_leaves_later_edits_alone(view, document):
    first = grouped(view, "tanh1")
    hand = Hand(view)
    place = view.canvas.nodes["conv2"].box().center()
    hand.carry(OWN_BLOCK + "Block1", place, drop=False)
    view.mouse.leave_drag()
    second = grouped(view, "tanh2")
    document.select(["pool2"])
    view.delete_selection()
    assert set(document.value.network.blocks) == {"Block1", "Block2"}
    assert all(document.inference.nodes[name].layer is not None for name in (first, second))


def test_a_square_window_of_a_block_is_stored_as_one_number(qtbot):
    document = Document(templates.load("googlenet-small"))
    for value, stored in (((3, 3), 3), ((1, 3), (1, 3)), ((1, 1), None), ({"$": "n"}, {"$": "n"})):
        params = with_argument(document, "conv1", "kernel", value)
        assert params["arguments"].get("kernel") == (freeze(stored) if stored is not None else None)


def test_a_block_repeats_in_a_row(view, document):
    name = grouped(view, "tanh2")
    node_edits.set_repeat(view.document, name, 3)
    assert [full for full in document.flat.graph.nodes if full.startswith(f"{name}.")] == [
        f"{name}.{number}.tanh2" for number in range(3)
    ]
    assert document.flat_name(name) == f"{name}.2.tanh2"
    assert view.canvas.nodes[name].face.headline == "Block1 ×3"
    node_edits.set_repeat(view.document, name, 1)
    assert "repeat" not in document.graph.nodes[name].params


def test_a_block_cannot_be_pasted_into_itself(view, document):
    name = grouped(view, "conv1", "tanh1")
    text = view.editing.copied()
    document.open_block(name)
    before, said = document.value, []
    view.hint.connect(said.append)
    view.editing.paste(text)
    assert document.value == before
    assert said == ["The block Block1 cannot hold itself."]


def test_a_pasted_block_brings_its_definition(view, document, qtbot):
    grouped(view, "conv1", "tanh1")
    text = view.editing.copied()
    other = Document(templates.load("mlp"))
    target = CanvasView(other)
    qtbot.addWidget(target)
    target.editing.paste(text)
    (name,) = other.selection
    assert other.graph.nodes[name].kind == BLOCK
    assert other.value.network.blocks["Block1"] == document.value.network.blocks["Block1"]
    # Another definition of the same name is kept apart.
    changed = edits.set_params(document.value.network.blocks["Block1"].graph, "conv1", {"filters": 3})
    document.open_block(document.selection[0])
    document.commit_graph("Change", changed)
    document.close_block()
    target.editing.paste(view.editing.copied())
    assert set(other.value.network.blocks) == {"Block1", "Block2"}


def test_a_problem_inside_is_mended_inside(view, document):
    name = grouped(view, "fc1", "tanh4") if "tanh4" in document.graph.nodes else grouped(view, "fc1")
    document.open_block(name)
    wire = next(edge for edge in document.graph.edges if edge.target == "fc1")
    pool = edits.insert_on_edge(document.graph, wire, edits.Node("conv9", "Conv2d"))
    document.commit_graph("Break", pool)
    broken = document.inference.nodes["conv9"].problems or document.inference.nodes["fc1"].problems
    assert broken[0].where in ("conv9", "fc1")
    document.close_block()
    assert document.inference.nodes[name].problems[0].message.startswith("inside, at ")
    assert document.go_to(document.flat.errors[0].where)
    assert document.opened == (name,)


def test_the_path_shows_the_way_back_and_what_an_edit_reaches(document, view, qtbot):
    path = Breadcrumb(document)
    qtbot.addWidget(path)
    assert path.isHidden()
    inner = grouped(view, "conv1", "tanh1")
    outer = grouped(view, inner, "pool1")
    document.open_block(outer)
    document.open_block(inner)
    assert not path.isHidden()
    assert [crumb.text() for crumb in path.crumbs] == [document.value.name, outer, inner]
    assert "used once" in path.note.text()
    path.crumbs[1].click()
    assert document.opened == (outer,)
    path.crumbs[0].click()
    assert path.isHidden()
    QApplication.processEvents()


def test_each_copy_of_a_repeated_block_can_be_looked_into(document, view, qtbot):
    path = Breadcrumb(document)
    qtbot.addWidget(path)
    name = grouped(view, "conv2", "tanh2")
    node_edits.set_repeat(view.document, name, 3)
    document.open_block(name)
    document.select(["conv2"])
    (stepper,) = path.steppers.values()
    assert stepper.text() == "copy 1 of 3"
    assert "All 3 copies" in path.note.text()
    assert document.flat_name("conv2") == f"{name}.0.conv2"
    zoom = view.transform()
    stepper.setValue(3)
    assert document.flat_name("conv2") == document.full_name("conv2") == f"{name}.2.conv2"
    assert document.selection == ("conv2",)
    assert view.transform() == zoom
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert stepper.value() == 2
    assert document.opened == (f"{name}.1",)
    assert document.inference.shape("input1") == document.flat.shape(f"{name}.0.tanh2")
    assert document.flat_name("input1") == f"{name}.0.tanh2"
    assert document.shown_as(f"{name}.1.conv2") == "conv2"
    assert document.shown_as(f"{name}.0.conv2") is None
    document.commit_graph("Remove", edits.remove_nodes(document.graph, ["tanh2"]))
    assert document.opened == (f"{name}.1",)
    assert f"{name}.2.tanh2" not in document.flat.graph.nodes
    assert document.go_to(f"{name}.2.conv2")
    assert stepper.value() == 3
    document.close_block()
    assert document.selection == (name,)


def test_undo_in_the_number_of_the_copy_is_the_documents_unless_something_is_half_typed(document, view, qtbot):
    path = Breadcrumb(document)
    qtbot.addWidget(path)
    undone: list[str] = []
    QShortcut(QKeySequence.StandardKey.Undo, path, lambda: undone.append("document"))
    name = grouped(view, "conv2", "tanh2")
    node_edits.set_repeat(view.document, name, 3)
    document.open_block(name)
    (stepper,) = path.steppers.values()
    with qtbot.waitActive(path):
        path.show()
        path.activateWindow()
    stepper.setFocus()
    QTest.keySequence(stepper, QKeySequence.StandardKey.Undo)
    assert undone == ["document"]
    stepper.selectAll()
    QTest.keyClicks(stepper, "2")
    QTest.keySequence(stepper, QKeySequence.StandardKey.Undo)
    assert undone == ["document"]
    assert "1" in stepper.text()


def test_a_copy_that_is_gone_gives_way_to_the_last(document, view):
    name = grouped(view, "tanh2")
    node_edits.set_repeat(view.document, name, 3)
    document.show_page((f"{name}.2",))
    document.undo.undo()
    assert document.opened == (name,)
    document.undo.redo()
    assert document.opened == (name,)
    document.next_copy(-1)
    assert document.opened == (name,)
    document.next_copy(1)
    assert document.opened == (f"{name}.1",)
    document.undo.undo()
    document.undo.undo()
    assert document.opened == ()


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setattr(block_library, "library_folder", lambda: tmp_path / "blocks")
    return tmp_path / "blocks"


def offered(palette: Palette) -> list[str]:
    return [palette.list.item(row).text() for row in range(palette.list.count())]


def test_the_palette_offers_the_blocks_of_project_and_library(view, document, library, qtbot):
    palette = Palette()
    qtbot.addWidget(palette)
    offers = BlockOffers(document, palette, view.editing.grouping)
    offers.read()
    assert "Blocks" not in offered(palette)
    grouped(view, "conv2", "tanh2")
    assert offered(palette)[-2:] == ["Blocks", "Block1"]
    view.editing.grouping.keep()
    assert offered(palette).count("Block1") == 1
    document.open(templates.load("mlp"), None)
    assert offered(palette)[-1] == "Block1"
    assert dragged_kind(layer_data(KEPT_BLOCK + "Block1")) == KEPT_BLOCK + "Block1"
    view.add_kind(KEPT_BLOCK + "Block1")
    (name,) = document.selection
    assert document.graph.nodes[name].params == freeze({"definition": "Block1"})
    assert set(document.value.network.blocks) == {"Block1"}
    view.add_kind(OWN_BLOCK + "Block1")
    assert document.instances_of("Block1") == 2
    document.open_block(name)
    before = document.value
    view.add_kind(OWN_BLOCK + "Block1")
    assert document.value is before


def test_a_block_leaves_the_library_and_a_broken_file_is_told_of(view, document, library, qtbot):
    palette = Palette()
    qtbot.addWidget(palette)
    said: list[str] = []
    offers = BlockOffers(document, palette, view.editing.grouping, say=said.append)
    grouped(view, "conv2", "tanh2")
    view.editing.grouping.keep()
    document.open(templates.load("mlp"), None)
    view.hide()  # its own Delete must not answer
    palette.list.setCurrentRow(palette.list.count() - 1)
    palette.show()
    palette.list.setFocus()
    QTest.keyClick(palette.list, Qt.Key.Key_Delete)
    assert "library no more" in said[-1]
    assert "Block1" not in offered(palette)
    assert list(library.iterdir()) == []
    (library / "Broken.tcblock").write_text("{")
    offers.read()
    assert "Broken.tcblock" in said[-1]
    library.joinpath("Broken.tcblock").unlink()
    library.rmdir()
    library.write_text("no folder")
    document.open(templates.load("lenet5"), None)
    grouped(view, "conv2")
    before = document.value
    words: list[str] = []
    view.hint.connect(words.append)
    view.editing.grouping.keep()
    assert words  # it says why
    assert "is in the library" not in words[-1]
    assert document.value is before


def test_a_block_drops_onto_a_wire(view, document, library):
    grouped(view, "tanh1")
    edge = next(edge for edge in document.graph.edges if edge.source == "conv2")
    view.editing.insert(OWN_BLOCK + "Block1", edge, view.canvas.wires[edge].boundingRect().center())
    (name,) = document.selection
    assert document.graph.incoming[name][0].source == "conv2"
    assert document.flat.errors == ()


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_opens_and_is_shown(name, qtbot):
    document = Document(Project(network=NONSENSE[name]))
    view = CanvasView(document)
    panel = LayerPanel(document)
    for widget in (view, panel):
        qtbot.addWidget(widget)
        widget.show()
    for shown in document.graph.nodes:
        document.select([shown])
        document.open_block(shown)
        document.close_block()
    document.select(document.graph.nodes)
    view.editing.grouping.take_apart()
    view.editing.grouping.group()
    view.editing.paste(view.editing.copied())
    while document.undo.canUndo():
        document.undo.undo()
    assert document.value.network == NONSENSE[name]


@given(networks(), st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_to_blocks_undo_brings_back(qtbot, network, data):
    document = Document(Project(network=network))
    scene = CanvasScene(document)
    said: list[str] = []
    editing = Editing(scene, said.append)
    for _ in range(data.draw(st.integers(1, 5))):
        names = sorted(document.graph.nodes)
        document.select(data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else ())
        match data.draw(st.sampled_from(["group", "apart", "repeat", "copy", "open", "close", "delete"])):
            case "group":
                editing.grouping.group()
            case "apart":
                editing.grouping.take_apart()
            case "repeat" if editing.grouping.chosen():
                node_edits.set_repeat(document, editing.grouping.chosen()[0], data.draw(st.integers(1, 3)))
            case "copy" if document.selection:
                editing.paste(editing.copied())
            case "open" if document.selection:
                document.open_block(document.selection[0])
            case "close":
                document.close_block()
            case "delete":
                editing.delete()
        assert set(scene.nodes) == set(document.graph.nodes)
        assert document.flat.nodes == infer_network(document.value.network).flat.nodes
        assert decode(encode(document.value)).network == document.value.network
    while document.undo.canUndo():
        document.undo.undo()
    assert document.value.network == network
    assert document.flat.nodes == infer_network(network).flat.nodes


def test_a_block_is_made_independent_and_unused_ones_go(view, document):
    said = []
    view.hint.connect(said.append)
    name = grouped(view, "tanh1")
    view.editing.paste(view.editing.copied())
    (twin,) = document.selection
    before = document.value
    view.editing.grouping.make_unique()
    assert document.selection == (twin,)
    assert document.graph.nodes[twin].params["definition"] == "Block2"
    document.open_block(twin)
    document.commit_graph("Remove", edits.remove_nodes(document.graph, ["tanh1"]))
    assert f"{name}.tanh1" in document.flat.graph.nodes
    assert f"{twin}.tanh1" not in document.flat.graph.nodes
    document.close_block()
    document.commit_graph("Remove", edits.remove_nodes(document.graph, [twin]))
    view.editing.grouping.remove_unused()
    assert set(document.value.network.blocks) == {"Block1"}
    assert "Removed Block2" in said[-1]
    view.editing.grouping.remove_unused()
    assert "in use" in said[-1]
    for _ in range(4):
        document.undo.undo()
    assert document.value == before


def test_it_is_said_how_far_an_edit_reaches_also_when_undone(view, document):
    said: list[str] = []
    reach = Reach(document, said.append)
    name = grouped(view, "conv2")
    assert said == []
    node_edits.set_repeat(view.document, name, 3)
    document.open_block(name)
    document.commit_graph("Move", edits.move(document.graph, {"conv2": Point(5, 5)}))
    assert said == []
    params = {**document.graph.nodes["conv2"].params, "padding": 2}
    document.commit_graph("Pad", edits.set_params(document.graph, "conv2", params))
    assert said == ["Block1 has changed in all 3 copies."]
    document.undo.undo()
    assert said == ["Block1 has changed in all 3 copies."] * 2
    reach.deleteLater()


def test_a_block_opens_where_something_is_wrong(view, document):
    name = grouped(view, "conv2", "tanh2", "pool2")
    node_edits.set_repeat(view.document, name, 3)
    (problem,) = document.inference.nodes[name].problems
    assert problem.message.startswith("in copy 2 of 3, at pool2: ")
    document.open_block(name)
    assert document.opened == (f"{name}.1",)
    assert document.inference.nodes["pool2"].problems
    document.next_copy(-1)
    assert not document.inference.nodes["pool2"].problems


def test_the_path_cuts_no_word_where_there_is_little_room(document, view, qtbot):
    path = Breadcrumb(document)
    qtbot.addWidget(path)
    inner = grouped(view, "tanh2")
    node_edits.set_repeat(view.document, inner, 12)
    outer = grouped(view, inner, "pool2")
    document.open_block(outer)
    document.open_block(inner)
    path.show()
    (stepper,) = path.steppers.values()
    for width in (900, 420, 300, 240):
        path.resize(width, 38)
        QApplication.processEvents()
        shown = [widget for widget in (*path.crumbs, stepper) if widget.isVisible()]
        assert path.crumbs[-1] in shown
        assert stepper in shown
        assert all(widget.width() >= widget.sizeHint().width() for widget in shown)
    assert not path.note.isVisible()
    assert not path.crumbs[0].isVisible()
    assert stepper.text() == "1 of 12"
    path.resize(900, 38)
    QApplication.processEvents()
    assert path.note.isVisible()
    assert path.crumbs[0].isVisible()
    assert stepper.text() == "copy 1 of 12"
