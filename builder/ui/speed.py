"""How quickly the window follows the hand in large networks: edits, opening, and moving about on the canvas.

Times are those that the window's thread worked, so that what else the machine does counts little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from builder.graph import edits
from builder.graph.model import Graph, Network
from builder.graph.steps import Path
from builder.project import templates
from builder.project.document import Project
from builder.train.benchmarks import Measurement
from builder.ui.canvas.view import CanvasView
from builder.ui.document import Document
from builder.ui.files import Answer
from builder.ui.large import RESNET50, RESNET152, THOUSAND, bottlenecks
from builder.ui.start import application
from builder.ui.window import MainWindow

ROUNDS = 25
FRAME = 1000 / 60  # milliseconds


def benchmarks() -> Mapping[str, Callable[[], Measurement]]:
    """These benchmarks by name."""
    return {
        "edit-175": edit_175,
        "edit-block": edit_block,
        "open-resnet152": open_resnet152,
        "canvas-1000": canvas_1000,
    }


def edit_175() -> Measurement:
    """One edit in a network like ResNet-50 until canvas, code, figures and problems are painted, over 16 ms."""
    app = application()
    window = EditedWindow(app)
    try:
        times = timed(window.edit)
    finally:
        window.close()
    return _measurement("edit-175", times, 16.0, f"an edit among {window.size} layers, painted: {_figures(times)}")


def edit_block() -> Measurement:
    """The same inside a definition that stands in ResNet-50 many times, opened in one of its places."""
    app = application()
    window = EditedBlock(app)
    try:
        times = timed(window.edit)
    finally:
        window.close()
    what = f"an edit of a block that ResNet-50 holds {window.copies} times, painted: {_figures(times)}"
    return _measurement("edit-block", times, 16.0, what)


def open_resnet152() -> Measurement:
    """Opening a network like ResNet-152 without places, laid out and painted, over 1 s."""
    app = application()
    graph = bottlenecks(*RESNET152)

    def opened(_number: int) -> None:
        view = canvas_of(graph)
        app.processEvents()  # only now is it on screen, and painted
        view.close()
        view.deleteLater()

    times = timed(opened, 10, app.processEvents)
    detail = f"{len(graph.nodes)} layers laid out and painted: {_figures(times)}"
    return _measurement("open-resnet152", times, 1000.0, detail)


def canvas_1000() -> Measurement:
    """The slowest of panning, zooming and dragging with 1,000 layers, over the 16.7 ms of a frame."""
    app = application()
    view = canvas_of(bottlenecks(*THOUSAND))
    app.processEvents()
    found = {name: timed(work) for name, work in movements(view, app).items()}
    view.close()
    view.deleteLater()
    slowest = max(found, key=lambda name: statistics.median(found[name]))
    words = ", ".join(f"{name} {statistics.median(times):.1f}" for name, times in found.items())
    return _measurement("canvas-1000", found[slowest], FRAME, f"{len(view.canvas.nodes)} layers, ms a frame: {words}")


class EditedWindow:
    """A window in which a network like ResNet-50 is edited, one convolution selected and its source in sight.

    Attributes:
        window: the window; size: number of layers in the network.
    """

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self.window = MainWindow(runs=lambda: None)
        document = self.window.document
        document.open(self._project(), None)
        document.show_page(self._page())
        self.size = len(document.flat.nodes)
        self.window.show()
        self.window.canvas.fit()
        self.window.inspector.setCurrentWidget(self.window.inspector.code)
        nodes = document.graph.nodes
        wide = [name for name, node in nodes.items() if node.params.get("kernel_size") == 3 and "conv" in name]
        self._name = wide[len(wide) // 2]
        document.select([self._name])
        app.processEvents()

    def _project(self) -> Project:
        return Project(network=Network(bottlenecks(*RESNET50)))

    def _page(self) -> Path:
        return ()

    def edit(self, number: int) -> None:
        """Give a convolution in the middle another dilation, and let all that follows happen."""
        document = self.window.document
        graph = document.graph
        wide = 1 + number % 2
        params = {**graph.nodes[self._name].params, "dilation": wide, "padding": wide}
        document.commit_graph("Change the dilation", edits.set_params(graph, self._name, params))
        self._app.processEvents()
        self._app.processEvents()

    def close(self) -> None:
        """Close the window without asking about the edits."""
        self.window.live.close()
        self.window.files.ask_unsaved = lambda: Answer.DISCARD
        self.window.close()
        self.window.deleteLater()


class EditedBlock(EditedWindow):
    """The same with the template ResNet-50, whose bottleneck is open where stage 3 repeats it.

    Attributes:
        copies: how many of it the network holds.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        definition = self.window.document.definition
        self.copies = self.window.document.copies_of(definition.name) if definition is not None else 0

    def _project(self) -> Project:
        return templates.load("resnet50")

    def _page(self) -> Path:
        return ("stage3", "rest.2")


def canvas_of(graph: Graph) -> CanvasView:
    """A canvas on screen that shows all of a network."""
    document = Document(Project(network=Network(graph)))
    view = CanvasView(document)
    document.setParent(view)
    view.resize(1100, 700)
    view.show()
    view.fit()
    return view


def movements(view: CanvasView, app: QApplication) -> Mapping[str, Callable[[int], None]]:
    """What one does on the canvas: each makes one frame of it."""

    def pan(zoom: float) -> Callable[[int], None]:
        def move(number: int) -> None:
            if not number:
                view.fit()
                view.zoom_to(zoom)
            bar = view.horizontalScrollBar()
            bar.setValue(bar.value() + (30 if number % 20 < 10 else -30))
            app.processEvents()

        return move

    def zoom(number: int) -> None:
        if not number:
            view.fit()
        view.zoom_to(view.zoom() * (1.06 if number % 12 < 6 else 1 / 1.06))
        app.processEvents()

    def drag(number: int) -> None:
        port = view.viewport()
        item = view.canvas.nodes["conv2d497"]
        if not number:
            view.fit()
            view.zoom_to(1.0)
            view.centerOn(item.box().center())
            app.processEvents()
            pressed.append(view.mapFromScene(item.box().center()))
            QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pressed[0])
        QTest.mouseMove(port, pressed[0] + QPoint(8 + 3 * (number % 20), 5 + 2 * (number % 20)))
        app.processEvents()
        if number == ROUNDS:
            view.cancel_gesture()

    pressed: list[QPoint] = []
    return {"pan": pan(1.0), "pan from afar": pan(0.2), "zoom": zoom, "drag": drag}


def timed(
    work: Callable[[int], object], rounds: int = ROUNDS, settle: Callable[[], object] | None = None
) -> list[float]:
    """Milliseconds of each call of `work` with its number from 1 on; number 0 warms up."""
    found = []
    for number in range(rounds + 1):
        began = time.thread_time()
        work(number)
        found.append((time.thread_time() - began) * 1e3)
        if settle is not None:
            settle()
    return found[1:]


def _measurement(name: str, times: list[float], budget: float, detail: str) -> Measurement:
    low, _, high = statistics.quantiles([value / budget for value in times], n=4)
    return Measurement(name, statistics.median(times) / budget, low, high, 1.0, detail, lower_is_better=True)


def _figures(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} ms"
