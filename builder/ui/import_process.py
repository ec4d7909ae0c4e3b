"""Imports a model of PyTorch in a process of its own, so that neither the window nor a training feels it.

Runs the command `import` and reads what it wrote. Knows no widget.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from builder.graph.problems import ProblemError
from builder.project import keep
from builder.project.file import load
from builder.project.weights import located
from builder.ui.own_process import PROGRAM, environment

ENDS_WITHIN = 5000  # milliseconds that a killed process may take to be gone
_UNEXPECTED = "The import ended unexpectedly; perhaps there was not enough memory."


class ImportProcess(QObject):
    """One import at a time.

    Attributes:
        succeeded: (Project, notes): the network, and what came over not quite as it was, one text each. Its weights, if
            it has any, are kept in the user's data folder until it is saved; who does not want it, forgets them.
        failed: (words) why there is none.
        stopped: it was ended by `stop`.
    """

    succeeded = Signal(object, tuple)
    failed = Signal(str)
    stopped = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.setStandardInputFile(QProcess.nullDevice())  # a file that asks something must not wait for ever
        self._process.setStandardOutputFile(QProcess.nullDevice())
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._error)
        self._folder: Path | None = None
        self._stem = ""
        self._stopping = False

    @property
    def running(self) -> bool:
        """Whether an import is under way."""
        return self._folder is not None

    def start(self, source: str, shape: str = "", *, weights: bool = False) -> None:
        """Import what `source` names, as the command `import` takes it.

        Args:
            shape: of one input, such as 3x224x224.
            weights: with its weights; of torchvision's models the trained ones, which must be on this machine.
        """
        if self.running:
            return
        try:
            self._folder = keep.new_folder() if weights else Path(mkdtemp(prefix="torchcanvas-import-"))
        except ProblemError as error:
            self.failed.emit(str(error.problems[0]))
            return
        last = source.rpartition(":")[2]
        self._stem = re.sub(r"\W+", "_", Path(last).stem if Path(last).suffix else last) or "network"
        self._stopping = False
        process_environment = QProcessEnvironment()
        for name, value in environment().items():
            process_environment.insert(name, value)
        self._process.setProcessEnvironment(process_environment)
        file = Path(source.rpartition(":")[0])
        # What a file reads, it looks for beside itself.
        self._process.setWorkingDirectory(str(file.parent if file.is_file() else self._folder))
        arguments = [*PROGRAM, "import", source, "-o", str(self._output)]
        arguments += ["--input", shape] if shape else []
        if not weights:
            arguments.append("--network-only")
        elif source.startswith("torchvision:"):
            arguments.append("--weights")
        self._process.start(sys.executable, arguments)

    def stop(self) -> None:
        """End it now; returns when the process is gone."""
        if self.running:
            self._stopping = True
            self._process.kill()
            self._process.waitForFinished(ENDS_WITHIN)

    @property
    def _output(self) -> Path:
        assert self._folder is not None
        return self._folder / f"{self._stem}.tcanvas"

    def _error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # then nothing else is heard of it
            self._clear()
            self.failed.emit("The import could not be started.")

    def _finished(self, status: int, how: QProcess.ExitStatus) -> None:
        text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if self._stopping:
            self._clear()
            self.stopped.emit()
        elif status == 0 and how is QProcess.ExitStatus.NormalExit:
            try:
                project = located(load(self._output), self._folder)
            except ProblemError:
                self._clear()
                self.failed.emit(_UNEXPECTED)
            else:
                if project.training.weights:
                    self._output.unlink(missing_ok=True)
                    self._folder = None
                self._clear()
                self.succeeded.emit(project, tuple(lines))
        else:
            self._clear()
            told = lines and status == 1 and not any(line.startswith("Traceback") for line in lines)
            self.failed.emit(lines[-1] if told else _UNEXPECTED)

    def _clear(self) -> None:
        if self._folder is not None:
            rmtree(self._folder, ignore_errors=True)
            self._folder = None
