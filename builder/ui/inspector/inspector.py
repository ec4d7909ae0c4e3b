"""The right-hand side of the window: layer, data, training and code, one tab each.

A panel is made when somebody looks at it, or asks it something: the start of the program waits for the first one only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from builder.graph.problems import Problem
from builder.train.messages import Prepared, Progress
from builder.ui.document import Document
from builder.ui.inspector.layer_panel import LayerPanel

if TYPE_CHECKING:
    from builder.data.settings import DataSettings
    from builder.ui.inspector.code_panel import CodePanel
    from builder.ui.inspector.data_panel import DataPanel
    from builder.ui.inspector.samples import Sample
    from builder.ui.inspector.training_panel import TrainingPanel

W = TypeVar("W", bound=QWidget)

TITLES = ("Layer", "Data", "Training", "Code")
LAYER, DATA, TRAINING, CODE = range(len(TITLES))


class Inspector(QTabWidget):
    """The tabs.

    Attributes:
        layer, data, training, code: the panels.
        download_asked, folder_asked, cancel_asked: see `DataPanel`.
        left: the keyboard has done what it came for, or Escape was pressed.
    """

    download_asked = Signal()
    folder_asked = Signal()
    cancel_asked = Signal()
    left = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._problems: tuple[Problem, ...] = ()
        # What was told last, and of which data, for panels that are made later.
        self._prepared: tuple[DataSettings, Prepared] | None = None
        self._samples: tuple[DataSettings, Sequence[Sample]] | None = None
        self._progress: tuple[str, float | None] = ("", None)
        self._data_changed = False
        self.setDocumentMode(True)
        self.tabBar().setAccessibleName("Inspector")
        self.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click needs no ring around what it shows
        self.layer = LayerPanel(document)
        self.layer.mended.connect(self.left)
        self.addTab(self.layer, TITLES[LAYER])
        for title in TITLES[1:]:
            self.addTab(QWidget(), title)
        self.currentChanged.connect(self._make)

    def _make(self, place: int) -> None:
        """The panel at `place` is looked at."""
        getattr(self, TITLES[place].lower())

    def _put(self, place: int, panel: W) -> W:
        """Put a panel where an empty page kept its place."""
        with QSignalBlocker(self):
            seen = self.currentIndex()
            page = self.widget(place)
            held = page is not None and page.hasFocus()  # the panel before had it
            self.removeTab(place)
            if page is not None:
                page.deleteLater()
            self.insertTab(place, panel, TITLES[place])
            self.setCurrentIndex(seen)
        if held:
            panel.setFocus()
        return panel

    @cached_property
    def data(self) -> DataPanel:
        from builder.ui.inspector.data_panel import DataPanel

        panel = DataPanel(self._document)
        panel.download_asked.connect(self.download_asked)
        panel.folder_asked.connect(self.folder_asked)
        panel.cancel_asked.connect(self.cancel_asked)
        settings = self._document.value.data
        if self._prepared is not None and self._prepared[0] == settings:
            panel.show_split(*_split(self._prepared[1]))
        if self._samples is not None and self._samples[0].dataset == settings.dataset:
            panel.show_samples(self._samples[1])
        panel.show_progress(*self._progress)
        panel.set_changed(self._data_changed)
        panel.show_problems(self._problems)
        return self._put(DATA, panel)

    @cached_property
    def training(self) -> TrainingPanel:
        from builder.ui.inspector.training_panel import TrainingPanel

        panel = TrainingPanel(self._document)
        if self._prepared is not None:
            panel.set_prepared(self._prepared[1])
        panel.show_problems(self._problems)
        return self._put(TRAINING, panel)

    @cached_property
    def code(self) -> CodePanel:
        from builder.ui.inspector.code_panel import CodePanel

        return self._put(CODE, CodePanel(self._document))

    def sizeHint(self) -> QSize:
        return QSize(320, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def show_layer(self) -> None:
        """Bring up the layer panel."""
        self.setCurrentWidget(self.layer)

    def follow_click(self) -> None:
        """A layer was clicked: its settings come up, unless its code is looked at, which follows by itself."""
        if self.currentIndex() != CODE:
            self.show_layer()

    def show_setting(self, path: str) -> None:
        """Bring up the panel of a setting, named by its dotted path, and put the cursor into its field."""
        room, _, rest = path.partition(".")
        if room in ("data", "training"):
            panel = self.data if room == "data" else self.training
            self.setCurrentWidget(panel)
            panel.form.focus(rest)

    def set_prepared(self, event: Prepared) -> None:
        """The data is loaded: its sizes are known."""
        self._prepared = self._document.value.data, event
        if (training := self._made("training")) is not None:
            training.set_prepared(event)
        if (data := self._made("data")) is not None:
            data.show_split(*_split(event))

    def set_progress(self, progress: Progress) -> None:
        """A run stands here."""
        if (training := self._made("training")) is not None and training.isVisible():
            training.set_progress(progress)

    def forget_run(self) -> None:
        """No run has begun."""
        if (training := self._made("training")) is not None:
            training.forget_run()

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Show the problems of the project: of settings beside their fields, of layers with the layer."""
        self._problems = tuple(problems)
        self.layer.set_problems(self._problems)
        for name in ("data", "training"):
            if (panel := self._made(name)) is not None:
                panel.show_problems(self._problems)

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Samples of the chosen data set: (raw, label)."""
        self._samples = self._document.value.data, samples
        if (data := self._made("data")) is not None:
            data.show_samples(samples)

    def set_data_changed(self, changed: bool) -> None:
        """Whether the run that is seen began with other data than those chosen now."""
        self._data_changed = changed
        if (data := self._made("data")) is not None:
            data.set_changed(changed)

    def show_progress(self, message: str, share: float | None = None) -> None:
        """Show work on the data under way, `share` from 0 to 1; an empty message when it is over."""
        self._progress = message, share
        if (data := self._made("data")) is not None:
            data.show_progress(message, share)

    def _made(self, name: str) -> Any:
        """A panel, if somebody has looked at it; None otherwise."""
        return self.__dict__.get(name)


def _split(event: Prepared) -> tuple[int, int, int]:
    return event.train_samples, event.validation_samples, event.test_samples
