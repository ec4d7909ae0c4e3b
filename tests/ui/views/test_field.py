"""What a value sees of the input, framed in the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRectF, QSize
from pytestqt.qtbot import QtBot

from builder.project import templates
from builder.ui.views.base import Subject
from builder.ui.views.field import Field
from builder.ui.views.maps import FeatureMapsView
from builder.ui.views.sample import SampleView
from tests.contract.view_cases import colour, lenet, two_inputs
from tests.ui.conftest import PATIENCE, MakeWindow, until_parked


def maps_of(qtbot: QtBot, *selection: str) -> FeatureMapsView:
    view, case = FeatureMapsView(), lenet()
    qtbot.addWidget(view)
    view.resize(400, 400)
    view.show()
    view.set_subject(Subject(case.subject.inference, selection))
    view.show_picture(case.picture)
    return view


@pytest.mark.parametrize(
    ("node", "cell", "box"),
    [
        ("conv1", (3, 2, 4), (2, 4, 7, 9)),
        ("conv2", (0, 1, 2), (2, 4, 16, 18)),  # 5 + 1 + 4 * 2 pixels, two apart behind the pooling
        ("fc1", (7, 0, 0), (0, 0, 28, 28)),
    ],
)
def test_what_a_value_sees(qtbot: QtBot, node: str, cell: tuple[int, int, int], box: tuple[int, ...]) -> None:
    view = maps_of(qtbot, node)
    with qtbot.waitSignal(view.seen) as told:
        view.panel.mosaic.hovered.emit(cell)
    assert told.args == [box]
    with qtbot.waitSignal(view.seen) as told:
        view.panel.mosaic.hovered.emit(None)
    assert told.args == [None]


def test_points_in_the_plane_have_no_field(qtbot: QtBot) -> None:
    view, case = FeatureMapsView(), two_inputs()
    qtbot.addWidget(view)
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert view.field_of((0, 1, 1)) is None


def test_another_layer_takes_the_frame_away(qtbot: QtBot) -> None:
    view = maps_of(qtbot, "conv1")
    assert view.subject is not None
    with qtbot.waitSignal(view.seen) as told:
        view.set_subject(Subject(view.subject.inference, ("conv2",)))
    assert told.args == [None]


def test_the_frame_ends_where_the_picture_ends() -> None:
    field = Field((-2, 4, 3, 12), (8, 8))
    assert field.frame(QSize(80, 80)) == QRectF(40, 0, 40, 30)
    image = field(QSize(80, 80))
    assert image.pixelColor(60, 15).alpha() == 0
    assert image.pixelColor(10, 60).alpha() > 0


def test_the_pinned_picture_is_framed(qtbot: QtBot) -> None:
    view, case = SampleView(), colour()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.set_subject(case.subject)
    view.show_picture(case.picture)
    assert view.look is not None
    assert view.look.overlay is None
    view.mark_seen((1, 1, 4, 4))
    assert view.look.overlay == Field((1, 1, 4, 4), (16, 16), view.devicePixelRatioF())
    assert view.look.pixels is not None  # as large as the input: it stays in colour
    assert not view.look.picture().isNull()
    view.mark_seen(None)
    assert view.look.overlay is not None  # it waits for the pointer, which may come to read what lies in the frame
    view.panel.mosaic.hovered.emit((0, 1, 1))
    assert not view.lingers.isActive()
    view.panel.mosaic.hovered.emit(None)
    view.lingers.timeout.emit()
    assert view.look.overlay is None
    view.mark_seen((1, 1, 4, 4))
    view.set_subject(replace(case.subject, selection=("output",)))
    assert view.look.overlay is None  # it was of another layer


def test_pointing_at_a_map_frames_the_pinned_picture(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(templates.load("lenet5"))
    until_parked(qtbot, window)
    maps, sample = window.views["maps"], window.views["sample"]
    assert isinstance(maps, FeatureMapsView)
    assert isinstance(sample, SampleView)
    qtbot.waitUntil(lambda: maps.look is not None and sample.look is not None, timeout=PATIENCE)
    mosaic = maps.panel.mosaic
    qtbot.mouseMove(mosaic, mosaic.tile_rect(1).center().toPoint())
    assert sample.look is not None
    assert isinstance(sample.look.overlay, Field)
    assert sample.look.values.shape[1:] == (32, 32)  # the stored digit has 8 by 8 pixels
    qtbot.mouseMove(mosaic, QPoint(mosaic.width() - 1, mosaic.height() - 1))
    maps.pointed(None)
    sample.lingers.timeout.emit()
    assert sample.look.overlay is None
