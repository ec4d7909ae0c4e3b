"""Augmentation in the data panel: out of the way until wanted, shown live, and only what applies to the data."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

import builder.layers  # noqa: F401  (registers all layers)
from builder.data.augmentation import Augmentation
from builder.graph.model import Edge, Graph, Network, Node
from builder.graph.problems import Problem
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.ui.document import Document
from builder.ui.inspector import form as form_module
from builder.ui.inspector.augmented import VERSIONS, Augmented
from builder.ui.inspector.data_panel import DataPanel
from builder.ui.widgets.number import NumberEdit
from builder.ui.widgets.toggle import Toggle

RAW = np.arange(64, dtype=np.uint8).reshape(1, 8, 8) * 4
PATIENCE = 30_000  # milliseconds: the first picture of a process imports PyTorch
SAMPLES = [(RAW, "3"), (RAW.transpose(0, 2, 1).copy(), "4")]


@pytest.fixture(autouse=True)
def _as_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_module, "_unfolded", set())


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    nodes = (Node("input", "Input", {"shape": [1, 32, 32]}), Node("flatten", "Flatten"), Node("output", "Output"))
    return Document(Project("x", Network(Graph.of(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)]))))


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> DataPanel:
    shown = DataPanel(document)
    qtbot.addWidget(shown)
    shown.resize(340, 900)
    shown.show()
    return shown


def change(document: Document, path: str, value: object) -> None:
    document.commit("Change", set_setting(document.value, f"data.{path}", value))


def opened(panel: DataPanel, qtbot: QtBot) -> Augmented:
    """The preview, once it shows what the document says."""
    with qtbot.waitSignal(panel.augmented.rendered, timeout=PATIENCE):
        panel.show_samples(SAMPLES)
        panel.form.group("augmentation").fold(False)
    return panel.augmented


def pixels(picture: QImage | None) -> NDArray[np.uint8]:
    assert picture is not None
    grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    flat = np.frombuffer(grey.constBits(), np.uint8)
    return flat.reshape(grey.height(), grey.bytesPerLine())[:, : grey.width()].copy()


def versions(shown: Augmented) -> list[bytes]:
    return [pixels(one).tobytes() for one in shown.tiles.after]


def test_the_group_is_folded_until_something_in_it_is_on(panel: DataPanel, document: Document) -> None:
    group = panel.form.group("augmentation")
    assert group.folded
    assert panel.form.row("augmentation.rotation").isHidden() is False
    assert not panel.form.row("augmentation.rotation").isVisible()
    change(document, "augmentation.rotation", 15)
    assert not group.folded
    assert panel.form.row("augmentation.rotation").isVisible()
    assert not panel.form.row("augmentation.pca").isVisible()  # rare ones stay away
    assert group.head is not None
    QTest.mouseClick(group.head, Qt.MouseButton.LeftButton)
    change(document, "augmentation.rotation", 20)
    assert group.folded  # whoever folded it away has seen it


def test_an_editor_commits_and_undo_takes_it_back(panel: DataPanel, document: Document) -> None:
    flip = panel.form.row("augmentation.flip_horizontal").editor
    assert isinstance(flip, Toggle)
    flip.click()
    assert document.value.data.augmentation == Augmentation(flip_horizontal=True)
    document.undo.undo()
    assert document.value.data.augmentation == Augmentation()
    assert not flip.isChecked()


def test_the_cursor_goes_into_a_field_that_is_folded_twice(panel: DataPanel, qtbot: QtBot) -> None:
    panel.form.focus("augmentation.brightness")
    assert panel.form.row("augmentation.brightness").isVisible()


def test_a_problem_stands_beside_its_field_in_the_group(panel: DataPanel) -> None:
    panel.show_problems([Problem("x", "it is far too much.", where="data.augmentation.shift")])
    assert panel.form.row("augmentation.shift").error == "It is far too much."
    panel.show_problems([])
    assert not panel.form.row("augmentation.shift").error


def test_before_and_after(panel: DataPanel, document: Document, qtbot: QtBot) -> None:
    shown = opened(panel, qtbot)
    assert shown.isVisible()
    fitted = np.zeros((32, 32), np.uint8)
    fitted[4:28, 4:28] = RAW[0].repeat(3, 0).repeat(3, 1)
    assert np.array_equal(pixels(shown.tiles.before), fitted)
    assert shown.tiles.after == []
    assert "nothing is changed" in shown.tiles.accessibleDescription()
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        change(document, "augmentation.shift", 0.3)
    assert len(set(versions(shown))) == VERSIONS
    assert np.array_equal(pixels(shown.tiles.before), fitted)
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        document.undo.undo()
    assert shown.tiles.after == []


def test_the_dice_and_another_sample(panel: DataPanel, document: Document, qtbot: QtBot) -> None:
    change(document, "augmentation.rotation", 90)
    shown = opened(panel, qtbot)
    first, before = versions(shown), pixels(shown.tiles.before)
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        QTest.mouseClick(shown.dice, Qt.MouseButton.LeftButton)
    assert not set(versions(shown)) & set(first)
    assert np.array_equal(pixels(shown.tiles.before), before)
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        QTest.mouseClick(shown.another, Qt.MouseButton.LeftButton)
    assert np.array_equal(pixels(shown.tiles.before), before.T)


def test_it_follows_a_slider_while_it_is_dragged(panel: DataPanel, document: Document, qtbot: QtBot) -> None:
    shown = opened(panel, qtbot)
    editor = panel.form.row("augmentation.rotation").editor
    assert isinstance(editor, NumberEdit)
    slider = editor.findChild(QSlider)
    assert slider is not None
    slider.setSliderDown(True)
    seen = []
    for share in (0.2, 0.5, 0.9):
        with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
            slider.setValue(round(slider.minimum() + share * (slider.maximum() - slider.minimum())))
        seen.append(tuple(versions(shown)))
    assert len(set(seen)) == 3
    slider.setSliderDown(False)
    assert document.undo.count() == 1


def test_of_many_wishes_the_last_one_is_shown_in_the_end(panel: DataPanel, document: Document, qtbot: QtBot) -> None:
    shown = opened(panel, qtbot)
    for degrees in range(1, 40):
        change(document, "augmentation.rotation", degrees)
    qtbot.waitUntil(lambda: not shown._busy, timeout=PATIENCE)
    last = versions(shown)
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        change(document, "augmentation.rotation", 5)
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        change(document, "augmentation.rotation", 39)
    assert versions(shown) == last


def test_what_cannot_be_seen_in_them_makes_no_new_pictures(panel: DataPanel, document: Document, qtbot: QtBot) -> None:
    shown = opened(panel, qtbot)
    change(document, "validation", 0.3)
    assert not shown._busy
    with qtbot.waitSignal(shown.rendered, timeout=PATIENCE):
        change(document, "fit", "resize")


def test_nothing_is_made_while_nobody_can_see_it(panel: DataPanel, document: Document, qtbot: QtBot) -> None:
    panel.show_samples(SAMPLES)
    panel.form.group("augmentation").fold(True)
    document.commit("Change", replace(document.value, name="y"))
    assert not panel.augmented._busy
    assert panel.augmented.tiles.before is None


def test_of_points_only_noise_is_offered(panel: DataPanel, document: Document) -> None:
    change(document, "dataset", "moons")
    panel.show_samples([(np.zeros(2, np.float32), "A")])
    panel.form.group("augmentation").fold(False)
    shown = {name for name in Augmentation.model_fields if panel.form.row(f"augmentation.{name}").isVisible()}
    assert shown == {"noise"}
    assert panel.augmented.isHidden()


def test_colours_are_offered_where_there_are_some(panel: DataPanel, document: Document) -> None:
    assert panel.form.row("augmentation.saturation").isHidden()
    change(document, "dataset", "cifar10")
    assert panel.form.row("augmentation.saturation").isHidden()  # the input of the network is grey
    node = document.graph.nodes["input"]
    colour = replace(node, params={"shape": (3, 32, 32)})
    others = [each for each in document.graph.nodes.values() if each.name != "input"]
    document.commit_graph("Change", Graph.of([colour, *others], document.graph.edges))
    assert not panel.form.row("augmentation.saturation").isHidden()


def test_which_fold_is_asked_where_there_are_some(panel: DataPanel, document: Document) -> None:
    assert panel.form.row("fold").isHidden()
    change(document, "folds", 5)
    assert not panel.form.row("fold").isHidden()


def test_labels_can_be_wrong_where_there_are_some(panel: DataPanel, document: Document) -> None:
    for setting in ("label_noise", "rare"):
        change(document, "dataset", "digits")
        assert not panel.form.row(setting).isHidden()
        change(document, "dataset", "noisy-digits")
        assert panel.form.row(setting).isHidden()
