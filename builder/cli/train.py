"""The command `train`: a run without a window, followed by a person (bar and table) or by a program (JSON lines)."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from builder.cli.output import (
    STOPPED,
    AllowOption,
    ProjectArgument,
    SetOption,
    complain,
    give_up,
    open_project,
    print_json,
    unwritten,
)
from builder.compile.stored import Carried
from builder.graph.problems import Problem, ProblemError, Severity
from builder.project.check import check
from builder.project.document import Project
from builder.project.edits import set_setting
from builder.project.job import make_job
from builder.train.messages import MANY, EpochEnded, Event, Finished, Prepared, Preparing, Progress, Reason, Warned

REFRESH = 0.15  # seconds between two drawings of the bar


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("train")(train)


def train(
    project: ProjectArgument,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="How often all samples are seen.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", metavar="S", help="Of the initial weights and the order of samples.", show_default=False
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.", show_default=False)
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="Folder of the run; one that is there goes on.", show_default=False),
    ] = None,
    changes: SetOption = None,
    allow: AllowOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Train a network and record the run. Ctrl-C stops behind the current batch and saves."""
    opened = open_project(project, changes or ())
    for name, value in (("epochs", epochs), ("seed", seed), ("device", device)):
        if value is not None:
            opened = set_setting(opened, f"training.{name}", value)
    job = make_job(opened)
    complain(problem for problem in check(opened) if problem.severity is Severity.WARNING)

    from builder.train import headless
    from builder.train.folders import new_run_folder

    folder = run if run is not None else new_run_folder(opened.name)
    resume = _goes_on(folder)
    reporter = _Lines(opened, folder) if json else _Table(opened, folder)
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
    if result.reason is Reason.STOPPED:
        _say_how_to_go_on(project, folder, result.finished)
        raise typer.Exit(STOPPED)


def _goes_on(folder: Path) -> bool:
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


def _say_how_to_go_on(project: str, folder: Path, finished: Finished) -> None:
    if finished.run:
        command = f"torchcanvas train {shlex.quote(project)} --run {shlex.quote(str(folder))}"
        print(f"Stopped at step {finished.step:,} and saved. To go on: {command}", file=sys.stderr)
    else:
        print("Stopped before the first step.", file=sys.stderr)


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


class _Reporter(contextlib.AbstractContextManager["_Reporter", None]):
    """Tells somebody how it goes."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project, self._folder = project, folder

    def event(self, event: Event) -> None:
        """Something happened."""

    def progress(self, progress: Progress) -> None:
        """A step was made."""

    def __exit__(self, *_: object) -> None:
        """It is over."""


class _Lines(_Reporter):
    """One JSON object a line, for programs."""

    def event(self, event: Event) -> None:
        match event:
            case Prepared():
                training = self._project.training
                _say_what_was_taken(event)
                print_json(
                    {
                        "event": "start",
                        "project": self._project.name,
                        "dataset": self._project.data.dataset,
                        "device": event.device,
                        "seed": training.seed,
                        "epochs": training.epochs,
                        "parameters": event.parameters,
                        **_taken(event.carried),
                        "train_samples": event.train_samples,
                        "validation_samples": event.validation_samples,
                        "test_samples": event.test_samples,
                        "run": str(self._folder),
                    }
                )
            case EpochEnded():
                print_json({"event": "epoch", **_figures(event)})
            case Warned(problem):
                complain([problem])
            case Finished():
                figures = {"test_loss": event.test_loss, "test_accuracy": event.test_accuracy}
                figures["test_top5"] = event.test_top5
                figures |= {"best_epoch": event.best_epoch, "best_validation_loss": event.best_loss}
                known = {name: value for name, value in figures.items() if value is not None}
                print_json({"event": "end", "reason": event.reason.value, **known, "run": event.run})


def _say_what_was_taken(event: Prepared) -> None:
    if event.carried is not None:
        print(f"weights: {event.carried.words()}", file=sys.stderr)


def _taken(carried: Carried | None) -> dict[str, Any]:
    if carried is None:
        return {}
    figures = {"taken": carried.taken, "of": carried.total, "fresh": list(carried.fresh)}
    return {"weights": {"file": str(carried.file), **figures}}


def _figures(ended: EpochEnded) -> dict[str, Any]:
    figures = {
        "epoch": ended.epoch,
        "train_loss": ended.train_loss,
        "train_accuracy": ended.train_accuracy,
        "validation_loss": ended.validation_loss,
        "validation_accuracy": ended.validation_accuracy,
        "validation_top5": ended.validation_top5,
        "seconds": ended.seconds,
        "images_per_second": ended.images_per_second,
    }
    return {name: value for name, value in figures.items() if value is not None}


class _Table(_Reporter):
    """A bar with rate and remaining time on standard error, a table of the epochs on standard output."""

    HEADER = "epoch  train loss  train acc.  valid. loss  valid. acc.  {}seconds  images/s"
    TOP5 = "valid. top-5  "

    def __init__(self, project: Project, folder: Path) -> None:
        super().__init__(project, folder)
        self._bar = _Bar()
        self._top5 = False  # whether that is a figure here

    def event(self, event: Event) -> None:
        match event:
            case Preparing(message, share):
                self._bar.show(f"{message}{f' {share:.0%}' if share is not None else ''}")
            case Prepared():
                self._bar.clear()
                _say_what_was_taken(event)
                print(
                    f"{self._project.name}: {event.parameters:,} parameters, {event.train_samples:,} samples, "
                    f"on {event.device}"
                )
                self._top5 = len(event.classes) >= MANY
                print(self.HEADER.format(self.TOP5 if self._top5 else ""), flush=True)
            case EpochEnded():
                self._bar.clear()
                print(
                    f"{event.epoch:5}  {event.train_loss:10.4f}  {_percent(event.train_accuracy):>10}  "
                    f"{_number(event.validation_loss):>11}  {_percent(event.validation_accuracy):>11}  "
                    f"{_percent(event.validation_top5).rjust(12) + '  ' if self._top5 else ''}"
                    f"{event.seconds:7.1f}  {event.images_per_second:8,.0f}",
                    flush=True,
                )
            case Warned(problem):
                self._bar.clear()
                complain([problem])
            case Finished():
                self._bar.clear()
                if event.best_epoch is not None:
                    why = "stopped early, no better validation loss: " if event.reason is Reason.EARLY else ""
                    print(f"{why}the weights are those of epoch {event.best_epoch}, the best")
                if event.test_loss is not None:
                    accuracy = f", accuracy {_percent(event.test_accuracy)}" if event.test_accuracy is not None else ""
                    top5 = f", top-5 accuracy {_percent(event.test_top5)}" if event.test_top5 is not None else ""
                    print(f"test loss {event.test_loss:.4f}{accuracy}{top5}")
                if event.run:
                    print(f"run: {event.run}")

    def progress(self, progress: Progress) -> None:
        if self._bar.due():
            share = progress.step / progress.steps if progress.steps else 0.0
            left = f" · {_time(progress.seconds_left)} left" if progress.seconds_left is not None else ""
            self._bar.show(
                f"epoch {progress.epoch} of {progress.epochs} {_blocks(share)} {share:4.0%} · "
                f"{progress.images_per_second:,.0f} images/s{left}"
            )

    def __exit__(self, *_: object) -> None:
        self._bar.clear()


class _Bar:
    """One line at the bottom of a terminal, drawn over itself; nothing at all where there is no terminal."""

    def __init__(self) -> None:
        self._shown = False
        self._next = 0.0
        self._terminal = sys.stderr.isatty()

    def due(self) -> bool:
        """Whether it is time to draw again."""
        return self._terminal and time.monotonic() >= self._next

    def show(self, text: str) -> None:
        if self._terminal:
            self._next = time.monotonic() + REFRESH
            self._shown = True
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


def _blocks(share: float, width: int = 24) -> str:
    full = round(share * width)
    return "█" * full + "░" * (width - full)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
