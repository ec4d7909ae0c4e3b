"""From the process to the painted window, in that order: window first, torch behind it."""

from __future__ import annotations

import html
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from builder.graph.problems import Problem
from builder.layers.plugins import load_plugins
from builder.project.autosave import Autosave, recovered
from builder.project.keep import sweep
from builder.ui import style
from builder.ui.engine import Engine
from builder.ui.placement import keep_on_screen
from builder.ui.theme import theme
from builder.ui.window import MainWindow
from builder.ui.words import sentence

Watch = Callable[[MainWindow, Engine], object]


def application(arguments: list[str] | None = None) -> QApplication:
    """The Qt application, styled; made once in a process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QGuiApplication.setApplicationName("TorchCanvas")
    QGuiApplication.setOrganizationName("TorchCanvas")
    QGuiApplication.setDesktopFileName("torchcanvas")
    # Window and trainer take turns at the interpreter: shorter turns keep both waiting less (5 ms is Python's own).
    sys.setswitchinterval(0.0005)
    app = QApplication(arguments or sys.argv[:1])
    theme().choose(str(QSettings().value("theme", "system")))
    style.apply(app)
    return app


def open_window(path: Path | None = None, autosave: Autosave | None = None) -> MainWindow:
    """The window as it stands at first, not shown yet, with the layers of plug-ins in its palette."""
    broken = load_plugins()
    window = MainWindow(autosave=autosave)
    window.arrangement.restore()
    window.open_at_start(path)
    if broken:  # a project that cannot be opened is the worse news
        window.banner.offer("plug-ins", _words(broken), "warn")
    return window


def _words(problems: Sequence[Problem]) -> str:
    """Rich text for several problems that share one hint."""
    messages = [html.escape(sentence(problem.message)) for problem in problems]
    return "<br>".join(messages) + f" {html.escape(problems[-1].hint)}"


def heed_signals(window: MainWindow) -> None:
    """Ctrl-C in the terminal closes the window; what the system sends when it wants an end is obeyed without asking."""

    def leave(*_: object) -> None:
        window.leave()
        QApplication.exit(0)  # also out of a dialog

    signal.signal(signal.SIGINT, lambda *_: window.close())
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)
    pulse = QTimer(window, interval=500)  # lets Python see them
    pulse.timeout.connect(lambda: None)
    pulse.start()


def run(path: Path | None = None, watch: Watch | None = None) -> int:
    """Open the window, with a project or with LeNet-5 ready to run, and stay until it is closed. Returns the status.

    Args:
        watch: told of the window and of what brings in the rest, before either has begun.
    """
    app = application()
    found = recovered()
    sweep()
    window = open_window(path, Autosave())
    engine = Engine()
    engine.ready.connect(window.live.begin)
    window.recovery_offer.make(found)
    window.arrangement.filled.connect(engine.start)
    window.first_painted.connect(lambda: QTimer.singleShot(0, window, lambda: keep_on_screen(window)))
    heed_signals(window)
    if watch is not None:
        watch(window, engine)
    window.show()
    status = app.exec()
    if not window.ended:
        # A step of a large network outlasts anybody's patience. Leaving it to the interpreter's end would abort in
        # PyTorch; nothing is lost, since the run folder is written line by line and the autosave is closed.
        os._exit(status)
    return status
