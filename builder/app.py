"""Start-up: which face, window or command line, and nothing else.

Imports neither Qt nor torch before it knows; a machine without Qt has all commands but the window.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from builder.graph.problems import Problem, ProblemError
from builder.numerics import postpone_numpy

if TYPE_CHECKING:
    from builder.project.document import Project
    from builder.train.benchmarks import Measurement
    from builder.ui.start import Watch

STOPPED = 130  # exit status after Ctrl-C
HEADLESS = "torchcanvas train, summary, check, export and the other commands (torchcanvas --help) need none"


def main(arguments: Sequence[str] | None = None, watch: Watch | None = None) -> int:
    """Run the program with these arguments (without its name; those of the process by default); the exit status.

    Args:
        watch: told of the window before it is shown; for measuring.
    """
    try:
        return _main(arguments, watch)
    except KeyboardInterrupt:  # before a command had begun
        return STOPPED


def _main(arguments: Sequence[str] | None, watch: Watch | None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)

    from builder.train.memory import keep_freed
    from builder.train.threads import prepare_environment

    prepare_environment()
    keep_freed()
    if not _opens_window(given):
        from builder.cli import program

        return program.run(given, [_window_benchmarks], _draw)
    problem = window_problem()
    if problem is None:
        gc.disable()  # until all is imported: what imports make is no garbage, and looking through it takes a tenth
        postpone_numpy()
        try:
            from builder.ui import start
        except ImportError as error:
            gc.enable()
            if not (error.name or "").startswith(("PySide6", "pyqtgraph", "shiboken6")):
                raise
            problem = _no_qt(error)
        else:
            return start.run(Path(given[0]) if given else None, watch)
    print(problem, file=sys.stderr)
    return 1


def _opens_window(arguments: list[str]) -> bool:
    """Whether this is `torchcanvas [PROJECT]`, and not a command, an option or a mistyped command."""
    if not arguments:
        return True
    named = arguments[0]
    return len(arguments) == 1 and not named.startswith("-") and (Path(named).suffix != "" or Path(named).exists())


def window_problem(without: str = HEADLESS) -> Problem | None:
    """Why no window can open here, found out before Qt would end the process; None when one can.

    Args:
        without: what can be done all the same, in words.
    """
    if sys.platform != "linux":
        return None
    from builder import display

    return display.problem(os.environ, without)


def _no_qt(error: ImportError, what: str = "the window needs", without: str = HEADLESS) -> Problem:
    if isinstance(error, ModuleNotFoundError):
        return Problem("no-qt", f"{what} {error.name}, which is not installed; {without}.")
    return Problem("no-qt", f"Qt cannot be loaded ({error}); {without}.")


def _window_benchmarks() -> Mapping[str, Callable[[], Measurement]]:
    """The window's benchmarks, on an unseen screen where there is none to see."""
    if window_problem() is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        from builder.ui.benchmarks import benchmarks
    except ImportError as error:
        raise ProblemError(_no_qt(error)) from None
    return benchmarks()


def _draw(project: Project, wanted: str, look: str, scale: float | None) -> bytes:
    """The diagram as a picture file, drawn on an unseen screen: a server has no other."""
    without = "the other formats of export need nothing of the kind"
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if (problem := window_problem(without)) is not None:
        raise ProblemError(problem)
    try:
        from builder.ui.diagram import draw
    except ImportError as error:
        raise ProblemError(_no_qt(error, "pictures need", without)) from None
    return draw(project, wanted, look, scale)
