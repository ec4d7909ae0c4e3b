"""One training on the command line: carried out on this thread, stopped by Ctrl-C, told to whoever reports."""

from __future__ import annotations

import contextlib
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from builder.cli.output import complain, give_up, unwritten
from builder.cli.progress import Reporter
from builder.graph.problems import Problem, ProblemError
from builder.train.job import Job
from builder.train.messages import Event, Finished

if TYPE_CHECKING:
    from builder.train.headless import Result


def carry_out(job: Job, folder: Path, reporter: Reporter) -> Result:
    """Train, or go on with the run that is in the folder. Raises `ProblemError` when that fails."""
    from builder.train import headless

    resume = goes_on(folder)
    unheard: list[OSError] = []
    with _stopping() as stop, reporter:

        def tell(event: Event) -> None:
            try:
                reporter.event(event)
            except OSError as error:  # the run is not at fault: it stops and is saved, as by Ctrl-C
                unheard.append(error)
                give_up()
                stop.set()

        result = headless.train(job, tell, folder, stop, on_progress=reporter.progress, resume=resume)
    complain(unwritten(error) for error in unheard if not isinstance(error, BrokenPipeError))
    if result.problem is not None:
        raise ProblemError(result.problem)
    return result


def goes_on(folder: Path) -> bool:
    """Whether the folder holds a run to go on with. Raises `ProblemError` when it holds something else."""
    if (folder / "run.json").exists():
        return True
    try:
        empty = not folder.exists() or not any(folder.iterdir())
    except OSError:
        message = "this is no folder."
        raise ProblemError(Problem("no-such-run", message, where=str(folder))) from None
    if not empty:
        message = "this folder holds something else than a run."
        raise ProblemError(Problem("not-a-run", message, where=str(folder), hint="Name an empty or a new one."))
    return False


def say_how_to_go_on(command: Sequence[str], folder: Path, finished: Finished, what: str = "") -> None:
    """Say that a run was stopped, `what` of several, and which command goes on with it in this folder."""
    if finished.run:
        words = as_typed([*command, "--run", str(folder)])
        print(f"Stopped{what} at step {finished.step:,} and saved. To go on: {words}", file=sys.stderr)
    else:
        print(f"Stopped{what} before the first step.", file=sys.stderr)


def as_typed(words: Sequence[str]) -> str:
    """A command with quotation marks where the shell of this system needs them."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


@contextlib.contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a polite end from outside sets; a second Ctrl-C ends at once."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
