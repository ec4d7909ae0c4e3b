"""The dialog behind "Import from PyTorch…": which model, and how far the import is. It does not hold up the window.

The import itself is in `import_process`; what becomes of the network is up to whoever opened the dialog.
"""

from __future__ import annotations

import ast
import contextlib
import re
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from builder.compile import own_code
from builder.graph.problems import ProblemError
from builder.project import keep
from builder.project.document import Project
from builder.ui import choosers
from builder.ui.import_process import ImportProcess
from builder.ui.own_code import WARNING, ask_run
from builder.ui.widgets.labels import label
from builder.ui.words import sentence

FILTER = "Models (*.py *.pt2)"
_SHAPE = re.compile(r"\s*[1-9]\d*(\s*[x×]\s*[1-9]\d*)*\s*", re.IGNORECASE)
_PLACE = re.compile(r"\S+(, line \d+| in [^:]+)?: ")  # a message may begin with a name, which keeps its letters
_LONGEST = 1_000_000  # bytes of a file that is looked through for classes


class ImportDialog(QDialog):
    """Chooses a model and imports it.

    Attributes:
        ask_run: whether a Python file may be run; asks the user, a test may answer instead.
        process: the import.
        search, models: torchvision's models; path, class_name, shape: of a file.
        weights, weights_note: whether they are wanted, and what that means.
        import_button, stop_button, message: as they stand.
    """

    listed = Signal(tuple, object, str)  # torchvision's models, those that are here trained, and why there are none

    def __init__(self, adopt: Callable[[Project, tuple[str, ...]], bool], parent: QWidget | None = None) -> None:
        """`adopt` takes the network and the notes on it; it answers whether the network was opened."""
        super().__init__(parent)
        self._adopt = adopt
        self._asked_names = False
        self._place: QPoint | None = None  # where it was closed
        self._none = ""  # why there are no models of torchvision
        self._trained: frozenset[str] = frozenset()
        self._wished = True  # to have the weights, where there are some
        self.ask_run = self._ask_run
        self.process = ImportProcess(self)
        self.setWindowTitle("Import from PyTorch")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(label("Import from PyTorch", "title"))
        words = "A model becomes a network on the canvas, its parts become blocks."
        column.addWidget(label(words, "muted", wrap=True))
        self.tabs = QTabWidget()
        self.tabs.addTab(self._torchvision_page(), "torchvision")
        self.tabs.addTab(self._file_page(), "File")
        self.tabs.currentChanged.connect(self._renew)
        column.addWidget(self.tabs, 1)
        self.weights = QCheckBox("With its weights")
        self.weights.setChecked(True)
        self.weights.clicked.connect(self._wish)
        self.weights_note = label("", "note", wrap=True)
        column.addWidget(self.weights)
        column.addWidget(self.weights_note)
        self.message = label("", "bad", wrap=True, select=True)
        self.message.hide()
        column.addWidget(self.message)
        column.addLayout(self._buttons())
        self.resize(460, 480)
        self.process.succeeded.connect(self._succeeded)
        self.process.failed.connect(self._ended)
        self.process.stopped.connect(lambda: self._ended(""))
        self.listed.connect(self._list)
        if parent is not None:
            parent.window().installEventFilter(self)
        self._renew()

    # Parts ----------------------------------------------------------------------------------------------------------

    def _torchvision_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 12, 12, 12)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search models")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.models = QListWidget()
        self.models.currentItemChanged.connect(self._renew)
        self.models.itemDoubleClicked.connect(lambda _item: self.start())
        self.listing = label("Looking for models …", "note", wrap=True)
        for part in (self.search, self.listing):
            column.addWidget(part)
        column.addWidget(self.models, 1)
        return page

    def _file_page(self) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        self.path = QLineEdit()
        self.path.setPlaceholderText("model.py or model.pt2")
        self.path.textChanged.connect(self._path_changed)
        choose = QPushButton("Choose…")
        choose.clicked.connect(self._choose)
        self.class_name = QComboBox()
        self.class_name.setEditable(True)
        self.class_name.editTextChanged.connect(self._renew)
        self.shape = QLineEdit()
        self.shape.setPlaceholderText("found by trying; or for example 3x224x224")
        self.shape.textChanged.connect(self._renew)
        grid.addWidget(label("File", "muted"), 0, 0)
        grid.addWidget(self.path, 0, 1)
        grid.addWidget(choose, 0, 2)
        self._of_python: list[QWidget] = [label("Class", "muted"), self.class_name, label("One input", "muted")]
        self._of_python += [self.shape, label(WARNING, "note", wrap=True)]
        for part, place in zip(
            self._of_python, ((1, 0, 1, 1), (1, 1, 1, 2), (2, 0, 1, 1), (2, 1, 1, 2), (3, 0, 1, 3)), strict=True
        ):
            grid.addWidget(part, *place)
        grid.setRowStretch(4, 1)
        return page

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)  # nobody knows how long it takes
        self.progress.setTextVisible(False)
        self.import_button = QPushButton("Import")
        self.import_button.setProperty("kind", "primary")
        self.import_button.setDefault(True)
        self.import_button.clicked.connect(self.start)
        self.stop_button = QPushButton("Stop")
        self.stop_button.clicked.connect(self.process.stop)
        self.close_button = QPushButton("Close")
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.close)
        row.addWidget(self.progress, 1)
        row.addStretch()
        for button in (self.import_button, self.stop_button, self.close_button):
            row.addWidget(button)
        return row

    # torchvision ----------------------------------------------------------------------------------------------------

    def open_beside(self) -> None:
        """Show it, or bring it to the front; the window stays usable."""
        if not self._asked_names:
            self._asked_names = True
            threading.Thread(target=self._find_names, name="model names", daemon=True).start()
        if self.isVisible():
            self.raise_()
        elif self._place is not None:
            self.move(self._place)  # else some window managers put it lower by the height of its title
        self.show()
        self.activateWindow()
        field = self.path if self.tabs.currentIndex() == 1 else self.search
        field.setFocus()
        field.selectAll()  # what is typed begins anew

    def _find_names(self) -> None:
        names: tuple[str, ...] = ()
        problem = ""
        trained: frozenset[str] = frozenset()
        try:
            from builder.compile.importing.sources import torchvision_names, trained_here

            names, trained = torchvision_names(), trained_here()
        except ProblemError as error:
            problem = str(error.problems[0])
        with contextlib.suppress(RuntimeError):  # the dialog may be gone by now
            self.listed.emit(names, trained, problem)

    def _list(self, names: tuple[str, ...], trained: frozenset[str], problem: str) -> None:
        self._trained = trained
        self.models.addItems(names)
        self._none = sentence(problem)
        self._filter()

    def _filter(self) -> None:
        words = self.search.text().casefold().split()
        rows = [self.models.item(row) for row in range(self.models.count())]
        for item in rows:
            item.setHidden(not all(word in item.text() for word in words))
        found = [item for item in rows if not item.isHidden()]
        if found and (words or not self.models.currentItem()) and self.models.currentItem() not in found:
            self.models.setCurrentItem(found[0])
        if rows:
            self.listing.setText("No model is called that.")
        elif problem := self._none:
            self.listing.setText(problem)
        self.listing.setVisible(not found)
        self._renew()

    # A file ---------------------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        typed = self.path.text().strip()
        chosen = choosers.open_file(self, "Import a model", FILTER, Path(typed).expanduser() if typed else None)
        if chosen is not None:
            self.path.setText(str(chosen))

    def _path_changed(self) -> None:
        self.class_name.clear()
        self.class_name.addItems(classes_in(Path(self.path.text().strip())))
        self._renew()

    @property
    def _python(self) -> bool:
        return self.tabs.currentIndex() == 1 and self.path.text().strip().endswith(".py")

    def _ask_run(self, path: Path) -> bool:
        return ask_run(self, path, f"Run {path.name} to import its model?")

    # The import -----------------------------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """What would be imported, as the command line takes it; empty while something is missing."""
        if self.tabs.currentIndex() == 0:
            item = self.models.currentItem()
            return f"torchvision:{item.text()}" if item is not None and not item.isHidden() else ""
        text = self.path.text().strip()
        path = str(Path(text).expanduser().absolute()) if text else ""
        if path.endswith(".pt2"):
            return path
        name, shape = self.class_name.currentText().strip(), self.shape.text()
        fits = name.isidentifier() and (not shape.strip() or _SHAPE.fullmatch(shape))
        return f"{path}:{name}" if self._python and fits else ""

    def start(self) -> None:
        """Import what is chosen; a Python file only if the user agrees."""
        source = self.source
        if not source or self.process.running:
            return
        if self._python and not self.ask_run(Path(source.rpartition(":")[0])):
            return
        self._say("")
        shape = "".join(self.shape.text().split()) if self._python else ""
        self.process.start(source, shape, weights=self.weights.isChecked())
        self._renew()

    def _succeeded(self, project: Project, notes: tuple[str, ...]) -> None:
        self._ended("")
        if self._python:  # the user has agreed that this file is run; parts of the network may need it further on
            with contextlib.suppress(ProblemError):
                own_code.allow(Path(self.source.rpartition(":")[0]))
        if self._adopt(project, notes):
            self.close()
        else:
            keep.forget(Path(project.training.weights))
            self._say("Not opened: the network on the canvas was kept.", "muted")

    def _ended(self, problem: str) -> None:
        self._say(problem if _PLACE.match(problem) else sentence(problem))
        self._renew()

    def _say(self, text: str, role: str = "bad") -> None:
        self.message.setProperty("role", role)
        self.message.style().polish(self.message)
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _renew(self) -> None:
        running = self.process.running
        self.tabs.setEnabled(not running)
        self.progress.setVisible(running)
        self.stop_button.setVisible(running)
        self.import_button.setVisible(not running)
        self.import_button.setEnabled(bool(self.source))
        for part in self._of_python:
            part.setVisible(self._python)
        self._renew_weights(running)

    def _renew_weights(self, running: bool) -> None:
        of_torchvision = self.tabs.currentIndex() == 0
        name = self.source.rpartition(":")[2] if of_torchvision else ""
        there = bool(name in self._trained if of_torchvision else self.source)
        self.weights.setEnabled(there and not running)
        self.weights.setChecked(self._wished and (there or not name))
        self.weights_note.setText(
            f"The trained weights of {name} are not on this machine: it begins afresh." if name and not there else
            "Training then begins with them, and before that the views show them." if self.weights.isChecked() else ""
        )  # fmt: skip

    def _wish(self, checked: bool) -> None:
        self._wished = checked
        self._renew()

    # Life -----------------------------------------------------------------------------------------------------------

    def hideEvent(self, event: QHideEvent) -> None:
        self._place = self.pos()
        super().hideEvent(event)
        if not event.spontaneous():  # closed, not minimised
            self.process.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide and not event.spontaneous() and watched is self.parent():
            self.close()  # the window goes, and takes an import with it
        return super().eventFilter(watched, event)


def classes_in(path: Path) -> list[str]:
    """The classes that a Python file defines, found without running it; none in what cannot be read."""
    try:
        if path.suffix != ".py" or path.stat().st_size > _LONGEST:
            return []
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    # A file defines its parts first and what is built of them last.
    return [part.name for part in reversed(tree.body) if isinstance(part, ast.ClassDef)]
