"""What the canvas costs with large networks, in milliseconds of processor time. Not a test.

Run `python tests/benchmarks/canvas.py [profile NAME]`; figures are medians, with the 10th and 90th percentile.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from builder.graph import edits
from builder.graph.model import Graph, Network, Point
from builder.project.document import Project
from builder.ui.canvas.view import CanvasView
from builder.ui.document import Document
from builder.ui.large import RESNET152, THOUSAND, bottlenecks
from builder.ui.start import application

ROUNDS = 25


def main() -> None:
    """Measure everything; or, with `profile NAME`, tell where the time of one goes."""
    app = application()
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""

    def measure(name: str, work: Callable[[int], object], rounds: int = ROUNDS) -> None:
        if wanted and wanted != name:
            return
        work(0)
        app.processEvents()
        profile = cProfile.Profile() if wanted else None
        spent = []
        for number in range(1, rounds + 1):
            if profile:
                profile.enable()
            start = time.process_time()
            work(number)
            spent.append((time.process_time() - start) * 1e3)
            if profile:
                profile.disable()
            app.processEvents()
        low, middle, high = np.percentile(spent, [10, 50, 90])
        print(f"{name:24} {middle:7.2f}  ({low:.2f} to {high:.2f})", flush=True)
        if profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)

    large = bottlenecks(*RESNET152)

    def opened(_number: int) -> None:
        fresh = CanvasView(Document(Project(network=Network(large))))
        fresh.resize(1100, 700)
        fresh.show()
        fresh.fit()
        app.processEvents()
        fresh.close()
        fresh.deleteLater()

    measure("open-152", opened, 20)
    view = shown(bottlenecks(*THOUSAND))
    print(len(view.canvas.nodes), "nodes", len(view.canvas.wires), "wires; fits at", round(view.zoom(), 3))

    def pan(number: int) -> None:
        bar = view.horizontalScrollBar()
        bar.setValue(bar.value() + (30 if number % 20 < 10 else -30))
        app.processEvents()

    for zoom in (1.0, 0.7, 0.45, 0.3, 0.1):
        view.fit()
        view.zoom_to(zoom)
        measure(f"repaint {zoom}", lambda _n: view.viewport().repaint())
        measure(f"pan {zoom}", pan)

    def step(number: int) -> None:
        view.zoom_to(view.zoom() * (1.06 if number % 12 < 6 else 1 / 1.06))
        app.processEvents()

    view.fit()
    measure("repaint fit", lambda _n: view.viewport().repaint())
    measure("zoom step fit", step)
    view.zoom_to(0.5)
    measure("zoom step 0.5", step)
    view.zoom_to(1.0)

    def drag(names: list[str], name: str) -> None:
        view.document.select(names)
        start = view.mapFromScene(view.canvas.nodes[names[0]].box().center())
        port = view.viewport()
        QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)

        def along(number: int) -> None:
            QTest.mouseMove(port, start + QPoint(8 + 3 * (number % 20), 5 + 2 * (number % 20)))
            app.processEvents()

        measure(name, along)
        view.cancel_gesture()
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)

    middle = min(
        view.canvas.nodes.values(),
        key=lambda i: QPointF(i.box().center() - view.visible_area().center()).manhattanLength(),
    )
    near = [item.name for item in view.canvas.nodes.values()]
    near = near[near.index(middle.name) :][:40]
    drag([middle.name], "drag one")
    drag(near, "drag 40")
    view.fit()
    names = list(view.canvas.nodes)
    drag([names[0]], "drag one fit")
    drag(names, "drag all fit")
    view.zoom_to(1.0)
    view.reveal(names[0])
    drag(names, "drag all 1.0")
    view.fit()

    def hover(number: int) -> None:
        QTest.mouseMove(view.viewport(), QPoint(100 + 13 * number, 100 + 9 * number))
        app.processEvents()

    measure("hover fit", hover)
    name = names[500]

    def commit_move(number: int) -> None:
        place = view.canvas.graph.positions[name]
        view.document.commit_graph("Move", edits.move(view.canvas.graph, {name: Point(place.x + 4, place.y)}))
        app.processEvents()

    measure("commit move", commit_move)
    conv = next(n for n in names[500:] if n.startswith("conv"))

    def commit_edit(number: int) -> None:
        params = {**view.canvas.graph.nodes[conv].params, "dilation": 1 + number % 2, "padding": (number % 2)}
        view.document.commit_graph("Edit", edits.set_params(view.document.graph, conv, params))
        app.processEvents()

    measure("commit edit", commit_edit)
    measure("select", lambda number: (view.document.select([names[number]]), app.processEvents()))


def shown(graph: Graph) -> CanvasView:
    """A canvas on screen that shows all of this."""
    view = CanvasView(Document(Project(network=Network(graph))))
    view.resize(1100, 700)
    view.show()
    view.fit()
    return view


if __name__ == "__main__":
    main()
