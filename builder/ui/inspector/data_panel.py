"""The data panel: which data set, how it is split and fitted, and what it looks like. It loads nothing itself."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from builder.compile.limits import size
from builder.data.augmentation import possible
from builder.data.catalogue import DataSet, data_sets, find
from builder.data.folders import data_folder
from builder.graph.model import Shape
from builder.graph.problems import Problem
from builder.layers.base import show
from builder.ui import icons
from builder.ui.document import Document
from builder.ui.inspector.augmented import Augmented
from builder.ui.inspector.help_card import source_link
from builder.ui.inspector.panel import Figures, Panel, ProblemColumn
from builder.ui.inspector.samples import Sample, Samples
from builder.ui.inspector.settings_form import SettingsForm
from builder.ui.widgets.buttons import PushButton
from builder.ui.widgets.choice import Choice
from builder.ui.widgets.labels import Elided, label
from builder.ui.widgets.section import Section

MISFITS = ("data-misfit", "output-misfit")  # told of the layer that they could be mended at
CHANGED = "The run that you see learns from the data as they were. These are for the next run."


class DataPanel(Panel):
    """The settings of the data.

    Attributes:
        download_asked: the user wants the chosen data set fetched now.
        folder_asked: the user wants to choose a folder of pictures.
        cancel_asked: the user wants the work under way given up.
    """

    download_asked = Signal()
    folder_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._split: tuple[object, tuple[int, int, int]] | None = None
        self._samples_of: object = None
        self.problems = ProblemColumn()
        self.problems.fix_asked.connect(document.apply_fix)
        self.settings = SettingsForm(document, "data")
        self.form = self.settings.form
        chooser = self.form.row("dataset").editor
        assert isinstance(chooser, Choice)
        chooser.offer("A folder of pictures…", self.folder_asked.emit)
        chooser.name_of = _name_of
        self.augmented = Augmented()
        self.form.group("augmentation").add(self.augmented, 0)
        self._about = Section("About this data set")
        self._help = label("", "muted", wrap=True)
        self._figures = Figures()
        self._source = label("", "note", wrap=True)
        self._source.setTextFormat(Qt.TextFormat.RichText)
        self._source.setOpenExternalLinks(True)
        for widget in (self._help, self._figures, self._source):
            self._about.add(widget)
        self.download = PushButton("Download")
        icons.dress(self.download, "download")
        self.download.clicked.connect(self.download_asked)
        self._progress = _Progress()
        self._progress.cancel.clicked.connect(self.cancel_asked)
        self._shown = Section("Samples")
        self._changed = label(CHANGED, "note", wrap=True)
        self._changed.hide()
        self.samples = Samples()
        self._shown.add(self.samples)
        self._shown.hide()
        for each in (
            self.problems,
            self.settings,
            self.download,
            self._progress,
            self._changed,
            self._shown,
            self._about,
        ):
            self.column.addWidget(each)
        self.column.addStretch(1)
        document.changed.connect(self._renew)
        self._renew()

    # What the window tells ------------------------------------------------------------------------------------------

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Show samples of the data set that is chosen now: (raw, label); raw as in `Samples`."""
        self._samples_of = self._document.value.data.dataset
        self.samples.show_samples(samples)
        self.augmented.show_samples(samples)
        self._shown.setVisible(bool(samples))

    def show_split(self, training: int, validation: int, test: int) -> None:
        """How many samples each part has, with the settings as they are now."""
        self._split = (self._document.value.data, (training, validation, test))
        self._renew()

    def show_progress(self, message: str, share: float | None = None) -> None:
        """Show work under way, `share` from 0 to 1 (None when unknown); an empty message when it is over."""
        self._progress.show_work(message, share)
        self._renew_download()

    def progress(self) -> str:
        """What work is said to be under way; empty when none is."""
        return self._progress.message

    def set_changed(self, changed: bool) -> None:
        """Whether the run that is seen began with other data than these."""
        self._changed.setVisible(changed)

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show the problems of the data settings among these, and of a network that the data do not fit."""
        every = tuple(problems)
        misfits = (problem for problem in every if problem.code in MISFITS and not problem.where.startswith("data."))
        self.problems.show_problems((*self.settings.show_problems(every), *misfits))

    # What the document says -----------------------------------------------------------------------------------------

    def _renew(self, *_news: object) -> None:
        settings = self._document.value.data
        chosen = find(settings.dataset)
        input_shape = self._input_shape()
        fields = applying(type(settings).model_fields, chosen, input_shape)
        self.form.show_fields([name for name in fields if name != "fold" or settings.in_folds])
        self._renew_download()
        if self._samples_of != settings.dataset:
            self._samples_of = settings.dataset
            self.samples.show_samples([])
            self.augmented.show_samples([])
            self._shown.hide()
        self.augmented.show_settings(settings, input_shape)
        self._about.setVisible(chosen is not None)
        if chosen is None:
            return
        self._help.setText(chosen.help)
        rows = [("Task", chosen.task.value), ("One sample", show(chosen.shape))]
        if chosen.classes:
            rows.append(("Classes", f"{len(chosen.classes)}"))
        if self._split is not None and self._split[0] == settings:
            for name, count in zip(("Training", "Validation", "Test"), self._split[1], strict=True):
                rows.append((f"{name} samples", f"{count:,}"))
        self._figures.show_rows(rows)
        licence = f"<br>Licence: {html.escape(chosen.licence)}" if chosen.licence else ""
        self._source.setText(source_link(chosen.source) + licence)

    def _input_shape(self) -> Shape | None:
        """The shape of the network's input, where there is one."""
        known = self._document.flat
        return known.shape(known.inputs[0]) if known.inputs else None

    def _renew_download(self) -> None:
        chosen = find(self._document.value.data.dataset)
        missing = chosen.download_size if chosen is not None and not chosen.at_hand(data_folder()) else 0
        self.download.setText(f"Download ({size(missing)})")
        self.download.setToolTip("Fetched once and kept; running does it as well")
        self.download.setVisible(bool(missing) and not self._progress.message and not self._loaded())

    def _loaded(self) -> bool:
        return self._split is not None and self._split[0] == self._document.value.data


class _Progress(QWidget):
    """A line of text, a bar and a way out."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(5)
        self._text = Elided("", "note")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.cancel = PushButton("Stop")
        self.message = ""
        words.addWidget(self._text)
        words.addWidget(self._bar)
        row.addLayout(words, 1)
        row.addWidget(self.cancel)
        self.hide()

    def show_work(self, message: str, share: float | None) -> None:
        self.message = message
        self._text.setText(message)
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(1000 * share))
        self.setVisible(bool(message))


def _name_of(dataset: str) -> str:
    """What a data set is called that is not in the list: a folder of pictures."""
    chosen = find(dataset)
    return chosen.title if chosen is not None else f"{dataset}?"


def applying(fields: Iterable[str], chosen: DataSet | None, input_shape: Shape | None = None) -> list[str]:
    """The settings, out of these, that matter to a data set and a network with this input; all when it is unknown."""
    if chosen is None:
        return list(fields)
    special = frozenset[str]().union(*(known.options for known in data_sets().values()))
    found = [
        name
        for name in fields
        if (name in chosen.options or name not in special)
        and (name != "fit" or chosen.pictures)
        and (name not in ("label_noise", "rare") or chosen.classes)
        and name != "augmentation"
    ]
    return found + [f"augmentation.{name}" for name in possible(chosen, input_shape)]
