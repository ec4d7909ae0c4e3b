"""The dialog behind "Open a run…" and wherever else a run is chosen: those of this machine, each with how far it came.

What is done with the one that is chosen is for its caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from builder.project.runs import COLUMNS, Summary, row_of, runs_in
from builder.ui import choosers
from builder.ui.discarding import Discarding
from builder.ui.widgets.labels import label

AT_ONCE = 20  # runs that are read between two answers of the window
_FOLDER = Qt.ItemDataRole.UserRole
_FIGURES = (3, 4, 5)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Purpose:
    """What a run is chosen for, in words: title, a sentence, the button, and the one for what is not in the list."""

    title: str
    words: str
    act: str
    another: str


OPEN = Purpose(
    "Open a run",
    "Its curves, and its network at every step of which the weights were kept. "
    "A run that is being made, here or on another machine, is followed.",
    "Open",
    "Another folder…",
)
BEGIN_WITH = Purpose(
    "Begin with the weights of a run",
    "Layers of the same name and size take theirs from it; others begin afresh.",
    "Begin with it",
    "A file…",
)


class RunsDialog(QDialog):
    """A list of runs, the newest first.

    Attributes:
        search: narrows the list; runs: the list; open_button, compare_button, delete_button, message: as they stand.
        discarding: asks before runs are deleted, and deletes them.
        ask_folder: asks for another folder; a test puts its own here.
    """

    def __init__(
        self,
        folder: Path,
        open_run: Callable[[Path], bool],
        compare: Callable[[list[Path]], object] = lambda _folders: None,
        parent: QWidget | None = None,
        use_of: Callable[[Path], str] = lambda _folder: "",
        purpose: Purpose = OPEN,
    ) -> None:
        """List the runs in `folder`.

        Args:
            open_run: opens one, or does with it what it is chosen for, and tells whether it did.
            compare: puts the curves of some beside those that are seen.
            use_of: what one is needed for now, as the end of a sentence; "" for nothing.
            purpose: what one is chosen for: runs are compared and deleted only where they may be opened.
        """
        super().__init__(parent)
        self.setWindowTitle(purpose.title)
        self._open_run, self._compare = open_run, compare
        self.discarding = Discarding(folder, use_of, self)
        self._left: Iterator[Summary] = runs_in(folder)
        self.ask_folder: Callable[[], Path | None] = lambda: choosers.folder(self, "The folder of a run")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(label(purpose.title, "title"))
        column.addWidget(label(purpose.words, "muted", wrap=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search runs")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        column.addWidget(self.search)
        self.runs = QTreeWidget()
        self.runs.setHeaderLabels(COLUMNS)
        self.runs.setRootIsDecorated(False)
        self.runs.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.runs.setUniformRowHeights(True)
        self.runs.setAccessibleName("Runs")
        self.runs.header().setStretchLastSection(True)
        for number in _FIGURES:
            self.runs.headerItem().setTextAlignment(number, _RIGHT)
        self.runs.itemActivated.connect(lambda item, _column: self.open_named(item.data(0, _FOLDER)))
        self.runs.itemSelectionChanged.connect(lambda: self._renew())
        column.addWidget(self.runs, 1)
        self.message = label("", "muted", wrap=True)
        column.addWidget(self.message)
        row = QHBoxLayout()
        another = QPushButton(purpose.another)
        another.clicked.connect(self._choose_folder)
        self.open_button = QPushButton(purpose.act)
        self.open_button.setProperty("kind", "primary")
        self.open_button.setDefault(True)
        self.open_button.clicked.connect(self._open_current)
        self.compare_button = QPushButton("Compare curves")
        self.compare_button.setToolTip("Put the curves of the chosen runs behind those that are seen")
        self.compare_button.clicked.connect(self._compare_chosen)
        self.delete_button = QPushButton("Delete…")
        self.delete_button.setToolTip("Move the chosen runs to the trash (Del)")
        self.delete_button.clicked.connect(self._delete_chosen)
        if purpose is OPEN:
            context = Qt.ShortcutContext.WidgetShortcut
            QShortcut(QKeySequence.StandardKey.Delete, self.runs, self._delete_chosen, context)
        for button in (self.compare_button, self.delete_button):
            button.setVisible(purpose is OPEN)
        close = QPushButton("Close")
        close.clicked.connect(self.reject)
        row.addWidget(another)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        row.addWidget(close)
        row.addWidget(self.compare_button)
        row.addWidget(self.open_button)
        column.addLayout(row)
        self._more = QTimer(self, interval=0)
        self._more.timeout.connect(self._read_some)
        self._read_some()
        self._more.start()
        self._renew()

    def sizeHint(self) -> QSize:
        return QSize(820, 520)

    def open_named(self, folder: Path) -> None:
        """Open the run in this folder; the dialog closes if that was possible."""
        if self._open_run(folder):
            self.accept()

    def _chosen(self) -> list[Path]:
        return [item.data(0, _FOLDER) for item in self._items() if item.isSelected() and not item.isHidden()]

    def _open_current(self) -> None:
        for folder in self._chosen()[:1]:
            self.open_named(folder)

    def _compare_chosen(self) -> None:
        self._compare(self._chosen())
        self.accept()

    def _delete_chosen(self) -> None:
        chosen = self._chosen()
        said = self.discarding.discard(chosen) if chosen else ""
        gone = [item for item in self._items() if not item.data(0, _FOLDER).exists()]
        for item in gone:
            self.runs.takeTopLevelItem(self.runs.indexOfTopLevelItem(item))
        self._filter()
        self._renew(said)

    def _choose_folder(self) -> None:
        folder = self.ask_folder()
        if folder is not None:
            self.open_named(folder)

    def _read_some(self) -> None:
        found = list(islice(self._left, AT_ONCE))
        for summary in found:
            self._add(summary)
        if len(found) < AT_ONCE:
            self._more.stop()
        if found:
            for number in range(len(COLUMNS) - 1):
                self.runs.resizeColumnToContents(number)
                self.runs.setColumnWidth(number, min(220, self.runs.columnWidth(number) + 12))
        self._filter()

    def _add(self, summary: Summary) -> None:
        item = QTreeWidgetItem(list(row_of(summary)))
        item.setData(0, _FOLDER, summary.folder)
        item.setToolTip(0, str(summary.folder))
        for number in _FIGURES:
            item.setTextAlignment(number, _RIGHT)
        self.runs.addTopLevelItem(item)

    def _filter(self) -> None:
        words = self.search.text().casefold().split()
        for item in self._items():
            text = " ".join(item.text(column) for column in range(len(COLUMNS))).casefold()
            item.setHidden(not all(word in text for word in words))
        seen = [item for item in self._items() if not item.isHidden()]
        if seen and not self._chosen():
            self.runs.setCurrentItem(seen[0])
        self._renew()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys in the search field go to the list."""
        pressed = watched is self.search and event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            QApplication.sendEvent(self.runs, event)
            return True
        return super().eventFilter(watched, event)

    def _items(self) -> list[QTreeWidgetItem]:
        every = (self.runs.topLevelItem(number) for number in range(self.runs.topLevelItemCount()))
        return [item for item in every if item is not None]

    def _renew(self, said: str = "") -> None:
        chosen = self._chosen()
        self.open_button.setEnabled(len(chosen) == 1)
        self.compare_button.setEnabled(bool(chosen))
        self.delete_button.setEnabled(bool(chosen))
        some = self._items()
        seen = any(not item.isHidden() for item in some)
        none = "No run is called so." if some else "Nothing was trained on this machine yet."
        self.message.setText(said or ("" if seen else none))
        self.message.setVisible(bool(said) or not seen)
