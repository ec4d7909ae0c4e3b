"""The right-hand side of the window: layer, data, training and code, one tab each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from builder.graph.problems import Problem
from builder.train.messages import Prepared
from builder.ui.document import Document
from builder.ui.inspector.code_panel import CodePanel
from builder.ui.inspector.data_panel import DataPanel
from builder.ui.inspector.layer_panel import LayerPanel
from builder.ui.inspector.samples import Sample
from builder.ui.inspector.training_panel import TrainingPanel


class Inspector(QTabWidget):
    """The tabs.

    Attributes:
        layer, data, training, code: the panels.
        learning_rate_changed: (rate) turned by the user; a run under way may follow it.
        download_asked, cancel_asked: see `DataPanel`.
    """

    learning_rate_changed = Signal(float)
    download_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click needs no ring around what it shows
        self.layer, self.data = LayerPanel(document), DataPanel(document)
        self.training, self.code = TrainingPanel(document), CodePanel(document)
        for panel, title in (
            (self.layer, "Layer"), (self.data, "Data"), (self.training, "Training"), (self.code, "Code"),
        ):  # fmt: skip
            self.addTab(panel, title)
        self.training.learning_rate_changed.connect(self.learning_rate_changed)
        self.data.download_asked.connect(self.download_asked)
        self.data.cancel_asked.connect(self.cancel_asked)

    def sizeHint(self) -> QSize:
        return QSize(320, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def show_layer(self) -> None:
        """Bring up the layer panel."""
        self.setCurrentWidget(self.layer)

    def show_setting(self, path: str) -> None:
        """Bring up the panel of a setting, named by its dotted path, and put the cursor into its field."""
        room, _, rest = path.partition(".")
        panels: dict[str, DataPanel | TrainingPanel] = {"data": self.data, "training": self.training}
        if room in panels:
            self.setCurrentWidget(panels[room])
            panels[room].form.focus(rest)

    def set_prepared(self, event: Prepared) -> None:
        """The data is loaded: its sizes are known."""
        self.training.set_prepared(event)
        self.data.show_split(event.train_samples, event.validation_samples, event.test_samples)

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Show the problems of settings beside their fields; those of layers come from the document."""
        found = tuple(problems)
        self.data.show_problems(found)
        self.training.show_problems(found)

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Samples of the chosen data set: (raw, label)."""
        self.data.show_samples(samples)
