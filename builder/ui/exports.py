"""The window's exports: asks where, makes the file behind the window, and says how it went.

What a format holds is decided where the command line takes it from; the weights are those that a training begins with.
What PyTorch must trace for is made in a process of its own.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from builder.graph.problems import Problem, ProblemError
from builder.project.document import Project
from builder.ui import choosers
from builder.ui.canvas.export import render
from builder.ui.words import told
from builder.writing import write

if TYPE_CHECKING:
    from builder.ui.window import MainWindow

PICTURES = "Pictures (*.svg *.png *.pdf)"


class Exports(QObject):
    """Writes the document of a window as other programs take it. Each method may be told the path, and asks without.

    Attributes:
        tell_last: says what could not be written when the window has closed; a test may listen instead.
    """

    finished = Signal(object, object)  # the path; a Problem, or None when it is written

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.tell_last = self._tell_last
        self.finished.connect(self._tell)
        window.live.weights_saved.connect(self._tell)

    def source(self, path: Path | None = None) -> None:
        """The model as Python source."""
        self._write("Export Python source", "network.py", "Python (*.py)", _source, path)

    def script(self, path: Path | None = None) -> None:
        """Model, data and training as one Python script."""
        self._write("Export training script", "train.py", "Python (*.py)", _script, path)

    def onnx(self, path: Path | None = None) -> None:
        """The model as ONNX."""
        self._write("Export ONNX", "network.onnx", "ONNX (*.onnx)", _onnx, path)

    def archive(self, path: Path | None = None) -> None:
        """The model as a PyTorch archive."""
        self._write("Export PyTorch archive", "network.pt2", "PyTorch archive (*.pt2)", _archive, path)

    def weights(self, path: Path | None = None) -> None:
        """The weights of the run as they are now, for another training to begin with."""
        live = self._window.live
        name = f"{choosers.plain_name(self._window.document.value.name)}.safetensors"
        path = path or choosers.save_file(self._window, "Save the weights", name, "Weights (*.safetensors)")
        if path is None:
            return
        if live.no_weights:  # the dialog was open for long
            self._tell(path, Problem("no-weights", f"{live.no_weights}, so no weights were saved.", str(path)))
            return
        self._window.status.hint(f"Writing {path} …")
        live.save_weights(path)

    def selection(self, path: Path | None = None) -> None:
        """What is selected as a picture; everything where nothing is."""
        document = self._window.document
        self.picture(path, document.selection, document.chosen_comments)

    def picture(self, path: Path | None = None, names: tuple[str, ...] = (), comments: tuple[str, ...] = ()) -> None:
        """The diagram, or only the named nodes and comments of it, as SVG, PNG or PDF."""
        path = path or choosers.save_file(self._window, "Export picture", "network.svg", PICTURES)
        if path is None:
            return
        try:
            render(self._window.canvas.canvas, path, names=names, comments=comments)
        except ProblemError as error:
            self._tell(path, error.problems[0])
        else:
            self._tell(path, None)

    def _write(
        self, title: str, name: str, kinds: str, make: Callable[[Project, Path], object], path: Path | None
    ) -> None:
        """Let `make` write the file on a thread of its own."""
        path = path or choosers.save_file(self._window, title, name, kinds)
        if path is None:
            return
        project = self._window.document.located  # a value: editing goes on meanwhile
        self._window.status.hint(f"Writing {path} …")

        def work() -> None:
            problem = None
            try:
                make(project, path)
            except ProblemError as error:
                problem = error.problems[0]
            with contextlib.suppress(RuntimeError):  # the window may be gone by now
                self.finished.emit(path, problem)

        threading.Thread(target=work, name="export", daemon=True).start()

    def _tell(self, path: Path, problem: Problem | None) -> None:
        if problem is not None and self._window.closing:
            self.tell_last(f"{path}: {told(problem)}")
        elif problem is not None:
            self._window.say_problem(problem, "files")
        else:
            self._window.status.hint(f"Written: {path}")

    def _tell_last(self, words: str) -> None:
        """The window is not seen any more, and what was to be written is lost when the program ends."""
        if self._window.leaving:  # the system ends the program: nobody is there to answer
            print(words, file=sys.stderr)
        else:
            QMessageBox.warning(None, "TorchCanvas", words)


def _source(project: Project, path: Path) -> None:
    from builder.compile.network import infer_network
    from builder.compile.source import network_source

    write(path, network_source(infer_network(project.network)).encode())


def _script(project: Project, path: Path) -> None:
    from builder.project.script import to_script

    write(path, to_script(project).encode())


def _onnx(project: Project, path: Path) -> None:
    from builder.ui.own_process import export_apart

    export_apart("onnx", project, path)


def _archive(project: Project, path: Path) -> None:
    from builder.ui.own_process import export_apart

    export_apart("pt2", project, path)
