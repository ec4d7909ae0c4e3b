"""The weights of a small layer, written out with their bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from builder.ui.views.base import Subject
from builder.ui.views.filters import FiltersView
from builder.ui.views.numbers import Numbers, _short
from tests.contract.view_cases import lenet, two_inputs

BIAS = np.array([0.5, -1.0, 2.0, 0.0], np.float32)


def shown(qtbot: QtBot, layer: str, *, bias: bool = True) -> FiltersView:
    case = two_inputs()
    view = FiltersView()
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(case.subject.inference, (layer,)))
    biases = {"fc1": BIAS, "fc2": BIAS[:1]} if bias else {}
    view.show_picture(replace(case.picture, biases=biases))
    return view


def numbers(view: FiltersView) -> Numbers:
    assert view.look is not None
    assert isinstance(view.look.overlay, Numbers)
    return view.look.overlay


def test_the_bias_stands_beside_the_weights(qtbot: QtBot) -> None:
    view = shown(qtbot, "fc1")
    assert numbers(view).heads == ("x1", "x2", "bias")
    assert numbers(view).apart == 1
    assert np.array_equal(numbers(view).values[:, 2], BIAS)
    assert view.look is not None
    assert view.look.values.shape == (1, 4, 3)
    assert view.look.describe is not None
    assert view.look.describe(0, 1, 2) == "unit 2 · bias · −1"
    assert view.look.describe(0, 3, 1).startswith("unit 4 · input x2 · ")
    assert view.look.scale.high >= 2.0  # the bias has its place on the bar


def test_what_stands_behind_another_layer_is_numbered(qtbot: QtBot) -> None:
    assert numbers(shown(qtbot, "fc2")).heads == ("1", "2", "3", "4", "bias")


def test_a_layer_without_a_bias_shows_none(qtbot: QtBot) -> None:
    assert numbers(shown(qtbot, "fc1", bias=False)).heads == ("x1", "x2")


def test_a_large_matrix_is_not_written_out(qtbot: QtBot) -> None:
    case, view = lenet(), FiltersView()
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(case.subject.inference, ("fc1",)))
    view.show_picture(case.picture)
    assert view.look is not None
    assert view.look.overlay is None


@pytest.mark.parametrize(("side", "written"), [(240, True), (40, False)])
def test_figures_are_written_only_where_they_fit(qtbot: QtBot, side: int, written: bool) -> None:
    image = Numbers(np.array([[1.0, -0.25], [0.0, np.nan]], np.float32), ("x1", "bias"), 1.0)(QSize(side, side))
    assert any(image.pixel(x, y) for x in range(side) for y in range(side)) is written


def test_low_cells_have_figures_without_what_their_columns_stand_for() -> None:
    """As in a small window at 150 %: 42 by 18 pixels for a cell."""
    values = np.array([[1.0, -0.25, 0.5]] * 4, np.float32)
    named, nameless = (Numbers(values, heads, 1.0)(QSize(126, 72)) for heads in (("x1", "x2", "bias"), ("", "", "")))
    assert any(named.pixel(x, y) for x in range(126) for y in range(72))
    assert named == nameless
    high = Numbers(values, ("x1", "x2", "bias"), 1.0)(QSize(126, 160))
    assert high != Numbers(values, ("", "", ""), 1.0)(QSize(126, 160))


def test_narrow_cells_have_rounded_figures() -> None:
    """As in a small window at 150 %: 25 by 25 pixels for a cell."""
    numbers = Numbers(np.array([[1.0, -0.25], [12.34, 0.0]], np.float32), ("x1", "x2"), 1.0)
    assert numbers.size_for(25, 25) is not None
    image = numbers(QSize(50, 50))
    assert any(image.pixel(x, y) for x in range(50) for y in range(50))
    written = [_short(value) for value in (-0.254, 0.001, -0.0049, 0.999, 8.94, 9.97, -13.2, float("nan"))]
    assert written == ["−.25", "0", "0", "1.0", "8.9", "10", "−13", "–"]


def test_a_fully_connected_layer_has_weights_and_no_filters(qtbot: QtBot) -> None:
    view = shown(qtbot, "fc1")
    assert view.frame.head.title.text == "Learned weights · fc1"
    view.set_subject(Subject(lenet().subject.inference, ("conv1",)))
    assert view.frame.head.title.text == "Learned filters · conv1"


def test_the_same_figures_are_the_same_overlay() -> None:
    values = np.array([[1.0, np.nan]], np.float32)
    assert Numbers(values, ("x1", "x2"), 1.0) == Numbers(values.copy(), ("x1", "x2"), 1.0)
    assert Numbers(values, ("x1", "x2"), 1.0) != Numbers(values + 1, ("x1", "x2"), 1.0)
