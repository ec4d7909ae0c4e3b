"""What drawing costs: time to take and paint a picture of 64 maps, and a curve of 10,000 points. Not a test.

Run `python tests/benchmarks/views.py`; figures are medians of processor time in milliseconds, with the 10th and 90th
percentile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from builder.compile.infer import infer
from builder.graph.frozen import freeze
from builder.graph.model import Edge, Graph, Node
from builder.inspect.picture import Attention, Picture
from builder.ui.views.base import Subject
from builder.ui.views.filters import FiltersView
from builder.ui.views.loss import LossView
from builder.ui.views.maps import FeatureMapsView

ROUNDS = 60


def measure(name: str, work: Callable[[], object]) -> None:
    """Print how long `work` takes."""
    work()
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1e3)
    low, middle, high = np.percentile(spent, [10, 50, 90])
    print(f"{name:44} {middle:6.2f}  ({low:.2f} to {high:.2f})")


def main() -> None:
    """Measure the views at the size of a dock."""
    app = QApplication([])
    conv = Node("conv1", "Conv2d", freeze({"filters": 64, "kernel_size": 5, "padding": 2}))
    nodes = [Node("input1", "Input", freeze({"shape": [1, 28, 28]})), conv, Node("output1", "Output")]
    inference = infer(Graph.of(nodes, [Edge("input1", "conv1"), Edge("conv1", "output1")]))
    random = np.random.default_rng(0)
    maps = random.normal(size=(64, 28, 28)).astype(np.float32)
    weights = random.normal(size=(64, 1, 5, 5)).astype(np.float32)
    raw = np.zeros((1, 28, 28), np.uint8)
    picture = Picture(
        1, Attention(), raw, raw.astype(np.float32), 0, np.ones(1, np.float32), {"conv1": maps}, {"conv1": weights}
    )
    for kind in (FeatureMapsView, FiltersView):
        view = kind()
        view.resize(300, 320)
        view.set_subject(Subject(inference, ("conv1",)))
        view.show()
        app.processEvents()
        measure(f"{kind.__name__}.show_picture", lambda view=view: view.show_picture(picture))

        def drawn(view: FeatureMapsView | FiltersView = view) -> None:
            view.show_picture(picture)
            view.panel.mosaic.repaint()

        measure(f"{kind.__name__}, taken and painted", drawn)
        view.hide()
        measure(f"{kind.__name__}, hidden", lambda view=view: view.show_picture(picture))
    loss = LossView()
    loss.resize(400, 320)
    loss.show()
    loss.add_scalars(np.column_stack([np.arange(1, 10_001), random.random(10_000), random.random(10_000)]))
    app.processEvents()
    (plot,) = loss.plots()
    step = iter(range(10_001, 10_001 + 100 * ROUNDS, 10))

    def more() -> None:
        first = next(step)
        loss.add_scalars(np.column_stack([np.arange(first, first + 10), random.random(10), random.random(10)]))

    measure("LossView, 10 new points of 10,000", more)

    def painted() -> None:
        more()
        plot.viewport().repaint()

    measure("LossView, taken and painted", painted)


if __name__ == "__main__":
    main()
