"""A canvas on screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from builder.graph.model import Graph, Network
from builder.project.document import Project
from builder.ui.canvas.view import CanvasView
from builder.ui.document import Document
from tests.ui.canvas.hand import Hand, small

MakeCanvas = Callable[[Graph], CanvasView]


@pytest.fixture
def make_canvas(qtbot: QtBot) -> MakeCanvas:
    def make(graph: Graph) -> CanvasView:
        view = CanvasView(Document(Project(network=Network(graph))))
        view.document.setParent(view)
        qtbot.addWidget(view)
        view.resize(1200, 700)
        with qtbot.waitActive(view):
            view.show()
            view.activateWindow()
        view.fit()
        view.setFocus()
        return view

    return make


@pytest.fixture
def view(make_canvas: MakeCanvas) -> CanvasView:
    return make_canvas(small())


@pytest.fixture
def hand(view: CanvasView) -> Hand:
    return Hand(view)
