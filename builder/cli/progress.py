"""How a training tells of itself on the command line: a bar and a table for people, JSON lines for programs."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from builder.cli.output import complain, print_json
from builder.compile.stored import Carried
from builder.project.document import Project
from builder.train.messages import MANY, EpochEnded, Event, Finished, Prepared, Preparing, Progress, Reason, Warned

REFRESH = 0.15  # seconds between two drawings of the bar


class Reporter(contextlib.AbstractContextManager["Reporter", None]):
    """Tells somebody how it goes."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project, self._folder = project, folder
        self.more: dict[str, Any] = {}  # that every JSON line says too

    def event(self, event: Event) -> None:
        """Something happened."""

    def progress(self, progress: Progress) -> None:
        """A step was made."""

    def __exit__(self, *_: object) -> None:
        """It is over."""


class Lines(Reporter):
    """One JSON object a line, for programs."""

    def event(self, event: Event) -> None:
        match event:
            case Prepared():
                training = self._project.training
                _say_what_was_taken(event)
                print_json(
                    {
                        "event": "start",
                        **self.more,
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
                print_json({"event": "epoch", **self.more, **_figures(event)})
            case Warned(problem):
                complain([problem])
            case Finished():
                figures = {"test_loss": event.test_loss, "test_accuracy": event.test_accuracy}
                figures["test_top5"] = event.test_top5
                figures |= {"best_epoch": event.best_epoch, "best_validation_loss": event.best_loss}
                known = {name: value for name, value in figures.items() if value is not None}
                print_json({"event": "end", **self.more, "reason": event.reason.value, **known, "run": event.run})


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


class Table(Reporter):
    """A bar with rate and remaining time on standard error, a table of the epochs on standard output."""

    HEADER = "epoch  train loss  train acc.  valid. loss  valid. acc.  {}seconds  images/s"
    TOP5 = "valid. top-5  "

    def __init__(self, project: Project, folder: Path) -> None:
        super().__init__(project, folder)
        self._bar = Bar()
        self.before = ""  # what the bar says before all else
        self._top5 = False  # whether that is a figure here

    def event(self, event: Event) -> None:
        match event:
            case Preparing(message, share):
                self._bar.show(f"{self.before}{message}{f' {share:.0%}' if share is not None else ''}")
            case Prepared():
                self.begin(event)
                print(
                    f"{self._project.name}: {event.parameters:,} parameters, {event.train_samples:,} samples, "
                    f"on {event.device}"
                )
                self._top5 = len(event.classes) >= MANY
                print(self.HEADER.format(self.TOP5 if self._top5 else ""), flush=True)
            case EpochEnded():
                self._bar.clear()
                print(
                    f"{event.epoch:5}  {event.train_loss:10.4f}  {percent(event.train_accuracy):>10}  "
                    f"{number(event.validation_loss):>11}  {percent(event.validation_accuracy):>11}  "
                    f"{percent(event.validation_top5).rjust(12) + '  ' if self._top5 else ''}"
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
                    accuracy = f", accuracy {percent(event.test_accuracy)}" if event.test_accuracy is not None else ""
                    top5 = f", top-5 accuracy {percent(event.test_top5)}" if event.test_top5 is not None else ""
                    print(f"test loss {event.test_loss:.4f}{accuracy}{top5}")
                if event.run:
                    print(f"run: {event.run}")

    def begin(self, event: Prepared) -> None:
        """All is ready: say what it begins with."""
        self.clear()
        _say_what_was_taken(event)

    def clear(self) -> None:
        """Take the bar away."""
        self._bar.clear()

    def progress(self, progress: Progress) -> None:
        if self._bar.due():
            share = progress.step / progress.steps if progress.steps else 0.0
            left = f" · {_time(progress.seconds_left)} left" if progress.seconds_left is not None else ""
            self._bar.show(
                f"{self.before}epoch {progress.epoch} of {progress.epochs} {_blocks(share)} {share:4.0%} · "
                f"{progress.images_per_second:,.0f} images/s{left}"
            )

    def __exit__(self, *_: object) -> None:
        self._bar.clear()


class Bar:
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


def percent(value: float | None) -> str:
    """A share for a table; nothing where there is none."""
    return "" if value is None else f"{value:.2%}"


def number(value: float | None) -> str:
    """A loss for a table; nothing where there is none."""
    return "" if value is None else f"{value:.4f}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
